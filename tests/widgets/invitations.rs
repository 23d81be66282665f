//! Invitations, from being listed to being answered.

use gtk::prelude::*;
use klatch::net::{Command, ConversationId, Event, Phase};
use klatch::ui::invitation;

use crate::screen::{press, sees, wait_for};
use crate::stage::{Stage, shows};
use crate::stand_in::{app, name};

#[gtk::test]
fn invitations_are_listed_and_answered() {
    let stage = Stage::online();
    let invited = |id, from| Event::Invited { conversation: ConversationId::Int(id), from: name(from) };
    stage.tell(invited(7, "bob"));
    let window = invitation::window(&app()).unwrap();
    wait_for("the invitation", || sees(&window, "bob invites you to a conversation."));
    assert_eq!(window.title().unwrap(), "Invitation - Klatch");
    stage.tell(invited(8, "carol"));
    stage.tell(invited(9, "dan"));
    assert_eq!(window.title().unwrap(), "3 Invitations - Klatch");
    let is_on_row = || GtkWindowExt::focus(&window).is_some_and(|focus| focus.is::<gtk::ListBoxRow>());
    wait_for("the keyboard on no answer", is_on_row);
    stage.take_sent();
    press(&window, "Accept");
    let answer = |id, accept| Command::Answer { conversation: ConversationId::Int(id), accept };
    assert_eq!(stage.take_sent(), [answer(7, true)]);
    press(&window, "Decline");
    assert_eq!(stage.take_sent(), [answer(8, false)]);
    stage.tell(Event::Uninvited { conversation: ConversationId::Int(9) });
    assert!(invitation::window(&app()).is_none());
    assert_eq!(stage.take_sent(), []);
}

#[gtk::test]
fn who_is_found_in_a_conversation_has_not_just_joined() {
    let stage = Stage::online();
    stage.tell(Event::Invited { conversation: ConversationId::Int(7), from: name("bob") });
    press(&invitation::window(&app()).unwrap(), "Accept");
    stage.converse(7, &["alice"], &["bob"], Phase::Waiting);
    let window = stage.conversation();
    stage.converse(7, &["bob", "alice"], &[], Phase::Open);
    stage.converse(7, &["bob", "alice", "carol"], &[], Phase::Open);
    shows(&window, &["carol has joined."]);
}

#[gtk::test]
fn a_flood_of_invitations_is_bounded() {
    let stage = Stage::online();
    for id in 0..110 {
        stage.tell(Event::Invited { conversation: ConversationId::Int(id), from: name("mallory") });
    }
    assert_eq!(stage.client.invitations().n_items(), 100);
    assert_eq!(stage.take_sent().len(), 10, "those too many are declined");
    stage.tell(Event::Invited { conversation: ConversationId::Int(200), from: name("bob") });
    assert_eq!(stage.take_sent(), [], "those of others are still heard");
    invitation::window(&app()).unwrap().close();
    assert_eq!(stage.take_sent().len(), 101, "closing the window declines");
    assert!(invitation::window(&app()).is_none());
}
