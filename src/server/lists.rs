//! The two lists that the server tells: encoded once for each state of the registry, shared by all receivers.

use std::sync::Arc;

use tracing::warn;

use crate::protocol::im::ServerMessage;

use super::registry::{ClientKey, Registry};

/// What is told as a whole at each change, so that a newer one replaces an older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// `ONLINE_USERS`
    Users,
    /// `CONVERSATIONS`
    Conversations,
}

/// A naive client takes what one `recv(1024)` returns for one message.
const ONE_RECV: usize = 1024;

/// The encoded lists, with the version of the registry that they show.
#[derive(Default)]
pub(super) struct Lists {
    users: Option<(u64, Arc<[u8]>)>,
    conversations: Option<(u64, Arc<[u8]>)>,
    told_of_length: bool,
}

impl Lists {
    /// The list as this client may see it.
    pub(super) fn encoded(&mut self, list: List, registry: &Registry, client: ClientKey) -> Arc<[u8]> {
        match list {
            List::Users => {
                let version = registry.users_version();
                let encode = || ServerMessage::OnlineUsers(registry.online_users()).encode();
                let bytes = cached(&mut self.users, version, encode);
                if bytes.len() > ONE_RECV && !self.told_of_length {
                    self.told_of_length = true;
                    let users = registry.user_count();
                    warn!(
                        users,
                        bytes = bytes.len(),
                        "ONLINE_USERS has passed {ONE_RECV} bytes: a client that reads it with one recv({ONE_RECV}) will fail"
                    );
                }
                bytes
            }
            List::Conversations => {
                let encode = || ServerMessage::Conversations(registry.conversations_seen_by(client)).encode();
                if registry.conversations_are_public() {
                    cached(&mut self.conversations, registry.conversations_version(), encode)
                } else {
                    encode().into()
                }
            }
        }
    }
}

fn cached(slot: &mut Option<(u64, Arc<[u8]>)>, version: u64, encode: impl FnOnce() -> Vec<u8>) -> Arc<[u8]> {
    match slot {
        Some((of, bytes)) if *of == version => Arc::clone(bytes),
        _ => {
            let bytes: Arc<[u8]> = encode().into();
            *slot = Some((version, Arc::clone(&bytes)));
            bytes
        }
    }
}
