//! The only receiver of the network thread's news.

use std::time::Duration;

use gtk::glib;

use super::model::{Answer, Client};
use super::picture;
use crate::net::{Event, Events, Question, Said};

/// How many events are shown at once.
const BATCH: usize = 512;
/// The pause after a batch: one frame at 60 Hz. Events come at the default priority, above redrawing; without the pause
/// a flood of them would leave no time for frames and keys.
const PAUSE: Duration = Duration::from_millis(16);

/// Shows every event until the network thread ends.
pub fn start(events: Events, client: &Client) {
    let client = client.clone();
    glib::spawn_future_local(async move {
        while let Ok(first) = events.recv().await {
            let mut batch = vec![first];
            while batch.len() < BATCH
                && let Ok(event) = events.try_recv()
            {
                batch.push(event);
            }
            apply(&client, batch);
            glib::timeout_future(PAUSE).await;
        }
    });
}

/// Shows some events in their order; texts that follow each other are added in one change for each conversation, and of
/// lists of people that follow each other the last is enough.
pub fn apply(client: &Client, batch: Vec<Event>) {
    let mut said: Vec<Said> = Vec::new();
    let mut batch = batch.into_iter().peekable();
    while let Some(event) = batch.next() {
        match event {
            Event::Roster(_) if matches!(batch.peek(), Some(Event::Roster(_))) => continue,
            Event::Said(text) => {
                said.push(text);
                continue;
            }
            _ if said.is_empty() => {}
            _ => client.append(std::mem::take(&mut said)),
        }
        match event {
            Event::Link(link) => client.set_link(link),
            Event::Roster(contacts) => client.set_roster(&contacts),
            Event::Invited { conversation, from } => client.add_invitation(conversation, from),
            Event::Uninvited { conversation } => client.drop_invitation(&conversation),
            Event::Conversation(conversation) => client.set_conversation(&conversation),
            Event::Delivery { id, state, missing } => client.set_delivery(id, state, &missing),
            Event::UserInfo { of, info } => client.set_answer(&of, Question::UserInfo, &Answer::UserInfo(info)),
            Event::Picture { of, picture } => picture::take(client, &of, picture),
            Event::Files { of, names, unfit, is_cut } => {
                client.set_answer(&of, Question::Files, &Answer::Files { names, unfit, is_cut });
            }
            Event::Sharing(sharing) => client.set_sharing(Some(sharing)),
            Event::Unanswered { by, question, because } => client.set_unanswered(&by, question, because),
            Event::NotOffered { to, path, because } => client.set_not_offered(to, path, because),
            Event::Added(added) => client.set_added(added),
            Event::NotAdded { address, because } => client.set_not_added(&address, because),
            Event::Stranger { name, address } => client.set_stranger(name, address.to_string()),
            Event::Network { is_there } => client.set_network(is_there),
            Event::Offered { offer, from, file } => client.add_offer(offer, from, &file),
            Event::Unoffered { offer } => client.drop_offer(offer),
            Event::Transfer(transfer) => client.set_transfer(transfer),
            // Texts are gathered above; and no window lists all conversations.
            Event::Said(_) | Event::Listed(_) => {}
            Event::Problem(problem) => client.tell_problem(Some(problem.into())),
        }
    }
    client.append(said);
}
