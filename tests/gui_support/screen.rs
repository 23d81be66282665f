//! Looking at windows from inside the program, as a person would: by what is written on them.
#![allow(dead_code, reason = "each test program uses some of it")]

use std::time::{Duration, Instant};

use gtk::glib::translate::IntoGlib;
use gtk::prelude::*;
use gtk::{gdk, glib};

const PATIENCE: Duration = Duration::from_secs(10);

/// Turns the main loop until it is so.
pub(crate) fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let context = glib::MainContext::default();
    // Wakes the loop now and then, so that conditions which make no event are seen as well.
    let tick = glib::timeout_add_local(Duration::from_millis(10), || glib::ControlFlow::Continue);
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        context.iteration(true);
    }
    tick.remove();
}

/// All widgets below this one, in the order of the screen.
pub(crate) fn below(widget: &impl IsA<gtk::Widget>) -> Vec<gtk::Widget> {
    let mut found = Vec::new();
    let mut child = widget.first_child();
    while let Some(widget) = child {
        found.push(widget.clone());
        found.extend(below(&widget));
        child = widget.next_sibling();
    }
    found
}

/// All widgets of this class below another one.
pub(crate) fn all<W: IsA<gtk::Widget>>(within: &impl IsA<gtk::Widget>) -> Vec<W> {
    below(within).into_iter().filter_map(|widget| widget.downcast().ok()).collect()
}

/// The widget of this class whose label is so; an underscore marks a key and does not count.
pub(crate) fn labelled<W: IsA<gtk::Widget>>(within: &impl IsA<gtk::Widget>, label: &str) -> W {
    all::<W>(within)
        .into_iter()
        .find(|widget| {
            let text: Option<String> = widget.property("label");
            text.is_some_and(|text| text.replacen('_', "", 1) == label)
        })
        .unwrap_or_else(|| panic!("no {} says {label:?}", W::static_type().name()))
}

/// Presses the button with this label.
pub(crate) fn press(within: &impl IsA<gtk::Widget>, label: &str) {
    labelled::<gtk::Button>(within, label).emit_clicked();
}

/// Presses a key while a widget has the keyboard, as far as its own controllers take it.
pub(crate) fn press_key(widget: &impl IsA<gtk::Widget>, key: gdk::Key) {
    let controllers = widget.observe_controllers().snapshot();
    let mut keys = controllers.into_iter().filter_map(|it| it.downcast::<gtk::EventControllerKey>().ok());
    let key = key.into_glib();
    let _taken = keys.any(|keys| keys.emit_by_name("key-pressed", &[&key, &0_u32, &gdk::ModifierType::empty()]));
}

/// Drops a file on a widget; whether it is taken.
pub(crate) fn drop_file(on: &impl IsA<gtk::Widget>, address: &str) -> bool {
    let mut controllers = on.observe_controllers().snapshot().into_iter();
    let target = controllers.find_map(|it| it.downcast::<gtk::DropTarget>().ok()).unwrap();
    let files = gdk::FileList::from_array(&[gtk::gio::File::for_uri(address)]);
    target.emit_by_name::<bool>("drop", &[&glib::BoxedValue(files.to_value()), &1.0, &1.0])
}

/// The texts that can be seen.
pub(crate) fn seen(within: &impl IsA<gtk::Widget>) -> Vec<String> {
    let labels = all::<gtk::Label>(within).into_iter().filter(WidgetExt::is_mapped);
    labels.map(|label| label.text().into()).collect()
}

/// Whether a text can be seen.
pub(crate) fn sees(within: &impl IsA<gtk::Widget>, text: &str) -> bool {
    seen(within).iter().any(|label| label == text)
}
