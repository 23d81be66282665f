//! Who is online, who is in which conversation, and what each message means for whom. No IO, no clock.
//!
//! A message goes in, [`Action`]s come out; the server carries them out. Nothing else changes what is known here.

mod conversation;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use slotmap::{SecondaryMap, new_key_type};

use crate::protocol::ident::{ConversationId, NameKey, UserName};
use crate::protocol::im::{ClientMessage, ServerMessage};
use crate::protocol::limits;
use crate::protocol::status::Status;

use self::conversation::{CONVERSATION_BYTES, Conversation, Member, as_written, find, member_bytes};
use super::options::Access;
use super::refusal::Refusal;

new_key_type! {
    /// One connection; never used again for another one.
    pub(super) struct ClientKey;
}

/// Most names in one `INVITE`.
pub(super) const NAMES_PER_INVITE: usize = 1000;
/// Most members of a conversation: each message to it is written so many times.
pub(super) const MEMBERS: usize = 1000;
/// Most conversations that one user may be in.
pub(super) const CONVERSATIONS_PER_USER: usize = 200;
/// Most unanswered invitations of one user. To decline is to say nothing, so an old one makes room for a new one.
const INVITATIONS_PER_USER: usize = 200;
/// Most bytes of the `ONLINE_USERS` and of the `CONVERSATIONS` list, about: half of what a client reads.
const LIST_BYTES: usize = limits::REPLY_BYTES / 2;
/// How many of the names that could not be invited are told.
const NAMES_TOLD: usize = 20;

/// What the server has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Send the same message to each of these.
    Send { to: Vec<ClientKey>, message: ServerMessage },
    /// Send the list of users to this one now.
    SendUsers(ClientKey),
    /// Tell everybody the list of users soon.
    UsersChanged,
    /// Send the list of conversations to this one now: it was asked for.
    SendConversations(ClientKey),
    /// Tell these the list of conversations soon.
    MembersChanged(Vec<ClientKey>),
}

/// How a user left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Departure {
    /// With a `GOODBYE`.
    Goodbye,
    /// The connection ended without one; the client may come back and enter its conversations again.
    Lost,
}

struct User {
    name: UserName,
    key: NameKey,
    status: Status,
    member_of: BTreeSet<i64>,
    invited_to: BTreeSet<i64>,
}

/// Users, conversations and invitations.
pub(super) struct Registry {
    access: Access,
    users: SecondaryMap<ClientKey, User>,
    names: HashMap<NameKey, ClientKey>,
    conversations: BTreeMap<i64, Conversation>,
    last_id: i64,
    /// Sizes of the two lists, about.
    users_bytes: usize,
    conversations_bytes: usize,
    /// Counts the changes of the two lists.
    users_version: u64,
    conversations_version: u64,
}

type Outcome = Result<Vec<Action>, Refusal>;

impl Registry {
    pub(super) fn new(access: Access) -> Self {
        Self {
            access,
            users: SecondaryMap::new(),
            names: HashMap::new(),
            conversations: BTreeMap::new(),
            last_id: 0,
            users_bytes: 0,
            conversations_bytes: 0,
            users_version: 0,
            conversations_version: 0,
        }
    }

    /// Carries out what a client asks; or tells why not.
    pub(super) fn apply(&mut self, from: ClientKey, message: ClientMessage) -> Outcome {
        match message {
            ClientMessage::Register { user, status } => self.register(from, &user, status),
            _ if !self.is_registered(from) => Err(Refusal::NotRegistered),
            ClientMessage::Status(status) => self.set_status(from, status),
            ClientMessage::Goodbye => Ok(self.leave(from, Departure::Goodbye)),
            ClientMessage::Invite(names) => self.invite(from, &names),
            ClientMessage::ListConversations => Ok(vec![Action::SendConversations(from)]),
            ClientMessage::Join(id) => self.join(from, id),
            ClientMessage::SendMessage { conversation, body } => self.send_message(from, conversation, body),
            ClientMessage::Leave(id) => self.leave_conversation(from, &id),
        }
    }

    /// Forgets a client. Does nothing if it is not registered.
    pub(super) fn leave(&mut self, client: ClientKey, departure: Departure) -> Vec<Action> {
        let Some(user) = self.users.remove(client) else { return Vec::new() };
        self.names.remove(&user.key);
        self.users_bytes -= user_bytes(&user.name, &user.status);
        self.users_version += 1;
        let mut actions = vec![Action::UsersChanged];
        let mut concerned = BTreeSet::new();
        for number in user.member_of.iter().chain(&user.invited_to) {
            let Some(conversation) = self.conversations.get_mut(number) else { continue };
            if departure == Departure::Lost && conversation.may_return.len() < MEMBERS {
                conversation.may_return.insert(user.key.clone());
            }
            conversation.invited.retain(|&other| other != client);
            if let Some(position) = conversation.position(client) {
                conversation.members.remove(position);
                self.conversations_bytes -= member_bytes(&user.name);
                self.conversations_version += 1;
                concerned.extend(conversation.clients());
            }
            self.end_if_abandoned(*number);
        }
        if !concerned.is_empty() {
            actions.push(Action::MembersChanged(concerned.into_iter().collect()));
        }
        actions
    }

    pub(super) fn is_registered(&self, client: ClientKey) -> bool {
        self.users.contains_key(client)
    }

    pub(super) fn name(&self, client: ClientKey) -> Option<&UserName> {
        self.users.get(client).map(|user| &user.name)
    }

    pub(super) fn user_count(&self) -> usize {
        self.users.len()
    }

    pub(super) fn conversation_count(&self) -> usize {
        self.conversations.len()
    }

    /// Everybody who is registered.
    pub(super) fn registered(&self) -> impl Iterator<Item = ClientKey> {
        self.users.keys()
    }

    /// Changes whenever [`Registry::online_users`] does.
    pub(super) fn users_version(&self) -> u64 {
        self.users_version
    }

    /// Changes whenever [`Registry::conversations_seen_by`] does for somebody.
    pub(super) fn conversations_version(&self) -> u64 {
        self.conversations_version
    }

    /// Whether everybody sees the same list of conversations.
    pub(super) fn conversations_are_public(&self) -> bool {
        self.access != Access::Private
    }

    /// Bytes of the two lists, about: users, conversations.
    pub(super) fn list_bytes(&self) -> (usize, usize) {
        (self.users_bytes, self.conversations_bytes)
    }

    /// The content of `ONLINE_USERS`.
    pub(super) fn online_users(&self) -> BTreeMap<UserName, Status> {
        self.users.values().map(|user| (user.name.clone(), user.status.clone())).collect()
    }

    /// The content of `CONVERSATIONS` for this client.
    pub(super) fn conversations_seen_by(&self, client: ClientKey) -> BTreeMap<ConversationId, Vec<UserName>> {
        let entry = |(&number, conversation)| (ConversationId::Int(number), self.member_names(conversation));
        if self.conversations_are_public() {
            return self.conversations.iter().map(entry).collect();
        }
        let Some(user) = self.users.get(client) else { return BTreeMap::new() };
        let own = user.member_of.iter().chain(&user.invited_to);
        own.filter_map(|number| Some((number, self.conversations.get(number)?))).map(entry).collect()
    }

    fn member_names(&self, conversation: &Conversation) -> Vec<UserName> {
        conversation.members.iter().filter_map(|member| self.name(member.client).cloned()).collect()
    }

    fn register(&mut self, from: ClientKey, wanted: &UserName, status: Status) -> Outcome {
        if let Some(user) = self.users.get(from) {
            return Err(Refusal::AlreadyRegistered(user.name.clone()));
        }
        let name = UserName::new(wanted.as_str())?;
        let key = name.key();
        check_status(&status)?;
        if self.names.contains_key(&key) {
            return Err(Refusal::NameInUse(name));
        }
        let bytes = user_bytes(&name, &status);
        if self.users_bytes + bytes > LIST_BYTES {
            return Err(Refusal::ServerFull);
        }
        self.users_bytes += bytes;
        self.users_version += 1;
        self.names.insert(key.clone(), from);
        let user = User { name, key, status, member_of: BTreeSet::new(), invited_to: BTreeSet::new() };
        self.users.insert(from, user);
        Ok(vec![Action::SendUsers(from), Action::UsersChanged])
    }

    fn set_status(&mut self, from: ClientKey, status: Status) -> Outcome {
        check_status(&status)?;
        let user = self.users.get_mut(from).ok_or(Refusal::NotRegistered)?;
        if user.status == status {
            return Ok(Vec::new());
        }
        let without = self.users_bytes - user_bytes(&user.name, &user.status);
        let bytes = without + user_bytes(&user.name, &status);
        if bytes > LIST_BYTES {
            return Err(Refusal::ServerFull);
        }
        self.users_bytes = bytes;
        self.users_version += 1;
        user.status = status;
        Ok(vec![Action::UsersChanged])
    }

    fn invite(&mut self, from: ClientKey, names: &[UserName]) -> Outcome {
        if names.len() > NAMES_PER_INVITE {
            return Err(Refusal::TooManyNames);
        }
        let host = self.users.get(from).ok_or(Refusal::NotRegistered)?;
        if host.member_of.len() >= CONVERSATIONS_PER_USER {
            return Err(Refusal::TooManyConversations);
        }
        let source = host.name.clone();
        let (mut invited, mut offline) = (Vec::new(), Vec::new());
        for name in names {
            match self.names.get(&name.key()) {
                Some(&client) if client == from || invited.contains(&client) => {}
                Some(&client) => invited.push(client),
                None => offline.push(name),
            }
        }
        let offline = (!offline.is_empty()).then(|| format!("not invited, because not online: {}", list(&offline)));
        if invited.is_empty() {
            return Err(offline.map_or(Refusal::NobodyInvited, Refusal::NobodyOnline));
        }
        if self.conversations_bytes + CONVERSATION_BYTES > LIST_BYTES {
            return Err(Refusal::ServerFull);
        }
        invited.push(from);
        self.last_id += 1;
        let number = self.last_id;
        let conversation = Conversation { inviter: from, invited: invited.clone(), ..Conversation::default() };
        self.conversations.insert(number, conversation);
        for &client in &invited {
            self.add_invitation(client, number, from);
        }
        self.conversations_bytes += CONVERSATION_BYTES;
        self.conversations_version += 1;
        let message = ServerMessage::Invitation { conversation: ConversationId::Int(number), from: source };
        let mut actions = vec![Action::Send { to: invited, message }];
        if let Some(text) = offline {
            actions.push(Action::Send { to: vec![from], message: ServerMessage::Error(text) });
        }
        Ok(actions)
    }

    fn add_invitation(&mut self, client: ClientKey, number: i64, inviter: ClientKey) {
        let Some(user) = self.users.get_mut(client) else { return };
        if user.invited_to.len() >= INVITATIONS_PER_USER {
            // Whoever invites again and again does not push out what others have asked.
            let is_theirs = |number: &&i64| self.conversations.get(number).is_some_and(|it| it.inviter == inviter);
            let oldest = user.invited_to.iter().find(is_theirs).or(user.invited_to.first()).copied();
            if let Some(oldest) = oldest {
                user.invited_to.remove(&oldest);
                if let Some(conversation) = self.conversations.get_mut(&oldest) {
                    conversation.invited.retain(|&other| other != client);
                    self.end_if_abandoned(oldest);
                }
            }
        }
        if let Some(user) = self.users.get_mut(client) {
            user.invited_to.insert(number);
        }
    }

    fn join(&mut self, from: ClientKey, id: ConversationId) -> Outcome {
        let user = self.users.get_mut(from).ok_or(Refusal::NotRegistered)?;
        let Some((number, conversation)) = find(&mut self.conversations, &id) else {
            return Err(Refusal::NoConversation(id));
        };
        if let Some(position) = conversation.position(from) {
            conversation.members[position].writes = as_written(id, number);
            return Ok(vec![Action::SendConversations(from)]);
        }
        let may_join = self.access == Access::Public
            || user.invited_to.contains(&number)
            || conversation.may_return.contains(&user.key);
        if !may_join {
            // Whoever may not see a conversation does not learn that there is one.
            let hidden = self.access == Access::Private;
            return Err(if hidden { Refusal::NoConversation(id) } else { Refusal::NotInvited(id) });
        }
        if user.member_of.len() >= CONVERSATIONS_PER_USER {
            return Err(Refusal::TooManyConversations);
        }
        if conversation.members.len() >= MEMBERS {
            return Err(Refusal::ConversationFull);
        }
        let bytes = member_bytes(&user.name);
        if self.conversations_bytes + bytes > LIST_BYTES {
            return Err(Refusal::ServerFull);
        }
        self.conversations_bytes += bytes;
        self.conversations_version += 1;
        user.invited_to.remove(&number);
        user.member_of.insert(number);
        conversation.invited.retain(|&client| client != from);
        conversation.may_return.remove(&user.key);
        conversation.members.push(Member { client: from, writes: as_written(id, number) });
        Ok(vec![Action::MembersChanged(conversation.clients())])
    }

    fn send_message(&mut self, from: ClientKey, id: ConversationId, body: String) -> Outcome {
        let sender = self.users.get(from).ok_or(Refusal::NotRegistered)?.name.clone();
        let Some((number, conversation)) = find(&mut self.conversations, &id) else {
            return Err(Refusal::NoConversation(id));
        };
        let Some(position) = conversation.position(from) else {
            return Err(self.no_member(id));
        };
        conversation.members[position].writes = as_written(id, number);
        let mut actions = Vec::with_capacity(1);
        let mut to = Vec::with_capacity(conversation.members.len());
        for member in &conversation.members {
            match &member.writes {
                None => to.push(member.client),
                Some(id) => actions.push(Action::Send {
                    to: vec![member.client],
                    message: ServerMessage::Message {
                        conversation: (**id).clone(),
                        from: sender.clone(),
                        body: body.clone(),
                    },
                }),
            }
        }
        if !to.is_empty() {
            let message = ServerMessage::Message { conversation: ConversationId::Int(number), from: sender, body };
            actions.push(Action::Send { to, message });
        }
        Ok(actions)
    }

    fn leave_conversation(&mut self, from: ClientKey, id: &ConversationId) -> Outcome {
        let user = self.users.get_mut(from).ok_or(Refusal::NotRegistered)?;
        let Some((number, conversation)) = find(&mut self.conversations, id) else {
            return Err(Refusal::NoConversation(id.clone()));
        };
        let Some(position) = conversation.position(from) else {
            return Err(self.no_member(id.clone()));
        };
        conversation.members.remove(position);
        user.member_of.remove(&number);
        self.conversations_bytes -= member_bytes(&user.name);
        self.conversations_version += 1;
        let rest = conversation.clients();
        self.end_if_abandoned(number);
        Ok(if rest.is_empty() { Vec::new() } else { vec![Action::MembersChanged(rest)] })
    }

    fn no_member(&self, id: ConversationId) -> Refusal {
        if self.conversations_are_public() { Refusal::NotMember(id) } else { Refusal::NoConversation(id) }
    }

    fn end_if_abandoned(&mut self, number: i64) {
        let abandoned =
            |conversation: &Conversation| conversation.members.is_empty() && conversation.invited.is_empty();
        if self.conversations.get(&number).is_some_and(abandoned) {
            self.conversations.remove(&number);
            self.conversations_bytes -= CONVERSATION_BYTES;
            self.conversations_version += 1;
        }
    }
}

fn user_bytes(name: &UserName, status: &Status) -> usize {
    name.as_str().len() + status.as_str().len() + 10
}

fn check_status(status: &Status) -> Result<(), Refusal> {
    // A character has at least one byte, which saves counting in nearly all cases.
    let text = status.as_str();
    if text.len() > limits::STATUS_CHARS && text.chars().count() > limits::STATUS_CHARS {
        return Err(Refusal::StatusTooLong);
    }
    Ok(())
}

/// Names as text for an error, as many as anybody would read.
fn list(names: &[&UserName]) -> String {
    let told: Vec<String> =
        names.iter().take(NAMES_TOLD).map(|name| name.shown().chars().take(limits::NAME_CHARS).collect()).collect();
    let more = names.len() - told.len();
    if more == 0 { told.join(", ") } else { format!("{} and {more} more", told.join(", ")) }
}

#[cfg(test)]
mod tests;
