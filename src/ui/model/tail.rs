//! The end of a long list, while it grows faster than it can be shown.
//!
//! A list view lays out 200 rows around the visible part, and at its end every row that is added is one of them. When
//! hundreds come at once, that takes several frames. So while that goes on, only the last rows, as many as can be seen, are
//! passed on; what is above them comes back, a little at a time, as soon as it is calm.

use std::cell::{Cell, OnceCell};
use std::time::Duration;

use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gio, glib};

/// More rows than this at once are a flood.
const FLOOD: u32 = 20;
/// For how long it must be calm before the rows above come back.
const CALM: Duration = Duration::from_millis(300);
/// How many rows come back at once, in steps of a frame.
const STEP: u32 = 20;
const FRAME: Duration = Duration::from_millis(16);
/// After so many, the others cost nothing: no list view lays them out.
const LAID_OUT: u32 = 200;

mod imp {
    use super::{Cell, OnceCell, gio, glib};
    use gio::prelude::*;
    use gio::subclass::prelude::*;

    #[derive(Default)]
    pub struct Tail {
        pub all: OnceCell<gio::ListStore>,
        /// How many rows at the beginning are hidden.
        pub hidden: Cell<u32>,
        pub follows: Cell<bool>,
        pub rows: Cell<u32>,
        pub floods: Cell<u64>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Tail {
        const NAME: &'static str = "KlatchTail";
        type Type = super::Tail;
        type Interfaces = (gio::ListModel,);
    }

    impl ObjectImpl for Tail {}

    impl ListModelImpl for Tail {
        fn item_type(&self) -> glib::Type {
            self.all.get().map_or(glib::Type::OBJECT, ListModelExt::item_type)
        }

        fn n_items(&self) -> u32 {
            self.all.get().map_or(0, |all| all.n_items().saturating_sub(self.hidden.get()))
        }

        fn item(&self, position: u32) -> Option<glib::Object> {
            self.all.get()?.item(position.checked_add(self.hidden.get())?)
        }
    }
}

glib::wrapper! {
    /// A list without its beginning, if need be.
    pub struct Tail(ObjectSubclass<imp::Tail>) @implements gio::ListModel;
}

impl Tail {
    /// The whole list, at first.
    pub fn new(all: &gio::ListStore) -> Self {
        let tail: Self = glib::Object::new();
        tail.imp().all.get_or_init(|| all.clone());
        let weak = tail.downgrade();
        all.connect_items_changed(move |_, at, removed, added| {
            if let Some(tail) = weak.upgrade() {
                tail.all_changed(at, removed, added);
            }
        });
        tail
    }

    /// Whether only the end is looked at, and how many rows of it can be seen. If not, nothing may be hidden.
    pub fn set_follows(&self, follows: bool, rows: u32) {
        self.imp().follows.set(follows);
        self.imp().rows.set(rows);
        if !follows {
            self.show_more(u32::MAX);
        }
    }

    fn all_changed(&self, at: u32, removed: u32, added: u32) {
        let imp = self.imp();
        let hidden = imp.hidden.get();
        let now = imp.all.get().map_or(0, ListModelExt::n_items);
        let before = now - added + removed;
        let is_append = at == before && removed == 0;
        if is_append && imp.follows.get() && (added > FLOOD || hidden > 0) {
            imp.hidden.set(now.saturating_sub(imp.rows.get().max(1)).max(hidden));
            self.items_changed(0, before - hidden, now - imp.hidden.get());
            if added > FLOOD || imp.floods.get() == 0 {
                self.wait_for_calm();
            }
        } else if at >= hidden {
            self.items_changed(at - hidden, removed, added);
        } else if at + removed <= hidden {
            imp.hidden.set(hidden - removed + added);
        } else {
            // A change across the edge: everything is shown again.
            imp.hidden.set(0);
            self.items_changed(0, before - hidden, now);
        }
    }

    fn wait_for_calm(&self) {
        let imp = self.imp();
        imp.floods.set(imp.floods.get() + 1);
        let flood = imp.floods.get();
        let tail = self.downgrade();
        glib::spawn_future_local(async move {
            glib::timeout_future(CALM).await;
            let mut shown = 0;
            while let Some(tail) = tail.upgrade() {
                let imp = tail.imp();
                if imp.floods.get() != flood || imp.hidden.get() == 0 {
                    return;
                }
                tail.show_more(if shown < LAID_OUT { STEP } else { u32::MAX });
                shown += STEP;
                drop(tail);
                glib::timeout_future(FRAME).await;
            }
        });
    }

    fn show_more(&self, rows: u32) {
        let hidden = self.imp().hidden.get();
        let rows = rows.min(hidden);
        if rows > 0 {
            self.imp().hidden.set(hidden - rows);
            self.items_changed(0, 0, rows);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gtk::glib::BoxedAnyObject;

    fn numbers(range: std::ops::Range<u32>) -> Vec<BoxedAnyObject> {
        range.map(BoxedAnyObject::new).collect()
    }

    fn contents(list: &impl IsA<gio::ListModel>) -> Vec<u32> {
        list.iter::<BoxedAnyObject>().map(|item| *item.unwrap().borrow::<u32>()).collect()
    }

    /// What somebody holds who knows the list only from its notifications.
    fn mirror(tail: &Tail) -> gio::ListStore {
        let copy = gio::ListStore::new::<BoxedAnyObject>();
        tail.connect_items_changed({
            let copy = copy.clone();
            move |tail, at, removed, added| {
                let items: Vec<_> = (at..at + added).filter_map(|at| tail.item(at)).collect();
                copy.splice(at, removed, &items);
            }
        });
        copy
    }

    #[test]
    fn a_flood_shows_the_end_and_calm_the_rest() {
        let context = glib::MainContext::new();
        context.clone().with_thread_default(|| flood_and_calm(&context)).unwrap();
    }

    fn flood_and_calm(context: &glib::MainContext) {
        let all = gio::ListStore::new::<BoxedAnyObject>();
        let tail = Tail::new(&all);
        let seen = mirror(&tail);
        tail.set_follows(true, 5);
        all.splice(0, 0, &numbers(0..3));
        assert_eq!(contents(&seen), [0, 1, 2]);
        all.splice(3, 0, &numbers(3..600));
        assert_eq!(contents(&seen), [595, 596, 597, 598, 599]);
        all.splice(600, 0, &numbers(600..602));
        assert_eq!(contents(&seen), [597, 598, 599, 600, 601]);
        all.splice(0, 100, &[] as &[BoxedAnyObject]);
        assert_eq!(contents(&seen), [597, 598, 599, 600, 601], "rows that are hidden go unseen");
        let end = std::time::Instant::now() + Duration::from_secs(10);
        while seen.n_items() < all.n_items() {
            assert!(std::time::Instant::now() < end, "the beginning did not come back");
            context.iteration(true);
        }
        assert_eq!(contents(&seen), contents(&all));
        all.remove(0);
        assert_eq!(contents(&seen), contents(&all));
    }

    #[test]
    fn who_looks_at_something_else_sees_everything() {
        let all = gio::ListStore::new::<BoxedAnyObject>();
        let tail = Tail::new(&all);
        let seen = mirror(&tail);
        all.splice(0, 0, &numbers(0..100));
        assert_eq!(seen.n_items(), 100);
        all.splice(100, 0, &numbers(100..200));
        assert_eq!(contents(&seen), contents(&all));
    }
}
