//! What stands in for the program around a window that a test shows alone.
#![allow(dead_code, reason = "each test program uses some of it")]

use std::cell::RefCell;
use std::rc::Rc;

use gtk::gio;
use gtk::prelude::*;
use klatch::net::{Command, NetError, UserName};
use klatch::ui::style;

/// One application for all tests: a second one of the same id cannot be registered.
pub(crate) fn app() -> gtk::Application {
    thread_local!(static APP: gtk::Application = {
        style::register_resources();
        let flags = gio::ApplicationFlags::NON_UNIQUE;
        let app = gtk::Application::builder().application_id("im.klatch.Test").flags(flags).build();
        app.register(gio::Cancellable::NONE).unwrap();
        app
    });
    APP.with(Clone::clone)
}

/// The commands that a window has given.
pub(crate) type Sent = Rc<RefCell<Vec<Command>>>;

/// The end of a window's way to the network, which takes every command.
pub(crate) fn record(sent: &Sent) -> impl Fn(Command) -> Result<(), NetError> + 'static {
    let sent = Rc::clone(sent);
    move |command| {
        sent.borrow_mut().push(command);
        Ok(())
    }
}

pub(crate) fn name(text: &str) -> UserName {
    UserName::received(text)
}
