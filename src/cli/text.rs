//! Events for people at a terminal.

use std::time::Duration;

use crate::net::{
    Contact, Conversation, ConversationId, Delivery, Direction, EndReason, Event, LinkState, Phase, Sharing, Transfer,
    TransferState, UserName, displayable,
};

/// The lines for an event; most have one, some none.
pub(super) fn lines(event: &Event) -> Vec<String> {
    match event {
        Event::Link(state) => link(state),
        Event::Roster(contacts) => vec![roster(contacts)],
        Event::Invited { conversation, from } => {
            vec![format!("* {from} invites you: /accept {conversation} or /refuse {conversation}")]
        }
        Event::Uninvited { conversation } => {
            vec![format!("* the invitation to conversation {conversation} can no longer be answered")]
        }
        Event::Conversation(conversation) => vec![standing(conversation)],
        Event::Listed(all) if all.is_empty() => vec!["* there are no conversations".to_owned()],
        Event::Listed(all) => {
            let who = |members: &[UserName]| if members.is_empty() { "nobody".to_owned() } else { names(members) };
            all.iter().map(|(id, members)| format!("* conversation {id}: {}", who(members))).collect()
        }
        Event::Said(said) => {
            // A line end in the text must not look like a line of somebody else.
            let body: Vec<String> = said.body.lines().map(|line| displayable(line).into_owned()).collect();
            vec![format!("[{}] {}: {}", said.conversation, said.from, body.join("\n    "))]
        }
        // Who is at an added address is told with all the others.
        Event::Delivery { .. } | Event::Added(_) | Event::Picture { .. } => Vec::new(),
        Event::UserInfo { of, info } => std::iter::once(format!("* {of}:"))
            .chain(
                info.fields.iter().map(|(field, value)| format!("    {}: {}", displayable(field), displayable(value))),
            )
            .chain(info.picture.iter().map(|picture| format!("    a picture of {} bytes", picture.len())))
            .collect(),
        Event::Files { of, names, unfit: 0, .. } if names.is_empty() => vec![format!("* {of} shares no files")],
        Event::Files { of, names, unfit, is_cut } => std::iter::once(format!("* {of} shares:"))
            .chain(names.iter().map(|name| format!("    {}", displayable(name))))
            .chain((*unfit > 0).then(|| format!("! {unfit} more have names that cannot be asked for")))
            .chain(is_cut.then(|| format!("! only the first {} are listed", names.len())))
            .collect(),
        Event::Sharing(sharing) => std::iter::once(format!("* sharing {} files", sharing.files))
            .chain(left_out(sharing).into_iter().map(|sentence| format!("! {sentence}")))
            .collect(),
        Event::Unanswered { by, because, .. } => vec![format!("! {by}: {}", displayable(&because.to_string()))],
        Event::NotOffered { to, path, because } => {
            let path = path.to_string_lossy();
            let because = because.to_string();
            vec![format!("! {} could not be offered to {to}: {}", displayable(&path), displayable(&because))]
        }
        Event::Stranger { name, address } => {
            vec![format!("* somebody at {address} who calls themselves {name} is not known here: /add HOST:PORT")]
        }
        Event::Network { is_there: true } => vec!["* this computer is on a network again".to_owned()],
        Event::Network { is_there: false } => vec!["! this computer is not on a network".to_owned()],
        Event::NotAdded { address, because } => vec![format!("! {address}: {}", displayable(&because.to_string()))],
        Event::Offered { offer, from, file } => {
            vec![format!("* {from} offers {}: /accept {n} or /refuse {n}", displayable(file), n = offer.0)]
        }
        Event::Unoffered { offer } => vec![format!("* offer {} can no longer be accepted", offer.0)],
        Event::Transfer(update) => transfer(update),
        Event::Problem(problem) => vec![format!("! {}", displayable(&problem.to_string()))],
    }
}

/// Who is there.
pub(super) fn roster(contacts: &[Contact]) -> String {
    if contacts.is_empty() {
        return "* nobody else is online".to_owned();
    }
    let people: Vec<String> = contacts.iter().map(|contact| format!("{} ({})", contact.name, contact.status)).collect();
    format!("* online: {}", people.join(", "))
}

/// What is said of a text that did not arrive, or may not have.
pub(super) fn undelivered(conversation: &ConversationId, state: Delivery, missing: &[UserName]) -> String {
    let to = if missing.is_empty() { String::new() } else { format!(" to {}", names(missing)) };
    match state {
        Delivery::Failed => format!("a message in conversation {conversation} was not sent{to}"),
        Delivery::Partial => format!("a message in conversation {conversation} has not been delivered{to} yet"),
        Delivery::Missed => format!("a message in conversation {conversation} has not been delivered{to}"),
        _ => format!("a message in conversation {conversation} may not have been delivered{to}"),
    }
}

/// What of the shared folder others do not see, in sentences.
pub(super) fn left_out(sharing: &Sharing) -> Vec<String> {
    let unfit = format!("{} files are not shared: their names cannot be sent, so rename them", sharing.unfit);
    let is_cut =
        "not all files are shared: there are too many for one list, or they are too deep in folders".to_owned();
    [(sharing.unfit > 0, unfit), (sharing.is_cut, is_cut)]
        .into_iter()
        .filter_map(|(is_so, sentence)| is_so.then_some(sentence))
        .collect()
}

/// Progress is for programs; people are told the beginning and the end.
fn transfer(transfer: &Transfer) -> Vec<String> {
    let Transfer { id, peer, file, direction, done, state, path, .. } = transfer;
    let file = displayable(file);
    let way = match direction {
        Direction::In => "from",
        Direction::Out => "to",
    };
    match state {
        TransferState::Offered => vec![format!("* {file} {way} {peer}: offered (/cancel {})", id.0)],
        TransferState::Running if *done == 0 => vec![format!("* {file} {way} {peer}: begins (/cancel {})", id.0)],
        TransferState::Running => Vec::new(),
        TransferState::Done if *direction == Direction::In => {
            vec![format!("* {file} {way} {peer}: {done} bytes, saved as {}", path.display())]
        }
        TransferState::Done => vec![format!("* {file} {way} {peer}: {done} bytes")],
        TransferState::Cancelled => vec![format!("* {file} {way} {peer}: cancelled")],
        TransferState::EndedThere => vec![format!("* {file} {way} {peer}: broken off by {peer}")],
        TransferState::Failed(because) => vec![format!("! {file} {way} {peer}: {because}")],
    }
}

fn link(state: &LinkState) -> Vec<String> {
    vec![match state {
        LinkState::Offline(None) => "* offline".to_owned(),
        LinkState::Offline(Some(because)) => format!("* offline: {because}"),
        LinkState::Connecting { to } => format!("* connecting to {to}"),
        LinkState::Online { at, name, .. } => format!("* connected to {at} as {name}"),
        LinkState::Reconnecting { after: Duration::ZERO, to, .. } => format!("* connecting to {to} again"),
        LinkState::Reconnecting { after, because, .. } => {
            format!("* {because}; next attempt in {} s", after.as_secs().max(1))
        }
    }]
}

fn standing(conversation: &Conversation) -> String {
    let Conversation { id, members, awaited, declined, unasked, unreachable, is_frozen, phase, .. } = conversation;
    match phase {
        Phase::Waiting | Phase::Open => {
            let is_alone = *phase == Phase::Waiting;
            let mut parts = vec![if is_alone { "nobody else is in it".to_owned() } else { names(members) }];
            let absent: Vec<UserName> = unasked.iter().chain(unreachable).cloned().collect();
            for (what, people) in [("waiting for", awaited), ("declined:", declined), ("not reachable:", &absent)] {
                if !people.is_empty() {
                    parts.push(format!("{what} {}", names(people)));
                }
            }
            if *is_frozen {
                parts.push("whoever started it is gone, so nobody else can come in".to_owned());
            }
            format!("* conversation {id}: {}", parts.join("; "))
        }
        Phase::Interrupted => format!("* conversation {id}: interrupted until the connection is back"),
        Phase::Ended(why) => {
            let why = match why {
                EndReason::Left => "you left it",
                EndReason::Gone => "the server does not list you in it any more",
                EndReason::NotResumed => "nobody known was left in it",
                EndReason::Offline => "you went offline",
                EndReason::Closed => "whoever started it has closed it",
                EndReason::Removed => "you were removed from it",
                EndReason::TooLate => "whoever invited you to it did not wait any longer",
            };
            format!("* conversation {id} has ended: {why}")
        }
    }
}

fn names(names: &[UserName]) -> String {
    names.iter().map(UserName::shown).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_of_a_list_is_said() {
        let of = UserName::received("bob");
        let event = Event::Files { of, names: vec!["a".to_owned()], unfit: 2, is_cut: true };
        let expected =
            ["* bob shares:", "    a", "! 2 more have names that cannot be asked for", "! only the first 1 are listed"];
        assert_eq!(lines(&event), expected);
        let sharing = Sharing { files: 3, unfit: 1, is_cut: true };
        let told = lines(&Event::Sharing(sharing));
        assert!(told[0] == "* sharing 3 files" && told.len() == 3, "{told:?}");
        assert_eq!(lines(&Event::Sharing(Sharing { files: 3, ..Sharing::default() })), ["* sharing 3 files"]);
    }

    #[test]
    fn a_peer_is_told_who_has_not_come_to_its_conversation_and_why() {
        let list = |name: &str| vec![UserName::received(name)];
        let mut told = Conversation::entered(ConversationId::Int(7), UserName::received("ann"), list("bob"));
        assert_eq!(standing(&told), "* conversation 7: nobody else is in it; waiting for bob");
        told.members.extend(list("fay"));
        told.phase = Phase::Open;
        told.awaited.clear();
        assert_eq!(standing(&told), "* conversation 7: ann, fay");
        told.declined = list("cid");
        told.unasked = list("dan");
        told.unreachable = list("eve");
        assert_eq!(standing(&told), "* conversation 7: ann, fay; declined: cid; not reachable: dan, eve");
        told.is_frozen = true;
        assert!(standing(&told).ends_with("whoever started it is gone, so nobody else can come in"));
    }
}
