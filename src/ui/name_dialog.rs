//! Asks for another name when the server does not take the present one.

use gtk::glib;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::problem;
use crate::net::UserName;

mod imp {
    use super::glib;
    use gtk::subclass::prelude::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/klatch/Klatch/ui/name_dialog.ui")]
    pub struct NameDialog {
        #[template_child]
        pub(super) reason: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) advice: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) name: TemplateChild<gtk::Entry>,
        #[template_child]
        pub(super) wrong: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) retry: TemplateChild<gtk::Button>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for NameDialog {
        const NAME: &'static str = "KlatchNameDialog";
        type Type = super::NameDialog;
        type ParentType = gtk::Window;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
            class.add_binding_action(gtk::gdk::Key::Escape, gtk::gdk::ModifierType::empty(), "window.close");
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for NameDialog {}
    impl WidgetImpl for NameDialog {}
    impl WindowImpl for NameDialog {}
}

glib::wrapper! {
    /// Asks for another name.
    pub struct NameDialog(ObjectSubclass<imp::NameDialog>)
        @extends gtk::Window, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root, gtk::ShortcutManager;
}

impl NameDialog {
    /// The dialog above a window, with the name that was refused and why. Calls back with another name, and closes.
    pub fn new(
        parent: &impl IsA<gtk::Window>,
        refused: &str,
        why: &problem::Problem,
        retry: impl Fn(UserName) + 'static,
    ) -> Self {
        let dialog: Self = glib::Object::builder()
            .property("transient-for", parent.as_ref())
            .property("modal", true)
            .property("destroy-with-parent", true)
            .build();
        let imp = dialog.imp();
        imp.reason.set_label(&why.title);
        imp.advice.set_label(&why.advice);
        imp.name.set_text(refused);
        imp.name.select_region(0, -1);
        imp.name.connect_changed(glib::clone!(
            #[weak]
            dialog,
            move |_| dialog.check()
        ));
        imp.retry.connect_clicked(glib::clone!(
            #[weak]
            dialog,
            move |_| {
                if let Ok(name) = UserName::new(dialog.imp().name.text().trim()) {
                    dialog.destroy();
                    retry(name);
                }
            }
        ));
        dialog
    }

    fn check(&self) {
        let imp = self.imp();
        let wrong = UserName::new(imp.name.text().trim()).err();
        imp.retry.set_sensitive(wrong.is_none());
        imp.wrong.set_label(&wrong.map(problem::name).unwrap_or_default());
        imp.wrong.set_visible(wrong.is_some());
    }
}
