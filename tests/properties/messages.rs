//! Messages, as careful and careless programs send them.

use klatch::protocol::ident::{ConversationId, UserName};
use klatch::protocol::im::{ClientMessage, ServerMessage};
use klatch::protocol::status::Status;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;

use crate::values::huge;

fn name() -> impl Strategy<Value = UserName> {
    prop_oneof!["[a-z]{1,8}", "\\PC{1,20}"].prop_map(|name| UserName::received(&name))
}

fn body() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~\n]{0,80}",
        Just("N.".to_owned()),
        Just("JOIN (lp0\nI7\na.GOODBYE N.STATUS".to_owned()),
    ]
}

fn id() -> impl Strategy<Value = ConversationId> {
    prop_oneof![
        any::<i64>().prop_map(ConversationId::Int),
        (0..20i64).prop_map(ConversationId::Int),
        huge().prop_map(ConversationId::BigInt),
        "\\PC{0,12}".prop_map(|text| ConversationId::Text(text.into())),
        vec(any::<u8>(), 0..12).prop_map(|bytes| ConversationId::Bytes(bytes.into())),
    ]
}

pub(crate) fn from_client() -> impl Strategy<Value = ClientMessage> {
    prop_oneof![
        (name(), body()).prop_map(|(user, status)| ClientMessage::Register { user, status: Status::received(&status) }),
        body().prop_map(|status| ClientMessage::Status(Status::received(&status))),
        Just(ClientMessage::Goodbye),
        vec(name(), 0..5).prop_map(ClientMessage::Invite),
        Just(ClientMessage::ListConversations),
        id().prop_map(ClientMessage::Join),
        (id(), body()).prop_map(|(conversation, body)| ClientMessage::SendMessage { conversation, body }),
        id().prop_map(ClientMessage::Leave),
    ]
}

pub(crate) fn from_server() -> impl Strategy<Value = ServerMessage> {
    prop_oneof![
        btree_map(name(), body().prop_map(|text| Status::received(&text)), 0..6).prop_map(ServerMessage::OnlineUsers),
        (id(), name()).prop_map(|(conversation, from)| ServerMessage::Invitation { conversation, from }),
        btree_map(id(), vec(name(), 0..4), 0..4).prop_map(ServerMessage::Conversations),
        (id(), name(), body()).prop_map(|(conversation, from, body)| ServerMessage::Message {
            conversation,
            from,
            body
        }),
        body().prop_map(ServerMessage::Error),
    ]
}

/// One message as careful and careless clients send it.
pub(crate) fn client_piece() -> impl Strategy<Value = Vec<u8>> {
    let careless = select(vec![
        &b"GOODBYE"[..],
        b"GOODBYE ",
        b"GOODBYE\n",
        b"GOODBYE \r\n",
        b"GOODBYE N.",
        b"GOODBYE (t.",
        b"GOODBYE (lp0\n.",
        b"GOODBYE S''\np0\n.",
        b"GOODBYE \x80\x02).",
        b"LIST_CONVERSATIONS",
        b"LIST_CONVERSATIONS ",
        b"LIST_CONVERSATIONS\r\n",
        b"LIST_CONVERSATIONS V\np0\n.",
        b"STATUS S'it\\'s \"x\"'\np0\n.",
        b"STATUS U\x05aw.ayq\x00.",
        b"STATUS \x80\x04\x95\x08\x00\x00\x00\x00\x00\x00\x00\x8c\x04away\x94.",
        b"JOIN I7\n.",
        b"JOIN (lp0\nI7\na.",
        b"JOIN(lp0\nI7\na.",
        b"LEAVE K\x07.",
        b"SEND_MESSAGE (I7\nS'N. JOIN K'\ntp0\n.",
        b"INVITE S'bob'\n.",
        b"INVITE (lp0\nS'bob'\np1\nag1\na.\n",
        b"STATUS cos\nsystem\n(S'ls'\ntR.",
        b"FROB (lp0\nI1\na.",
        b"FROB N.",
        b"FROBNICATE_EVERYTHING\n",
        b"JOINT (lp0\n.",
        b"(lp0\nI7\na.",
        b" \r\n\t",
    ])
    .prop_map(<[u8]>::to_vec);
    prop_oneof![from_client().prop_map(|message| message.encode()), careless]
}

/// One message as careful and careless servers send it.
pub(crate) fn server_piece() -> impl Strategy<Value = Vec<u8>> {
    let careless = select(vec![
        &b"ERROR S'no'\np0\n."[..],
        b"ERROR \x80\x02X\x02\x00\x00\x00noq\x00.",
        b"ERROR Name in use\n",
        b"ERROR Bad.\n",
        b"ERROR bad.\n",
        b"ERROR No.\n",
        b"ERROR No such conversation\r\n",
        b"ERROR Foo\n",
        b"ERROR 404\n",
        b"ERROR (none)\n",
        b"ERROR Sorry, no MESSAGE for you\n",
        b"ERROR Internal error\n",
        b"ERROR Very bad\nplease go\n",
        b"ERROR Max. 5 users\n",
        b"ERROR Vbad\np0\n.",
        b"ERROR U\x03badq\x00.",
        b"ERROR\n",
        b"ONLINE_USERS (dp0\nS'bob'\np1\nS'away'\np2\ns.",
        b"ONLINE_USERS }.",
        b"INVITATION (I7\nS'bob'\ntp0\n.",
        b"CONVERSATIONS (dp0\nI7\n(lp1\ns.",
        b"MESSAGE (lp0\nI7\naS'bob'\np1\naS'hi. N.'\np2\na.",
        b"SEND_MESSAGE (I7\nS'bob'\np1\nS'hi'\np2\nt.",
        b"WELCOME S'hi'\n.",
    ])
    .prop_map(<[u8]>::to_vec);
    prop_oneof![from_server().prop_map(|message| message.encode()), careless]
}

/// What a careless server says is wrong.
pub(crate) fn sentence() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z][a-z ][a-z ,.'!()]{0,60}[a-z.!]",
        "[A-Z][a-z]{1,8}( (MESSAGE|ERROR|JOIN|user|no|[a-z]{2,8}[.,]?)){0,6}",
        select(vec![
            "No.",
            "bad.",
            "Max. 5 users",
            "Internal error",
            "Login failed",
            "cannot join",
            "invalid name",
            "Problem",
            "Foo",
            "Very bad",
            "User unknown",
            "Unknown user",
            "The name is taken",
            "404",
            "(none)",
            "Xerxes is here",
            "Kicked",
            "Name in use",
            "Goodbye",
            "Join first",
            "Désolé",
            "ERROR",
            "Größe falsch",
            "I 7",
            "p0",
            "L5",
        ])
        .prop_map(str::to_owned),
    ]
}
