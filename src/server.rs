//! The server: who is online, who is in which conversation, and every message to those whom it concerns.
//!
//! ```no_run
//! # async fn host() -> std::io::Result<()> {
//! use klatch::server::{Options, Server, listen};
//!
//! let server = Server::new(listen("[::]:6666".parse().unwrap())?, Options::default());
//! server.run(async { drop(tokio::signal::ctrl_c().await) }).await;
//! # Ok(())
//! # }
//! ```
//!
//! # How it is built
//!
//! The rules of the protocol are in the registry: a message goes in, actions come out, no IO. One task for each
//! connection reads, and does nothing else as long as the socket takes what is written to it. What is to be written waits
//! in the outboxes until the sockets have nothing more to read; then one helper writes them all. So under load many
//! messages go into one write, which is what a chat server's time is made of, and with no load nothing waits.
//!
//! A runtime with one thread is enough, and best: each message costs microseconds.

mod announcer;
mod arguments;
mod connection;
mod flusher;
mod hub;
mod link;
mod listener;
mod lists;
mod metrics;
mod options;
mod outbox;
mod refusal;
mod registry;
mod writing;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{info, warn};

pub use arguments::Arguments;
use hub::Hub;
pub use listener::listen;
use lists::List;
pub use metrics::Counts;
pub use options::{Access, Options};

/// How long the clients have at the end to take what waits for them and to close.
const FAREWELL: Duration = Duration::from_secs(3);

/// A server that has its sockets, and serves once it is run.
pub struct Server {
    hub: Arc<Hub>,
    listeners: Vec<TcpListener>,
    metrics: Option<TcpListener>,
}

/// Tells how many there are, from any thread and without waiting.
#[derive(Clone)]
pub struct Monitor(Arc<hub::Signals>);

impl Monitor {
    /// How many there are now.
    pub fn counts(&self) -> Counts {
        self.0.gauges.get()
    }
}

impl Server {
    /// A server on this socket; [`listen`] makes one.
    pub fn new(listener: TcpListener, options: Options) -> Self {
        Self { hub: Arc::new(Hub::new(options)), listeners: Vec::new(), metrics: None }.with_listener(listener)
    }

    /// The same server on one more socket.
    #[must_use]
    pub fn with_listener(mut self, listener: TcpListener) -> Self {
        listener::prepare(&listener);
        self.listeners.push(listener);
        self
    }

    /// Tells its figures to Prometheus on this socket.
    #[must_use]
    pub fn with_metrics(mut self, listener: TcpListener) -> Self {
        self.metrics = Some(listener);
        self
    }

    /// The addresses on which clients are served.
    pub fn local_addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// What tells how many there are, also while the server runs.
    pub fn monitor(&self) -> Monitor {
        Monitor(Arc::clone(&self.hub.signals))
    }

    /// Serves until `shutdown` is there; then accepts no more, writes what waits, closes all connections, and returns
    /// after a few seconds at the latest. A server that is dropped instead closes all connections at once.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let hub = CloseOnDrop(self.hub);
        let mut helpers = JoinSet::new();
        for listener in self.listeners {
            helpers.spawn(listener::accept(Arc::clone(&hub.0), listener));
        }
        if let Some(listener) = self.metrics {
            helpers.spawn(metrics::serve(Arc::clone(&hub.0), listener));
        }
        for list in [List::Users, List::Conversations] {
            helpers.spawn(announcer::announce(Arc::clone(&hub.0), list));
        }
        let mut writing = JoinSet::new();
        writing.spawn(flusher::flush(Arc::clone(&hub.0)));
        tokio::select! {
            () = shutdown => {}
            // None of them ends but by a panic, which is a defect of ours and nothing to go on with.
            Some(Err(error)) = helpers.join_next() => fail(error),
            Some(Err(error)) = writing.join_next() => fail(error),
        }
        helpers.shutdown().await;
        let connections = hub.0.lock().close_all();
        info!(connections, "stopping");
        let emptied = async {
            while !hub.0.lock().links.is_empty() {
                hub.0.signals.emptied.notified().await;
            }
        };
        if timeout(FAREWELL, emptied).await.is_err() {
            warn!("some clients have not closed their connections in time");
        }
    }
}

fn fail(error: tokio::task::JoinError) {
    if let Ok(panic) = error.try_into_panic() {
        std::panic::resume_unwind(panic);
    }
}

/// Ends the tasks of the connections, which are not owned by anything else.
struct CloseOnDrop(Arc<Hub>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.lock().abandon();
    }
}
