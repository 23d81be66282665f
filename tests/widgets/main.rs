//! The main windows: news from the network in, what a person reads out; and what is sent when a person acts. Needs a
//! display: build-aux/test gives it a private one.
#![cfg(feature = "gui")]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as it should be")]

mod buddy_list;
mod connection;
mod conversations;
mod invitations;
mod messages;
#[path = "../gui_support/screen.rs"]
mod screen;
mod stage;
#[path = "../gui_support/stand_in.rs"]
mod stand_in;
mod transcript;

use std::cell::RefCell;
use std::rc::Rc;

use klatch::ui::style;

#[gtk::test]
fn style_sheets_have_no_errors() {
    style::register_resources();
    for sheet in ["style.css", "style-dark.css"] {
        let provider = gtk::CssProvider::new();
        let errors: Rc<RefCell<Vec<String>>> = Rc::default();
        let heard = errors.clone();
        provider.connect_parsing_error(move |_, _, error| heard.borrow_mut().push(error.to_string()));
        provider.load_from_resource(&format!("{}/{sheet}", style::RESOURCES));
        assert_eq!(*errors.borrow(), [] as [String; 0], "{sheet}");
    }
}
