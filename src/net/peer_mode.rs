//! Peer mode, the shell of IO: joins discovery, the sockets, the files and the pure [`Node`].

mod added;
mod commands;
mod errands;
mod files;
mod offers;
mod pictures;
mod reports;
mod requests;
mod strangers;
#[cfg(test)]
mod tests;
mod transfers;
mod turns;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use async_channel::Receiver;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinSet, spawn_blocking};
use tokio::time::timeout;

use self::added::Sources;
use self::errands::{Errands, News};
use self::files::Files;
use self::offers::Offers;
use self::pictures::Pictures;
use self::transfers::Transfers;
use super::command::Command;
use super::discovery::{self, Advertisement, Discovery, announced_name};
use super::event::{Contact, Event, LinkState, NetError, NetErrorKind, Sharing};
use super::events::EventSender;
use super::exchange::{self, Arrival, Habits, Request};
use super::fairness::Seldom;
use super::mode::PeerParameters;
use super::node::{Action, Farewell, Input, Moment, Node, Reply, ReplyKey};
use super::transfer::remove_forgotten;
use super::{Next, emit, sleep_until};
use crate::protocol::ident::UserName;
use crate::protocol::social;
use crate::protocol::status::Status;

/// How much may wait from errands and from others.
const NEWS: usize = 1024;
const ARRIVALS: usize = 64;
/// How many changes of who is there are told as one.
const AT_ONCE: usize = 128;
/// How often those at addresses that the user has given are looked at.
const ROUND: Duration = Duration::from_secs(20);
/// How long one waits at the beginning for the shared folder. On a disk of another computer that is gone, it never opens.
const OPENING: Duration = Duration::from_secs(1);
/// How long the goodbyes to those in one's chats may take. After them comes the one to the network, so that they are from
/// somebody who is still known.
const FAREWELL: Duration = Duration::from_millis(700);
/// How long each of them waits to be read before the next one to the same person; see [`exchange::tell`].
const GRACE: Duration = Duration::from_millis(100);
/// Most connections that wait to be accepted. Where no more may wait the kernel drops the attempts of all alike, and they
/// are made again a second later: a flood from one address must not do that to the others.
const BACKLOG: i32 = 4096;

/// A peer among others, for as long as the user wants to be one.
struct Peer<'a> {
    parameters: PeerParameters,
    node: Node,
    discovery: Discovery,
    events: &'a EventSender,
    /// What others only ask.
    questions: Receiver<Arrival>,
    /// Who is there, as it has not been told yet.
    roster: Option<Vec<Contact>>,
    errands: Errands,
    files: Files,
    /// What others see of the shared folder, as it was told last.
    sharing: Option<Sharing>,
    transfers: Transfers,
    /// Requests of others about chats that wait for their reply.
    replies: HashMap<u64, oneshot::Sender<exchange::Reply>>,
    /// Requests of people of whom discovery has not told yet that they are there, and until when they wait for that.
    early: Vec<(Instant, Request)>,
    /// When the network was last searched because of them.
    searched: Option<Instant>,
    /// Files that others have offered.
    offers: Offers,
    /// How others take requests, as far as they have answered some.
    habits: HashMap<UserName, Habits>,
    sources: Sources,
    /// Addresses at which somebody is not known, as far as that was told lately.
    strangers: Seldom<IpAddr>,
    /// Whom a chat has dropped, as far as they were looked for lately.
    missed: Seldom<UserName>,
    pictures: Pictures,
    port: u16,
}

/// Is a peer until the user wants something else. `start` is [`discovery::start`], or a test's stand-in.
pub(super) async fn run(
    parameters: PeerParameters,
    inbox: &Receiver<Command>,
    events: &EventSender,
    start: impl FnOnce(Advertisement) -> (Discovery, Receiver<discovery::Event>),
) -> Next {
    emit(events, Event::Link(LinkState::Connecting { to: parameters.service_type.to_string() })).await;
    let (listener, port) = match listen(parameters.port) {
        Ok(listening) => listening,
        Err(error) => {
            let error = NetError::with(NetErrorKind::CannotListen, error.to_string());
            emit(events, Event::Link(LinkState::Offline(Some(error)))).await;
            return Next::Offline;
        }
    };
    let (news, heard) = async_channel::bounded(NEWS);
    let (arrivals, arrived) = async_channel::bounded(ARRIVALS);
    let (asking, questions) = async_channel::bounded(ARRIVALS);
    let files = Files::default();
    let lookup = {
        let files = files.clone();
        Arc::new(move |from: SocketAddr, name: &str| files.lookup(from, name))
    };
    let is_known = {
        let files = files.clone();
        Arc::new(move |address: IpAddr| files.is_somebody_at(address))
    };
    let serving = Abort(tokio::spawn(exchange::serve(listener, lookup, is_known, asking, arrivals)).abort_handle());
    let errands = Errands::new(news.clone());
    let mut shared = None;
    if let Some(folder) = parameters.share.clone() {
        errands.share(folder);
        // Whoever finds us may ask at once what we share. Nothing else is heard yet, and a late answer still is.
        shared = timeout(OPENING, heard.recv()).await.ok().and_then(Result::ok);
    }
    let (discovery, found) = start(Advertisement {
        service_type: parameters.service_type.clone(),
        name: parameters.name.clone(),
        port,
        status: parameters.status.as_str().to_owned(),
        picture: parameters.info.picture.as_deref().map(pictures::mark),
    });
    let mut peer = Peer {
        node: Node::new(announced_name(&parameters.name), parameters.service_type.as_str()),
        discovery,
        events,
        questions,
        roster: None,
        errands,
        files,
        sharing: None,
        transfers: Transfers::new(news),
        replies: HashMap::new(),
        early: Vec::new(),
        searched: None,
        offers: Offers::default(),
        habits: HashMap::new(),
        sources: Sources::new(&parameters.added),
        strangers: strangers::strangers(),
        missed: reports::missed(),
        pictures: Pictures::default(),
        port,
        parameters,
    };
    for name in peer.parameters.blocked.clone() {
        peer.give(Input::Command(Command::Block { name, blocked: true })).await;
    }
    let downloads = peer.parameters.downloads.clone();
    // Nothing waits for it, and what it cannot remove does no harm.
    drop(spawn_blocking(move || remove_forgotten(&downloads)));
    if let Some(shared) = shared {
        peer.news(shared).await;
    }
    peer.look_at_given();
    peer.tell_added(false).await;
    let next = peer.serve(inbox, &found, &arrived, &heard).await;
    drop(serving);
    peer.leave(&next).await;
    next
}

/// Ends a task when it is dropped.
struct Abort(AbortHandle);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Listens on all addresses of this computer, IPv6 and IPv4, or IPv4 alone where there is no IPv6.
fn listen(port: u16) -> io::Result<(TcpListener, u16)> {
    let open = |address: SocketAddr| {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if address.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        TcpListener::from_std(socket.into())
    };
    let listener = open((Ipv6Addr::UNSPECIFIED, port).into()).or_else(|error| {
        if error.kind() == io::ErrorKind::AddrInUse { Err(error) } else { open(([0, 0, 0, 0], port).into()) }
    })?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

impl Peer<'_> {
    /// Does what there is to do until the user wants something else.
    async fn serve(
        &mut self,
        inbox: &Receiver<Command>,
        found: &Receiver<discovery::Event>,
        arrived: &Receiver<Arrival>,
        heard: &Receiver<News>,
    ) -> Next {
        let mut round = tokio::time::interval_at(tokio::time::Instant::now() + ROUND, ROUND);
        round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let early = self.early.iter().map(|(until, _)| *until).min();
            let deadline = [self.node.deadline(), early, self.pictures.deadline()].into_iter().flatten().min();
            tokio::select! {
                command = inbox.recv() => match command {
                    Err(_) => return Next::End,
                    Ok(Command::Connect(mode)) => return Next::Connect(mode),
                    Ok(Command::Disconnect) => return Next::Offline,
                    Ok(command) => self.command(command).await,
                },
                Ok(event) = found.recv() => {
                    self.discovered(event).await;
                    // A whole class may come at once, and each list of it is a long one: the last of them is enough.
                    for event in std::iter::from_fn(|| found.try_recv().ok()).take(AT_ONCE) {
                        self.discovered(event).await;
                    }
                }
                Ok(arrival) = arrived.recv() => self.arrival(arrival).await,
                Ok(question) = self.questions.recv() => self.question(question),
                Ok(news) = heard.recv() => self.news(news).await,
                () = sleep_until(deadline) => {
                    self.give(Input::Tick).await;
                    self.admit_early(Instant::now()).await;
                    self.ask_for_pictures(Instant::now());
                }
                _ = round.tick() => self.look_at_given(),
            }
            self.tell_roster().await;
        }
    }

    /// Tells the user interface. While that has too much to do, others are answered what they ask, and nothing else is done.
    async fn tell(&mut self, event: Event) {
        let mut telling = pin!(emit(self.events, event));
        loop {
            tokio::select! {
                () = &mut telling => return,
                Ok(question) = self.questions.recv() => self.question(question),
            }
        }
    }

    /// Tells who is there now, if that has changed.
    async fn tell_roster(&mut self) {
        if let Some(roster) = self.roster.take() {
            self.tell(Event::Roster(roster)).await;
        }
    }

    /// Gives the node one input and carries out what it wants done.
    async fn give(&mut self, input: Input) {
        let moment = Moment { now: Instant::now(), wall: SystemTime::now() };
        for action in self.node.handle(input, moment) {
            match action {
                Action::Emit(Event::Roster(roster)) => self.roster = Some(roster),
                Action::Emit(event) => {
                    self.tell_roster().await;
                    self.tell(event).await;
                }
                Action::Ask { ask, name, to, request } => {
                    let habits = self.habits_of(&name);
                    self.errands.ask(ask, name, to, request, habits);
                }
                Action::Reply(ReplyKey(number), reply) => self.reply(number, reply),
                Action::Verify(name) => self.verify_seldom(&name, moment.now),
            }
        }
    }

    fn reply(&mut self, number: u64, reply: Reply) {
        let Some(to) = self.replies.remove(&number) else { return };
        // Whoever asked may have gone.
        let _ = to.send(match reply {
            Reply::Nothing => exchange::Reply::Nothing,
            Reply::Ack => exchange::Reply::Bytes(social::encode_acceptance(true).into()),
            Reply::Nack => exchange::Reply::Bytes(social::encode_acceptance(false).into()),
        });
    }

    async fn discovered(&mut self, event: discovery::Event) {
        match event {
            discovery::Event::Published { name } => {
                self.give(Input::Named(name.clone())).await;
                self.tell_online(name).await;
            }
            discovery::Event::Found(peer) => self.discovered_somebody(peer).await,
            discovery::Event::Network { is_there } => self.tell(Event::Network { is_there }).await,
            discovery::Event::Lost { name } => self.discovery_lost(name).await,
            discovery::Event::Trouble(trouble) => {
                let kind = match trouble {
                    discovery::Trouble::Unavailable(_) => NetErrorKind::Discovery,
                    discovery::Trouble::NoFreeName => NetErrorKind::NoFreeName,
                    discovery::Trouble::TooMany(_) => NetErrorKind::TooManyPeers,
                };
                if kind != NetErrorKind::TooManyPeers {
                    // Others can still be added by their address. What goes wrong with being online is told after it.
                    self.tell_online(self.node.me().clone()).await;
                }
                self.tell(Event::Problem(NetError::with(kind, trouble.to_string()))).await;
            }
        }
    }

    async fn tell_online(&mut self, name: UserName) {
        let (at, port) = (format!("port {}", self.port), Some(self.port));
        self.tell(Event::Link(LinkState::Online { at, name, port })).await;
    }

    async fn found(&mut self, name: UserName, status: Status, addresses: Vec<SocketAddr>, picture: Option<String>) {
        let before = self.node.addresses(&name).unwrap_or_default();
        let has_moved = before != addresses;
        let touched: Vec<IpAddr> = before.iter().chain(&addresses).map(SocketAddr::ip).collect();
        for (file, path) in self.files.withdraw_from_another(&name, &addresses) {
            let update = self.transfers.taken_back(name.clone(), file, path, NetErrorKind::MayBeAnother);
            self.tell_transfer(update).await;
        }
        if has_moved {
            self.errands.moved(&name, &addresses);
        }
        self.give(Input::Found { name: name.clone(), status, addresses }).await;
        if has_moved {
            self.note_people(touched);
        }
        self.want_picture(&name, picture.as_deref()).await;
        if !self.early.is_empty() {
            self.tell_roster().await;
        }
        self.admit_early(Instant::now()).await;
    }

    async fn lost(&mut self, name: UserName) {
        let touched = self.node.addresses(&name).unwrap_or_default().iter().map(SocketAddr::ip).collect();
        self.habits.remove(&name);
        self.errands.give_up(&name);
        self.pictures.lost(&name);
        self.give(Input::Lost(name)).await;
        self.note_people(touched);
    }

    /// Tells the files who is at these addresses now.
    fn note_people(&self, addresses: Vec<IpAddr>) {
        for address in addresses {
            self.files.set_people(address, self.node.people_at(address));
        }
    }

    /// Says goodbye to everybody.
    async fn leave(mut self, next: &Next) {
        for transfer in self.transfers.cancel_all() {
            self.tell_transfer(Some(transfer)).await;
        }
        let open = self.offers.drop_all();
        self.tell_unoffered(open).await;
        let (told, farewells) = self.node.leave();
        for event in told {
            emit(self.events, event).await;
        }
        let mut goodbyes = JoinSet::new();
        for Farewell { to, requests } in farewells {
            goodbyes.spawn(async move {
                for request in requests {
                    // Whoever cannot be reached finds out by themselves.
                    let _ = exchange::tell(&to, &request, Habits::default(), GRACE, || ()).await;
                }
            });
        }
        let said = async { while goodbyes.join_next().await.is_some() {} };
        let _ = timeout(FAREWELL, said).await;
        self.discovery.stop().await;
        if !matches!(next, Next::Connect(_)) {
            emit(self.events, Event::Link(LinkState::Offline(None))).await;
        }
    }
}
