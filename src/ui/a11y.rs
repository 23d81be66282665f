//! Accessible names that are known only while the program runs.
//!
//! The bindings offer `GtkAccessible` from GTK 4.10 on, but the C functions have been there since 4.0. Names that do
//! not change belong into the `.ui` files.
#![allow(unsafe_code, reason = "the one place that calls GTK functions which the bindings leave out at GTK 4.8")]

use std::ffi::{c_int, c_void};

use gtk::glib;
use gtk::prelude::*;

unsafe extern "C" {
    fn gtk_accessible_update_property_value(
        accessible: *mut c_void,
        count: c_int,
        properties: *const c_int,
        values: *const glib::gobject_ffi::GValue,
    );
}

/// `GTK_ACCESSIBLE_PROPERTY_DESCRIPTION` in gtkenums.h.
const DESCRIPTION: c_int = 1;
/// `GTK_ACCESSIBLE_PROPERTY_LABEL` in gtkenums.h.
const LABEL: c_int = 4;

/// Gives the widget the name that a screen reader speaks.
pub(super) fn label(widget: &impl IsA<gtk::Widget>, text: &str) {
    set(widget, LABEL, text);
}

/// Gives the widget a longer explanation that a screen reader speaks after the name.
pub(super) fn description(widget: &impl IsA<gtk::Widget>, text: &str) {
    set(widget, DESCRIPTION, text);
}

fn set(widget: &impl IsA<gtk::Widget>, property: c_int, text: &str) {
    let value = text.to_value();
    // SAFETY: every GtkWidget implements GtkAccessible; `count` is the length of both arrays; `glib::Value` has the
    // layout of GValue; GTK copies the text before it returns.
    unsafe {
        gtk_accessible_update_property_value(
            widget.as_ref().as_ptr().cast(),
            1,
            &raw const property,
            (&raw const value).cast(),
        );
    }
}
