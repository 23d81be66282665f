//! The half of the adapter that looks for others.

use std::time::Duration;

use mdns_sd::{DaemonEvent, IfKind, IfPredicate, Receiver, ResolvedService, ScopedIp, ServiceDaemon, ServiceEvent};
use tokio::time::timeout;

use super::findings::Findings;
use crate::net::discovery::ServiceType;
use crate::net::discovery::sighting::{Address, Sighting};
use crate::net::interfaces::is_for_peers;

/// How many records one daemon may remember, of up to 9,000 bytes; a peer has about six.
const RECORDS: i64 = 12_000;
/// How long a peer may take to answer whether it is still there.
pub(super) const VERIFICATION: Duration = Duration::from_secs(3);
/// How often to look for changed addresses of this computer, in seconds.
pub(in super::super) const ADDRESSES_EVERY: u32 = 2;

/// What the browser has learnt.
pub(super) enum Sight {
    /// Somebody has announced this full name.
    Name(String),
    /// All about somebody is known.
    Resolved(Sighting),
    /// The one with this full name is gone.
    Removed(String),
    /// This computer has a new address.
    NewAddress,
    /// The search has ended.
    Ended,
    /// It cannot work.
    Unavailable(String),
}

pub(super) struct Browser {
    running: Result<Running, Option<String>>,
}

struct Running {
    daemon: ServiceDaemon,
    service_type: String,
    findings: Findings,
    notices: Receiver<DaemonEvent>,
}

impl Browser {
    pub(super) fn start(service_type: &ServiceType) -> Self {
        let running = start_daemon().and_then(|daemon| {
            let notices = daemon.monitor()?;
            let service_type = service_type.as_str().to_owned();
            let findings = Findings::new(daemon.browse(&service_type)?);
            Ok(Running { daemon, service_type, findings, notices })
        });
        Self { running: running.map_err(|error| Some(error.to_string())) }
    }

    /// Asks for those who are not known: now, and ever more seldom from then on, as at the beginning.
    pub(super) fn ask_again(&mut self) {
        if let Ok(Running { daemon, service_type, findings, .. }) = &mut self.running {
            findings.ask_again(|| daemon.browse(service_type));
        }
    }

    /// What comes next. May be dropped and called again at any time.
    pub(super) async fn next(&mut self) -> Sight {
        let running = match &mut self.running {
            Ok(running) => running,
            Err(None) => return std::future::pending().await,
            Err(Some(why)) => {
                let why = why.clone();
                self.running = Err(None);
                return Sight::Unavailable(why);
            }
        };
        let Running { daemon, service_type, findings, notices } = running;
        loop {
            let sight = tokio::select! {
                biased;
                notice = notices.recv_async() => match notice {
                    Ok(DaemonEvent::IpAdd(_)) => Some(Sight::NewAddress),
                    Ok(_) => None,
                    Err(_) => Some(Sight::Ended),
                },
                event = findings.next(|| daemon.browse(service_type)) => match event {
                    Ok(event) => sight(event),
                    Err(_) => Some(Sight::Ended),
                },
            };
            if let Some(sight) = sight {
                if matches!(sight, Sight::Ended) {
                    self.stop();
                    self.running = Err(None);
                }
                return sight;
            }
        }
    }

    /// Asks whether somebody is still there.
    pub(super) fn verify(&self, full_name: &str) {
        if let Ok(running) = &self.running {
            // A full queue means that much is asked already.
            let _ = running.daemon.verify(full_name.to_owned(), VERIFICATION);
        }
    }

    pub(super) async fn is_flooded(&self) -> bool {
        match &self.running {
            Ok(running) => is_flooded(&running.daemon).await,
            Err(_) => false,
        }
    }

    pub(super) fn stop(&self) {
        if let Ok(running) = &self.running {
            // There is nothing to say goodbye to, so nobody waits for it.
            let _ = running.daemon.shutdown();
        }
    }
}

fn sight(event: ServiceEvent) -> Option<Sight> {
    match event {
        ServiceEvent::ServiceFound(_, full_name) => Some(Sight::Name(full_name)),
        ServiceEvent::ServiceResolved(service) => Some(Sight::Resolved(sighting(&service))),
        ServiceEvent::ServiceRemoved(_, full_name) => Some(Sight::Removed(full_name)),
        _ => None,
    }
}

/// A daemon on the interfaces that lead to peers.
pub(super) fn start_daemon() -> mdns_sd::Result<ServiceDaemon> {
    let daemon = ServiceDaemon::new()?;
    daemon.disable_interface(IfKind::Predicate(IfPredicate::new(|interface| !is_for_peers(interface))))?;
    daemon.set_ip_check_interval(ADDRESSES_EVERY)?;
    Ok(daemon)
}

/// Whether so much was announced that it has to be forgotten, or the daemon cannot keep up.
pub(super) async fn is_flooded(daemon: &ServiceDaemon) -> bool {
    let Ok(metrics) = daemon.get_metrics() else { return true };
    match timeout(Duration::from_millis(500), metrics.recv_async()).await {
        Ok(Ok(metrics)) => {
            let cached = metrics.iter().filter(|(counter, _)| counter.starts_with("cached-"));
            cached.map(|(_, count)| count).sum::<i64>() > RECORDS
        }
        _ => true,
    }
}

fn sighting(service: &ResolvedService) -> Sighting {
    let addresses = service.get_addresses().iter().filter_map(|address| match address {
        ScopedIp::V4(v4) => Some(Address {
            ip: (*v4.addr()).into(),
            interface: 0,
            over_loopback: v4.interface_ids().iter().any(|interface| is_loopback(&interface.name)),
        }),
        ScopedIp::V6(v6) => Some(Address {
            ip: (*v6.addr()).into(),
            interface: v6.scope_id().index,
            over_loopback: is_loopback(&v6.scope_id().name),
        }),
        _ => None,
    });
    let text = service.get_properties().iter();
    Sighting {
        full_name: service.get_fullname().to_owned(),
        host: service.get_hostname().to_owned(),
        port: service.get_port(),
        addresses: addresses.collect(),
        text: text.map(|entry| (entry.key().to_owned(), entry.val().unwrap_or_default().to_owned())).collect(),
    }
}

/// The loopback interface has this name in every network namespace of Linux, and cannot be renamed.
fn is_loopback(interface: &str) -> bool {
    interface == "lo"
}
