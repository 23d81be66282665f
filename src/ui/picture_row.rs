//! The line of the preferences where one chooses a picture of oneself.

use std::path::Path;

use gtk::glib;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::avatar::Avatar;
use super::i18n::gettext;
use super::picture;
use super::settings::Settings;

mod imp {
    use std::cell::OnceCell;

    use gtk::glib;
    use gtk::prelude::*;
    use gtk::subclass::prelude::*;

    use super::{Avatar, Settings};

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/klatch/Klatch/ui/picture_row.ui")]
    pub struct PictureRow {
        #[template_child]
        pub(super) caption: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) avatar: TemplateChild<Avatar>,
        #[template_child]
        pub(super) choose: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) remove: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) problem: TemplateChild<gtk::Label>,
        pub(super) settings: OnceCell<Settings>,
        pub(super) on_changed: OnceCell<Box<dyn Fn()>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for PictureRow {
        const NAME: &'static str = "KlatchPictureRow";
        type Type = super::PictureRow;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            Avatar::ensure_type();
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for PictureRow {}
    impl WidgetImpl for PictureRow {}
    impl BoxImpl for PictureRow {}
}

glib::wrapper! {
    /// The line; it does nothing until [`PictureRow::set_up`].
    pub struct PictureRow(ObjectSubclass<imp::PictureRow>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl PictureRow {
    /// Gives the line what it works with. Calls `f` after the person has chosen a picture, or removed it.
    pub fn set_up(&self, settings: &Settings, f: impl Fn() + 'static) {
        let imp = self.imp();
        imp.settings.get_or_init(|| settings.clone());
        imp.on_changed.get_or_init(|| Box::new(f));
        picture::follow_own(&*imp.avatar, settings, Avatar::set_picture);
        imp.choose.connect_clicked(glib::clone!(
            #[weak(rename_to = row)]
            self,
            move |_| row.choose()
        ));
        imp.remove.connect_clicked(glib::clone!(
            #[weak(rename_to = row)]
            self,
            move |_| {
                row.set_picture(None);
                // The button goes, and the keyboard must not go with it.
                row.imp().choose.grab_focus();
            }
        ));
        self.refresh();
    }

    /// The caption, to be aligned with those of other lines.
    pub fn caption(&self) -> &gtk::Label {
        &self.imp().caption
    }

    /// Shows the initials of this person while there is no picture.
    pub fn set_person(&self, name: &str) {
        self.imp().avatar.set_person(name);
    }

    fn choose(&self) {
        let images = gtk::FileFilter::new();
        images.set_name(Some(&gettext("Pictures")));
        for kind in ["image/png", "image/jpeg", "image/gif"] {
            images.add_mime_type(kind);
        }
        let chooser = gtk::FileChooserNative::builder()
            .title(gettext("Choose a Picture"))
            .modal(true)
            .action(gtk::FileChooserAction::Open)
            .filter(&images)
            .build();
        chooser.set_transient_for(self.root().and_downcast::<gtk::Window>().as_ref());
        let row = self.downgrade();
        // It is no widget: whoever shows it keeps it.
        let keep = chooser.clone();
        chooser.connect_response(move |_, response| {
            let file = keep.file().and_then(|file| file.path());
            if let (Some(row), Some(file), gtk::ResponseType::Accept) = (row.upgrade(), file, response) {
                row.take(&file);
            }
            keep.destroy();
        });
        chooser.show();
    }

    /// Makes a picture of oneself out of this file; says so if it cannot be used.
    pub fn take(&self, file: &Path) {
        let (row, file) = (self.downgrade(), file.to_owned());
        glib::spawn_future_local(async move {
            let made = picture::of_oneself(file).await;
            let Some(row) = row.upgrade() else { return };
            row.imp().problem.set_visible(made.is_none());
            if let Some(made) = made {
                row.set_picture(Some(&made));
            }
        });
    }

    fn set_picture(&self, file: Option<&[u8]>) {
        let imp = self.imp();
        let Some(settings) = imp.settings.get() else { return };
        imp.problem.set_visible(false);
        settings.set_picture(file);
        self.refresh();
        if let Some(changed) = imp.on_changed.get() {
            changed();
        }
    }

    fn refresh(&self) {
        let imp = self.imp();
        let has_picture = imp.settings.get().is_some_and(|settings| settings.picture().is_some());
        imp.remove.set_visible(has_picture);
    }
}
