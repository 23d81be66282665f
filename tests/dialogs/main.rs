//! The dialogs, as a person meets them. Needs a display: build-aux/test gives it a private one.
#![cfg(feature = "gui")]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as it should be")]

mod hosting;
mod opened;
mod preferences;
mod problems;
#[path = "../gui_support/screen.rs"]
mod screen;
#[path = "../gui_support/stand_in.rs"]
mod stand_in;
mod welcome;

use std::cell::RefCell;
use std::rc::Rc;

use gtk::glib;
use gtk::prelude::*;
use klatch::ui::{about, shortcuts, style};
use opened::settings;
use screen::wait_for;

#[gtk::test]
fn the_style_sheets_have_no_mistakes() {
    settings();
    for sheet in ["style.css", "style-dark.css"] {
        let provider = gtk::CssProvider::new();
        let mistakes = Rc::new(RefCell::new(Vec::new()));
        let found = Rc::clone(&mistakes);
        provider.connect_parsing_error(move |_, section, error| {
            found.borrow_mut().push(format!("{}: {error}", section.to_str()));
        });
        provider.load_from_resource(&format!("{}/{sheet}", style::RESOURCES));
        assert!(mistakes.borrow().is_empty(), "{mistakes:?}");
    }
}

#[gtk::test]
fn the_lists_of_keys_and_of_the_program_open_over_their_window() {
    settings();
    let parent = gtk::Window::new();
    parent.present();
    shortcuts::show(&parent);
    about::show(&parent);
    let over = |class: glib::Type| {
        let mut windows = gtk::Window::list_toplevels().into_iter().filter_map(|w| w.downcast::<gtk::Window>().ok());
        windows.find(|window| window.type_() == class && window.transient_for().as_ref() == Some(&parent))
    };
    for class in [gtk::ShortcutsWindow::static_type(), gtk::AboutDialog::static_type()] {
        wait_for("the window", || over(class).is_some_and(|window| window.is_mapped()));
        over(class).unwrap().destroy();
    }
    parent.destroy();
}
