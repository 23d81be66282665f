//! A file on its way, or one that has come or gone.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::time::Instant;

use gtk::glib;
use gtk::subclass::prelude::*;

use super::rate::Rate;
use crate::net::{self, Command, Direction, TransferState};

mod imp {
    use super::{Cell, Rate, RefCell, glib, net};
    use glib::prelude::*;
    use glib::subclass::prelude::*;

    #[derive(Default, glib::Properties)]
    #[properties(wrapper_type = super::Transfer)]
    pub struct Transfer {
        pub now: RefCell<Option<net::Transfer>>,
        pub rate: RefCell<Rate>,
        pub is_tried_again: Cell<bool>,
        /// Counts the news.
        #[property(get)]
        pub revision: Cell<u32>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Transfer {
        const NAME: &'static str = "KlatchTransfer";
        type Type = super::Transfer;
    }

    #[glib::derived_properties]
    impl ObjectImpl for Transfer {}
}

glib::wrapper! {
    /// A file on its way, or one that has come or gone.
    pub struct Transfer(ObjectSubclass<imp::Transfer>);
}

impl Transfer {
    pub(super) fn new(news: net::Transfer) -> Self {
        let transfer: Self = glib::Object::new();
        transfer.update(news);
        transfer
    }

    pub(super) fn update(&self, news: net::Transfer) {
        let imp = self.imp();
        imp.rate.borrow_mut().mark(Instant::now(), news.done);
        imp.now.replace(Some(news));
        self.set_tried_again(false);
    }

    /// Whether it has ended early and is being tried again: the news of that takes its place.
    pub fn is_tried_again(&self) -> bool {
        self.imp().is_tried_again.get()
    }

    pub(super) fn set_tried_again(&self, is_tried_again: bool) {
        let imp = self.imp();
        imp.is_tried_again.set(is_tried_again);
        imp.revision.set(self.revision().wrapping_add(1));
        self.notify_revision();
    }

    /// Whether these are the news of what has come of trying this again.
    pub(super) fn is_replaced_by(&self, news: &net::Transfer) -> bool {
        let now = self.imp().now.borrow();
        now.as_ref().filter(|_| self.is_tried_again()).is_some_and(|now| {
            let is_same_file = match now.direction {
                Direction::In => now.file == news.file,
                Direction::Out => now.path == news.path,
            };
            now.direction == news.direction && now.peer == news.peer && is_same_file
        })
    }

    /// How it stands, as the network tells it.
    pub fn now(&self) -> Option<net::Transfer> {
        self.imp().now.borrow().clone()
    }

    pub(super) fn is(&self, id: net::TransferId) -> bool {
        self.imp().now.borrow().as_ref().is_some_and(|now| now.id == id)
    }

    /// Whether it is under way.
    pub fn is_running(&self) -> bool {
        self.imp().now.borrow().as_ref().is_some_and(|now| now.state == TransferState::Running)
    }

    /// Whether there will be no more news of it.
    pub fn is_over(&self) -> bool {
        let now = self.imp().now.borrow();
        now.as_ref().is_some_and(|now| !matches!(now.state, TransferState::Offered | TransferState::Running))
    }

    /// Bytes in a second, while that is known.
    pub fn speed(&self) -> Option<u64> {
        self.imp().rate.borrow().per_second().filter(|_| self.is_running())
    }

    /// How many seconds are left, while that is known.
    pub fn seconds_left(&self) -> Option<u64> {
        let now = self.now()?;
        let left = now.total?.checked_sub(now.done)?;
        let speed = self.speed().filter(|speed| *speed > 0)?;
        Some(left.div_ceil(speed))
    }

    /// Where the file is, if all of it is there.
    pub fn finished_path(&self) -> Option<PathBuf> {
        self.now().filter(|now| now.state == TransferState::Done || now.direction == Direction::Out).map(|now| now.path)
    }

    /// The command that tries again what has ended early.
    pub(super) fn again(&self) -> Option<Command> {
        let now = self.now()?;
        let has_ended_early =
            matches!(now.state, TransferState::Failed(_) | TransferState::Cancelled | TransferState::EndedThere);
        if self.is_tried_again() || !has_ended_early {
            return None;
        }
        Some(match now.direction {
            Direction::In => Command::Fetch {
                from: now.peer,
                file: now.file,
                save_as: now.path.file_name().map(|name| name.to_string_lossy().into_owned()),
            },
            // They have asked for it, and can do so again.
            Direction::Out if !now.was_offered => return None,
            Direction::Out => Command::Offer { to: now.peer, path: now.path },
        })
    }

    /// Whether it can be tried again.
    pub fn can_try_again(&self) -> bool {
        self.again().is_some()
    }
}
