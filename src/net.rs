//! The client: one background thread that owns every socket.
//!
//! [`start`] makes it. [`Command`]s go in through the [`Handle`], [`Event`]s come out of a bounded channel; there is no
//! other way in or out. The desktop client, `klatch-cli` and the tests all use just this.

mod backoff;
mod command;
mod discovery;
mod event;
mod events;
mod exchange;
mod fairness;
mod interfaces;
mod link;
mod mode;
mod node;
mod peer_mode;
mod resolve;
mod server_mode;
mod session;
mod share;
mod transfer;

use std::io;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use async_channel::{Receiver, Sender, TrySendError};

pub use command::{Command, MessageId, OfferId, TransferId};
pub use discovery::{ServiceType, ServiceTypeError};
pub use event::{
    Added, Contact, Conversation, Delivery, Direction, EndReason, Event, LinkState, NetError, NetErrorKind, Phase,
    Question, Said, Sharing, Transfer, TransferState,
};
pub use events::{EventSender, Events, queue as event_queue};
pub use interfaces::reachable_addresses;
pub use mode::{AddressError, Mode, PeerParameters, ServerAddress, ServerParameters};

pub use crate::protocol::ident::{ConversationId, NameError, UserName, displayable};
pub use crate::protocol::im::DEFAULT_PORT;
pub use crate::protocol::limits::TEXT_BYTES;
pub use crate::protocol::social::UserInfo;
pub use crate::protocol::status::{Presence, Status};

/// How many commands may wait for the network thread.
const COMMANDS: usize = 64;
/// How long the thread may take to say goodbye when it is to end.
const GOODBYE: Duration = Duration::from_millis(1800);

/// The way in: sends commands to the network thread.
#[derive(Clone, Debug)]
pub struct Handle {
    commands: Sender<Command>,
    events: Events,
    stop: Sender<()>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Handle {
    /// Asks for something. Never waits: a full queue is [`NetErrorKind::Busy`], a thread that has ended
    /// [`NetErrorKind::NotConnected`]; the command comes back with the error, so that nothing typed is lost.
    pub fn send(&self, command: Command) -> Result<(), (NetError, Box<Command>)> {
        self.commands.try_send(command).map_err(|refused| match refused {
            TrySendError::Full(command) => (NetError::new(NetErrorKind::Busy), Box::new(command)),
            TrySendError::Closed(command) => (NetError::new(NetErrorKind::NotConnected), Box::new(command)),
        })
    }

    /// Ends the thread: commands that wait are carried out, the server is told goodbye, the thread is joined; all of it
    /// within 2 s. Blocks; for the end of the program. Events that nobody has taken are lost.
    pub fn shutdown(&self) {
        self.commands.close();
        self.events.close();
        self.stop.close();
        let thread = self.thread.lock().ok().and_then(|mut thread| thread.take());
        if let Some(thread) = thread {
            // A thread that has panicked has printed why; there is nothing to save here.
            let _ = thread.join();
        }
    }
}

/// Starts the network thread. It ends with [`Handle::shutdown`].
pub fn start() -> io::Result<(Handle, Events)> {
    let (commands, inbox) = async_channel::bounded(COMMANDS);
    let (outbox, events) = events::queue();
    let (stop, stopped) = async_channel::bounded::<()>(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let thread = std::thread::Builder::new().name("klatch-net".to_owned()).spawn(move || {
        runtime.block_on(async {
            let closing = async {
                let _ = stopped.recv().await;
                tokio::time::sleep(GOODBYE).await;
            };
            // A task: to wake what is blocked on takes a system call, even on this thread.
            let serving = tokio::spawn(serve(inbox, outbox));
            tokio::select! {
                // A panic has printed its reason.
                _ = serving => {}
                () = closing => {}
            }
        });
        // A name that is being looked up cannot be interrupted.
        runtime.shutdown_background();
    })?;
    let handle = Handle { commands, events: events.clone(), stop, thread: Arc::new(Mutex::new(Some(thread))) };
    Ok((handle, events))
}

/// One way of being online after the other, until no command can come any more.
async fn serve(inbox: Receiver<Command>, events: EventSender) {
    let mut next = Next::Offline;
    // The last name that was wanted.
    let mut me = None;
    loop {
        next = match next {
            Next::Offline => match inbox.recv().await {
                Ok(Command::Connect(mode)) => Next::Connect(mode),
                Ok(command) => {
                    refuse(command, me.as_ref(), &events).await;
                    Next::Offline
                }
                Err(_) => Next::End,
            },
            Next::Connect(mode) => {
                me = Some(mode.name().clone());
                match mode {
                    Mode::Server(parameters) => server_mode::run(&parameters, &inbox, &events).await,
                    Mode::Peer(parameters) => peer_mode::run(*parameters, &inbox, &events, discovery::start).await,
                }
            }
            Next::End => return,
        }
    }
}

/// What follows a way of being online.
enum Next {
    Offline,
    Connect(Mode),
    End,
}

/// Answers a command that needs a connection.
async fn refuse(command: Command, me: Option<&UserName>, events: &EventSender) {
    match (command, me) {
        (Command::Disconnect | Command::RetryNow | Command::SetStatus(_) | Command::Leave(_), _) => return,
        // It was said while the news of being offline was on its way.
        (Command::Say { conversation, body, id }, Some(me)) => {
            for event in Event::unsaid(conversation, me.clone(), body, id, SystemTime::now()) {
                emit(events, event).await;
            }
        }
        (command, _) => {
            if let Some(event) = Event::refused(command, NetError::new(NetErrorKind::NotConnected)) {
                emit(events, event).await;
            }
            return;
        }
    }
    emit(events, Event::Problem(NetError::new(NetErrorKind::NotConnected))).await;
}

/// Sleeps until then; for ever, if nothing is due.
pub(crate) async fn sleep_until(deadline: Option<impl Into<tokio::time::Instant>>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// Tells the user interface; waits while it has too much to do. Once it is gone, nobody needs to be told.
async fn emit(events: &EventSender, event: Event) {
    let _is_heard = events.send(event).await;
}
