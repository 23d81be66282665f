//! Sockets that accept, and how the connections from them behave.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tracing::{debug, warn};

use crate::protocol::limits;

use super::connection;
use super::hub::Hub;

/// How many connections may wait to be accepted: with a short queue, a class that connects all at once waits for the
/// kernel's retries, which take seconds.
const BACKLOG: i32 = 4096;
/// How long accepting pauses when there are no more file descriptors.
const PAUSE: Duration = Duration::from_millis(200);

/// A socket that accepts connections on this address; port 0 takes a free one. `[::]` serves IPv4 as well, and becomes
/// `0.0.0.0` on a machine without IPv6. Must be called inside a runtime.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    match bind(address) {
        Err(error) if address.is_ipv6() && address.ip().is_unspecified() && lacks_ipv6(&error) => {
            bind((Ipv4Addr::UNSPECIFIED, address.port()).into())
        }
        other => other,
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    // A server that is started again must not wait until its old connections are forgotten.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// No such family (`EAFNOSUPPORT`), or the family is there and no interface has an address of it (`EADDRNOTAVAIL`).
fn lacks_ipv6(error: &io::Error) -> bool {
    const EAFNOSUPPORT: i32 = 97;
    error.raw_os_error() == Some(EAFNOSUPPORT) || error.kind() == io::ErrorKind::AddrNotAvailable
}

/// Sets what every connection shall have. On Linux it is inherited from the socket that accepts, which saves six
/// system calls for each.
pub(super) fn prepare(listener: &TcpListener) {
    let socket = SockRef::from(listener);
    let keepalive = TcpKeepalive::new()
        .with_time(limits::KEEPALIVE)
        .with_interval(limits::PROBE_INTERVAL)
        .with_retries(limits::PROBES);
    let outcome = socket
        .set_tcp_nodelay(true)
        .and_then(|()| socket.set_tcp_keepalive(&keepalive))
        .and_then(|()| socket.set_tcp_user_timeout(Some(limits::UNACKNOWLEDGED)));
    if let Err(error) = outcome {
        warn!(%error, "cannot set the options of a socket");
    }
}

/// Accepts for ever.
pub(super) async fn accept(hub: Arc<Hub>, listener: TcpListener) {
    let mut has_failed = false;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                has_failed = false;
                admit(&hub, stream, peer);
            }
            // The connection was gone before it was accepted.
            Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted) => {
                debug!(%error, "cannot accept");
            }
            Err(error) => {
                if !has_failed {
                    warn!(%error, "cannot accept connections for now");
                }
                has_failed = true;
                sleep(PAUSE).await;
            }
        }
    }
}

fn admit(hub: &Arc<Hub>, stream: TcpStream, peer: SocketAddr) {
    // An IPv4 client of a dual-stack socket is shown with its IPv4 address.
    let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
    let (reader, writer) = stream.into_split();
    let key = hub.lock().connect(writer, peer);
    if let Some(key) = key {
        tokio::spawn(connection::serve(Arc::clone(hub), key, reader));
    } else {
        debug!(%peer, "far too many connections");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn connections_inherit_their_options() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        prepare(&listener);
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        let socket = SockRef::from(&accepted);
        assert!(socket.tcp_nodelay().unwrap() && socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), limits::KEEPALIVE);
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), limits::PROBE_INTERVAL);
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), limits::PROBES);
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(limits::UNACKNOWLEDGED));
        drop(client);
    }

    #[tokio::test]
    async fn the_unspecified_address_serves_ipv4_too() {
        let listener = listen("[::]:0".parse().unwrap()).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (accepted, connected) = tokio::join!(listener.accept(), TcpStream::connect(("127.0.0.1", port)));
        assert!(accepted.is_ok() && connected.is_ok());
        assert_eq!(listen(listener.local_addr().unwrap()).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }
}
