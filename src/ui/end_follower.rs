//! Keeps a list scrolled to its end while it grows, unless the person has scrolled up.
//!
//! GTK 4.8 has no way to scroll a list view to a row. The heights of rows that are not near the visible part are guessed,
//! so the end moves while the view is being laid out, several times after one change. And while it is being laid out,
//! a list view does not listen to its adjustment: it would come back to where it was. So the end is looked for right
//! after the layout, in the same frame; the frame clock then lays out again before it paints.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gtk::prelude::*;
use gtk::{gdk, glib};

/// How near to the end counts as there, in pixels.
const NEAR: f64 = 2.0;

/// Hears whether the end is followed.
type Listener = Box<dyn Fn(bool)>;

/// Follows the end of one scrolled window.
#[derive(Default)]
pub(super) struct EndFollower(Rc<State>);

#[derive(Default)]
struct State {
    view: glib::WeakRef<gtk::ScrolledWindow>,
    is_free: Cell<bool>,
    /// Value, upper end and page size after the last layout.
    at_rest: Cell<(f64, f64, f64)>,
    listener: RefCell<Option<Listener>>,
    clock: RefCell<Option<(gdk::FrameClock, glib::SignalHandlerId)>>,
}

impl EndFollower {
    /// Begins to follow.
    pub(super) fn watch(&self, view: &gtk::ScrolledWindow) {
        self.0.view.set(Some(view));
        let state = Rc::downgrade(&self.0);
        view.vadjustment().connect_value_changed(move |adjustment| {
            if let Some(state) = state.upgrade() {
                state.moved(adjustment);
            }
        });
        let state = Rc::downgrade(&self.0);
        view.connect_realize(move |view| {
            if let (Some(state), Some(clock)) = (state.upgrade(), view.frame_clock()) {
                let weak = Rc::downgrade(&state);
                let handler = clock.connect_local("layout", true, move |_| {
                    if let Some(state) = weak.upgrade() {
                        state.settle();
                    }
                    None
                });
                state.clock.replace(Some((clock, handler)));
            }
        });
        let state = Rc::downgrade(&self.0);
        view.connect_unrealize(move |_| {
            if let Some((clock, handler)) = state.upgrade().and_then(|state| state.clock.take()) {
                clock.disconnect(handler);
            }
        });
    }

    /// Whether the end is followed.
    pub(super) fn is_followed(&self) -> bool {
        !self.0.is_free.get()
    }

    /// Goes to the end, and follows it again.
    pub(super) fn follow(&self) {
        self.0.set_free(false);
        if let Some(view) = self.0.view.upgrade() {
            view.queue_allocate();
        }
    }

    /// Calls back when the end begins or ceases to be followed.
    pub(super) fn connect_changed(&self, listener: impl Fn(bool) + 'static) {
        self.0.listener.replace(Some(Box::new(listener)));
    }
}

impl State {
    fn set_free(&self, is_free: bool) {
        if self.is_free.replace(is_free) != is_free
            && let Some(listener) = &*self.listener.borrow()
        {
            listener(!is_free);
        }
    }

    /// A person moves the value alone. The layout moves it together with the upper end or the page size, and that is no
    /// wish to stay there.
    fn moved(&self, adjustment: &gtk::Adjustment) {
        let (value, upper, page) = self.at_rest.get();
        let is_at_end = adjustment.value() + adjustment.page_size() >= adjustment.upper() - NEAR;
        let is_same_size = same(adjustment.upper(), upper) && same(adjustment.page_size(), page);
        if is_at_end {
            self.set_free(false);
        } else if is_same_size && adjustment.value() < value {
            self.set_free(true);
        }
    }

    /// After a layout: goes to the end, wherever that is now.
    fn settle(&self) {
        let Some(adjustment) = self.view.upgrade().map(|view| view.vadjustment()) else { return };
        let at_rest = |adjustment: &gtk::Adjustment| (adjustment.value(), adjustment.upper(), adjustment.page_size());
        self.at_rest.set(at_rest(&adjustment));
        if !self.is_free.get() {
            adjustment.set_value(adjustment.upper() - adjustment.page_size());
            self.at_rest.set(at_rest(&adjustment));
        }
    }
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() < 0.5
}
