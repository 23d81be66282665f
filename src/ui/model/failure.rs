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
        /// That name.
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

    /// Whether it is over once one is online. What is wrong with a file or a folder of this computer is not, nor is what
    /// became of a file for somebody.
    pub(super) fn is_over_online(&self) -> bool {
        match self {
            Self::General(error) => !matches!(error.kind, NetErrorKind::LocalFile | NetErrorKind::DiskFull),
            Self::NotOffered { .. } | Self::Folder { .. } | Self::Renamed { .. } | Self::Stranger { .. } => false,
        }
    }

    /// Whether it is over when these people are there.
    pub(super) fn is_over_with(&self, contacts: &[Contact]) -> bool {
        let Self::Stranger { address, .. } = self else { return false };
        contacts.iter().flat_map(|contact| &contact.addresses).any(|known| known.ip().to_string() == *address)
    }
}
