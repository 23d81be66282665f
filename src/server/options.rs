//! How a server behaves.

use std::time::Duration;

use clap::ValueEnum;

/// Who may see and enter a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Access {
    /// Everybody sees all conversations; those who are invited may join
    #[default]
    Invited,
    /// Everybody sees all conversations and may join them
    Public,
    /// Those who are invited may see a conversation and join it
    Private,
}

/// How a server behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Who may see and enter a conversation.
    pub conversations: Access,
    /// Most connections at the same time.
    pub max_clients: usize,
    /// Pause between two messages to the same client, so that a program that takes one `recv` for one message works.
    /// Zero: none.
    pub pace: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { conversations: Access::default(), max_clients: 4096, pace: Duration::from_millis(15) }
    }
}
