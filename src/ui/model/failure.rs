//! What has gone wrong that no window shows by itself.

use std::path::PathBuf;

use crate::net::{Contact, NetError, NetErrorKind, UserName};

/// What has gone wrong that no window shows by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Something that has to do with nobody in particular.
    General(NetError),
    /// A file could not be offered to somebody.
    NotOffered {
        /// To whom.
        to: UserName,
        /// Which file of this computer.
        path: PathBuf,
        /// Why.
        because: NetError,
    },
    /// A folder was to be offered to somebody.
    Folder {
        /// To whom.
        to: UserName,
        /// What it is called.
        name: String,
    },
    /// Somebody else has the name that was asked for.
    Renamed {
        /// That name, as it can be had.
        asked: UserName,
        /// What one is called instead.
        name: UserName,
    },
    /// Somebody has been refused who is not known here.
    Stranger {
        /// How they call themselves.
        name: UserName,
        /// The IP address of where they are.
        address: String,
    },
}

impl From<NetError> for Failure {
    fn from(error: NetError) -> Self {
        Self::General(error)
    }
}

impl Failure {
    /// The kind of the error behind it, if there is one.
    pub(super) fn kind(&self) -> Option<NetErrorKind> {
        match self {
            Self::General(error) | Self::NotOffered { because: error, .. } => Some(error.kind),
            Self::Folder { .. } | Self::Renamed { .. } | Self::Stranger { .. } => None,
        }
    }

    /// Whether it is over when that one is online is told, once more if one `was` so before: then others can find one now.
    /// What is wrong with a file or a folder of this computer is not, nor is what became of a file for somebody.
    pub(super) fn is_over_online(&self, was: bool) -> bool {
        match self {
            Self::General(error) if was => error.kind == NetErrorKind::NoFreeName,
            Self::General(error) => !matches!(error.kind, NetErrorKind::LocalFile | NetErrorKind::DiskFull),
            Self::NotOffered { .. } | Self::Folder { .. } | Self::Renamed { .. } | Self::Stranger { .. } => false,
        }
    }

    /// Whether it is over when these people are there, of whom some `were` there before: whoever could not be reached and
    /// has been there all the time may still not be.
    pub(super) fn is_over_with(&self, contacts: &[Contact], were: impl Fn(&UserName) -> bool) -> bool {
        let mut back = contacts.iter().map(|contact| &contact.name).filter(|name| !were(name));
        match self {
            Self::Stranger { address, .. } => {
                contacts.iter().flat_map(|contact| &contact.addresses).any(|known| known.ip().to_string() == *address)
            }
            Self::NotOffered { to, because, .. } => {
                matches!(because.kind, NetErrorKind::UnknownPeer | NetErrorKind::PeerUnreachable)
                    && back.any(|name| name == to)
            }
            Self::Folder { .. } | Self::Renamed { .. } => false,
            // The error has the name as it is shown.
            Self::General(error) => {
                error.kind == NetErrorKind::UnknownPeer && back.any(|name| name.shown() == error.detail)
            }
        }
    }
}
