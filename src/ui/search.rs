//! Entries in which one searches.

use gtk::prelude::*;

/// Gives the entry the keyboard. What was sought before is selected, so that what is typed now replaces it.
pub(super) fn begin(search: &gtk::SearchEntry) {
    search.grab_focus();
    search.select_region(0, -1);
}
