//! What the user wants.

use std::net::SocketAddr;

use super::offers::Offer;
use super::transfers::Wanted;
use super::{Peer, pictures};
use crate::net::command::Command;
use crate::net::event::{Event, NetError, NetErrorKind, Question};
use crate::net::exchange::Habits;
use crate::net::node::Input;
use crate::protocol::ident::UserName;

impl Peer<'_> {
    /// Does what the user wants, or has the node do it.
    pub(super) async fn command(&mut self, command: Command) {
        match command {
            Command::SetStatus(status) => {
                self.discovery.set_status(status.as_str());
                self.parameters.status = status;
            }
            Command::RetryNow => {
                self.discovery.refresh();
                self.look_at_given();
            }
            Command::AskUserInfo(name) => {
                if let Some((at, habits)) = self.whereabouts(&name, Question::UserInfo).await {
                    self.errands.user_info(name, at, habits);
                }
            }
            Command::ListFiles(name) => {
                if let Some((at, habits)) = self.whereabouts(&name, Question::Files).await {
                    self.errands.list_files(name, at, habits);
                }
            }
            Command::Offer { to, path } => {
                if let Some(at) = self.node.addresses(&to) {
                    self.transfers.offer(to.clone(), path.clone());
                    let habits = self.habits_of(&to);
                    self.errands.offer(self.node.me().clone(), to, at, habits, path, self.files.clone());
                } else {
                    let because = NetError::with(NetErrorKind::UnknownPeer, to.shown());
                    self.tell(Event::NotOffered { to, path, because }).await;
                }
            }
            Command::Fetch { from, file, save_as } => {
                let offer = self.offers.find(&from, &file).cloned();
                self.fetch(from, file, save_as, offer).await;
            }
            Command::AnswerOffer { offer, accept } => match self.offers.take(offer) {
                Some(offer) if accept => {
                    self.fetch(offer.from.name.clone(), offer.file.clone(), None, Some(offer)).await;
                }
                None if accept => self.tell(Event::Problem(NetError::new(NetErrorKind::NoSuchFile))).await,
                Some(_) | None => {}
            },
            Command::Cancel(id) => {
                // What was offered could be got again.
                if let Some(offer) = self.transfers.offer_of(id) {
                    self.files.withdraw(&offer.peer, &offer.file);
                }
                let update = self.transfers.cancel(id);
                self.tell_transfer(update).await;
            }
            Command::AddPeer(address) => self.give_address(&address),
            Command::RemovePeer(address) => self.forget_address(&address).await,
            Command::Share(folder) => self.share(folder),
            Command::SetDownloads(folder) => self.parameters.downloads = folder,
            Command::SetUserInfo(info) => {
                if info.picture != self.parameters.info.picture {
                    self.discovery.set_picture(info.picture.as_deref().map(pictures::mark));
                }
                self.parameters.info = info;
            }
            Command::Block { name, blocked } => {
                if blocked {
                    let theirs = self.offers.drop_of(&name);
                    self.tell_unoffered(theirs).await;
                }
                self.give(Input::Command(Command::Block { name: name.clone(), blocked })).await;
                if blocked {
                    self.forget_picture(&name).await;
                } else {
                    self.want_picture(&name, None).await;
                }
            }
            command => self.give(Input::Command(command)).await,
        }
    }

    /// How somebody takes requests.
    pub(super) fn habits_of(&self, name: &UserName) -> Habits {
        self.habits.get(name).copied().unwrap_or_default()
    }

    /// Where somebody is and how they take requests; tells if nobody of that name is known.
    async fn whereabouts(&mut self, name: &UserName, question: Question) -> Option<(Vec<SocketAddr>, Habits)> {
        let at = self.node.addresses(name);
        if at.is_none() {
            let because = NetError::with(NetErrorKind::UnknownPeer, name.shown());
            self.tell(Event::Unanswered { by: name.clone(), question, because }).await;
        }
        Some((at?, self.habits_of(name)))
    }

    async fn fetch(&mut self, from: UserName, file: String, save_as: Option<String>, offer: Option<Offer>) {
        let at = self.node.addresses(&from);
        let unknown = at.is_none().then(|| NetError::with(NetErrorKind::UnknownPeer, from.shown()));
        let habits = self.habits_of(&from);
        let folder = self.parameters.downloads.clone();
        let is_offered = offer.is_some();
        let at = at.unwrap_or_default();
        let may_be_empty = offer.is_some_and(|offer| offer.still_stands(&at));
        let wanted = Wanted { peer: from, file, is_offered, may_be_empty, folder, save_as };
        let (event, order) = self.transfers.download(wanted, at, habits);
        let id = event.id;
        self.tell(Event::Transfer(event)).await;
        if let Some(error) = unknown {
            let update = self.transfers.fail(id, error);
            self.tell_transfer(update).await;
        } else {
            self.errands.download(id, order);
        }
    }
}
