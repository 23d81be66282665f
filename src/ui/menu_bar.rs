//! The menu bar of a window.

use std::rc::Rc;

use gtk::glib;
use gtk::prelude::*;

/// Leaves the keyboard where it is while the mouse rests on the bar, and gives it back when a menu closes. By itself GTK gives
/// it to the menu below the mouse, and keeps it there afterwards, and what is typed then is lost.
pub(super) fn spare_who_types(window: &gtk::Window, bar: &gtk::PopoverMenuBar) {
    let before: Rc<glib::WeakRef<gtk::Widget>> = Rc::default();
    window.connect_focus_widget_notify(glib::clone!(
        #[strong]
        before,
        #[weak]
        bar,
        move |window| {
            if let Some(focus) = GtkWindowExt::focus(window).filter(|focus| !focus.is_ancestor(&bar)) {
                before.set(Some(&focus));
            }
        }
    ));
    for menu in std::iter::successors(bar.first_child(), WidgetExt::next_sibling) {
        menu.set_focusable(false);
        let Some(popover) = menu.last_child().and_downcast::<gtk::Popover>() else { continue };
        popover.connect_closed(glib::clone!(
            #[strong]
            before,
            #[weak]
            window,
            // Not by grabbing it, which would select what is typed in an entry.
            move |_| GtkWindowExt::set_focus(&window, before.upgrade().as_ref())
        ));
    }
}
