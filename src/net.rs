//! The client: one background thread that owns every socket.
//!
//! [`start`] makes it. [`Command`]s go in through the [`Handle`], [`Event`]s come out of a bounded channel; there is no
//! other way in or out, and no lock is shared. The desktop client, `klatch-cli` and the tests all use just this.

mod command;
mod event;
mod interfaces;
mod mode;

use async_channel::{Receiver, Sender, TrySendError};

pub use command::{Command, MessageId};
pub use event::{Contact, Conversation, Delivery, EndReason, Event, LinkState, NetError, NetErrorKind, Phase, Said};
pub use interfaces::reachable_addresses;
pub use mode::{AddressError, DEFAULT_PORT, Mode, ServerAddress, ServerParameters};

pub use crate::protocol::ident::{ConversationId, NameError, UserName, displayable};
pub use crate::protocol::status::{Presence, Status};

/// How many commands may wait for the network thread.
const COMMANDS: usize = 64;
/// How many events may wait for the user interface; then the network thread stops reading, which slows the server down.
const EVENTS: usize = 1024;

/// The way in: sends commands to the network thread.
#[derive(Clone, Debug)]
pub struct Handle {
    commands: Sender<Command>,
}

impl Handle {
    /// Asks for something. Never waits: a full queue is [`NetErrorKind::Busy`], a thread that has ended
    /// [`NetErrorKind::NotConnected`]; the command comes back with the error, so that nothing typed is lost.
    pub fn send(&self, command: Command) -> Result<(), (NetError, Command)> {
        self.commands.try_send(command).map_err(|refused| match refused {
            TrySendError::Full(command) => (NetError::new(NetErrorKind::Busy), command),
            TrySendError::Closed(command) => (NetError::new(NetErrorKind::NotConnected), command),
        })
    }

    /// Ends the thread: says goodbye, waits for at most 2 s, joins it. Blocks; for the end of the program.
    pub fn shutdown(self) {
        self.commands.close();
    }
}

/// Starts the network thread. It ends with [`Handle::shutdown`].
pub fn start() -> std::io::Result<(Handle, Receiver<Event>)> {
    let (commands, _inbox) = async_channel::bounded(COMMANDS);
    let (_outbox, events) = async_channel::bounded(EVENTS);
    Ok((Handle { commands }, events))
}
