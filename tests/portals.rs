//! What the desktop client asks the portals of the desktop, which are played here. Needs a display and a session bus of its
//! own: build-aux/test gives it both.
#![cfg(feature = "gui")]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as it should be")]

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;

use gtk::prelude::*;
use gtk::{gio, glib};
use klatch::ui::settings::{Appearance, Settings};
use klatch::ui::{file_manager, style};

#[path = "gui_support/screen.rs"]
mod screen;

use screen::wait_for;

const PATH: &str = "/org/freedesktop/portal/desktop";
const SETTINGS: &str = "org.freedesktop.portal.Settings";
const OPEN_URI: &str = "org.freedesktop.portal.OpenURI";

/// Who plays the portals on the session bus.
struct Portal {
    bus: gio::DBusConnection,
    object: gio::RegistrationId,
    name: gio::OwnerId,
}

impl Portal {
    /// Answers what is asked of one interface, which has these methods in the words of D-Bus introspection.
    fn play(
        interface: &str,
        methods: &str,
        answer: impl Fn(&glib::Variant, gio::DBusMethodInvocation) + 'static,
    ) -> Self {
        let bus = gio::bus_get_sync(gio::BusType::Session, gio::Cancellable::NONE).unwrap();
        let node = format!("<node><interface name='{interface}'>{methods}</interface></node>");
        let interface = gio::DBusNodeInfo::for_xml(&node).unwrap().lookup_interface(interface).unwrap();
        let object = bus.register_object(PATH, &interface);
        let object = object.method_call(move |_, _, _, _, _, question, call| answer(&question, call)).build().unwrap();
        let owned = Rc::new(Cell::new(false));
        let acquired = Rc::clone(&owned);
        let name = gio::bus_own_name_on_connection(
            &bus,
            "org.freedesktop.portal.Desktop",
            gio::BusNameOwnerFlags::NONE,
            move |_, _| acquired.set(true),
            |_, _| {},
        );
        wait_for("the name of the portal", || owned.get());
        Self { bus, object, name }
    }

    fn end(self) {
        gio::bus_unown_name(self.name);
        self.bus.unregister_object(self.object).unwrap();
    }
}

#[gtk::test]
fn the_system_says_whether_it_is_dark() {
    let methods = "<method name='Read'><arg type='s' direction='in'/><arg type='s' direction='in'/>\
                   <arg type='v' direction='out'/></method>";
    let portal = Portal::play(SETTINGS, methods, |question, call| {
        assert_eq!(question.get(), Some(("org.freedesktop.appearance".to_owned(), "color-scheme".to_owned())));
        // Twice in a variant, as the portals of the time of GTK 4.8 do.
        call.return_value(Some(&(1_u32.to_variant().to_variant(),).to_variant()));
    });

    style::register_resources();
    let settings = Settings::in_memory().unwrap();
    style::load(&settings);
    let gtk_settings = gtk::Settings::default().unwrap();
    wait_for("the dark theme", || gtk_settings.is_gtk_application_prefer_dark_theme());
    settings.set_appearance(Appearance::Light);
    wait_for("one's own choice", || !gtk_settings.is_gtk_application_prefer_dark_theme());
    settings.set_appearance(Appearance::System);
    wait_for("the system again", || gtk_settings.is_gtk_application_prefer_dark_theme());
    let change = ("org.freedesktop.appearance", "color-scheme", 2_u32.to_variant()).to_variant();
    portal.bus.emit_signal(None, PATH, SETTINGS, "SettingChanged", Some(&change)).unwrap();
    wait_for("the light theme", || !gtk_settings.is_gtk_application_prefer_dark_theme());
    portal.end();
}

#[gtk::test]
fn where_no_file_manager_can_be_reached_the_portal_shows_a_file() {
    type Question = (String, glib::variant::Handle, HashMap<String, glib::Variant>);
    let methods = "<method name='OpenDirectory'><arg type='s' direction='in'/><arg type='h' direction='in'/>\
                   <arg type='a{sv}' direction='in'/><arg type='o' direction='out'/></method>";
    let asked: Rc<RefCell<Option<PathBuf>>> = Rc::default();
    let noted = Rc::clone(&asked);
    let portal = Portal::play(OPEN_URI, methods, move |question, call| {
        let (_, handle, _) = question.get::<Question>().unwrap();
        let files = call.message().unix_fd_list().unwrap().peek_fds();
        let file = files[usize::try_from(handle.0).unwrap()];
        noted.replace(Some(fs::read_link(format!("/proc/self/fd/{file}")).unwrap()));
        let request = glib::variant::ObjectPath::try_from(format!("{PATH}/request/1")).unwrap();
        call.return_value(Some(&(request,).to_variant()));
    });

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().canonicalize().unwrap().join("a file.txt");
    fs::write(&file, "text").unwrap();
    let window = gtk::Window::new();
    file_manager::show_in_folder(&window, &file, |error| panic!("{error}"));
    wait_for("the question", || asked.borrow().is_some());
    assert_eq!(asked.take(), Some(file));
    window.destroy();
    portal.end();
}
