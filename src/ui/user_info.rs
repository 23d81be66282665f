//! The window that shows what somebody tells about themselves.

use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gdk, glib};

use super::a11y;
use super::buddy_row::presence_word;
use super::i18n::{gettext, gettext_f};
use super::model::{Answer, Client};
use super::picture;
use crate::net::{Presence, Question, Status, UserInfo, UserName, displayable};

/// How much of a value is shown, in characters.
const SHOWN_CHARS: usize = 1_000;
/// How many fields are shown.
const SHOWN_FIELDS: usize = 64;

mod imp {
    use std::cell::{OnceCell, RefCell};

    use gtk::glib;
    use gtk::prelude::*;
    use gtk::subclass::prelude::*;

    use super::super::avatar::Avatar;
    use super::super::inquiry_page::InquiryPage;
    use super::{Client, UserName};
    use crate::ui::model::Inquiry;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/klatch/Klatch/ui/user_info.ui")]
    pub struct UserInfoWindow {
        #[template_child]
        pub(super) page: TemplateChild<InquiryPage>,
        #[template_child]
        pub(super) picture: TemplateChild<gtk::Image>,
        #[template_child]
        pub(super) avatar: TemplateChild<Avatar>,
        #[template_child]
        pub(super) fields: TemplateChild<gtk::Grid>,
        pub(super) client: OnceCell<Client>,
        pub(super) of: OnceCell<UserName>,
        pub(super) inquiry: OnceCell<Inquiry>,
        /// What is shown, as text.
        pub(super) text: RefCell<String>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for UserInfoWindow {
        const NAME: &'static str = "KlatchUserInfoWindow";
        type Type = super::UserInfoWindow;
        type ParentType = gtk::Window;

        fn class_init(class: &mut Self::Class) {
            Avatar::ensure_type();
            InquiryPage::ensure_type();
            class.bind_template();
            class.install_action("info.copy", None, |window, _, _| {
                window.clipboard().set_text(&window.imp().text.borrow());
            });
            class.install_action("info.refresh", None, |window, _, _| window.refresh());
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for UserInfoWindow {}
    impl WidgetImpl for UserInfoWindow {}
    impl WindowImpl for UserInfoWindow {}
}

glib::wrapper! {
    /// What somebody tells about themselves.
    pub struct UserInfoWindow(ObjectSubclass<imp::UserInfoWindow>)
        @extends gtk::Window, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root, gtk::ShortcutManager;
}

impl UserInfoWindow {
    /// A window about this person, who is asked at once.
    pub fn new(app: &impl IsA<gtk::Application>, client: &Client, of: &UserName) -> Self {
        let window: Self = glib::Object::builder().property("application", app).build();
        let imp = window.imp();
        window.set_title(Some(&gettext_f("User Info of {name}", &[("name", &client.roster().names().called(of))])));
        imp.client.get_or_init(|| client.clone());
        imp.of.get_or_init(|| of.clone());
        imp.avatar.set_person(&of.shown());
        let inquiry = imp.inquiry.get_or_init(|| client.inquire(of, Question::UserInfo));
        let weak = window.downgrade();
        imp.page.follow(client, inquiry, move |answer| {
            match (weak.upgrade(), answer) {
                (Some(window), Answer::UserInfo(info)) => window.show_info(info),
                // What was told before cannot be seen.
                (Some(window), _) => window.action_set_enabled("info.copy", false),
                (None, _) => {}
            }
        });
        window
    }

    /// Whom it is about.
    pub fn of(&self) -> Option<&UserName> {
        self.imp().of.get()
    }

    fn refresh(&self) {
        let imp = self.imp();
        if let (Some(client), Some(inquiry)) = (imp.client.get(), imp.inquiry.get()) {
            client.ask_again(inquiry);
        }
    }

    fn show_info(&self, info: &UserInfo) {
        let imp = self.imp();
        while let Some(child) = imp.fields.first_child() {
            imp.fields.remove(&child);
        }
        let mut lines = Vec::new();
        for (row, (field, value)) in (0..).zip(info.fields.iter().take(SHOWN_FIELDS)) {
            let (caption, value) = (caption(field), translated(field, value));
            let label = gtk::Label::builder().label(&caption).xalign(1.0).yalign(0.0).wrap(true).build();
            label.set_max_width_chars(16);
            label.add_css_class("dim-label");
            let text =
                gtk::Label::builder().label(&value).xalign(0.0).wrap(true).selectable(true).hexpand(true).build();
            text.set_wrap_mode(gtk::pango::WrapMode::WordChar);
            text.set_width_chars(16);
            a11y::description(&text, &caption);
            imp.fields.attach(&label, 0, row, 1, 1);
            imp.fields.attach(&text, 1, row, 1, 1);
            lines.push(gettext_f("{field}: {value}", &[("field", &caption), ("value", &value)]));
        }
        imp.text.replace(lines.join("\n"));
        self.action_set_enabled("info.copy", !lines.is_empty());
        self.show_picture(None);
        if let Some(file) = info.picture.clone() {
            let window = self.downgrade();
            glib::spawn_future_local(async move {
                let picture = picture::decode(file).await;
                if let Some(window) = window.upgrade() {
                    window.show_picture(picture.as_ref());
                }
            });
        }
    }

    fn show_picture(&self, picture: Option<&gdk::Texture>) {
        let imp = self.imp();
        imp.picture.set_paintable(picture);
        // As large as it is: a small one would only be blurred.
        imp.picture.set_pixel_size(picture.map_or(-1, |picture| picture.width().max(picture.height())));
        imp.picture.set_visible(picture.is_some());
        imp.avatar.set_visible(picture.is_none());
    }
}

/// The caption of a field. Those that everybody has are translated; others are shown as they are.
fn caption(field: &str) -> String {
    match field {
        "name" => gettext("Name"),
        "status" => gettext("Status"),
        "host" => gettext("Host"),
        other => shown(other),
    }
}

/// The value of a field. A status is one of three words that are the same in all languages, and a message.
fn translated(field: &str, value: &str) -> String {
    if field != "status" {
        return shown(value);
    }
    let status = Status::received(value);
    let (presence, message) = (presence_word(status.presence()), shown(status.message()));
    match status.presence() {
        _ if message.is_empty() => presence,
        Presence::Online => message,
        Presence::Away | Presence::Busy => gettext_f("{field}: {value}", &[("field", &presence), ("value", &message)]),
    }
}

fn shown(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(displayable).collect();
    lines.join("\n").chars().take(SHOWN_CHARS).collect()
}

/// The window about this person, if there is one.
pub fn window(app: &impl IsA<gtk::Application>, of: &UserName) -> Option<UserInfoWindow> {
    let windows = app.windows().into_iter().filter_map(|window| window.downcast::<UserInfoWindow>().ok());
    windows.into_iter().find(|window| window.of() == Some(of))
}
