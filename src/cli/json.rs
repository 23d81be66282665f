//! Events for programs: one JSON object a line.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::text::left_out;
use crate::net::{
    Contact, ConversationId, Direction, Event, LinkState, NetError, Phase, Transfer, TransferState, UserName,
};

/// The lines for an event; most have one, some none.
pub(super) fn lines(event: &Event, is_peer: bool) -> Vec<String> {
    objects(event, is_peer).iter().map(Value::to_string).collect()
}

fn objects(event: &Event, is_peer: bool) -> Vec<Value> {
    match event {
        Event::Link(state) => vec![link(state)],
        Event::Roster(contacts) if is_peer => {
            let peers: Vec<Value> = contacts.iter().map(peer).collect();
            vec![json!({"event": "peers", "peers": peers})]
        }
        Event::Roster(contacts) => {
            let users: Vec<Value> = contacts
                .iter()
                .map(|contact| json!({"name": contact.name.as_str(), "status": contact.status.as_str()}))
                .collect();
            vec![json!({"event": "users", "users": users})]
        }
        Event::Invited { conversation, from } => {
            vec![json!({"event": "invitation", "id": id(conversation), "from": from.as_str()})]
        }
        Event::Uninvited { conversation } => {
            vec![error(&format!("the invitation to conversation {conversation} can no longer be answered"))]
        }
        Event::Conversation(it) => {
            let state = match it.phase {
                Phase::Waiting | Phase::Interrupted => "waiting",
                Phase::Open => "open",
                Phase::Ended(_) => "ended",
            };
            let mut told = conversation(&it.id, &it.members, state);
            // What is not so is left out: most programs know the other keys only.
            if is_peer {
                let absent = it.unasked.iter().chain(&it.unreachable).cloned().collect();
                for (key, people) in [("awaited", &it.awaited), ("declined", &it.declined), ("unreachable", &absent)] {
                    if !people.is_empty() {
                        told[key] = names(people);
                    }
                }
                if it.is_frozen {
                    told["frozen"] = json!(true);
                }
            }
            vec![told]
        }
        Event::Listed(all) => all
            .iter()
            .map(|(id, members)| conversation(id, members, if members.is_empty() { "waiting" } else { "open" }))
            .collect(),
        Event::Said(said) => vec![json!({
            "event": "message",
            "id": id(&said.conversation),
            "from": said.from.as_str(),
            "text": said.body,
            "own": said.own.is_some(),
        })],
        // Programs that offer a file hear of it again when it is under way.
        // An offer that is over is told to a program that answers it.
        // Whoever is at an added address is told with all the others.
        // Strangers, and the lack of a network, are told to people.
        Event::Delivery { .. }
        | Event::Added(_)
        | Event::Stranger { .. }
        | Event::Network { .. }
        | Event::Picture { .. }
        | Event::Unoffered { .. }
        | Event::Transfer(Transfer { state: TransferState::Offered, .. }) => Vec::new(),
        Event::UserInfo { of, info } => {
            let mut fields: serde_json::Map<String, Value> =
                info.fields.iter().map(|(field, value)| (field.clone(), json!(value))).collect();
            if let Some(picture) = &info.picture {
                fields.insert("picture".to_owned(), json!(format!("{} bytes", picture.len())));
            }
            vec![json!({"event": "user_info", "peer": of.as_str(), "info": fields})]
        }
        Event::Files { of, names, unfit, is_cut } => {
            let mut told = json!({"event": "files", "peer": of.as_str(), "files": names});
            if *unfit > 0 {
                told["unfit"] = json!(unfit);
            }
            if *is_cut {
                told["cut"] = json!(true);
            }
            vec![told]
        }
        Event::Sharing(sharing) => left_out(sharing).iter().map(|message| error(message)).collect(),
        Event::Unanswered { by, because, .. } => vec![error(&format!("{by}: {because}"))],
        Event::NotOffered { to, path, because } => {
            vec![error(&format!("{} could not be offered to {to}: {because}", path.display()))]
        }
        Event::NotAdded { address, because } => vec![error(&format!("{address}: {because}"))],
        Event::Offered { offer, from, file } => {
            vec![json!({"event": "offer", "id": offer.0, "peer": from.as_str(), "file": file})]
        }
        Event::Transfer(update) => {
            let mut lines = vec![transfer(update)];
            if let TransferState::Failed(because) = &update.state {
                lines.push(error(&format!("{}: {because}", update.file)));
            }
            lines
        }
        Event::Problem(problem) => vec![error(&problem.to_string())],
    }
}

/// An error, in words.
pub(super) fn error(message: &str) -> Value {
    json!({"event": "error", "message": message})
}

fn link(state: &LinkState) -> Value {
    let (word, detail) = match state {
        LinkState::Offline(because) => ("offline", because.as_ref().map(NetError::to_string).unwrap_or_default()),
        LinkState::Connecting { to } => ("connecting", to.clone()),
        LinkState::Online { at, .. } => ("online", at.clone()),
        LinkState::Reconnecting { because, .. } => ("reconnecting", because.to_string()),
    };
    json!({"event": "state", "state": word, "detail": detail})
}

fn peer(contact: &Contact) -> Value {
    let address = contact.addresses.first();
    json!({
        "name": contact.name.as_str(),
        "address": address.map(|address| address.ip().to_string()),
        "port": address.map(SocketAddr::port),
        "status": contact.status.as_str(),
    })
}

fn transfer(transfer: &Transfer) -> Value {
    json!({
        "event": "transfer",
        "id": transfer.id.0,
        "peer": transfer.peer.as_str(),
        "file": transfer.file,
        "direction": match transfer.direction {
            Direction::In => "in",
            Direction::Out => "out",
        },
        "done": transfer.done,
        "total": transfer.total,
        "state": match transfer.state {
            TransferState::Offered | TransferState::Running => "running",
            TransferState::Done => "done",
            TransferState::Failed(_) => "failed",
            TransferState::Cancelled | TransferState::EndedThere => "cancelled",
        },
        "path": transfer.path.to_string_lossy(),
    })
}

fn conversation(conversation: &ConversationId, members: &[UserName], state: &str) -> Value {
    json!({"event": "conversation", "id": id(conversation), "members": names(members), "state": state})
}

fn names(names: &[UserName]) -> Value {
    names.iter().map(UserName::as_str).collect()
}

/// What a program sees of an id, and may give back.
pub(super) fn shown_id(of: &ConversationId) -> String {
    match id(of) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// The id with the type that it has on the wire, if JSON has that: it has no number that is none, and none without end.
fn id(id: &ConversationId) -> Value {
    match id {
        ConversationId::Int(i) => json!(i),
        // JSON has integers of any size; serde_json keeps them as text until they are written.
        ConversationId::BigInt(i) => serde_json::from_str(&i.to_string()).unwrap_or_else(|_| json!(i.to_string())),
        ConversationId::Float(bits) if f64::from_bits(*bits).is_finite() => json!(f64::from_bits(*bits)),
        ConversationId::Bool(b) => json!(b),
        ConversationId::Text(text) => json!(&**text),
        ConversationId::Float(_) | ConversationId::Bytes(_) => json!(id.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Conversation;

    #[test]
    fn a_peer_is_told_who_has_not_come_to_its_conversation_and_why() {
        let list = |name: &str| vec![UserName::received(name)];
        let mut told = Conversation::entered(ConversationId::Int(7), UserName::received("ann"), list("bob"));
        told.declined = list("cid");
        told.unasked = list("dan");
        told.unreachable = list("eve");
        let written = json!({
            "event": "conversation", "id": 7, "members": ["ann"], "state": "waiting",
            "awaited": ["bob"], "declined": ["cid"], "unreachable": ["dan", "eve"],
        });
        assert_eq!(objects(&Event::Conversation(told), true), [written]);
        // Where there is nothing to say, nothing is said.
        let mut frozen = Conversation::entered(ConversationId::Int(7), UserName::received("ann"), Vec::new());
        let written = json!({"event": "conversation", "id": 7, "members": ["ann"], "state": "waiting"});
        assert_eq!(objects(&Event::Conversation(frozen.clone()), true), [written]);
        frozen.is_frozen = true;
        assert_eq!(objects(&Event::Conversation(frozen), true)[0]["frozen"], true);
        let files =
            Event::Files { of: UserName::received("bob"), names: vec!["a".to_owned()], unfit: 0, is_cut: false };
        assert_eq!(objects(&files, true), [json!({"event": "files", "peer": "bob", "files": ["a"]})]);
    }

    #[test]
    fn an_id_has_the_type_that_it_has_on_the_wire() {
        for (of, written) in [
            (ConversationId::Int(7), "7"),
            (ConversationId::Text("7".into()), "\"7\""),
            (
                ConversationId::BigInt("123456789012345678901234567890".parse().unwrap()),
                "123456789012345678901234567890",
            ),
            (ConversationId::Bool(true), "true"),
            (ConversationId::Float(0.0_f64.to_bits()), "0.0"),
            (ConversationId::Float(f64::NAN.to_bits()), "\"NaN\""),
            (ConversationId::Float(f64::NEG_INFINITY.to_bits()), "\"-inf\""),
        ] {
            assert_eq!(id(&of).to_string(), written);
        }
    }
}
