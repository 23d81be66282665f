//! The main windows: news from the network in, what a person reads out; and what is sent when a person acts. Needs a
//! display: build-aux/test gives it a private one.
#![cfg(feature = "gui")]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as it should be")]

mod buddy_list;
mod connection;
mod conversations;
mod invitations;
mod messages;
#[path = "../gui_support/screen.rs"]
mod screen;
mod stage;
#[path = "../gui_support/stand_in.rs"]
mod stand_in;
mod transcript;
