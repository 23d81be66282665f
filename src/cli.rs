//! The client on a terminal or in a script: lines in, commands out; events in, lines or JSON out.
//!
//! It has no logic of its own: everything that happens happens in [`crate::net`].

mod ids;
mod input;
mod json;
mod options;
mod said;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::time::Duration;

use async_channel::Receiver;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

use ids::Ids;
use input::Line;
pub use options::Options;
use said::Said;

use crate::net::{
    self, Command, Contact, ConversationId, Event, Events, Handle, LinkState, MessageId, Mode, NetError, NetErrorKind,
    OfferId, Phase, Transfer, TransferId, TransferState, UserName,
};

/// How many lines of input may wait; a pipe is read no faster than its commands are carried out.
const LINES: usize = 16;

/// Runs the client until `/quit`, the end of input, a signal, or a failure; gives the exit code of the program.
pub fn run(options: &Options) -> io::Result<ExitCode> {
    let mode = options.mode();
    let (handle, events) = net::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let code = runtime.block_on(async {
        let mut client = Client::new(handle, &mode, options.json());
        client.run(mode, &events, &read_lines()?).await
    });
    // The thread that reads standard input cannot be interrupted; it ends with the program.
    runtime.shutdown_background();
    code
}

/// Reads standard input on a thread of its own; the channel closes at its end.
fn read_lines() -> io::Result<Receiver<String>> {
    let (lines, receiver) = async_channel::bounded(LINES);
    std::thread::Builder::new().name("klatch-input".to_owned()).spawn(move || {
        let mut input = io::stdin().lock();
        let mut line = Vec::new();
        while matches!(input.read_until(b'\n', &mut line), Ok(1..)) {
            let text = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
            if lines.send_blocking(text).is_err() {
                return;
            }
            line.clear();
        }
    })?;
    Ok(receiver)
}

/// How far the program has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Arriving,
    Online,
    Quitting,
}

/// What the terminal knows.
struct Client {
    handle: Handle,
    /// The name under which one is online, or wants to be.
    me: UserName,
    json: bool,
    stage: Stage,
    next_message: u64,
    said: Said,
    /// To which conversations one is invited.
    invitations: BTreeSet<ConversationId>,
    /// The conversations that are not over, and what can be done in them.
    conversations: BTreeMap<ConversationId, Phase>,
    /// Until when no more is read at the latest.
    held: Option<Instant>,
    /// The files that are on their way.
    transfers: BTreeSet<TransferId>,
    /// The offers that were not answered.
    offers: BTreeSet<OfferId>,
    /// Who was there last.
    roster: Vec<Contact>,
    /// As a peer; else through a server.
    is_peer: bool,
    ids: Ids,
    /// What is printed next.
    output: String,
}

/// How long what follows an invitation waits for it.
const HOLD: Duration = Duration::from_secs(5);
/// How many more events are printed with one.
const AT_ONCE: usize = 64;
/// Most texts, and most ids, that are remembered.
const REMEMBERED: usize = 4096;

impl Client {
    fn new(handle: Handle, mode: &Mode, json: bool) -> Self {
        Self {
            handle,
            me: mode.name().clone(),
            json,
            stage: Stage::Arriving,
            next_message: 0,
            said: Said::default(),
            invitations: BTreeSet::new(),
            conversations: BTreeMap::new(),
            held: None,
            transfers: BTreeSet::new(),
            offers: BTreeSet::new(),
            roster: Vec::new(),
            is_peer: matches!(mode, Mode::Peer(_)),
            ids: Ids::default(),
            output: String::new(),
        }
    }

    async fn run(&mut self, mode: Mode, events: &Events, lines: &Receiver<String>) -> io::Result<ExitCode> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut command = Some(Command::Connect(mode));
        let code = loop {
            tokio::select! {
                event = events.recv() => match event.map(|event| self.show_all(event, events)) {
                    Ok(Ok(None)) => {}
                    Ok(Ok(Some(code))) => break code,
                    // Nobody reads what is written: there is nothing more to do.
                    Ok(Err(_)) | Err(_) => break ExitCode::SUCCESS,
                },
                sent = deliver(&self.handle, command.clone()), if command.is_some() => {
                    command = None;
                    if sent.is_err() {
                        break ExitCode::FAILURE;
                    }
                }
                // A script's commands wait until they can be carried out, and what follows an invitation until it is known
                // what came of that.
                line = lines.recv(), if command.is_none() && self.stage == Stage::Online && self.held.is_none() => {
                    match line.as_deref().map(Line::parse) {
                        Err(_) | Ok(Ok(Line::Quit)) => command = Some(self.quit()),
                        Ok(Ok(line)) => command = self.command(line),
                        Ok(Err(error)) => self.complain(&error.to_string()),
                    }
                    if self.flush().is_err() {
                        break ExitCode::SUCCESS;
                    }
                }
                () = net::sleep_until(self.held) => self.held = None,
                _ = terminate.recv() => command = Some(self.quit()),
                _ = interrupt.recv() => command = Some(self.quit()),
            }
        };
        self.handle.shutdown();
        Ok(code)
    }

    /// Reads no more until it is known what has come of the last command.
    fn hold(&mut self) {
        self.held = Some(Instant::now() + HOLD);
    }

    /// Says why there is no command.
    fn refuse(&mut self, why: &str) -> Option<Command> {
        self.complain(why);
        None
    }

    /// The last command; the program ends when it is carried out.
    fn quit(&mut self) -> Command {
        self.stage = Stage::Quitting;
        Command::Disconnect
    }

    /// The command for a line of input.
    fn command(&mut self, line: Line) -> Option<Command> {
        Some(match line {
            Line::Status(status) => Command::SetStatus(status),
            Line::Invite(with) => {
                if with.iter().all(|name| name.key() == self.me.key()) {
                    return self.refuse("nobody else is invited");
                }
                self.hold();
                Command::Start { with }
            }
            Line::Join(id) => {
                self.hold();
                let conversation = self.ids.find(&id);
                self.invitations.remove(&conversation);
                Command::Join(conversation)
            }
            Line::Leave(id) => {
                let conversation = self.ids.find(&id);
                if !self.conversations.contains_key(&conversation) {
                    return self.refuse(&format!("you are not in conversation {conversation}"));
                }
                Command::Leave(conversation)
            }
            Line::Say(id, body) => {
                let conversation = self.ids.find(&id);
                if !matches!(self.conversations.get(&conversation), Some(Phase::Waiting | Phase::Open)) {
                    return self.refuse(&format!("you are not in conversation {conversation} now"));
                }
                let message = MessageId(self.next_message);
                self.next_message += 1;
                self.said.add(message, conversation.clone());
                Command::Say { conversation, body, id: message }
            }
            Line::Answer(id, accept) => match id.parse().map(OfferId) {
                Ok(offer) if self.offers.remove(&offer) => Command::AnswerOffer { offer, accept },
                _ => {
                    let conversation = self.ids.find(&id);
                    if !self.invitations.remove(&conversation) {
                        return self.refuse(&format!("you are not invited to conversation {conversation}"));
                    }
                    if accept {
                        self.hold();
                    }
                    Command::Answer { conversation, accept }
                }
            },
            Line::List => Command::ListConversations,
            Line::Info(peer) => Command::AskUserInfo(peer),
            Line::Files(peer) => Command::ListFiles(peer),
            Line::Get(from, file, save_as) => Command::Fetch { from, file, save_as },
            Line::Offer(to, path) => Command::Offer { to, path },
            Line::Add(address) => Command::AddPeer(address),
            Line::Cancel(transfer) if !self.transfers.contains(&transfer) => {
                return self.refuse(&format!("there is no transfer {} now", transfer.0));
            }
            Line::Cancel(transfer) => Command::Cancel(transfer),
            Line::Peers => {
                let roster = Event::Roster(self.roster.clone());
                self.print(&roster);
                return None;
            }
            Line::Help => return self.refuse(input::COMMANDS),
            Line::Empty | Line::Quit => return None,
        })
    }

    /// Prints an event, and those that have come with it, at once; gives the exit code if one is the last.
    fn show_all(&mut self, first: Event, events: &Events) -> io::Result<Option<ExitCode>> {
        let others = std::iter::from_fn(|| events.try_recv().ok()).take(AT_ONCE);
        let code = std::iter::once(first).chain(others).find_map(|event| self.show(event));
        self.flush()?;
        Ok(code)
    }

    /// Prints an event; gives the exit code if it is the last one.
    fn show(&mut self, event: Event) -> Option<ExitCode> {
        let event = match event {
            // There is no next attempt when the first one fails: a script must not wait for a server that may never come.
            Event::Link(LinkState::Reconnecting { because, .. }) if self.stage == Stage::Arriving => {
                Event::Link(LinkState::Offline(Some(because)))
            }
            event => event,
        };
        // People are not told that somebody has got one more address.
        let is_known = match &event {
            Event::Roster(contacts) if !self.json => text::roster(contacts) == text::roster(&self.roster),
            _ => false,
        };
        match &event {
            Event::Link(LinkState::Online { name, .. }) => {
                // Another one than the wanted name if somebody has that.
                self.me.clone_from(name);
                if self.stage == Stage::Arriving {
                    self.stage = Stage::Online;
                }
            }
            Event::Invited { conversation, .. } => {
                self.ids.remember(conversation);
                self.invitations.insert(conversation.clone());
            }
            Event::Uninvited { conversation } => drop(self.invitations.remove(conversation)),
            Event::Conversation(conversation) => {
                self.held = None;
                self.ids.remember(&conversation.id);
                if let Phase::Ended(_) = conversation.phase {
                    self.conversations.remove(&conversation.id);
                } else {
                    self.conversations.insert(conversation.id.clone(), conversation.phase);
                }
            }
            Event::Problem(_) => self.held = None,
            Event::Listed(all) => all.keys().for_each(|id| self.ids.remember(id)),
            Event::Delivery { id, state, missing } => {
                if let Some(conversation) = self.said.bad_news(*id, *state) {
                    self.complain(&text::undelivered(&conversation, *state, missing));
                }
            }
            Event::Roster(contacts) => self.roster.clone_from(contacts),
            Event::Offered { offer, .. } => drop(self.offers.insert(*offer)),
            Event::Unoffered { offer } => drop(self.offers.remove(offer)),
            Event::Transfer(Transfer { id, state: TransferState::Running | TransferState::Offered, .. }) => {
                self.transfers.insert(*id);
            }
            Event::Transfer(transfer) => drop(self.transfers.remove(&transfer.id)),
            _ => {}
        }
        if !is_known {
            self.print(&event);
        }
        match event {
            Event::Link(LinkState::Offline(_)) if self.stage == Stage::Quitting => Some(ExitCode::SUCCESS),
            Event::Link(LinkState::Offline(because)) => {
                if let Some(error) = because {
                    report(&error);
                }
                Some(ExitCode::FAILURE)
            }
            _ => None,
        }
    }

    fn print(&mut self, event: &Event) {
        let lines = if self.json { json::lines(event, self.is_peer) } else { text::lines(event) };
        for line in lines {
            self.output.push_str(&line);
            self.output.push('\n');
        }
    }

    /// Says what is wrong with what was asked.
    fn complain(&mut self, message: &str) {
        if self.json {
            self.output.push_str(&json::error(message).to_string());
            self.output.push('\n');
        } else {
            // Where nobody reads it, nobody misses it.
            let _ = writeln!(io::stderr(), "klatch-cli: {message}");
        }
    }

    /// Writes what was printed, in one go.
    fn flush(&mut self) -> io::Result<()> {
        let mut output = io::stdout().lock();
        output.write_all(self.output.as_bytes())?;
        self.output.clear();
        output.flush()
    }
}

fn report(error: &NetError) {
    // Standard error may be closed; the exit code says the same.
    let _ = writeln!(io::stderr(), "klatch-cli: {error}");
}

/// Hands a command over, waiting for room. Nothing is lost when it is dropped before it is done.
async fn deliver(handle: &Handle, command: Option<Command>) -> Result<(), NetError> {
    let Some(mut command) = command else { return Ok(()) };
    loop {
        match handle.send(command) {
            Ok(()) => return Ok(()),
            Err((error, back)) if error.kind == NetErrorKind::Busy => command = *back,
            Err((error, _)) => return Err(error),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
