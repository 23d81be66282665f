//! What the preferences can be opened at.

/// The pages, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The name and the status.
    Account,
    /// Through a server, or among peers.
    Connection,
    /// What peers can get and look up.
    Sharing,
    /// The server of this program.
    Hosting,
    /// What is told when no window is in front.
    Notifications,
    /// Light or dark.
    Appearance,
}
