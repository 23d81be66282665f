//! What takes time and is done beside the loop of peer mode; each errand reports with one or more [`News`].

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_channel::Sender;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::added::{Answering, Silence};
use super::files::{self, Files};
use super::turns::Turns;
use crate::net::command::TransferId;
use crate::net::event::{NetError, NetErrorKind, Sharing};
use crate::net::exchange::{self, ExchangeError, Habits};
use crate::net::mode::ServerAddress;
use crate::net::node::{Answer, AskKey};
use crate::net::resolve::resolve;
use crate::net::share::{Listing, Offered, Share, ShareError};
use crate::net::transfer::{Download, Downloaded, Downloads, TransferError};
use crate::protocol::ident::UserName;
use crate::protocol::social::{self, FileList, PeerRequest, UserInfo};

/// How long a reply may be from which only the picture is wanted, which nobody has asked for, and how long it may take.
const PICTURE_BYTES: usize = 4 << 20;
const PICTURE: Duration = Duration::from_secs(30);

/// How many files are looked at at once that are to be offered. A disk that hangs must not keep all threads.
const LOOKS: usize = 16;

/// What an errand has brought.
#[derive(Debug)]
pub(super) enum News {
    /// What became of a request about a chat.
    Asked(AskKey, UserName, Answer),
    /// What somebody tells about themselves.
    UserInfo(UserName, Result<(UserInfo, Habits), NetError>),
    /// What somebody tells about themselves who was asked for the sake of the picture; `None` if that cannot be had.
    Picture(UserName, Option<UserInfo>),
    /// What somebody shares.
    Files(UserName, Result<(FileList, Habits), NetError>),
    /// Somebody has been offered a file of ours, by this name.
    Offered(UserName, String, PathBuf),
    /// An offer could not be made.
    NotOffered(UserName, PathBuf, NetError),
    /// An offer to somebody, by this name, was taken back for a newer one.
    Superseded(UserName, String, PathBuf),
    /// How many bytes of a file have come or gone, and of how many, if that is known.
    Progress(TransferId, u64, Option<u64>),
    /// How a download has ended.
    Downloaded(TransferId, Result<Downloaded, TransferError>),
    /// How an upload has ended.
    Uploaded(TransferId, Result<u64, TransferError>),
    /// Who is at an address that the user has given.
    LookedAt(ServerAddress, Result<Answering, Silence>),
    /// This folder is open to be shared, or cannot be.
    Opened(PathBuf, Result<Share, ShareError>),
    /// A shared folder has been looked through, or cannot be shared any more.
    Listed(Share, Result<Sharing, ShareError>),
}

/// Does errands.
#[derive(Clone, Debug)]
pub(super) struct Errands {
    news: Sender<News>,
    turns: Turns,
    downloads: Arc<Downloads>,
    /// Those that look at files which are to be offered.
    looks: Arc<Semaphore>,
}

impl Errands {
    pub(super) fn new(news: Sender<News>) -> Self {
        Self { news, turns: Turns::default(), downloads: Arc::default(), looks: Arc::new(Semaphore::new(LOOKS)) }
    }

    /// Where news of what others do on their own goes.
    pub(super) fn news(&self) -> Sender<News> {
        self.news.clone()
    }

    fn run(&self, errand: impl Future<Output = News> + Send + 'static) {
        let news = self.news.clone();
        tokio::spawn(async move {
            // When nobody wants to hear of it any more, one has gone offline.
            let _ = news.send(errand.await).await;
        });
    }

    /// Sends a request about a chat.
    pub(super) fn ask(
        &self,
        ask: AskKey,
        name: UserName,
        to: Vec<SocketAddr>,
        request: Arc<PeerRequest>,
        habits: Habits,
    ) {
        let turns = self.turns.clone();
        self.run(async move {
            let answer = if matches!(*request, PeerRequest::Invite { .. }) {
                // It waits for a person, and must not keep the others waiting.
                invited(exchange::ask(&to, &request, habits).await)
            } else {
                let turn = turns.take(&name).await;
                told(&exchange::tell(&to, &request, habits, exchange::CLOSE, || turn.is_written()).await)
            };
            News::Asked(ask, name, answer)
        });
    }

    /// Asks somebody for something, in their turn.
    fn question(
        &self,
        of: &UserName,
        at: Vec<SocketAddr>,
        request: PeerRequest,
        habits: Habits,
    ) -> impl Future<Output = Result<exchange::Answer, ExchangeError>> + Send + 'static {
        let (turns, of) = (self.turns.clone(), of.clone());
        async move {
            let _turn = turns.take(&of).await;
            exchange::ask(&at, &request, habits).await
        }
    }

    /// Asks somebody who they are.
    pub(super) fn user_info(&self, of: UserName, at: Vec<SocketAddr>, habits: Habits) {
        let asking = self.question(&of, at, PeerRequest::GetUserInfo, habits);
        self.run(async move {
            let info = match asking.await {
                Ok(answer) => decoded(answer.reply, user_info).await.map(|info| (info, answer.habits)),
                Err(error) => Err(exchange_error(&error)),
            };
            News::UserInfo(of, info)
        });
    }

    /// Asks somebody who they are, one time, for the sake of the picture.
    pub(super) fn picture(&self, of: UserName, at: Vec<SocketAddr>, habits: Habits) {
        self.run(async move {
            let asking = exchange::ask_once(&at, &PeerRequest::GetUserInfo, habits, PICTURE_BYTES);
            let info = match timeout(PICTURE, asking).await {
                Ok(Ok(reply)) => decoded(reply, user_info).await.ok(),
                Ok(Err(_)) | Err(_) => None,
            };
            News::Picture(of, info)
        });
    }

    /// Asks somebody what they share.
    pub(super) fn list_files(&self, of: UserName, at: Vec<SocketAddr>, habits: Habits) {
        let asking = self.question(&of, at, PeerRequest::ListFiles, habits);
        self.run(async move {
            let files = match asking.await {
                Ok(answer) => decoded(answer.reply, file_list).await.map(|list| (list, answer.habits)),
                Err(error) => Err(exchange_error(&error)),
            };
            News::Files(of, files)
        });
    }

    /// Offers somebody a file.
    pub(super) fn offer(
        &self,
        me: UserName,
        to: UserName,
        at: Vec<SocketAddr>,
        habits: Habits,
        path: PathBuf,
        files: Files,
    ) {
        let errands = self.clone();
        let news = self.news.clone();
        tokio::spawn(async move {
            let result = match errands.real_place(path.clone()).await {
                Ok(place) => {
                    // Before it is on offer: too many at once would take each other's place before anybody has heard of
                    // them. But a disk that hangs keeps no turn: what else is for them goes out.
                    let _turn = errands.turns.take(&to).await;
                    let Offered { name: file, superseded } = files.offer(&to, &at, &path, &place);
                    if let Some((file, path)) = superseded {
                        let _ = news.send(News::Superseded(to.clone(), file, path)).await;
                    }
                    let request = PeerRequest::OfferFile { from: me, file: file.clone() };
                    match exchange::ask(&at, &request, habits).await {
                        Err(error @ (ExchangeError::NoAddress | ExchangeError::Unreachable(_))) => {
                            files.withdraw(&to, &file);
                            Err(exchange_error(&error))
                        }
                        // Whoever takes the connection has the offer, even if they do not close it properly.
                        Ok(_) | Err(_) => Ok(file),
                    }
                }
                Err(error) => Err(NetError::with(NetErrorKind::LocalFile, error.to_string())),
            };
            let result = match result {
                Ok(file) => News::Offered(to, file, path),
                Err(error) => News::NotOffered(to, path, error),
            };
            let _ = news.send(result).await;
        });
    }

    /// Looks at a file that is to be offered.
    async fn real_place(&self, path: PathBuf) -> Result<PathBuf, ShareError> {
        // It is never closed.
        let _permit = self.looks.acquire().await;
        let looked = spawn_blocking(move || files::real_place(&path)).await;
        looked.unwrap_or_else(|panic| Err(ShareError::Unreadable(io::Error::other(panic))))
    }

    /// Gets a file.
    pub(super) fn download(&self, id: TransferId, order: Download) {
        let got = self.downloads.get(order);
        self.run(async move { News::Downloaded(id, got.await) });
    }

    /// Somebody is at these addresses now: what waits to be got from them is asked for there.
    pub(super) fn moved(&self, peer: &UserName, now_at: &[SocketAddr]) {
        self.downloads.moved(peer, now_at);
    }

    /// Somebody has gone: what waits to be got from them fails at once.
    pub(super) fn give_up(&self, peer: &UserName) {
        self.downloads.give_up(peer);
        self.turns.forget(peer);
    }

    /// Who goes first.
    pub(super) fn turns(&self) -> &Turns {
        &self.turns
    }

    /// Waits until a file has gone. Whoever asked for it may go before it begins.
    pub(super) fn upload(&self, id: TransferId, end: oneshot::Receiver<Result<u64, TransferError>>) {
        self.run(async move { News::Uploaded(id, end.await.unwrap_or(Err(TransferError::Cancelled))) });
    }

    /// Looks who is at an address that the user has given.
    pub(super) fn look_at(&self, address: ServerAddress, habits: Habits) {
        self.run(async move {
            let at = match resolve(&address).await {
                Ok(found) => found,
                Err(error) => return News::LookedAt(address, Err(Silence { error, is_busy: false })),
            };
            // Nobody else can make these many, so they need no turn.
            let answering = match exchange::ask(&at, &PeerRequest::GetUserInfo, habits).await {
                Ok(answer) => match decoded(answer.reply, user_info).await {
                    Ok(info) => Ok(Answering { info, at, habits: answer.habits }),
                    Err(error) => Err(Silence { error, is_busy: false }),
                },
                Err(error) => {
                    let is_busy = matches!(error, ExchangeError::TimedOut(_));
                    Err(Silence { error: exchange_error(&error), is_busy })
                }
            };
            News::LookedAt(address, answering)
        });
    }

    /// Opens a folder to share it.
    pub(super) fn share(&self, folder: PathBuf) {
        self.run(open_share(folder));
    }

    /// Looks through a shared folder. Until its names are known, they are served as well, but a little later.
    pub(super) fn look_through(&self, files: Files) {
        let news = self.news.clone();
        tokio::spawn(async move {
            if let (_, Some((share, listing))) = files.list().await {
                // When nobody wants to hear of it any more, one has gone offline.
                let _ = news.send(listed(share, listing)).await;
            }
        });
    }
}

/// The news of a shared folder that has been looked through.
pub(super) fn listed(share: Share, listing: Result<Listing, ShareError>) -> News {
    let sharing = listing.map(|it| Sharing { files: it.names.len(), unfit: it.unfit, is_cut: it.is_cut });
    News::Listed(share, sharing)
}

/// Opens a folder to share it.
async fn open_share(folder: PathBuf) -> News {
    let path = folder.clone();
    let opened = spawn_blocking(move || Share::open(&path)).await;
    let opened = opened
        .unwrap_or_else(|panic| Err(ShareError::NoFolder { path: folder.clone(), error: io::Error::other(panic) }));
    News::Opened(folder, opened)
}

/// What a reply means. A large one takes long to decode, and others are to be answered meanwhile.
async fn decoded<T: Send + 'static>(reply: Vec<u8>, decode: fn(&[u8]) -> Result<T, NetError>) -> Result<T, NetError> {
    let decoded = spawn_blocking(move || decode(&reply)).await;
    decoded.unwrap_or_else(|panic| Err(NetError::with(NetErrorKind::BadReply, panic.to_string())))
}

fn user_info(reply: &[u8]) -> Result<UserInfo, NetError> {
    UserInfo::from_reply(reply).map_err(|error| bad_reply(reply, &error))
}

fn file_list(reply: &[u8]) -> Result<FileList, NetError> {
    let mut list = social::file_list(reply).map_err(|error| bad_reply(reply, &error))?;
    list.names.sort();
    Ok(list)
}

/// What the reply to an invitation, or none, means.
fn invited(answer: Result<exchange::Answer, ExchangeError>) -> Answer {
    match answer {
        Ok(answer) if social::acceptance(&answer.reply) == Some(true) => Answer::Yes,
        Err(ExchangeError::NoAddress | ExchangeError::Unreachable(_)) => Answer::Unreachable,
        Ok(_) | Err(_) => Answer::No,
    }
}

/// Whether somebody has heard what they were told about a chat.
fn told(result: &Result<(), ExchangeError>) -> Answer {
    match result {
        Err(ExchangeError::NoAddress | ExchangeError::Unreachable(_)) => Answer::Unreachable,
        // Whoever has taken the connection has read it, as far as can be known. Many a peer written by hand closes
        // without ceremony, or not at all, and must not be told everything six times.
        Ok(()) | Err(_) => Answer::Yes,
    }
}

fn exchange_error(error: &ExchangeError) -> NetError {
    let kind = match error {
        ExchangeError::TooLong => NetErrorKind::BadReply,
        ExchangeError::NoAddress
        | ExchangeError::Unreachable(_)
        | ExchangeError::Lost(_)
        | ExchangeError::TimedOut(_) => NetErrorKind::PeerUnreachable,
    };
    NetError::with(kind, error.to_string())
}

pub(super) fn transfer_error(error: &TransferError) -> NetError {
    let kind = match error {
        TransferError::Exchange(error) => return exchange_error(error),
        TransferError::Gone(peer) => return NetError::with(NetErrorKind::UnknownPeer, peer.shown()),
        // These words say it all.
        TransferError::Nothing => return NetError::new(NetErrorKind::NoSuchFile),
        TransferError::OfferOver => return NetError::new(NetErrorKind::OfferOver),
        TransferError::DiskFull => return NetError::new(NetErrorKind::DiskFull),
        TransferError::Local { .. } | TransferError::TooLarge | TransferError::Share(_) => NetErrorKind::LocalFile,
        TransferError::Lost { .. } | TransferError::Cancelled => NetErrorKind::BrokenOff,
    };
    NetError::with(kind, error.to_string())
}

/// Nothing at all is what somebody gets who is blocked, and what programs say to a question that they do not know.
fn bad_reply(reply: &[u8], error: &impl ToString) -> NetError {
    let kind = if reply.is_empty() { NetErrorKind::NoAnswer } else { NetErrorKind::BadReply };
    NetError::with(kind, error.to_string())
}
