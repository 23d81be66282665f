//! The server inside the desktop client: started, stopped and watched from the main loop, run on a thread of its own.
//!
//! The only file of the user interface that knows the server.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use gtk::glib;
use gtk::prelude::*;
use gtk::subclass::prelude::*;
use tokio::net::TcpListener;
use tokio::runtime::{self, Runtime};
use tokio::sync::oneshot;

use super::problem::{self, Problem};
use crate::net::{LinkState, ServerAddress, reachable_addresses};
use crate::server::{self, Options, Server};

/// How long the end of the program waits for the server to say goodbye to everybody.
const PATIENCE: Duration = Duration::from_secs(4);
/// How often the number of people is looked at.
const GLANCE: Duration = Duration::from_millis(500);

/// What the server is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HostingState {
    /// Nothing.
    #[default]
    Stopped,
    /// Serving.
    Running {
        /// The TCP port at which it listens.
        port: u16,
        /// How many people are registered.
        people: usize,
    },
    /// Saying goodbye to everybody.
    Stopping,
    /// It could not be started, or has ended by itself.
    Failed(Problem),
}

impl HostingState {
    /// How many others are registered, besides oneself; `link` is how one is connected.
    pub fn guests(&self, link: Option<&LinkState>) -> usize {
        match self {
            Self::Running { port, people } => {
                people.saturating_sub(usize::from(link.is_some_and(|link| is_own_guest(link, *port))))
            }
            Self::Stopped | Self::Stopping | Self::Failed(_) => 0,
        }
    }
}

/// The address of a server of this program, as this program reaches it.
pub fn own_address(port: u16) -> ServerAddress {
    ServerAddress { host: "localhost".to_owned(), port }
}

/// Whether this is the address of the server that runs here on `port`, by whichever name or address of this computer.
pub fn is_own_address(at: &ServerAddress, port: u16) -> bool {
    let is_here = |ip: IpAddr| ip.is_loopback() || reachable_addresses().is_ok_and(|own| own.contains(&ip));
    at.port == port && (at.host.eq_ignore_ascii_case("localhost") || at.host.parse().is_ok_and(is_here))
}

/// Whether one is online through the server that runs here on `port`.
pub fn is_own_guest(link: &LinkState, port: u16) -> bool {
    matches!(link, LinkState::Online { at, .. } if at.parse().is_ok_and(|at| is_own_address(&at, port)))
}

/// A server that runs.
#[derive(Debug)]
struct Running {
    port: u16,
    stop: Option<oneshot::Sender<()>>,
    /// Nothing is ever sent: it closes when the thread ends.
    end: mpsc::Receiver<()>,
}

mod imp {
    use std::sync::OnceLock;

    use glib::subclass::Signal;

    use super::{Cell, HostingState, RefCell, Running, glib};
    use gtk::subclass::prelude::*;

    #[derive(Debug, Default)]
    pub struct Hosting {
        pub(super) state: RefCell<HostingState>,
        pub(super) running: RefCell<Option<Running>>,
        /// The port of the server that is to start when the present one has ended.
        pub(super) next: Cell<Option<u16>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Hosting {
        const NAME: &'static str = "KlatchHosting";
        type Type = super::Hosting;
    }

    impl ObjectImpl for Hosting {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| vec![Signal::builder("changed").build()])
        }
    }
}

glib::wrapper! {
    /// The server of this program; there is one, which outlives every window. Emits `changed` when its state is news.
    pub struct Hosting(ObjectSubclass<imp::Hosting>);
}

impl Default for Hosting {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl Hosting {
    /// What the server is doing.
    pub fn state(&self) -> HostingState {
        self.imp().state.borrow().clone()
    }

    /// Calls `f` whenever the state changes, as long as `watcher` lives.
    pub fn connect_changed<W: IsA<glib::Object>>(&self, watcher: &W, f: impl Fn(&W, &HostingState) + 'static) {
        let (object, typed) = (watcher.upcast_ref::<glib::Object>(), watcher.downgrade());
        let changed = glib::closure_local!(
            #[watch]
            object,
            move |hosting: Hosting| {
                // Watched only for its life: the closure goes with it.
                let _ = object;
                if let Some(watcher) = typed.upgrade() {
                    f(&watcher, &hosting.state());
                }
            }
        );
        self.connect_closure("changed", false, changed);
    }

    /// Starts the server at this port. When this returns it listens already, or the state says why not; but a server
    /// at another port is stopped first, and then the state follows later.
    pub fn start(&self, port: u16) {
        let imp = self.imp();
        match &*imp.running.borrow() {
            Some(running) if running.port == port && running.stop.is_some() => return,
            Some(_) => imp.next.set(Some(port)),
            None => {}
        }
        if imp.running.borrow().is_some() {
            self.begin_stop();
            return;
        }
        let state = match self.launch(port) {
            Ok(()) => HostingState::Running { port, people: 0 },
            Err(error) => {
                tracing::warn!("cannot host at port {port}: {error}");
                HostingState::Failed(problem::hosting(&error, port))
            }
        };
        self.set_state(state);
    }

    /// Moves a running server to another port, or starts it there. A port that cannot be had is told before anybody
    /// loses the connection.
    pub fn move_to(&self, port: u16) -> Result<(), Problem> {
        let elsewhere = self.imp().running.borrow().as_ref().is_some_and(|running| running.port != port);
        if elsewhere {
            try_out(port).map_err(|error| problem::hosting(&error, port))?;
        }
        self.start(port);
        Ok(())
    }

    /// Stops the server; everybody who is connected is told.
    pub fn stop(&self) {
        self.imp().next.set(None);
        if self.imp().running.borrow().is_some() {
            self.begin_stop();
        } else {
            self.set_state(HostingState::Stopped);
        }
    }

    /// Stops the server and waits, for a short time, until everybody has been told. For the end of the program:
    /// nothing is started after it.
    pub fn shutdown(&self) {
        self.imp().next.set(None);
        let Some(mut running) = self.imp().running.take() else { return };
        drop(running.stop.take());
        if running.end.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            tracing::warn!("the hosted server did not end in time");
        }
        self.set_state(HostingState::Stopped);
    }

    fn begin_stop(&self) {
        if let Some(running) = &mut *self.imp().running.borrow_mut() {
            drop(running.stop.take());
        }
        self.set_state(HostingState::Stopping);
    }

    /// Listens, so that an error is known at once, and leaves the rest to a thread.
    fn launch(&self, port: u16) -> io::Result<()> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let server = Server::new(listen(&runtime, port)?, Options::default());
        let monitor = server.monitor();
        let (stop, stopped) = oneshot::channel();
        let (ending, end) = mpsc::channel();
        let (living, life) = async_channel::bounded::<()>(1);
        thread::Builder::new().name("klatch-host".to_owned()).spawn(move || {
            // Dropped at the end, even at a panic.
            let _ends = (ending, living);
            // A sender that is dropped ends the server as well: then nobody is left who could.
            runtime.block_on(server.run(async { drop(stopped.await) }));
        })?;
        self.imp().running.replace(Some(Running { port, stop: Some(stop), end }));
        let hosting = self.downgrade();
        glib::spawn_future_local(async move {
            while glib::future_with_timeout(GLANCE, life.recv()).await.is_err() {
                let Some(hosting) = hosting.upgrade() else { return };
                hosting.count(port, monitor.counts().users);
            }
            if let Some(hosting) = hosting.upgrade() {
                hosting.ended(port);
            }
        });
        Ok(())
    }

    fn count(&self, port: u16, people: usize) {
        if matches!(self.state(), HostingState::Running { .. }) {
            self.set_state(HostingState::Running { port, people });
        }
    }

    fn ended(&self, port: u16) {
        let asked = self.imp().running.take().is_none_or(|running| running.stop.is_none());
        match self.imp().next.take() {
            Some(next) => self.start(next),
            None if asked => self.set_state(HostingState::Stopped),
            None => {
                let error = io::Error::other("the server has ended by itself");
                self.set_state(HostingState::Failed(problem::hosting(&error, port)));
            }
        }
    }

    fn set_state(&self, state: HostingState) {
        if *self.imp().state.borrow() != state {
            self.imp().state.replace(state);
            self.emit_by_name::<()>("changed", &[]);
        }
    }
}

/// Listens on all addresses of this computer.
fn listen(runtime: &Runtime, port: u16) -> io::Result<TcpListener> {
    let _inside = runtime.enter();
    server::listen((Ipv6Addr::UNSPECIFIED, port).into())
}

/// Whether one could listen at this port.
fn try_out(port: u16) -> io::Result<()> {
    let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
    listen(&runtime, port).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_server_is_known_by_every_address_of_this_computer() {
        let is_own = |host: &str, port| is_own_address(&ServerAddress::new(host, port).unwrap(), 6666);
        assert!(is_own_address(&own_address(6666), 6666));
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1"] {
            assert!(is_own(host, 6666), "{host}");
            assert!(!is_own(host, 6667), "{host}");
        }
        for ip in reachable_addresses().unwrap() {
            assert!(is_own(&ip.to_string(), 6666), "{ip}");
        }
        // An address for documentation, which no computer has (RFC 5737).
        assert!(!is_own("192.0.2.1", 6666) && !is_own("chat.example.org", 6666));
    }
}
