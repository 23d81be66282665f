//! Klatch: chat on a local network, over two tiny open protocols.
//!
//! One room a module; data flows one way through few of them:
//!
//! - [`protocol`]: what goes over the wire, as types and as bytes. No sockets, no threads, no clock.
//! - [`net`]: the client. A background thread that owns every socket; [`net::Command`] goes in, [`net::Event`] comes out.
//! - [`cli`]: the client on a terminal or in a script.
//! - [`server`]: the server, for `klatch-server` and for hosting one inside the desktop client.
#![cfg_attr(feature = "gui", doc = "- [`ui`]: the desktop client: GTK windows that send commands and show events.")]

pub mod cli;
pub mod net;
pub mod protocol;
pub mod server;
#[cfg(feature = "gui")]
pub mod ui;
