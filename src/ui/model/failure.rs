//! What has gone wrong that no window shows by itself.

use std::path::PathBuf;

use crate::net::{NetError, NetErrorKind, UserName};

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
}

impl From<NetError> for Failure {
    fn from(error: NetError) -> Self {
        Self::General(error)
    }
}

impl Failure {
    /// The error behind it.
    pub fn error(&self) -> &NetError {
        match self {
            Self::General(error) | Self::NotOffered { because: error, .. } => error,
        }
    }

    /// Whether it is over once one is online. What is wrong with a file or a folder of this computer is not, nor is what
    /// became of a file for somebody.
    pub(super) fn is_over_online(&self) -> bool {
        match self {
            Self::General(error) => !matches!(error.kind, NetErrorKind::LocalFile | NetErrorKind::DiskFull),
            Self::NotOffered { .. } => false,
        }
    }
}
