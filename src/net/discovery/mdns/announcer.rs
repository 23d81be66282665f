//! The half of the adapter that announces oneself.

use std::time::Duration;

use mdns_sd::{DaemonEvent, IfKind, RRType, Receiver, ServiceDaemon, ServiceInfo};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::browser::{is_flooded, start_daemon};
use crate::net::discovery::sighting::Sighting;
use crate::net::discovery::{Advertisement, ServiceType, instance};
use crate::net::interfaces;

/// How our host names begin. A random number makes each unique, so that one program's goodbye does not take away the
/// addresses of another on the same computer.
const HOST: &str = "klatch-";
/// The longest text of a status in the TXT record: an entry has 255 bytes, the key and `=` included.
const STATUS: usize = 255 - "status=".len();
/// How long a name may be looked for. Probing takes a second, and one more for each who wants the same name at the same time;
/// mdns-sd, which tries the next name by itself, would go on for ever where somebody claims them all, and tell nothing.
const PROBING: Duration = Duration::from_secs(8);
/// mdns-sd repeats a goodbye after 120 ms, as multicast may be lost.
const SECOND_GOODBYE: Duration = Duration::from_millis(150);
/// How long its daemon may take to answer when it shall end.
const ANSWER: Duration = Duration::from_millis(250);

/// What the announcer has to tell.
pub(super) enum Notice {
    /// One is announced, under this name.
    Announced(String),
    /// Somebody else has this name.
    Taken {
        /// How many were tried until now, this one among them.
        names: u32,
        /// One that nobody has: mdns-sd has probed for it, and may have announced it already.
        free: String,
    },
    /// Somebody else has this name and all that were tried instead; or none could be announced, as the system lets nobody
    /// use multicast.
    NoneFree,
    /// The announcement has ended, or could not begin.
    Ended(String),
}

pub(super) struct Announcer {
    running: Result<(ServiceDaemon, Receiver<DaemonEvent>), String>,
    service_type: ServiceType,
    name: String,
    host: String,
    port: u16,
    status: String,
    picture: Option<String>,
    /// Others have been told. Before that, the name is being probed, and what is announced must not change.
    is_announced: bool,
    /// When that must have happened.
    probing_until: Instant,
}

impl Announcer {
    pub(super) fn start(advertisement: &Advertisement, name: &str) -> Self {
        let mut announcer = Self {
            running: Err(String::new()),
            service_type: advertisement.service_type.clone(),
            name: name.to_owned(),
            host: format!("{HOST}{:08x}.local.", fastrand::u32(..)),
            port: advertisement.port,
            status: advertisement.status.clone(),
            picture: advertisement.picture.clone(),
            is_announced: false,
            probing_until: Instant::now() + PROBING,
        };
        announcer.begin();
        announcer
    }

    fn begin(&mut self) {
        let begun = start_daemon().and_then(|daemon| {
            let notices = daemon.monitor()?;
            daemon.register(self.service(self.port, !self.is_announced)?)?;
            Ok((daemon, notices))
        });
        self.running = begun.map_err(|error| error.to_string());
    }

    /// Whether others have announced so much that it has to be forgotten: mdns-sd keeps what nobody has asked for, too.
    pub(super) async fn is_flooded(&self) -> bool {
        match &self.running {
            Ok((daemon, _)) => is_flooded(daemon).await,
            Err(_) => false,
        }
    }

    /// Goes on with an empty memory. Nobody notices.
    pub(super) fn restart(&mut self) {
        if let Ok((daemon, _)) = &self.running {
            end_silently(daemon);
        }
        self.begin();
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn has_name(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    pub(super) fn is_announced(&self) -> bool {
        self.is_announced
    }

    /// Whether the place is right that this gives to what is announced here. Old records, and those of others, may say
    /// something else.
    pub(super) fn is_described_by(&self, told: &Sighting) -> bool {
        told.port == self.port && told.addresses.iter().all(|address| interfaces::is_own(address.ip))
    }

    /// Whether it is oneself who changes the name when this host has the same.
    pub(super) fn yields_to(&self, host: &str) -> bool {
        let host = instance::key(host);
        !self.is_announced || !host.starts_with(HOST) || self.host < host
    }

    /// Announces the status and the picture of this advertisement from now on.
    pub(super) fn change(&mut self, advertisement: &Advertisement) {
        self.status.clone_from(&advertisement.status);
        self.picture.clone_from(&advertisement.picture);
        self.announce_again();
    }

    /// Tells everybody all of it again.
    pub(super) fn announce_again(&mut self) {
        if self.is_announced {
            self.register(self.port);
        }
    }

    /// The next notice of an announcer; never, where there is none. May be dropped and called again at any time.
    pub(super) async fn next(announcer: &mut Option<Self>) -> Notice {
        let Some(announcer) = announcer else { return std::future::pending().await };
        let notices = match &announcer.running {
            Ok((_, notices)) => notices,
            Err(why) => return Notice::Ended(why.clone()),
        };
        loop {
            let notice = if announcer.is_announced {
                notices.recv_async().await
            } else {
                match timeout_at(announcer.probing_until, notices.recv_async()).await {
                    Ok(notice) => notice,
                    Err(_) => return Notice::NoneFree,
                }
            };
            match notice {
                Ok(event) if announcer.is_of_own_name(&event) => {
                    if !std::mem::replace(&mut announcer.is_announced, true) {
                        // The status may have changed meanwhile.
                        announcer.register(announcer.port);
                    }
                    return Notice::Announced(announcer.name.clone());
                }
                Ok(DaemonEvent::NameChange(change)) if matches!(change.rr_type, RRType::SRV | RRType::TXT) => {
                    let free = instance::of_full_name(&change.new_name, announcer.service_type.as_str());
                    let free = unescaped(free.unwrap_or(&announcer.name));
                    let names = instance::number(&free).saturating_sub(instance::number(&announcer.name));
                    return Notice::Taken { names: names.max(1), free };
                }
                Ok(DaemonEvent::Error(error)) => return Notice::Ended(error.to_string()),
                Ok(_) => {}
                Err(_) => return Notice::Ended("multicast DNS has ended".to_owned()),
            }
        }
    }

    /// Whether this tells of an announcement under the name that was asked for. Under another one mdns-sd has renamed it,
    /// which it tells, too.
    fn is_of_own_name(&self, event: &DaemonEvent) -> bool {
        let DaemonEvent::Announce(full_name, _) = event else { return false };
        let name = instance::of_full_name(full_name, self.service_type.as_str());
        name.is_some_and(|name| unescaped(name) == self.name)
    }

    /// Ends, with a goodbye that holds at once for programs like this one, and after a second for all others.
    pub(super) async fn stop(self) {
        let Ok((daemon, notices)) = &self.running else { return };
        if self.is_announced || notices.try_iter().any(|event| self.is_of_own_name(&event)) {
            // Whoever gets a goodbye keeps the records for one second more (RFC 6762, section 10.1). A service with port 0
            // is not there, and that holds at once.
            self.register(0);
            if let Ok(service) = self.service(0, false)
                && let Ok(answer) = daemon.unregister(service.get_fullname())
                && timeout(ANSWER, answer.recv_async()).await.is_ok()
            {
                sleep(SECOND_GOODBYE).await;
            }
        } else {
            // The name may be that of somebody else, whom a goodbye would remove.
            return end_silently(daemon);
        }
        if let Ok(answer) = daemon.shutdown() {
            let _ = timeout(ANSWER, answer.recv_async()).await;
        }
    }

    /// Announces without probing: the name is one's own already. (Probing for a changed TXT record would take a second, leave
    /// questions unanswered meanwhile, and find a conflict with one's own announcement of before.)
    fn register(&self, port: u16) {
        if let Ok((daemon, _)) = &self.running
            && let Ok(service) = self.service(port, false)
        {
            // A full queue means that it is announced often enough.
            let _ = daemon.register(service);
        }
    }

    fn service(&self, port: u16, requires_probe: bool) -> mdns_sd::Result<ServiceInfo> {
        let mut text = vec![("txtvers", "1"), ("status", instance::cut(&self.status, STATUS))];
        text.extend(self.picture.as_deref().map(|mark| ("picture", mark)));
        let mut service = ServiceInfo::new(self.service_type.as_str(), &self.name, &self.host, "", port, &text[..])?;
        service.set_requires_probe(requires_probe);
        Ok(service.enable_addr_auto())
    }
}

/// Ends without a goodbye. mdns-sd says one in any case, so it must have nowhere to send it.
fn end_silently(daemon: &ServiceDaemon) {
    let _ = daemon.disable_interface(IfKind::All);
    let _ = daemon.shutdown();
}

/// The name without the backslashes that mdns-sd puts before backslashes; dots, its other reason, are not in our names.
fn unescaped(name: &str) -> String {
    name.replace("\\\\", "\\")
}
