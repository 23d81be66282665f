//! The ways of being online, and what each needs to know.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

use super::discovery::{ServiceType, announced_name};
use crate::protocol::ident::UserName;
use crate::protocol::im::DEFAULT_PORT;
use crate::protocol::social::UserInfo;
use crate::protocol::status::Status;

/// A way of being online.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Through a server.
    Server(ServerParameters),
    /// With whoever is on this network, without a server.
    Peer(Box<PeerParameters>),
}

impl Mode {
    /// The wanted name.
    pub fn name(&self) -> &UserName {
        match self {
            Self::Server(parameters) => &parameters.name,
            Self::Peer(parameters) => &parameters.name,
        }
    }

    /// What others see if nobody else has the wanted name. Among peers not every name can be announced as it is.
    pub fn name_if_free(&self) -> UserName {
        match self {
            Self::Server(parameters) => parameters.name.clone(),
            Self::Peer(parameters) => announced_name(&parameters.name),
        }
    }

    /// Whether people can be asked about themselves and their files. Where they cannot, a user interface should not
    /// offer it.
    pub fn has_files(&self) -> bool {
        matches!(self, Self::Peer(_))
    }
}

/// What is needed to go online through a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerParameters {
    /// Where the server is.
    pub address: ServerAddress,
    /// The name to register.
    pub name: UserName,
    /// The first status.
    pub status: Status,
}

/// What is needed to be a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerParameters {
    /// The wanted name; others see `name (2)` if somebody has it.
    pub name: UserName,
    /// The first status.
    pub status: Status,
    /// Among which peers.
    pub service_type: ServiceType,
    /// The TCP port to listen on; 0 for any free one.
    pub port: u16,
    /// The folder whose files others may get; none is shared if there is none.
    pub share: Option<PathBuf>,
    /// The folder for what is got from others.
    pub downloads: PathBuf,
    /// What to tell about oneself beside name, status and host.
    pub info: UserInfo,
    /// Of whom to hear nothing.
    pub blocked: Vec<UserName>,
    /// Where people are who cannot be discovered; see [`super::Command::AddPeer`].
    pub added: Vec<ServerAddress>,
    /// Whether to ask everybody for their picture, for whoever shows them.
    pub pictures: bool,
}

/// Where a server is: a host name or an IP address, and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAddress {
    /// Host name, IPv4 or IPv6 address (the latter without brackets).
    pub host: String,
    /// TCP port, never 0.
    pub port: u16,
}

/// Why a text is no address of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    /// There is no host in it.
    #[error("no host name or address is given")]
    NoHost,
    /// The host has characters that no host name has.
    #[error("this is no host name and no IP address")]
    BadHost,
    /// The port is no number from 1 to 65535.
    #[error("the port must be a number from 1 to 65535")]
    BadPort,
}

impl ServerAddress {
    /// An address from what was typed into two fields.
    pub fn new(host: &str, port: u16) -> Result<Self, AddressError> {
        let host = host.trim();
        let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        if bare.is_empty() {
            return Err(AddressError::NoHost);
        }
        let is_ipv6 = bare.contains(':');
        // A scope may follow an IPv6 address: fe80::1%eth0.
        let address = bare.split('%').next().unwrap_or_default();
        if is_ipv6 && address.parse::<std::net::Ipv6Addr>().is_err() {
            return Err(AddressError::BadHost);
        }
        if bare.len() > 255 || bare.chars().any(|c| c.is_whitespace() || c.is_control() || "/@#?[]\\".contains(c)) {
            return Err(AddressError::BadHost);
        }
        if port == 0 {
            return Err(AddressError::BadPort);
        }
        Ok(Self { host: bare.to_owned(), port })
    }
}

impl FromStr for ServerAddress {
    type Err = AddressError;

    /// Reads `host`, `host:port`, `[v6]`, `[v6]:port` or a plain IPv6 address.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let (host, port) = if let Some(rest) = text.strip_prefix('[') {
            let (host, tail) = rest.split_once(']').ok_or(AddressError::BadHost)?;
            match tail.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if tail.is_empty() => (host, None),
                None => return Err(AddressError::BadHost),
            }
        } else {
            match text.split_once(':') {
                Some((_, rest)) if rest.contains(':') => (text, None),
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            }
        };
        let port = match port {
            None => DEFAULT_PORT,
            Some(digits) => digits.parse().map_err(|_| AddressError::BadPort)?,
        };
        Self::new(host, port)
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_people_type_them() {
        for (text, host, port) in [
            ("localhost", "localhost", 6666),
            (" chat.example.org:7000 ", "chat.example.org", 7000),
            ("10.0.0.2:6667", "10.0.0.2", 6667),
            ("::1", "::1", 6666),
            ("[::1]", "::1", 6666),
            ("[fe80::1%eth0]:7000", "fe80::1%eth0", 7000),
        ] {
            let address: ServerAddress = text.parse().unwrap();
            assert_eq!((address.host.as_str(), address.port), (host, port), "{text}");
            assert_eq!(address.to_string().parse::<ServerAddress>().unwrap(), address);
        }
        for (text, why) in [
            ("", AddressError::NoHost),
            (":6666", AddressError::NoHost),
            ("host:0", AddressError::BadPort),
            ("host:66666", AddressError::BadPort),
            ("host:abc", AddressError::BadPort),
            ("two words", AddressError::BadHost),
            ("http://host", AddressError::BadPort),
            ("host/path", AddressError::BadHost),
            ("[::1", AddressError::BadHost),
            ("1:2:3", AddressError::BadHost),
        ] {
            assert_eq!(text.parse::<ServerAddress>(), Err(why), "{text}");
        }
    }
}
