//! One line of a form: a caption, what is typed, and below it what is wrong with it.

use gtk::glib;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::{a11y, problem};
use crate::net::{AddressError, ServerAddress, UserName};

mod imp {
    use std::cell::RefCell;

    use gtk::glib;
    use gtk::prelude::*;
    use gtk::subclass::prelude::*;

    #[derive(Debug, Default, glib::Properties, gtk::CompositeTemplate)]
    #[properties(wrapper_type = super::Field)]
    #[template(resource = "/im/klatch/Klatch/ui/field.ui")]
    pub struct Field {
        /// The caption; an underscore marks its key.
        #[property(get, set = Self::set_label)]
        label: RefCell<String>,
        /// An example, shown while nothing is typed.
        #[property(get, set = Self::set_placeholder)]
        placeholder: RefCell<String>,
        #[template_child]
        pub(super) caption: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) entry: TemplateChild<gtk::Entry>,
        #[template_child]
        pub(super) wrong: TemplateChild<gtk::Label>,
    }

    impl Field {
        fn set_label(&self, label: String) {
            self.caption.set_label(&label);
            self.label.replace(label);
        }

        fn set_placeholder(&self, text: String) {
            self.entry.set_placeholder_text(Some(&text));
            self.placeholder.replace(text);
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Field {
        const NAME: &'static str = "KlatchField";
        type Type = super::Field;
        type ParentType = gtk::Grid;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    #[glib::derived_properties]
    impl ObjectImpl for Field {}
    impl WidgetImpl for Field {
        fn grab_focus(&self) -> bool {
            // On its way back, the keyboard asks the field after the entry: it must get past it.
            self.obj().focus_child().is_none() && self.entry.grab_focus()
        }
    }
    impl GridImpl for Field {}
}

glib::wrapper! {
    /// A captioned entry with room for an error in words.
    pub struct Field(ObjectSubclass<imp::Field>)
        @extends gtk::Grid, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Field {
    /// What is typed.
    pub fn text(&self) -> glib::GString {
        self.imp().entry.text()
    }

    /// Replaces what is typed.
    pub fn set_text(&self, text: &str) {
        if self.text() != text {
            self.imp().entry.set_text(text);
        }
    }

    /// Lets the keyboard go on behind what is typed already.
    pub fn continue_typing(&self) {
        let entry = &self.imp().entry;
        entry.grab_focus_without_selecting();
        entry.set_position(-1);
    }

    /// Says what is wrong with what is typed; `None` when nothing is.
    pub fn set_problem(&self, problem: Option<&str>) {
        let imp = self.imp();
        imp.wrong.set_label(problem.unwrap_or_default());
        imp.wrong.set_visible(problem.is_some());
        a11y::description(&*imp.entry, problem.unwrap_or_default());
        if problem.is_some() {
            imp.entry.add_css_class("error");
        } else {
            imp.entry.remove_css_class("error");
        }
    }

    /// What [`Field::set_problem`] says at present.
    pub fn problem(&self) -> Option<glib::GString> {
        Some(self.imp().wrong.label()).filter(|text| !text.is_empty())
    }

    /// Calls `f` whenever what is typed changes.
    pub fn connect_changed(&self, f: impl Fn(&Self) + 'static) {
        let field = self.downgrade();
        self.imp().entry.connect_changed(move |_| {
            if let Some(field) = field.upgrade() {
                f(&field);
            }
        });
    }

    /// Calls `f` when the keyboard leaves the entry, or Enter is pressed in it.
    pub fn connect_committed(&self, f: impl Fn(&Self) + Clone + 'static) {
        let (field, on_enter) = (self.downgrade(), f.clone());
        self.imp().entry.connect_activate(move |_| {
            if let Some(field) = field.upgrade() {
                on_enter(&field);
            }
        });
        let field = self.downgrade();
        let focus = gtk::EventControllerFocus::new();
        focus.connect_leave(move |_| {
            if let Some(field) = field.upgrade() {
                f(&field);
            }
        });
        self.imp().entry.add_controller(focus);
    }

    /// Takes a port: digits only, and room for five of them.
    pub fn expect_port(&self) {
        let entry = &self.imp().entry;
        entry.set_input_purpose(gtk::InputPurpose::Digits);
        entry.set_width_chars(6);
        entry.set_max_width_chars(6);
        entry.set_hexpand(false);
        entry.set_halign(gtk::Align::Start);
    }
}

/// Makes the captions of several fields equally wide, so that their entries stand below each other.
/// More captions can be added to the group.
pub fn align(fields: &[&Field]) -> gtk::SizeGroup {
    let group = gtk::SizeGroup::new(gtk::SizeGroupMode::Horizontal);
    for field in fields {
        group.add_widget(&*field.imp().caption);
    }
    group
}

/// Reads a name, and shows what is wrong with it.
pub fn read_name(field: &Field) -> Option<UserName> {
    let name = UserName::new(field.text().trim());
    field.set_problem(name.as_ref().err().map(|error| problem::name(*error)).as_deref());
    name.ok()
}

/// Reads a port, and shows what is wrong with it.
pub fn read_port(field: &Field) -> Option<u16> {
    let port = field.text().trim().parse().ok().filter(|port| *port != 0);
    let problem = if port.is_none() { Some(problem::address(AddressError::BadPort)) } else { None };
    field.set_problem(problem.as_deref());
    port
}

/// Reads the address of a server, and shows what is wrong with it. People paste `host:port` where a host is asked
/// for: then that port counts.
pub fn read_address(host: &Field, port: &Field) -> Option<ServerAddress> {
    let number = match with_port(&host.text()) {
        Some(whole) => {
            host.set_problem(None);
            port.set_problem(None);
            return Some(whole);
        }
        None => read_port(port),
    };
    // With a bad port, the host is still checked, so that both are told at once.
    let address = ServerAddress::new(&host.text(), number.unwrap_or(1));
    host.set_problem(address.as_ref().err().map(|error| problem::address(*error)).as_deref());
    address.ok().filter(|_| number.is_some())
}

/// Moves the port of `host:port` from the host's field into its own. To be called when the host has been typed, not
/// at each key.
pub fn split_port(host: &Field, port: &Field) {
    if let Some(whole) = with_port(&host.text()) {
        host.set_text(&whole.host);
        port.set_text(&whole.port.to_string());
    }
}

/// The address, if the text is one that names its port.
pub fn with_port(text: &str) -> Option<ServerAddress> {
    let whole: ServerAddress = text.parse().ok()?;
    (ServerAddress::new(text, whole.port).as_ref() != Ok(&whole)).then_some(whole)
}
