//! What comes of errands, and who hears of it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::Peer;
use super::errands::News;
use crate::net::event::{Event, NetError, NetErrorKind, Question, Sharing, Transfer, TransferState};
use crate::net::fairness::Seldom;
use crate::net::node::{Answer, Input};
use crate::net::share::{FILES, Share, ShareError};
use crate::protocol::ident::UserName;
use crate::protocol::social::FileList;

/// How long after somebody was looked for whom a chat has dropped that is done again, and for how many in that time: the whole
/// network is asked.
const MISSED: Duration = Duration::from_mins(1);
const MISSED_AT_ONCE: usize = 16;

/// Whom a chat has dropped, as far as they were looked for lately.
pub(super) fn missed() -> Seldom<UserName> {
    Seldom::new(MISSED, MISSED_AT_ONCE)
}

impl Peer<'_> {
    /// Takes over what an errand has brought.
    pub(super) async fn news(&mut self, news: News) {
        match news {
            News::Asked(ask, name, answer) => {
                self.tried(&name, answer != Answer::Unreachable);
                self.give(Input::Asked { ask, answer }).await;
            }
            News::UserInfo(of, Ok((info, habits))) => {
                self.tried(&of, true);
                self.habits.insert(of.clone(), habits);
                self.tell_picture(&of, &info).await;
                self.tell(Event::UserInfo { of, info }).await;
            }
            News::Picture(of, info) => {
                self.pictures.answered(&of);
                if let Some(info) = info {
                    self.tried(&of, true);
                    self.tell_picture(&of, &info).await;
                }
            }
            News::Files(of, Ok((FileList { mut names, unfit }, habits))) => {
                self.tried(&of, true);
                self.habits.insert(of.clone(), habits);
                let is_cut = names.len() > FILES;
                names.truncate(FILES);
                self.tell(Event::Files { of, names, unfit, is_cut }).await;
            }
            News::UserInfo(by, Err(because)) => self.unanswered(by, Question::UserInfo, because).await,
            News::Files(by, Err(because)) => self.unanswered(by, Question::Files, because).await,
            News::Offered(to, file, path) => {
                self.tried(&to, true);
                let update = self.transfers.offered(to, file, path);
                self.tell_transfer(update).await;
            }
            News::NotOffered(to, path, because) => {
                let update = self.transfers.not_offered(&to, &path);
                self.tell_transfer(update).await;
                self.doubt(&to, &because);
                self.tell(Event::NotOffered { to, path, because }).await;
            }
            News::Superseded(to, file, path) => {
                let update = self.transfers.taken_back(to, file, path, NetErrorKind::Superseded);
                self.tell_transfer(update).await;
            }
            News::Progress(id, done, total) => {
                let update = self.transfers.progress(id, done, total);
                self.tell_transfer(update).await;
            }
            News::Downloaded(id, result) => {
                let update = self.transfers.downloaded(id, result);
                if let Some(Transfer { peer, state: TransferState::Failed(because), .. }) = &update {
                    self.doubt(peer, because);
                }
                self.tell_transfer(update).await;
            }
            News::Uploaded(id, result) => {
                let update = self.transfers.uploaded(id, result);
                self.tell_transfer(update).await;
            }
            News::LookedAt(address, answer) => self.looked_at(address, answer).await,
            News::Opened(folder, opened) => self.opened(&folder, opened).await,
            News::Listed(share, Ok(sharing)) => {
                if self.files.is_shared(&share) && self.sharing.replace(sharing) != Some(sharing) {
                    self.tell(Event::Sharing(sharing)).await;
                }
            }
            News::Listed(share, Err(error)) => {
                if self.files.unshare(&share) {
                    self.tell_unshared(&error).await;
                }
            }
        }
    }

    /// Shares this folder from now on, once it is open, or none. What was shared until now is so no longer.
    pub(super) fn share(&mut self, folder: Option<PathBuf>) {
        self.files.share(None);
        self.sharing = None;
        self.parameters.share.clone_from(&folder);
        if let Some(folder) = folder {
            self.errands.share(folder);
        }
    }

    async fn opened(&mut self, folder: &Path, opened: Result<Share, ShareError>) {
        // Opening can take long on a disk of another computer: the user may have chosen another folder by then, or none.
        if self.parameters.share.as_deref() != Some(folder) {
            return;
        }
        match opened {
            Ok(share) => {
                self.files.share(Some(share));
                self.errands.look_through(self.files.clone());
            }
            Err(error) => self.tell_unshared(&error).await,
        }
    }

    /// The folder that is to be shared is not.
    async fn tell_unshared(&mut self, because: &ShareError) {
        self.tell(Event::Sharing(Sharing::default())).await;
        self.tell(Event::Problem(NetError::with(NetErrorKind::LocalFile, because.to_string()))).await;
    }

    pub(super) async fn tell_transfer(&mut self, update: Option<Transfer>) {
        if let Some(update) = update {
            self.tell(Event::Transfer(update)).await;
        }
    }

    async fn unanswered(&mut self, by: UserName, question: Question, because: NetError) {
        self.doubt(&by, &because);
        self.tell(Event::Unanswered { by, question, because }).await;
    }

    /// Looks whether somebody is still there who could not be reached.
    fn doubt(&mut self, name: &UserName, because: &NetError) {
        if matches!(because.kind, NetErrorKind::PeerUnreachable | NetErrorKind::BrokenOff) {
            self.tried(name, false);
        }
    }

    /// Looks whether somebody is still there, because of what somebody else says.
    pub(super) fn verify_seldom(&mut self, name: &UserName, now: Instant) {
        if self.missed.may(name.clone(), now) {
            self.verify(name);
        }
    }

    /// Somebody was reached, or could not be, and may have gone.
    fn tried(&mut self, name: &UserName, is_reached: bool) {
        // Whoever has gone meanwhile is forgotten already.
        if self.node.addresses(name).is_some() {
            self.errands.turns().tried(name, is_reached);
        }
        if !is_reached {
            self.verify(name);
        }
    }
}
