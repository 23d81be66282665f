//! The client on a terminal.
fn main() {}
