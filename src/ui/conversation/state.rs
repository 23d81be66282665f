//! What the line above the entry says.

use crate::net::{EndReason, Phase, Presence, UserName};
use crate::ui::buddy_row::presence_word;
use crate::ui::i18n::{gettext, gettext_f, ngettext_f};
use crate::ui::model::{Client, Conversation};

/// What the line above the entry says; nothing if all is well.
pub(super) fn words(client: &Client, conversation: &Conversation) -> String {
    let words = phase_words(client, conversation);
    if !conversation.is_alive() {
        return words;
    }
    let unasked = conversation.unasked();
    let may_not_see_me = |name: &UserName| client.roster().get(name).is_some_and(|buddy| buddy.may_not_see_me());
    let (unsure, declined): (Vec<_>, Vec<_>) = conversation.declined().into_iter().partition(may_not_see_me);
    let mut sentences = vec![words];
    if !declined.is_empty() {
        let names = client.roster().names().enumeration(&declined);
        let values = [("names", names.as_str())];
        sentences.push(ngettext_f("{names} has declined.", "{names} have declined.", declined.len(), &values));
    }
    if !unsure.is_empty() {
        let names = client.roster().names().enumeration(&unsure);
        let values = [("names", names.as_str())];
        sentences.push(ngettext_f(
            "{names} has declined, or does not see you.",
            "{names} have declined, or do not see you.",
            unsure.len(),
            &values,
        ));
        sentences.push(gettext("Whoever saw no invitation must add you by your address first."));
    }
    if !unasked.is_empty() {
        sentences
            .push(gettext_f("Not reachable: {names}.", &[("names", &client.roster().names().enumeration(&unasked))]));
    }
    let said = sentences.into_iter().filter(|sentence| !sentence.is_empty());
    said.reduce(|state, more| gettext_f("{state} {more}", &[("state", &state), ("more", &more)])).unwrap_or_default()
}

fn phase_words(client: &Client, conversation: &Conversation) -> String {
    let awaited = conversation.awaited();
    let names = client.roster().names().enumeration(&awaited);
    match conversation.phase() {
        Phase::Waiting if awaited.is_empty() => {
            let is_refused = !(conversation.declined().is_empty() && conversation.unasked().is_empty());
            if is_refused || conversation.others().is_empty() {
                gettext("Nobody else is here to read what you send.")
            } else {
                gettext("Everybody else has left. Nobody is here to read what you send.")
            }
        }
        Phase::Waiting => gettext_f(
            "Waiting for {names} to join. Nobody else is here yet to read what you send.",
            &[("names", &names)],
        ),
        Phase::Open if !awaited.is_empty() => gettext_f("Waiting for {names} to join.", &[("names", &names)]),
        Phase::Open => match conversation.unheard_initiator() {
            Some(name) => frozen(client, &name),
            None => absence(client, conversation),
        },
        Phase::Interrupted => gettext(
            "The connection is lost and being restored. You can go on writing: your text is kept, and can be sent then.",
        ),
        Phase::Ended(why) => ended(why, conversation.initiator().map(|name| client.roster().names().called(&name))),
    }
}

/// What it means that one does not hear of whoever has started it.
fn frozen(client: &Client, initiator: &UserName) -> String {
    let name = client.roster().names().called(initiator);
    let values = [("name", name.as_str())];
    if client.roster().get(initiator).is_some_and(|buddy| buddy.is_blocked()) {
        return gettext_f(
            "You have blocked {name}, who started this conversation, so you do not see who joins or leaves it.",
            &values,
        );
    }
    gettext_f("{name}, who started this conversation, has left; its members stay as they are.", &values)
}

/// With one other person, what is to be known before one expects an answer.
fn absence(client: &Client, conversation: &Conversation) -> String {
    let others = conversation.others();
    let [other] = others.as_slice() else { return String::new() };
    let Some(buddy) = client.roster().get(other) else { return String::new() };
    match buddy.presence() {
        None | Some(Presence::Online) => String::new(),
        Some(presence) => {
            let (name, word, status) = (buddy.called(), presence_word(presence).to_lowercase(), buddy.status());
            let values = [("name", name), ("presence", word.as_str()), ("status", status.as_str())];
            if status.is_empty() {
                gettext_f("{name} is {presence}.", &values)
            } else {
                gettext_f("{name} is {presence}: {status}", &values)
            }
        }
    }
}

/// What it means that it is over, and who had started it, if that is known.
fn ended(why: EndReason, initiator: Option<String>) -> String {
    match why {
        EndReason::Left => gettext("You have left this conversation."),
        EndReason::Gone => gettext("The server has ended this conversation. You can read and copy it."),
        EndReason::NotResumed => gettext(
            "This conversation ended while the connection was lost: nobody is left in it. You can read and copy it.",
        ),
        EndReason::Closed => match initiator {
            Some(name) => gettext_f(
                "{name}, who started this conversation, has closed it. You can read and copy it.",
                &[("name", &name)],
            ),
            None => gettext("Whoever started this conversation has closed it. You can read and copy it."),
        },
        EndReason::Removed => gettext("You were removed from this conversation. You can read and copy it."),
        EndReason::TooLate => gettext(
            "You are not in this conversation: whoever invited you to it did not wait for your answer any longer.",
        ),
        EndReason::Offline => gettext("You went offline, which ended this conversation. You can read and copy it."),
    }
}
