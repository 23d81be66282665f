//! The files that are on their way, in both directions.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use async_channel::Sender;
use tracing::debug;

use super::errands::{News, transfer_error};
use crate::net::command::TransferId;
use crate::net::event::{Direction, NetError, Transfer, TransferState};
use crate::net::transfer::{Cancel, Download, Downloaded, Progress, Source, TransferError, Upload};
use crate::protocol::ident::UserName;
use crate::protocol::social::Form;

/// A file that is to be got.
pub(super) struct Wanted {
    /// From whom.
    pub(super) peer: UserName,
    /// By its name there.
    pub(super) file: String,
    /// They have offered it.
    pub(super) is_offered: bool,
    /// Where it is to be, and under which name if not its own.
    pub(super) folder: PathBuf,
    pub(super) save_as: Option<String>,
}

/// Tells what becomes of an upload, also if nothing does: whoever asked may go before it begins.
struct Reporter {
    id: TransferId,
    news: Sender<News>,
    has_ended: bool,
}

impl Reporter {
    fn tell(&mut self, progress: Progress) {
        match progress {
            Progress::Running { .. } => drop(self.news.try_send(News::Upload(self.id, progress))),
            Progress::Ended(_) => {
                self.has_ended = true;
                // The loop takes news all the time, unless it has ended; then nobody needs to hear of it.
                drop(self.news.send_blocking(News::Upload(self.id, progress)));
            }
        }
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        if !self.has_ended {
            // May be on the thread of the loop, so must not wait.
            drop(self.news.try_send(News::Upload(self.id, Progress::Ended(Err(TransferError::Cancelled)))));
        }
    }
}

/// All transfers that have not ended.
pub(super) struct Transfers {
    news: Sender<News>,
    running: BTreeMap<TransferId, (Transfer, Cancel)>,
    next: u64,
}

impl Transfers {
    pub(super) fn new(news: Sender<News>) -> Self {
        Self { news, running: BTreeMap::new(), next: 1 }
    }

    fn begin(&mut self, transfer: Transfer, cancel: Cancel) {
        self.running.insert(transfer.id, (transfer, cancel));
    }

    fn next_id(&mut self) -> TransferId {
        let id = TransferId(self.next);
        self.next += 1;
        id
    }

    /// A file that is to be got: what to tell of it, and what to do.
    pub(super) fn download(&mut self, wanted: Wanted, from: Vec<SocketAddr>, form: Form) -> (Transfer, Download) {
        let Wanted { peer, file, is_offered, folder, save_as } = wanted;
        let id = self.next_id();
        let cancel = Cancel::default();
        let news = self.news.clone();
        let order = Download {
            from,
            name: file.clone(),
            is_offered,
            form,
            folder,
            save_as,
            size: None,
            // Progress that nobody has time for is superseded by the next.
            progress: Box::new(move |done| drop(news.try_send(News::Progress(id, done)))),
            cancel: cancel.clone(),
        };
        let transfer = Transfer {
            id,
            peer,
            file,
            direction: Direction::In,
            done: 0,
            total: None,
            state: TransferState::Running,
            path: order.target(),
        };
        self.begin(transfer.clone(), cancel);
        (transfer, order)
    }

    /// A file that somebody asks for; what to reply with.
    pub(super) fn upload(&mut self, peer: UserName, file: String, source: Source, path: PathBuf) -> Upload {
        let id = self.next_id();
        let cancel = Cancel::default();
        let transfer = Transfer {
            id,
            peer,
            file,
            direction: Direction::Out,
            done: 0,
            total: None,
            state: TransferState::Running,
            path,
        };
        self.begin(transfer, cancel.clone());
        let mut reporter = Reporter { id, news: self.news.clone(), has_ended: false };
        Upload { source, report: Box::new(move |progress| reporter.tell(progress)), cancel }
    }

    pub(super) fn progress(&mut self, id: TransferId, done: u64) -> Option<Transfer> {
        let (transfer, _) = self.running.get_mut(&id)?;
        transfer.done = done;
        Some(transfer.clone())
    }

    pub(super) fn downloaded(&mut self, id: TransferId, result: Result<Downloaded, TransferError>) -> Option<Transfer> {
        let (mut transfer, _) = self.running.remove(&id)?;
        transfer.state = match result {
            Ok(Downloaded { path, size }) => {
                transfer.path = path;
                transfer.done = size;
                transfer.total = Some(size);
                TransferState::Done
            }
            Err(error) => ended_early(error),
        };
        Some(transfer)
    }

    pub(super) fn uploaded(&mut self, id: TransferId, progress: Progress) -> Option<Transfer> {
        let result = match progress {
            Progress::Running { done, size } => {
                let (transfer, _) = self.running.get_mut(&id)?;
                transfer.total = Some(size);
                return self.progress(id, done);
            }
            Progress::Ended(result) => result,
        };
        let (mut transfer, _) = self.running.remove(&id)?;
        if let (Err(error), None) = (&result, transfer.total) {
            // Somebody asked for what is not there, or has gone before it began: nobody here needs to hear of it.
            debug!(file = transfer.file, %error, "a file was asked for and did not go out");
            return None;
        }
        transfer.state = match result {
            Ok(done) => {
                transfer.done = done;
                TransferState::Done
            }
            Err(error) => ended_early(error),
        };
        Some(transfer)
    }

    /// A transfer that cannot be begun.
    pub(super) fn fail(&mut self, id: TransferId, because: NetError) -> Option<Transfer> {
        let (mut transfer, _) = self.running.remove(&id)?;
        transfer.state = TransferState::Failed(because);
        Some(transfer)
    }

    pub(super) fn cancel(&self, id: TransferId) {
        if let Some((_, cancel)) = self.running.get(&id) {
            cancel.cancel();
        }
    }

    pub(super) fn cancel_all(&self) {
        for (_, cancel) in self.running.values() {
            cancel.cancel();
        }
    }
}

fn ended_early(error: TransferError) -> TransferState {
    match error {
        TransferError::Cancelled => TransferState::Cancelled,
        error => TransferState::Failed(transfer_error(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_goes_before_the_file_begins_leaves_nothing_behind() {
        let (news, heard) = async_channel::bounded(1);
        let mut transfers = Transfers::new(news);
        let path = PathBuf::from("/nowhere");
        drop(transfers.upload(UserName::received("eve"), "a.txt".into(), Source::Offered(path.clone()), path));
        let Ok(News::Upload(id, progress)) = heard.try_recv() else { panic!("nothing was told") };
        assert_eq!(transfers.uploaded(id, progress), None);
        assert!(transfers.running.is_empty());
    }
}
