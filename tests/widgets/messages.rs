//! What is written, and what becomes of it.

use gtk::prelude::*;
use klatch::net::{Command, ConversationId, Delivery, EndReason, Event, Phase};

use crate::screen::{all, press, seen, sees, wait_for};
use crate::stage::{Stage, is_sensitive, shows, write, written};

#[gtk::test]
fn every_text_appears_once_and_tells_its_sender() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    stage.said(1, "bob", "hello <b>&</b>");
    stage.said(1, "bob", "again");
    write(&window, "hi\nbob\n");
    press(&window, "Send");
    assert_eq!(written(&window), "");
    let sent = stage.sent.borrow().last().cloned();
    let Some(Command::Say { conversation, body, .. }) = sent else { panic!("nothing was said: {sent:?}") };
    assert_eq!((conversation, body.as_str()), (ConversationId::Int(1), "hi\nbob"));
    shows(&window, &["bob: hello <b>&</b>", "again"]);
    stage.take_up(Delivery::Delivered);
    shows(&window, &["bob: hello <b>&</b>", "again", "alice: hi\nbob"]);
}

#[gtk::test]
fn what_was_not_delivered_is_marked_and_can_be_sent_again() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    write(&window, "hello");
    press(&window, "Send");
    let id = stage.take_up(Delivery::Sending);
    shows(&window, &["alice: hello  sending…"]);
    stage.tell(Event::Delivery { id, state: Delivery::Uncertain, missing: Vec::new() });
    shows(&window, &["alice: hello\n⚠ This may not have been delivered.  Resend"]);
    stage.tell(Event::Delivery { id, state: Delivery::Failed, missing: Vec::new() });
    shows(&window, &["alice: hello\n⚠ This was not sent.  Resend"]);
    let row = all::<gtk::Label>(&window).into_iter().find(|label| label.text().contains("not sent")).unwrap();
    assert!(row.emit_by_name::<bool>("activate-link", &[&"klatch-resend"]));
    stage.take_up(Delivery::Delivered);
    shows(&window, &["alice: hello"]);
}

#[gtk::test]
fn a_text_that_crosses_with_the_end_of_its_conversation_is_not_lost() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    write(&window, "wait");
    press(&window, "Send");
    stage.converse(1, &["alice"], &[], Phase::Ended(EndReason::NotResumed));
    stage.take_up(Delivery::Failed);
    wait_for("the text", || seen(&window).iter().any(|text| text.contains("wait\n⚠ This was not sent.")));
    stage.said(1, "bob", "too late");
    assert!(!seen(&window).iter().any(|text| text.contains("too late")));
}

#[gtk::test]
fn a_refused_text_stays() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    stage.refuses.set(true);
    write(&window, "hello");
    press(&window, "Send");
    assert_eq!(written(&window), "hello");
    assert!(seen(&window).iter().any(|label| label.starts_with("Too much is waiting to be sent.")));
}

#[gtk::test]
fn a_text_that_is_too_long_is_not_sent() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    write(&window, &"x\n".repeat(500_002));
    assert!(!is_sensitive(&window, "Send"));
    assert!(sees(&window, "Too long for one message by 3 bytes. Send it in several parts."), "{:?}", seen(&window));
    write(&window, "short");
    assert!(is_sensitive(&window, "Send"));
}

#[gtk::test]
fn what_is_written_while_the_connection_is_lost_is_kept() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    write(&window, "half a");
    assert!(is_sensitive(&window, "Send"));
    stage.converse(1, &["alice", "bob"], &[], Phase::Interrupted);
    assert!(!is_sensitive(&window, "Send"));
    assert!(seen(&window).iter().any(|label| label.starts_with("The connection is lost")));
    write(&window, "half a sentence");
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    assert!(is_sensitive(&window, "Send"));
    assert_eq!(written(&window), "half a sentence");
}
