//! What only peers can do: files, questions, blocking.

use std::path::PathBuf;

use gtk::glib;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::super::failure::Failure;
use super::super::inquiry::{Answer, Inquiry};
use super::super::invitation::Subject;
use super::super::transfer::Transfer;
use super::Client;
use crate::net::{
    self, Command, Direction, NetError, NetErrorKind, OfferId, Question, Sharing, TransferState, UserName,
};

/// How many transfers the list keeps. The oldest that have ended go first.
const TRANSFERS: u32 = 1_000;

impl Client {
    /// Whether people can be asked about themselves and their files: one is, or was last, among peers.
    pub fn has_files(&self) -> bool {
        self.imp().has_files.get()
    }

    /// What others see of the shared folder, while one shares any and it is known.
    pub fn sharing(&self) -> Option<Sharing> {
        self.imp().sharing.get()
    }

    /// The files on their way, and those that have come or gone, each a [`Transfer`], oldest first.
    pub fn transfers(&self) -> &gtk::gio::ListStore {
        &self.imp().transfers
    }

    /// The transfers that are under way.
    pub fn running_transfers(&self) -> Vec<Transfer> {
        self.every_transfer().filter(Transfer::is_running).collect()
    }

    /// Asks somebody something. The answer comes into what is given back, as long as that is kept.
    pub fn inquire(&self, of: &UserName, question: Question) -> Inquiry {
        let inquiry = Inquiry::new(of, question);
        let mut open = self.imp().inquiries.borrow_mut();
        open.retain(|inquiry| inquiry.upgrade().is_some());
        open.push(inquiry.downgrade());
        drop(open);
        self.ask_again(&inquiry);
        inquiry
    }

    /// Asks once more.
    pub fn ask_again(&self, inquiry: &Inquiry) {
        let Some(command) = inquiry.command() else { return };
        inquiry.set_answer(match self.send_quietly(command) {
            Ok(()) => Answer::Awaited,
            Err(error) => Answer::None(error),
        });
    }

    /// Gets files that somebody shares, one after the other as far as the network thread takes them.
    pub fn fetch_all(&self, from: &UserName, files: impl IntoIterator<Item = String>) {
        self.send_all(files.into_iter().map(|file| Command::Fetch { from: from.clone(), file, save_as: None }));
    }

    /// Offers files of this computer to somebody, one after the other as far as the network thread takes them.
    pub fn offer(&self, to: &UserName, paths: impl IntoIterator<Item = PathBuf>) {
        self.send_all(paths.into_iter().map(|path| Command::Offer { to: to.clone(), path }));
    }

    /// Gets a file that somebody shares.
    pub fn fetch(&self, from: &UserName, file: &str, save_as: Option<String>) -> Result<(), NetError> {
        self.send(Command::Fetch { from: from.clone(), file: file.to_owned(), save_as })
    }

    /// Ends a transfer early.
    pub fn cancel(&self, transfer: &Transfer) {
        if let Some(now) = transfer.now() {
            let _told = self.send(Command::Cancel(now.id));
        }
    }

    /// Tries a transfer again; the old row goes when something has come of it.
    pub fn try_again(&self, transfer: &Transfer) -> Result<(), NetError> {
        let Some(command) = transfer.again() else { return Ok(()) };
        // Whoever is not there would hear of it elsewhere, and late.
        if !self.is_online() {
            return Err(NetError::new(NetErrorKind::NotConnected));
        }
        if !self.has_files() {
            return Err(NetError::new(NetErrorKind::PeersOnly));
        }
        self.send_quietly(command)?;
        transfer.set_tried_again(true);
        Ok(())
    }

    /// Nothing will come any more of what is being tried again.
    pub(super) fn stop_trying_again(&self) {
        for transfer in self.every_transfer().filter(Transfer::is_tried_again) {
            transfer.set_tried_again(false);
        }
    }

    fn every_transfer(&self) -> impl Iterator<Item = Transfer> {
        self.transfers().iter::<Transfer>().filter_map(Result::ok)
    }

    /// Takes what is not under way any more out of the list.
    pub fn clear_finished_transfers(&self) {
        self.transfers()
            .retain(|transfer| transfer.downcast_ref().is_some_and(|transfer: &Transfer| !transfer.is_over()));
    }
}

/// What the network tells.
impl Client {
    /// Takes over an answer to every window that waits for it.
    pub fn set_answer(&self, of: &UserName, question: Question, answer: &Answer) {
        let open: Vec<_> = self.imp().inquiries.borrow().iter().filter_map(glib::WeakRef::upgrade).collect();
        for inquiry in open.iter().filter(|inquiry| inquiry.is(of, question)) {
            inquiry.set_answer(answer.clone());
        }
    }

    /// Whoever goes offline gets no answers any more, and nobody tells that of each.
    pub(super) fn await_no_answers(&self) {
        let open: Vec<_> = self.imp().inquiries.borrow().iter().filter_map(glib::WeakRef::upgrade).collect();
        for inquiry in open.iter().filter(|inquiry| inquiry.answer() == Answer::Awaited) {
            inquiry.set_answer(Answer::None(NetError::new(NetErrorKind::NotConnected)));
        }
    }

    /// Asks those again who were asked in vain while they were not there.
    pub(super) fn ask_who_is_back(&self, back: &[&UserName]) {
        let is_asked_in_vain = |inquiry: &Inquiry| {
            matches!(inquiry.answer(), Answer::None(error) if error.kind == NetErrorKind::UnknownPeer)
                && back.contains(&&inquiry.of())
        };
        let open: Vec<_> = self.imp().inquiries.borrow().iter().filter_map(glib::WeakRef::upgrade).collect();
        for inquiry in open.iter().filter(|inquiry| is_asked_in_vain(inquiry)) {
            self.ask_again(inquiry);
        }
    }

    /// Takes over that something was not answered.
    pub fn set_unanswered(&self, by: &UserName, question: Question, because: NetError) {
        self.set_answer(by, question, &Answer::None(because));
    }

    /// Takes over what others see of the shared folder; `None` if that is not known.
    pub fn set_sharing(&self, sharing: Option<Sharing>) {
        if self.imp().sharing.replace(sharing) != sharing {
            self.emit_by_name::<()>("sharing-changed", &[]);
        }
    }

    /// Tells that a file could not be offered: in its row, if it was tried again there.
    pub fn set_not_offered(&self, to: UserName, path: PathBuf, because: NetError) {
        let is_it = |now: &net::Transfer| (now.direction, &now.peer, &now.path) == (Direction::Out, &to, &path);
        let row =
            self.every_transfer().filter(Transfer::is_tried_again).find(|row| row.now().is_some_and(|now| is_it(&now)));
        match row.and_then(|row| row.now()) {
            Some(now) => self.set_transfer(net::Transfer { state: TransferState::Failed(because), ..now }),
            None => self.tell_problem(Some(Failure::NotOffered { to, path, because })),
        }
    }

    /// Takes up an offer of a file.
    pub fn add_offer(&self, offer: OfferId, from: UserName, file: &str) {
        self.add_request(Subject::File { offer, name: net::displayable(file).into_owned() }, from);
    }

    /// Drops an offer that can no longer be accepted.
    pub fn drop_offer(&self, offer: OfferId) {
        self.drop_requests(|subject| matches!(subject, Subject::File { offer: known, .. } if *known == offer));
    }

    /// Takes over how a transfer stands, which may be new.
    pub fn set_transfer(&self, news: net::Transfer) {
        let known = self.every_transfer().find(|known| known.is(news.id));
        let has_ended = matches!(news.state, TransferState::Done | TransferState::Failed(_));
        let has_arrived = news.direction == Direction::In && has_ended;
        let is_news = known.as_ref().is_none_or(|known| !known.is_over());
        let transfer = if let Some(known) = known {
            known.update(news);
            known
        } else {
            let replaced = self.every_transfer().position(|old| old.is_replaced_by(&news));
            if let Some(at) = replaced.and_then(|at| u32::try_from(at).ok()) {
                self.transfers().remove(at);
            }
            let transfer = Transfer::new(news);
            self.make_room();
            self.transfers().append(&transfer);
            transfer
        };
        self.emit_by_name::<()>("transfer-changed", &[&transfer]);
        if has_arrived && is_news {
            self.emit_by_name::<()>("arrived", &[&transfer]);
        }
    }

    /// Transfers that are under way are bounded where they are asked for; those that have ended are bounded here.
    fn make_room(&self) {
        let transfers = self.transfers();
        if transfers.n_items() < TRANSFERS {
            return;
        }
        let oldest = self.every_transfer().position(|transfer| transfer.is_over());
        if let Some(at) = oldest.and_then(|at| u32::try_from(at).ok()) {
            transfers.remove(at);
        }
    }

    /// Sends a command whose refusal is shown where it was asked for.
    pub(super) fn send_quietly(&self, command: Command) -> Result<(), NetError> {
        let Some(outbox) = self.imp().outbox.get() else { return Err(NetError::new(NetErrorKind::NotConnected)) };
        outbox(command)
    }
}
