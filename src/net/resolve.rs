//! From the host that a person has typed to the addresses to try.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::timeout;

use super::event::{NetError, NetErrorKind};
use super::mode::ServerAddress;

/// How long the look-up of a name may take.
const LOOKUP: Duration = Duration::from_secs(10);

/// The addresses of a host, in the order in which they are to be tried; never none.
///
/// Fails with [`NetErrorKind::HostNotFound`].
pub(super) async fn resolve(address: &ServerAddress) -> Result<Vec<SocketAddr>, NetError> {
    let found = timeout(LOOKUP, lookup_host((address.host.as_str(), address.port))).await;
    match found.unwrap_or(Err(io::ErrorKind::TimedOut.into())).map(Iterator::collect::<Vec<_>>) {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(NetError::new(NetErrorKind::HostNotFound)),
        Err(error) => {
            by_definition(address).ok_or_else(|| NetError::with(NetErrorKind::HostNotFound, error.to_string()))
        }
    }
}

/// What `localhost` is where nothing says so (RFC 6761, section 6.3): a machine with no `/etc/hosts`, as small
/// containers are, can host a server and join it all the same.
fn by_definition(address: &ServerAddress) -> Option<Vec<SocketAddr>> {
    let itself = address.host.eq_ignore_ascii_case("localhost");
    itself.then(|| vec![(Ipv4Addr::LOCALHOST, address.port).into(), (Ipv6Addr::LOCALHOST, address.port).into()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_computer_has_an_address_by_definition() {
        let of = |host| by_definition(&ServerAddress::new(host, 6666).unwrap());
        let loopback: Vec<SocketAddr> = vec!["127.0.0.1:6666".parse().unwrap(), "[::1]:6666".parse().unwrap()];
        assert_eq!(of("localhost"), Some(loopback.clone()));
        assert_eq!(of("LocalHost"), Some(loopback));
        assert_eq!(of("localhost.example"), None);
    }

    #[tokio::test]
    async fn an_address_is_its_own_and_a_name_nobody_has_is_not_found() {
        let of = async |host| resolve(&ServerAddress::new(host, 6666).unwrap()).await;
        assert_eq!(of("127.0.0.1").await.unwrap(), ["127.0.0.1:6666".parse().unwrap()]);
        assert_eq!(of("::1").await.unwrap(), ["[::1]:6666".parse().unwrap()]);
        assert!(of("localhost").await.unwrap().iter().all(|address| address.ip().is_loopback()));
        assert_eq!(of("nobody.invalid").await.unwrap_err().kind, NetErrorKind::HostNotFound);
    }
}
