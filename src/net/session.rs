//! Server mode, pure: what comes from the server and from the user goes in, what to send and what to tell comes out.
//!
//! No socket and no clock: whoever owns those calls [`Session::handle`] with the time, and again at
//! [`Session::deadline`]. One session outlives its connections, so that conversations can go on after one was lost.

mod lists;
mod room;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::{Duration, Instant, SystemTime};

use self::lists::Lists;
use self::room::Room;
use super::command::{Command, MessageId};
use super::event::{Contact, EndReason, Event, LinkState, NetError, NetErrorKind};
use super::mode::ServerParameters;
use crate::protocol::ident::{ConversationId, NameKey, UserName};
use crate::protocol::im::{ArgumentError, ClientMessage, ServerMessage};
use crate::protocol::limits;
use crate::protocol::status::Status;

/// How long a server may take to list a newcomer. Some tell who is there only every now and then.
const REGISTRATION: Duration = Duration::from_mins(1);
/// A server that has told who is there, but does not list the receiver, is believed after this.
const UNLISTED: Duration = Duration::from_secs(5);
/// How long a server may take to answer `INVITE` or `LIST_CONVERSATIONS`.
const ANSWER: Duration = Duration::from_secs(10);
/// Malformed messages of the server are told at most so often.
const COMPLAINT: Duration = Duration::from_secs(1);
/// Most people that are shown, most invitations that wait, most conversations at once: a hostile server could send any
/// number.
const CONTACTS: usize = 10_000;
const INVITATIONS: usize = 100;
const ROOMS: usize = 500;
/// Most conversations that a server may open without having been asked: each is a window.
const UNASKED: usize = 16;

/// The time, as a session needs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// For deadlines.
    pub(super) now: Instant,
    /// For people.
    pub(super) wall: SystemTime,
}

/// What can happen to a session.
#[derive(Debug)]
pub(super) enum Input {
    /// A connection to the server was made.
    Connected,
    /// It is lost.
    Lost,
    /// The server has said something.
    Received(ServerMessage),
    /// The server has said something that makes no sense, and was skipped.
    Unreadable(ArgumentError),
    /// The user wants something. Commands that are about the connection itself are not for the session.
    Command(Command),
    /// The deadline has come.
    Tick,
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(super) enum Action {
    /// Send this to the server.
    Send(ClientMessage),
    /// Tell the user interface.
    Emit(Event),
    /// Give this connection up and make another.
    Reconnect(NetError),
    /// Give up altogether: the server does not take the name.
    GiveUp(NetError),
}

/// How far the registration has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Registration {
    /// There is no connection.
    Absent,
    /// `REGISTER` is sent.
    Sent { since: Instant, heard: bool },
    /// The server lists us.
    Done,
}

/// An `INVITE` to which the server has not replied.
#[derive(Debug)]
struct Asked {
    with: Vec<UserName>,
    until: Instant,
}

/// Everything that is known about one's stay at a server.
#[derive(Debug)]
pub(super) struct Session {
    at: String,
    me: UserName,
    status: Status,
    registration: Registration,
    /// Whether the server has listed us before, over this or an earlier connection.
    known_here: bool,
    roster: Option<Vec<Contact>>,
    asked: VecDeque<Asked>,
    /// How many more conversations may open though nothing is asked: some of those whose answer was late.
    unasked_left: usize,
    invitations: BTreeMap<ConversationId, UserName>,
    rooms: BTreeMap<ConversationId, Room>,
    lists: Lists,
    complained: Option<Instant>,
}

impl Session {
    /// A session that is not connected yet.
    pub(super) fn new(parameters: &ServerParameters) -> Self {
        Self {
            at: parameters.address.to_string(),
            me: parameters.name.clone(),
            status: parameters.status.clone(),
            registration: Registration::Absent,
            known_here: false,
            roster: None,
            asked: VecDeque::new(),
            unasked_left: UNASKED,
            invitations: BTreeMap::new(),
            rooms: BTreeMap::new(),
            lists: Lists::default(),
            complained: None,
        }
    }

    /// Takes one input and says what is to be done, in order.
    pub(super) fn handle(&mut self, input: Input, moment: Moment) -> Vec<Action> {
        let mut out = Vec::new();
        match input {
            Input::Connected => {
                self.registration = Registration::Sent { since: moment.now, heard: false };
                out.push(Action::Send(ClientMessage::Register { user: self.me.clone(), status: self.status.clone() }));
            }
            Input::Lost => self.lost(moment, &mut out),
            Input::Received(message) => self.received(message, moment, &mut out),
            Input::Unreadable(error) => {
                if self.complained.is_none_or(|last| moment.now.duration_since(last) >= COMPLAINT) {
                    self.complained = Some(moment.now);
                    out.push(problem(NetErrorKind::BadMessage, &error.to_string()));
                }
            }
            Input::Command(command) => self.command(command, moment, &mut out),
            Input::Tick => {}
        }
        self.tick(moment, &mut out);
        out
    }

    /// When to call [`Self::handle`] with [`Input::Tick`] at the latest.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let registration = match self.registration {
            Registration::Sent { since, heard: true } => Some(since + UNLISTED),
            Registration::Sent { since, heard: false } => Some(since + REGISTRATION),
            Registration::Absent | Registration::Done => None,
        };
        let asked = self.asked.front().map(|asked| asked.until);
        let rooms = self.rooms.values().filter_map(Room::deadline).min();
        [registration, asked, rooms, self.next_list()].into_iter().flatten().min()
    }

    /// Whether the server is to be told goodbye before the connection is closed.
    pub(super) fn is_registered(&self) -> bool {
        self.registration != Registration::Absent
    }

    fn is_online(&self) -> bool {
        self.registration == Registration::Done
    }

    /// Whether the server means oneself. Some servers write names in their own way; to others, `Alice` is somebody else
    /// than `alice`, and they list both.
    fn is_me(&self, name: &UserName) -> bool {
        let is_another = || self.roster.iter().flatten().any(|contact| contact.name == *name);
        *name == self.me || name.key() == self.me.key() && !is_another()
    }

    /// Writes oneself among members as the user has chosen it.
    fn respell(&self, members: &mut [UserName]) {
        if !members.contains(&self.me)
            && let Some(own) = members.iter_mut().find(|name| self.is_me(name))
        {
            own.clone_from(&self.me);
        }
    }

    fn lost(&mut self, moment: Moment, out: &mut Vec<Action>) {
        self.registration = Registration::Absent;
        self.lists = Lists::default();
        for asked in std::mem::take(&mut self.asked) {
            out.push(problem(NetErrorKind::NoConversation, &join(&asked.with)));
        }
        for conversation in std::mem::take(&mut self.invitations).into_keys() {
            out.push(Action::Emit(Event::Uninvited { conversation }));
        }
        for room in self.rooms.values_mut() {
            room.interrupt(moment, out);
        }
    }

    fn received(&mut self, message: ServerMessage, moment: Moment, out: &mut Vec<Action>) {
        match message {
            ServerMessage::OnlineUsers(users) => self.online_users(users, moment, out),
            ServerMessage::Invitation { conversation, from } => self.invitation(conversation, from, moment, out),
            ServerMessage::Conversations(all) => self.conversations(all, moment, out),
            ServerMessage::Message { conversation, from, body } => {
                let own = self.is_me(&from);
                if let Some(room) = self.rooms.get_mut(&conversation) {
                    room.said(from, body, own, moment, out);
                }
            }
            ServerMessage::Error(reason) => match self.registration {
                Registration::Sent { .. } => {
                    let error = NetError::with(NetErrorKind::NameRefused, reason);
                    // After a lost connection the server may still believe in the old one for a while.
                    out.push(if self.known_here { Action::Reconnect(error) } else { Action::GiveUp(error) });
                }
                Registration::Absent | Registration::Done => out.push(problem(NetErrorKind::ServerError, &reason)),
            },
        }
    }

    fn online_users(&mut self, users: BTreeMap<UserName, Status>, moment: Moment, out: &mut Vec<Action>) {
        let mut listed = users.contains_key(&self.me);
        let respelled = if listed { None } else { users.keys().find(|name| name.key() == self.me.key()).cloned() };
        let mut roster = Vec::new();
        for (name, status) in users {
            if name == self.me || Some(&name) == respelled.as_ref() {
                listed = true;
            } else if roster.len() < CONTACTS {
                roster.push(Contact::at_server(name, status));
            }
        }
        if let Registration::Sent { since, .. } = self.registration {
            if listed {
                self.registered(moment, out);
            } else {
                self.registration = Registration::Sent { since, heard: true };
            }
        }
        if self.roster.as_ref() != Some(&roster) {
            out.push(Action::Emit(Event::Roster(roster.clone())));
            self.roster = Some(roster);
            if self.is_online() && !self.orphaned().is_empty() {
                // Is there still a conversation to join?
                self.ask_list(moment, out);
            }
        }
    }

    /// Invitations of people who are not there any more.
    fn orphaned(&self) -> Vec<ConversationId> {
        if self.invitations.is_empty() {
            return Vec::new();
        }
        let there: HashSet<NameKey> = self.roster.iter().flatten().map(|contact| contact.name.key()).collect();
        let orphaned = self.invitations.iter().filter(|(_, from)| !there.contains(&from.key()));
        orphaned.map(|(id, _)| id.clone()).collect()
    }

    fn registered(&mut self, moment: Moment, out: &mut Vec<Action>) {
        self.registration = Registration::Done;
        self.known_here = true;
        out.push(Action::Emit(Event::Link(LinkState::Online {
            at: self.at.clone(),
            name: self.me.clone(),
            port: None,
        })));
        if !self.rooms.is_empty() {
            self.ask_list(moment, out);
        }
    }

    fn invitation(&mut self, id: ConversationId, from: UserName, moment: Moment, out: &mut Vec<Action>) {
        if self.is_me(&from) {
            let asked = self.asked.pop_front();
            if asked.is_none() {
                let Some(left) = self.unasked_left.checked_sub(1) else {
                    out.push(problem(NetErrorKind::Busy, &id.to_string()));
                    return;
                };
                self.unasked_left = left;
            }
            self.enter(id, asked.map(|asked| asked.with).unwrap_or_default(), moment, out);
        } else if !self.rooms.contains_key(&id) {
            if self.invitations.len() >= INVITATIONS {
                out.push(problem(NetErrorKind::Busy, &from.shown()));
            } else if self.invitations.insert(id.clone(), from.clone()).as_ref() != Some(&from) {
                out.push(Action::Emit(Event::Invited { conversation: id, from }));
            }
        }
    }

    /// Joins a conversation and opens it.
    fn enter(&mut self, id: ConversationId, awaited: Vec<UserName>, moment: Moment, out: &mut Vec<Action>) {
        if self.rooms.contains_key(&id) {
            return;
        }
        if self.rooms.len() >= ROOMS {
            out.push(problem(NetErrorKind::TooManyConversations, &id.to_string()));
            return;
        }
        out.push(Action::Send(ClientMessage::Join(id.clone())));
        let mut room = Room::new(id.clone(), self.me.clone(), awaited);
        room.show(out);
        self.rooms.insert(id, room);
        self.ask_list(moment, out);
    }

    fn end(&mut self, id: &ConversationId, why: EndReason, out: &mut Vec<Action>) {
        if let Some(room) = self.rooms.remove(id) {
            room.end(why, out);
        }
    }

    fn command(&mut self, command: Command, moment: Moment, out: &mut Vec<Action>) {
        match command {
            Command::SetStatus(status) => {
                self.status = status.clone();
                if self.is_registered() {
                    out.push(Action::Send(ClientMessage::Status(status)));
                }
            }
            Command::Say { conversation, body, id } => self.say(conversation, body, id, moment, out),
            Command::Leave(id) => {
                if self.rooms.contains_key(&id) {
                    if self.is_online() {
                        out.push(Action::Send(ClientMessage::Leave(id.clone())));
                    }
                    self.end(&id, EndReason::Left, out);
                }
            }
            Command::Start { .. } | Command::Answer { .. } | Command::Join(_) | Command::ListConversations
                if !self.is_online() =>
            {
                out.push(problem(NetErrorKind::NotConnected, ""));
            }
            Command::Start { with } => {
                let with: Vec<UserName> = with.into_iter().filter(|name| !self.is_me(name)).collect();
                if !with.is_empty() {
                    out.push(Action::Send(ClientMessage::Invite(with.clone())));
                    self.asked.push_back(Asked { with, until: moment.now + ANSWER });
                }
            }
            Command::Answer { conversation, accept } => match self.invitations.remove(&conversation) {
                Some(from) if accept => self.enter(conversation, vec![from], moment, out),
                None if accept => out.push(problem(NetErrorKind::NotInConversation, &conversation.to_string())),
                Some(_) | None => {}
            },
            Command::Join(id) => {
                let from = self.invitations.remove(&id);
                self.enter(id, from.into_iter().collect(), moment, out);
            }
            Command::ListConversations => {
                self.want_list(moment, out);
            }
            // These are about the connection, which is not the session's.
            Command::Connect(_) | Command::Disconnect | Command::RetryNow => {}
            command @ (Command::AskUserInfo(_)
            | Command::ListFiles(_)
            | Command::Fetch { .. }
            | Command::Offer { .. }
            | Command::AnswerOffer { .. }
            | Command::Cancel(_)
            | Command::AddPeer(_)
            | Command::RemovePeer(_)
            | Command::Block { .. }
            | Command::Share(_)
            | Command::SetDownloads(_)
            | Command::SetUserInfo(_)) => {
                out.extend(Event::refused(command, NetError::new(NetErrorKind::PeersOnly)).map(Action::Emit));
            }
        }
    }

    fn say(
        &mut self,
        conversation: ConversationId,
        body: String,
        id: MessageId,
        moment: Moment,
        out: &mut Vec<Action>,
    ) {
        let online = self.is_online();
        let (kind, detail) = match self.rooms.get_mut(&conversation) {
            None if online => (NetErrorKind::NotInConversation, conversation.to_string()),
            Some(_) if body.len() > limits::TEXT_BYTES => (NetErrorKind::TooLong, String::new()),
            Some(room) if online && !room.is_interrupted() => {
                room.say(body.clone(), id, moment, out);
                out.push(Action::Send(ClientMessage::SendMessage { conversation, body }));
                return;
            }
            _ => (NetErrorKind::NotConnected, String::new()),
        };
        out.extend(Event::unsaid(conversation, self.me.clone(), body, id, moment.wall).map(Action::Emit));
        out.push(problem(kind, &detail));
    }

    /// What is due by now.
    fn tick(&mut self, moment: Moment, out: &mut Vec<Action>) {
        if let Registration::Sent { since, heard } = self.registration {
            let waited = moment.now.saturating_duration_since(since);
            if heard && waited >= UNLISTED {
                self.registered(moment, out);
            } else if waited >= REGISTRATION {
                self.registration = Registration::Absent;
                out.push(Action::Reconnect(NetError::new(NetErrorKind::TimedOut)));
            }
        }
        while self.asked.front().is_some_and(|asked| asked.until <= moment.now) {
            if let Some(asked) = self.asked.pop_front() {
                // The answer may still come.
                self.unasked_left = self.unasked_left.saturating_add(1);
                out.push(problem(NetErrorKind::NoConversation, &join(&asked.with)));
            }
        }
        for room in self.rooms.values_mut() {
            room.tick(moment, out);
        }
        self.list_due(moment, out);
    }

    /// Ends everything: the user goes offline.
    pub(super) fn leave(mut self) -> Vec<Action> {
        let mut out = Vec::new();
        if self.is_registered() {
            out.push(Action::Send(ClientMessage::Goodbye));
        }
        for conversation in std::mem::take(&mut self.invitations).into_keys() {
            out.push(Action::Emit(Event::Uninvited { conversation }));
        }
        for (_, room) in std::mem::take(&mut self.rooms) {
            room.end(EndReason::Offline, &mut out);
        }
        if self.roster.is_some_and(|roster| !roster.is_empty()) {
            out.push(Action::Emit(Event::Roster(Vec::new())));
        }
        out
    }
}

fn problem(kind: NetErrorKind, detail: &str) -> Action {
    Action::Emit(Event::Problem(NetError::with(kind, detail)))
}

fn join(names: &[UserName]) -> String {
    names.iter().map(UserName::shown).collect::<Vec<_>>().join(", ")
}
