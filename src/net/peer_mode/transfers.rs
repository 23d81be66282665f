//! The files that are on their way, in both directions.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use async_channel::Sender;
use tokio::sync::oneshot;
use tracing::debug;

use super::errands::{News, transfer_error};
use crate::net::command::TransferId;
use crate::net::event::{Direction, NetError, NetErrorKind, Transfer, TransferState};
use crate::net::exchange::Habits;
use crate::net::transfer::{Cancel, Download, Downloaded, Source, TransferError, Upload};
use crate::protocol::ident::UserName;

/// A file that is to be got.
pub(super) struct Wanted {
    /// From whom.
    pub(super) peer: UserName,
    /// By its name there.
    pub(super) file: String,
    /// They have offered it.
    pub(super) is_offered: bool,
    /// They have been where they are since: see [`Download::may_be_empty`].
    pub(super) may_be_empty: bool,
    /// Where it is to be, and under which name if not its own.
    pub(super) folder: PathBuf,
    pub(super) save_as: Option<String>,
}

/// Whoever is told of transfers may still show those from before the last time that one went offline.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// A transfer that has begun.
struct Running {
    transfer: Transfer,
    cancel: Cancel,
    /// The user has been told of it, and waits to be told how it ends.
    is_told: bool,
}

/// All transfers that have not ended.
pub(super) struct Transfers {
    news: Sender<News>,
    running: BTreeMap<TransferId, Running>,
    /// Files that were offered and not asked for yet: to whom, and where they are here. What is told of each is not
    /// known before the offer has arrived, and somebody can ask for the file sooner than that is known here.
    offered: BTreeMap<(UserName, PathBuf), (TransferId, Option<Transfer>)>,
}

impl Transfers {
    pub(super) fn new(news: Sender<News>) -> Self {
        Self { news, running: BTreeMap::new(), offered: BTreeMap::new() }
    }

    fn next_id() -> TransferId {
        TransferId(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// A file that is to be got: what to tell of it, and what to do.
    pub(super) fn download(&mut self, wanted: Wanted, from: Vec<SocketAddr>, habits: Habits) -> (Transfer, Download) {
        let Wanted { peer, file, is_offered, may_be_empty, folder, save_as } = wanted;
        let id = Self::next_id();
        let cancel = Cancel::default();
        let news = self.news.clone();
        let order = Download {
            peer: peer.clone(),
            from,
            name: file.clone(),
            is_offered,
            may_be_empty,
            habits,
            folder,
            save_as,
            // Progress that nobody has time for is superseded by the next.
            progress: Box::new(move |done| drop(news.try_send(News::Progress(id, done, None)))),
            cancel: cancel.clone(),
        };
        let transfer = Transfer {
            id,
            peer,
            file,
            direction: Direction::In,
            was_offered: is_offered,
            done: 0,
            total: None,
            state: TransferState::Running,
            path: order.target(),
        };
        self.running.insert(id, Running { transfer: transfer.clone(), cancel, is_told: true });
        (transfer, order)
    }

    /// A file that somebody asks for: what to reply with, and where its end will be told.
    pub(super) fn upload(
        &mut self,
        peer: UserName,
        file: String,
        source: Source,
        path: PathBuf,
    ) -> (Upload, TransferId, oneshot::Receiver<Result<u64, TransferError>>) {
        let offer = match &source {
            Source::Offered(path) => self.offered.remove(&(peer.clone(), path.clone())),
            Source::Shared(..) => None,
        };
        let was_offered = matches!(source, Source::Offered(_));
        let is_told = matches!(offer, Some((_, Some(_))));
        let id = offer.map_or_else(Self::next_id, |(id, _)| id);
        let cancel = Cancel::default();
        let transfer = Transfer { was_offered, ..outgoing(id, peer, file, path, TransferState::Running) };
        self.running.insert(id, Running { transfer, cancel: cancel.clone(), is_told });
        let news = self.news.clone();
        let (ended, end) = oneshot::channel();
        let progress = Box::new(move |done, size| drop(news.try_send(News::Progress(id, done, Some(size)))));
        (Upload { source, progress, cancel, ended }, id, end)
    }

    /// So much of a file has come or gone; of how much, if that is known.
    pub(super) fn progress(&mut self, id: TransferId, done: u64, total: Option<u64>) -> Option<Transfer> {
        let Running { transfer, is_told, .. } = self.running.get_mut(&id)?;
        transfer.done = done;
        transfer.total = total;
        *is_told = true;
        Some(transfer.clone())
    }

    pub(super) fn downloaded(&mut self, id: TransferId, result: Result<Downloaded, TransferError>) -> Option<Transfer> {
        let mut transfer = self.running.remove(&id)?.transfer;
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

    pub(super) fn uploaded(&mut self, id: TransferId, result: Result<u64, TransferError>) -> Option<Transfer> {
        let Running { mut transfer, is_told, .. } = self.running.remove(&id)?;
        transfer.state = match result {
            Ok(done) => {
                transfer.done = done;
                transfer.total = Some(done);
                TransferState::Done
            }
            Err(error @ (TransferError::Share(_) | TransferError::Cancelled)) if !is_told => {
                // Somebody asked for what is not there, or has gone before it began: nobody here needs to hear of it.
                debug!(file = transfer.file, %error, "a file was asked for and did not go out");
                return None;
            }
            Err(TransferError::Lost { error, .. }) if is_reset(&error) => TransferState::EndedThere,
            Err(error) => ended_early(error),
        };
        Some(transfer)
    }

    /// A transfer that cannot be begun.
    pub(super) fn fail(&mut self, id: TransferId, because: NetError) -> Option<Transfer> {
        let mut transfer = self.running.remove(&id)?.transfer;
        transfer.state = TransferState::Failed(because);
        Some(transfer)
    }

    /// A file that is being offered to somebody.
    pub(super) fn offer(&mut self, to: UserName, path: PathBuf) {
        let id = Self::next_id();
        self.offered.entry((to, path)).or_insert((id, None));
    }

    /// The offer has arrived; what to tell of it, unless they have the file already.
    pub(super) fn offered(&mut self, to: UserName, file: String, path: PathBuf) -> Option<Transfer> {
        let (id, told) = self.offered.get_mut(&(to.clone(), path.clone()))?;
        let transfer = outgoing(*id, to, file, path, TransferState::Offered);
        *told = Some(transfer.clone());
        Some(transfer)
    }

    /// The offer was taken back for this reason; what to tell of it, unless they have the file already.
    pub(super) fn taken_back(
        &mut self,
        to: UserName,
        file: String,
        path: PathBuf,
        because: NetErrorKind,
    ) -> Option<Transfer> {
        let (id, _) = self.offered.remove(&(to.clone(), path.clone()))?;
        Some(outgoing(id, to, file, path, TransferState::Failed(NetError::new(because))))
    }

    /// The offer could not be made; what to tell, if one was made before.
    pub(super) fn not_offered(&mut self, to: &UserName, path: &Path) -> Option<Transfer> {
        let (_, told) = self.offered.remove(&(to.clone(), path.to_owned()))?;
        told.map(cancelled)
    }

    /// To whom a file was offered, and by which name, if this transfer is of one that has not gone yet.
    pub(super) fn offer_of(&self, id: TransferId) -> Option<&Transfer> {
        let running = self.running.get(&id).map(|running| &running.transfer);
        let offered = || self.offered.values().find(|(known, _)| *known == id);
        running.filter(|it| it.was_offered && it.direction == Direction::Out).or_else(|| offered()?.1.as_ref())
    }

    /// Ends a transfer early. What has begun is told when it has ended; else this is to be told.
    pub(super) fn cancel(&mut self, id: TransferId) -> Option<Transfer> {
        if let Some(running) = self.running.get(&id) {
            running.cancel.cancel();
        }
        let key = self.offered.iter().find(|(_, (known, _))| *known == id)?.0.clone();
        self.offered.remove(&key)?.1.map(cancelled)
    }

    /// Ends all of them; nobody will hear of them any more but by what is given back.
    pub(super) fn cancel_all(&mut self) -> Vec<Transfer> {
        let running = std::mem::take(&mut self.running).into_values().filter_map(|running| {
            running.cancel.cancel();
            running.is_told.then_some(running.transfer)
        });
        let offered = std::mem::take(&mut self.offered).into_values().filter_map(|(_, told)| told);
        running.chain(offered).map(cancelled).collect()
    }
}

/// A file that is offered to somebody.
fn outgoing(id: TransferId, peer: UserName, file: String, path: PathBuf, state: TransferState) -> Transfer {
    Transfer { id, peer, file, direction: Direction::Out, was_offered: true, done: 0, total: None, state, path }
}

fn cancelled(transfer: Transfer) -> Transfer {
    Transfer { state: TransferState::Cancelled, ..transfer }
}

/// Whether the other side has closed a connection before it had all. A network that is gone closes nothing.
fn is_reset(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
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
    use crate::net::share::ShareError;

    #[test]
    fn whoever_goes_before_the_file_begins_leaves_nothing_behind() {
        let mut transfers = Transfers::new(async_channel::bounded(1).0);
        let path = PathBuf::from("/nowhere");
        let ask = |transfers: &mut Transfers| {
            transfers.upload(UserName::received("eve"), "a.txt".into(), Source::Offered(path.clone()), path.clone())
        };
        let (upload, id, mut end) = ask(&mut transfers);
        drop(upload);
        assert!(end.try_recv().is_err());
        assert_eq!(transfers.uploaded(id, Err(TransferError::Cancelled)), None);
        let (_, id, _) = ask(&mut transfers);
        assert_eq!(
            transfers.uploaded(id, Err(TransferError::Share(ShareError::NoFile))),
            None,
            "they asked for nothing"
        );
        let (_, id, _) = ask(&mut transfers);
        let lost = TransferError::Lost { done: 1, error: io::ErrorKind::TimedOut.into() };
        let told = transfers.uploaded(id, Err(lost)).unwrap();
        assert!(matches!(told.state, TransferState::Failed(_)), "something had gone already");
        assert!(transfers.running.is_empty());
    }
}
