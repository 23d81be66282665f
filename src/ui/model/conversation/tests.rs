use super::*;

fn said(body: String) -> Said {
    let from = UserName::received("bob");
    Said { conversation: ConversationId::Int(7), from, body, at: SystemTime::UNIX_EPOCH, own: None }
}

fn bytes(conversation: &Conversation) -> usize {
    conversation.transcript().iter::<Message>().map(|row| row.unwrap().bytes()).sum()
}

#[test]
fn a_transcript_is_bounded_in_rows_and_in_bytes() {
    let conversation = Conversation::new(1, &ConversationId::Int(7), &Names::default());
    let texts: Vec<_> = (0..=ROWS + SLACK).map(|n| said(n.to_string())).collect();
    conversation.append(&texts);
    assert_eq!(conversation.transcript().n_items(), ROWS);
    for _ in 0..40 {
        conversation.append(&[said("x".repeat(1 << 20))]);
        assert!(bytes(&conversation) <= BYTES + BYTES_SLACK);
    }
    assert!(bytes(&conversation) >= BYTES - (1 << 20), "no more goes than has to");
    // However long it is, what was said last is there.
    conversation.append(&[said("x".repeat(2 * BYTES))]);
    assert_eq!((conversation.transcript().n_items(), bytes(&conversation)), (1, 2 * BYTES));
    conversation.append(&[said("short".to_owned())]);
    assert_eq!((conversation.transcript().n_items(), bytes(&conversation)), (1, 5));
    let last = conversation.last().unwrap();
    conversation.remove(&last);
    assert_eq!((conversation.transcript().n_items(), conversation.imp().bytes.get()), (0, 0));
}

#[test]
fn a_conversation_ends_for_others_where_one_has_begun_it() {
    let conversation = Conversation::new(1, &ConversationId::Int(7), &Names::default());
    let name = UserName::received;
    let ends_for = |members: &[&str], initiator: Option<&str>, phase| {
        let news = net::Conversation {
            members: members.iter().map(|member| name(member)).collect(),
            initiator: initiator.map(name),
            phase,
            ..net::Conversation::entered(ConversationId::Int(7), name("alice"), Vec::new())
        };
        conversation.update(&news, Some(&name("alice")), None);
        conversation.ends_for()
    };
    let all = ["alice", "bob", "carol"];
    assert_eq!(ends_for(&all, Some("alice"), Phase::Open), 2);
    assert_eq!(ends_for(&all, Some("bob"), Phase::Open), 0);
    assert_eq!(ends_for(&all, None, Phase::Open), 0, "at a server, it goes on");
    assert_eq!(ends_for(&["alice", "bob"], Some("alice"), Phase::Open), 0, "one alone is left alone either way");
    assert_eq!(ends_for(&all, Some("alice"), Phase::Ended(net::EndReason::Left)), 0);
}

#[test]
fn what_has_left_the_transcript_is_not_waited_for() {
    let conversation = Conversation::new(1, &ConversationId::Int(7), &Names::default());
    for id in 0..=u64::from(ROWS + SLACK) {
        conversation.append(&[Said { own: Some(MessageId(id)), ..said("hi".to_owned()) }]);
    }
    assert_eq!(conversation.imp().own.borrow().len(), ROWS as usize);
}
