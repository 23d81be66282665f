//! A network without sockets, for tests of what is built on discovery: a table of those who are there.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use async_channel::{Receiver, Sender};

use super::{Advertisement, Discovery, Event, ORDERS, Order, Peer, instance};
use crate::protocol::ident::UserName;

/// A local network on which everybody hears everything at once.
#[derive(Clone, Debug, Default)]
pub(in crate::net) struct FakeLan {
    members: Arc<Mutex<Vec<Member>>>,
}

#[derive(Debug)]
struct Member {
    peer: Peer,
    /// Who listens, if it is somebody of ours.
    events: Option<Sender<Event>>,
    /// It does not answer any more, and has not said goodbye.
    is_silent: bool,
}

impl FakeLan {
    /// What [`super::start`] does, on this network: the peer is at 127.0.0.1.
    pub(in crate::net) fn join(&self, advertisement: Advertisement) -> (Discovery, Receiver<Event>) {
        let (orders, inbox) = async_channel::bounded(ORDERS);
        let (events, heard) = async_channel::unbounded();
        let lan = self.clone();
        tokio::spawn(async move {
            let own = Peer {
                name: advertisement.name,
                addresses: vec![SocketAddr::from(([127, 0, 0, 1], advertisement.port))],
                status: Some(advertisement.status),
                picture: advertisement.picture,
                text: Vec::new(),
            };
            let own = lan.enter(own, Some(&events));
            while let Ok(order) = inbox.recv().await {
                match order {
                    Order::Status(status) => lan.change(&own, |peer| peer.status = Some(status)),
                    Order::Picture(mark) => lan.change(&own, |peer| peer.picture = mark),
                    Order::Refresh | Order::AskAgain => lan.tell_all(&own, &events),
                    Order::Verify(name) => lan.verify(&name),
                    Order::Stop(_) => break,
                }
            }
            lan.leave(&own);
        });
        (Discovery { orders }, heard)
    }

    /// Adds a peer that is nobody of ours; tells the name that it got.
    pub(in crate::net) fn add(&self, name: &str, addresses: &[SocketAddr]) -> UserName {
        let status = Some("online".to_owned());
        let (name, addresses) = (UserName::received(name), addresses.to_vec());
        self.enter(Peer { name, addresses, status, picture: None, text: Vec::new() }, None)
    }

    /// Lets a peer announce something else.
    pub(in crate::net) fn change(&self, name: &UserName, change: impl FnOnce(&mut Peer)) {
        let mut members = self.members.lock().unwrap();
        if let Some(member) = members.iter_mut().find(|member| member.peer.name == *name) {
            change(&mut member.peer);
            let peer = member.peer.clone();
            tell(&members, name, &Event::Found(peer));
        }
    }

    /// Adds a peer of whom nobody hears who does not ask.
    pub(in crate::net) fn add_unheard(&self, name: &str, addresses: &[SocketAddr]) {
        let (name, addresses) = (UserName::received(name), addresses.to_vec());
        let peer = Peer { name, addresses, status: None, picture: None, text: Vec::new() };
        self.members.lock().unwrap().push(Member { peer, events: None, is_silent: false });
    }

    /// Takes a peer from the network without a goodbye: it is [`Event::Lost`] only when somebody verifies it.
    pub(in crate::net) fn silence(&self, name: &UserName) {
        let mut members = self.members.lock().unwrap();
        members.iter_mut().filter(|member| member.peer.name == *name).for_each(|member| member.is_silent = true);
    }

    /// Takes a peer from the network with a goodbye.
    pub(in crate::net) fn leave(&self, name: &UserName) -> Option<Peer> {
        let mut members = self.members.lock().unwrap();
        let at = members.iter().position(|member| member.peer.name == *name)?;
        let gone = members.remove(at);
        tell(&members, name, &Event::Lost { name: name.clone() });
        Some(gone.peer)
    }

    fn enter(&self, mut peer: Peer, events: Option<&Sender<Event>>) -> UserName {
        let mut members = self.members.lock().unwrap();
        let taken: HashSet<String> = members.iter().map(|member| instance::key(member.peer.name.as_str())).collect();
        let name = UserName::received(&instance::free(&instance::from_wanted(peer.name.as_str()), &taken));
        peer.name = name.clone();
        if let Some(events) = events {
            let _ = events.try_send(Event::Published { name: name.clone() });
            tell_all(&members, &name, events);
        }
        members.push(Member { peer: peer.clone(), events: events.cloned(), is_silent: false });
        tell(&members, &name, &Event::Found(peer));
        name
    }

    fn tell_all(&self, own: &UserName, events: &Sender<Event>) {
        tell_all(&self.members.lock().unwrap(), own, events);
    }

    fn verify(&self, name: &UserName) {
        let is_silent = self.members.lock().unwrap().iter().any(|member| member.peer.name == *name && member.is_silent);
        if is_silent {
            self.leave(name);
        }
    }
}

/// Tells somebody of everybody else.
fn tell_all(members: &[Member], own: &UserName, events: &Sender<Event>) {
    for other in members.iter().filter(|other| other.peer.name != *own && !other.is_silent) {
        let _ = events.try_send(Event::Found(other.peer.clone()));
    }
}

/// Tells everybody but the one whom it is about.
fn tell(members: &[Member], about: &UserName, event: &Event) {
    for member in members.iter().filter(|member| member.peer.name != *about) {
        if let Some(events) = &member.events {
            let _ = events.try_send(event.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advertisement(name: &str, port: u16) -> Advertisement {
        let name = UserName::received(name);
        let service_type = super::super::ServiceType::default();
        Advertisement { service_type, name, port, status: "online".to_owned(), picture: None }
    }

    fn published(name: &str) -> Event {
        Event::Published { name: UserName::received(name) }
    }

    async fn found(events: &Receiver<Event>) -> Peer {
        match events.recv().await.unwrap() {
            Event::Found(peer) => peer,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn those_who_join_hear_of_each_other() {
        let lan = FakeLan::default();
        let (ann, to_ann) = lan.join(advertisement("Ann", 1));
        assert_eq!(to_ann.recv().await.unwrap(), published("Ann"));
        let (ann_too, to_ann_too) = lan.join(advertisement("ann", 2));
        assert_eq!(to_ann_too.recv().await.unwrap(), published("ann (2)"));
        assert_eq!(found(&to_ann_too).await.addresses, ["127.0.0.1:1".parse().unwrap()]);
        assert_eq!(found(&to_ann).await.name.as_str(), "ann (2)");

        ann.set_status("away");
        assert_eq!(found(&to_ann_too).await.status.as_deref(), Some("away"));

        let bob = lan.add("bob", &["127.0.0.1:9".parse().unwrap()]);
        assert_eq!(found(&to_ann).await.name, bob);
        lan.silence(&bob);
        ann.verify(&bob);
        assert_eq!(to_ann.recv().await.unwrap(), Event::Lost { name: bob });

        ann_too.stop().await;
        assert_eq!(to_ann.recv().await.unwrap(), Event::Lost { name: UserName::received("ann (2)") });
    }
}
