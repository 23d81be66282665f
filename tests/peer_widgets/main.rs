//! The windows of peer mode: news from the network in, what a person reads out; and what is sent when a person acts.
//! Needs a display: build-aux/test gives it a private one.
#![cfg(feature = "gui")]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as it should be")]

mod added;
mod buddy_list;
mod conversations;
mod oneself;
mod online;
mod pictures;
#[path = "../gui_support/screen.rs"]
mod screen;
mod shared_files;
mod stage;
#[path = "../gui_support/stand_in.rs"]
mod stand_in;
mod transfers;
mod user_info;
