//! What the windows show, as objects and lists that GTK can follow. No widgets, no sockets.
//!
//! [`Client`] is all of it. [`super::pump`] puts the news of the network thread in; windows listen, and ask for things
//! through the client's methods, which send commands.

mod buddy;
mod client;
mod conversation;
mod failure;
mod inquiry;
mod invitation;
mod message;
mod names;
mod portraits;
mod rate;
mod roster;
mod shared_file;
mod tail;
mod transfer;

pub use buddy::Buddy;
pub use client::{Client, Outbox};
pub use conversation::Conversation;
pub use failure::Failure;
pub use inquiry::{Answer, Inquiry};
pub use invitation::{Invitation, Subject};
pub use message::{Entry, Message};
pub use names::Names;
pub use roster::{Roster, Section};
pub use shared_file::SharedFile;
pub use tail::Tail;
pub use transfer::Transfer;
