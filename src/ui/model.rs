//! What the windows show, as objects and lists that GTK can follow. No widgets, no sockets.
//!
//! [`Client`] is all of it. [`super::pump`] puts the news of the network thread in; windows listen, and ask for things
//! through the client's methods, which send commands.

mod buddy;
mod client;
mod conversation;
mod invitation;
mod message;
mod roster;
mod tail;

pub use buddy::Buddy;
pub use client::{Client, Outbox};
pub use conversation::{Conversation, enumeration};
pub use invitation::Invitation;
pub use message::{Entry, Message};
pub use roster::{Roster, Section};
pub use tail::Tail;
