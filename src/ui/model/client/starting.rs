//! Starting conversations, and starting again those that have ended or where nobody else is left.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use gtk::glib;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::super::Conversation;
use super::Client;
use crate::net::{self, Command, NetError, NetErrorKind, UserName};

/// For how long the same people are not invited again while the server has not answered.
const PATIENCE: Duration = Duration::from_secs(5);

/// A conversation that was asked for and has not begun.
#[derive(Debug)]
pub struct Starting {
    with: BTreeSet<UserName>,
    since: Instant,
    /// The conversation that goes on with it, in its window.
    again: glib::WeakRef<Conversation>,
}

impl Client {
    /// Starts a conversation with these people, or gives back the one that goes on with exactly them.
    pub fn start(&self, with: &[UserName]) -> Option<Conversation> {
        self.start_with(with, None)
    }

    /// Starts a conversation again that has ended or is deserted, with the same people and in the same window; or gives
    /// back another one that goes on with exactly them.
    pub fn start_again(&self, over: &Conversation) -> Option<Conversation> {
        self.start_with(&over.wanted(), Some(over))
    }

    fn start_with(&self, with: &[UserName], over: Option<&Conversation>) -> Option<Conversation> {
        let imp = self.imp();
        let with: BTreeSet<_> = with.iter().cloned().collect();
        let present = self.every_conversation().find(|conversation| {
            can_go_on(conversation) && conversation.others().into_iter().collect::<BTreeSet<_>>() == with
        });
        if present.is_some() || with.is_empty() {
            return present;
        }
        let again = over.map(ObjectExt::downgrade).unwrap_or_default();
        if let Some(asked) = &mut *imp.starting.borrow_mut()
            && asked.with == with
            && asked.since.elapsed() < PATIENCE
        {
            asked.again = again;
            return None;
        }
        let command = Command::Start { with: with.iter().cloned().collect() };
        match (self.send_quietly(command), over) {
            (Ok(()), _) => drop(imp.starting.replace(Some(Starting { with, since: Instant::now(), again }))),
            (Err(error), Some(over)) => over.refuse(error),
            (Err(error), None) => self.tell_problem(Some(error.into())),
        }
        None
    }

    /// Tells in the window where a conversation was to begin again why it does not, or not with everybody; whether there is
    /// such a window.
    pub(super) fn refuse_start(&self, because: &NetError) -> bool {
        let starting = &self.imp().starting;
        let is_over = match because.kind {
            NetErrorKind::NoConversation | NetErrorKind::TooManyConversations => true,
            // The others of those who were invited may come.
            NetErrorKind::UnknownPeer => false,
            _ => return false,
        };
        let over = starting.borrow().as_ref().and_then(|asked| asked.again.upgrade());
        if is_over {
            starting.replace(None);
        }
        over.inspect(|over| over.refuse(because.clone())).is_some()
    }

    /// The conversation that goes on with a new one in its place. Some of its people may not be there any more.
    pub(super) fn take_over(&self, news: &net::Conversation) -> Option<Conversation> {
        let asked = self.imp().starting.take()?;
        let me = self.name();
        let mut others = news.members.iter().chain(&news.awaited).filter(|name| Some(*name) != me.as_ref()).peekable();
        let is_it = others.peek().is_some() && others.all(|name| asked.with.contains(name));
        asked.again.upgrade().filter(|over| is_it && !can_go_on(over))
    }
}

/// Whether what is said there is read, or will be by those who come.
fn can_go_on(conversation: &Conversation) -> bool {
    conversation.is_alive() && !conversation.is_deserted()
}
