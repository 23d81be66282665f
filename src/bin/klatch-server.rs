//! The server, headless.
fn main() {}
