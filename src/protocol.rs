//! What goes over the wire, as types and as bytes.
//!
//! This room knows no socket, no thread and no clock, and imports none of the other rooms.
//!
//! # Server mode
//!
//! One TCP connection to a server. A message is a verb, one space and one pickled argument; there is no length
//! prefix and no terminator, the pickle ends at its STOP opcode.
//!
//! | client to server | argument | server to client | argument |
//! | --- | --- | --- | --- |
//! | `REGISTER` | `[username, status]` | `ONLINE_USERS` | `{username: status}` |
//! | `STATUS` | `[status]` | `INVITATION` | `[convID, invitationSource]` |
//! | `GOODBYE` | none | `CONVERSATIONS` | `{convID: [username, ...]}` |
//! | `INVITE` | `[username, ...]` | `MESSAGE` | `[convID, sender, message]` |
//! | `LIST_CONVERSATIONS` | none | `ERROR` | text |
//! | `JOIN` | `[convID]` | | |
//! | `SEND_MESSAGE` | `[convID, message]` | | |
//! | `LEAVE` | `[convID]` | | |
//!
//! # The way of the bytes
//!
//! [`frame::FrameDecoder`] cuts the stream into frames (verb and argument) with the help of [`pickle`], which ends a
//! pickle at its STOP and builds plain data from it; [`im`] makes typed messages of the frames. Reading is liberal,
//! writing is strict: exactly the shapes of the table, in pickle protocol 2.

mod argument;
pub mod frame;
pub mod ident;
pub mod im;
pub mod limits;
pub mod pickle;
pub mod social;
pub mod status;
