//! What others ask, and what they are told.

use std::net::IpAddr;
use std::pin::pin;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::sleep;

use super::Peer;
use super::errands;
use super::files::{Files, Found};
use super::offers::Offer;
use crate::net::command::OfferId;
use crate::net::discovery::RELOCATION;
use crate::net::event::Event;
use crate::net::exchange::{Arrival, Reply, Request};
use crate::net::fairness::Origin;
use crate::net::node::{Input, ReplyKey};
use crate::protocol::ident::UserName;
use crate::protocol::social::{PeerRequest, UserInfo};

/// A peer that has just come, or has another address than before, can be faster than the news of it: its requests wait for
/// so long, which includes some time for that to be sent and heard on a slow network.
const EARLY: Duration = RELOCATION.saturating_add(Duration::from_millis(1500));
/// How often the network is searched because of such requests, at most: anybody can send them.
const SEARCH: Duration = Duration::from_secs(10);
/// Most requests that wait so, and most of them from one address: somebody who writes may send two in a second meanwhile.
const WAITING: usize = 128;
const WAITING_EACH: usize = 16;
/// After what time of looking through the shared folder somebody is told what is known of it. Some ask again by then.
const SLOW: Duration = Duration::from_secs(2);

impl Peer<'_> {
    /// Takes what has come in.
    pub(super) async fn arrival(&mut self, arrival: Arrival) {
        let request = match arrival {
            Arrival::Request(request) => request,
            Arrival::Abandoned { number } => {
                // All others are complete without a reply.
                let is_over = |request: &Request| {
                    request.number == number && matches!(request.request, PeerRequest::Invite { .. })
                };
                self.early.retain(|(_, request)| !is_over(request));
                self.replies.remove(&number);
                self.give(Input::Abandoned(ReplyKey(number))).await;
                return;
            }
        };
        if !self.is_of_known_sender(&request) && may_wait(&self.early, request.from.ip()) {
            let now = Instant::now();
            self.early.push((now + EARLY, request));
            self.search(now);
        } else {
            self.answer(request).await;
        }
    }

    /// Looks for somebody who speaks and is not known: they may have been lost and be back, with no news of either.
    fn search(&mut self, now: Instant) {
        if self.searched.is_none_or(|before| now >= before + SEARCH) {
            self.searched = Some(now);
            self.discovery.ask_again();
            self.look_at_given();
        }
    }

    /// Answers requests that have waited long enough, or whose sender is known by now.
    pub(super) async fn admit_early(&mut self, now: Instant) {
        let early = std::mem::take(&mut self.early);
        for (_, request) in early.iter().filter(|(until, _)| *until <= now) {
            self.learn_name(request);
        }
        let (ready, waiting) = early
            .into_iter()
            .partition(|(until, request): &(_, Request)| *until <= now || self.is_of_known_sender(request));
        self.early = waiting;
        for (_, request) in ready {
            self.answer(request).await;
        }
    }

    /// Somebody whom nobody knows may be whoever the user has added at that address: what a program tells of its user
    /// need not be the name by which it announces itself. Only if nobody else is there, and they have not been heard by
    /// the name that is known.
    fn learn_name(&mut self, request: &Request) {
        if let Some(claimed) = request.request.sender()
            && !self.is_of_known_sender(request)
            && let [person] = self.node.people_at(request.from.ip()).as_slice()
            && self.sources.may_have_other_name(person)
        {
            self.node.calls_themselves(person, claimed);
        }
    }

    /// Whether whoever it claims to be from is known to be where it comes from.
    fn is_of_known_sender(&self, request: &Request) -> bool {
        request.request.sender().is_none_or(|name| self.node.verified(name, request.from.ip()).is_some())
    }

    /// Answers what somebody only asks. The user interface need not hear of it, so that it goes on while that does not listen.
    pub(super) fn question(&mut self, arrival: Arrival) {
        // Whoever has given up waiting for the reply does not get it, and that is all.
        let Arrival::Request(Request { from, request, reply, .. }) = arrival else { return };
        if self.node.is_blocked(from.ip()) {
            return;
        }
        match request {
            PeerRequest::GetUserInfo => drop(reply.send(Reply::Bytes(self.own_info().to_reply().into()))),
            PeerRequest::ListFiles => {
                let (files, news) = (self.files.clone(), self.errands.news());
                tokio::spawn(async move {
                    if let Some((share, listing)) = tell_files(&files, reply).await {
                        // Without room for it, the next list tells the same.
                        drop(news.try_send(errands::listed(share, listing)));
                    }
                });
            }
            PeerRequest::GetFile(name) => {
                let upload = self.files.source(from.ip(), &name).map(|(source, path, person)| {
                    let somebody = || self.node.people_at(from.ip()).into_iter().next();
                    let who = person.or_else(somebody).unwrap_or_else(|| UserName::received(&from.ip().to_string()));
                    let (upload, id, end) = self.transfers.upload(who, name, source, path);
                    self.errands.upload(id, end);
                    upload
                });
                drop(reply.send(upload.map_or(Reply::Nothing, Reply::File)));
            }
            // All others have a sender, and do not come here.
            _ => {}
        }
    }

    async fn answer(&mut self, Request { number, from, request, reply }: Request) {
        // An invitation is refused by the node. Somebody who is not blocked may be at the same address.
        let is_blocked = || request.sender().is_some_and(|name| self.node.is_blocked_name(name));
        if !matches!(request, PeerRequest::Invite { .. }) && (self.node.is_blocked(from.ip()) || is_blocked()) {
            return;
        }
        let sender = request.sender().and_then(|name| self.node.verified(name, from.ip()));
        match sender {
            Some(name) => {
                self.sources.heard(&name);
                self.errands.turns().heard(&name);
            }
            None => self.tell_stranger(&request, from.ip()).await,
        }
        match request {
            PeerRequest::OfferFile { from: claimed, file } => {
                drop(reply.send(Reply::Nothing));
                if let Some(name) = self.node.verified(&claimed, from.ip()) {
                    self.offered(Origin { name, address: from.ip() }, file).await;
                }
            }
            request => {
                self.replies.insert(number, reply);
                self.give(Input::Request { from: from.ip(), request, reply: ReplyKey(number) }).await;
            }
        }
    }

    async fn offered(&mut self, from: Origin, file: String) {
        let at = self.node.addresses(&from.name).unwrap_or_default();
        let offered = self.offers.add(Offer { from: from.clone(), at, file: file.clone() });
        self.tell_unoffered(offered.dropped).await;
        if let Some(offer) = offered.new {
            self.tell(Event::Offered { offer, from: from.name, file }).await;
        }
    }

    /// Tells that offers can no longer be accepted.
    pub(super) async fn tell_unoffered(&mut self, offers: impl IntoIterator<Item = OfferId>) {
        for offer in offers {
            self.tell(Event::Unoffered { offer }).await;
        }
    }

    /// What we tell about our user.
    fn own_info(&self) -> UserInfo {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let mut fields = vec![
            ("name".to_owned(), self.node.me().as_str().to_owned()),
            ("status".to_owned(), self.parameters.status.as_str().to_owned()),
            ("host".to_owned(), host),
        ];
        let own = self.parameters.info.fields.iter();
        fields.extend(own.filter(|(field, _)| !matches!(field.as_str(), "name" | "status" | "host")).cloned());
        UserInfo { fields, picture: self.parameters.info.picture.clone() }
    }
}

/// Tells somebody what is shared now. If that takes long to find out, they are told what was shared at the last look. Gives
/// back what a look of one's own has found.
async fn tell_files(files: &Files, reply: oneshot::Sender<Reply>) -> Option<Found> {
    let mut look = pin!(files.list());
    let late = async {
        loop {
            sleep(SLOW).await;
            if let Some(list) = files.last_list() {
                return list;
            }
        }
    };
    tokio::select! {
        biased;
        (list, found) = &mut look => {
            drop(reply.send(Reply::Bytes(list)));
            return found;
        }
        list = late => drop(reply.send(Reply::Bytes(list))),
    }
    look.await.1
}

/// Whether there is room for a request from this address beside those that wait.
fn may_wait(waiting: &[(Instant, Request)], from: IpAddr) -> bool {
    let from_there = || waiting.iter().filter(|(_, request)| request.from.ip() == from).count();
    waiting.len() < WAITING && from_there() < WAITING_EACH
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::net::share::Share;

    #[test]
    fn one_address_leaves_room_for_the_others() {
        let mut waiting = Vec::new();
        let ip = |number: usize| IpAddr::from([127, 0, 0, u8::try_from(number).unwrap()]);
        for number in 0..WAITING {
            let from = ip(number / WAITING_EACH);
            assert!(may_wait(&waiting, from));
            let request = PeerRequest::OfferFile { from: UserName::received("eve"), file: "x".into() };
            let reply = oneshot::channel().0;
            waiting.push((Instant::now(), Request { number: 0, from: SocketAddr::from((from, 9)), request, reply }));
            assert_eq!(may_wait(&waiting, from), (number + 1) % WAITING_EACH != 0);
        }
        assert!(!may_wait(&waiting, ip(99)));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_asks_during_a_slow_look_is_told_what_the_last_one_found() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::default();
        files.share(Some(Share::open(folder.path()).unwrap()));
        let known = files.list().await.0;
        std::fs::write(folder.path().join("new"), "").unwrap();
        // Somebody else's look, which does not end.
        let look = files.look().await;
        let (reply, told) = oneshot::channel();
        let telling = tokio::spawn({
            let files = files.clone();
            async move { tell_files(&files, reply).await }
        });
        let Reply::Bytes(list) = told.await.unwrap() else { panic!("no list") };
        assert_eq!(list, known);
        drop(look);
        let (_, listing) = telling.await.unwrap().unwrap();
        assert_eq!(*listing.unwrap().names, ["new".to_owned()], "what is new is found all the same");
    }
}
