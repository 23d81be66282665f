//! Every ceiling of the wire, in one place.
//!
//! The specification settles the sizes of messages, the depth and the length of names; the others follow from them:
//! each bounds what one hostile connection can cost.

use std::time::Duration;

/// Largest message to a server or to a peer, verb included, in bytes.
pub const REQUEST_BYTES: usize = 1 << 20;
/// Largest message from a server to a client (a long `ONLINE_USERS`) or in a peer's reply, in bytes.
pub const REPLY_BYTES: usize = 16 << 20;
/// Largest message of a connection that has not registered: a name and a status need no more. Bytes.
pub const STRANGER_BYTES: usize = 64 << 10;
/// Longest text that a client sends in one message, in bytes: with the id of the conversation, a name and the form on the
/// wire it still fits [`REQUEST_BYTES`].
pub const TEXT_BYTES: usize = 1_000_000;
/// How deep containers may be nested.
pub const DEPTH: usize = 64;
/// One value for every so many bytes that a message may have: what bounds the memory that a decoded message takes.
pub const BYTES_PER_NODE: usize = 8;
/// Most values in what a user tells about themselves: a few for each field that is taken of it.
pub const USER_INFO_NODES: usize = 4096;
/// Most values in a list of files. Of the longest one that is shown, Python writes two for each name, and three if the sizes
/// are with them; somewhat longer ones are cut, not refused.
pub const FILE_LIST_NODES: usize = 200_000;
/// Longest integer, in bytes of its binary form; decimal forms are held to the same size.
pub const INTEGER_BYTES: usize = 1024;
/// Longest verb that is read as one, in bytes. The longest known has 18.
pub const VERB_BYTES: usize = 64;
/// Longest user name that can be registered, in characters.
pub const NAME_CHARS: usize = 64;
/// Longest name or id of a conversation that a client takes from a server, in bytes. Servers of others have their own rules
/// for names; but each is shown in many places, and kept as long as the connection.
pub const RECEIVED_NAME_BYTES: usize = 4096;
/// Longest name in a peer's request, in bytes: no longer than the longest that can be registered, in characters of four
/// bytes. A full name in DNS has at most 255. A chat has many members, and all their names are told at each change.
pub const PEER_NAME_BYTES: usize = 4 * NAME_CHARS;
/// Longest status that the server takes, in characters: it is sent to everybody at each change.
pub const STATUS_CHARS: usize = 1024;
/// Longest name of a file, with the names of the folders before it, in bytes: what Linux takes as a path (`PATH_MAX`).
pub const FILE_NAME_BYTES: usize = 4096;
/// How long the sender of a bare verb must be silent before the verb counts as complete.
pub const SILENCE: Duration = Duration::from_millis(200);
/// How a connection to a server, from either end, notices within a minute that the other end is dead: so long a silence is
/// followed by so many probes at such intervals, and what is written waits so long for its acknowledgement. Linux does not
/// probe while something waits.
pub const KEEPALIVE: Duration = Duration::from_secs(30);
/// See [`KEEPALIVE`].
pub const PROBE_INTERVAL: Duration = Duration::from_secs(10);
/// See [`KEEPALIVE`].
pub const PROBES: u32 = 3;
/// See [`KEEPALIVE`].
pub const UNACKNOWLEDGED: Duration = Duration::from_secs(45);
