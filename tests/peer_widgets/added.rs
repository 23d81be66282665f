//! People who do not appear by themselves.

use gtk::prelude::*;
use klatch::net::{
    self, Added, Command, Contact, Event, LinkState, NetError, NetErrorKind, OfferId, Phase, ServerAddress,
};
use klatch::ui::add_peer::AddPeer;
use klatch::ui::address_list::AddressList;
use klatch::ui::field::Field;
use klatch::ui::peer_page::PeerPage;
use klatch::ui::preferences::Page;

use crate::screen::{all, labelled, press, seen, sees, wait_for};
use crate::stage::{Stage, end, names, preferences, shows};
use crate::stand_in::name;

fn address(text: &str) -> ServerAddress {
    text.parse().unwrap()
}

fn at(text: &str, who: Option<&str>) -> Event {
    Event::Added(vec![Added { address: address(text), who: who.map(name) }])
}

#[gtk::test]
fn an_address_is_asked_for_until_somebody_is_there() {
    let stage = Stage::new();
    let (window, settings) = stage.buddy_list();
    let dialog = AddPeer::new(&window, &stage.client, &settings, "");
    dialog.present();
    let field = labelled::<Field>(&dialog, "Address");
    assert!(field.placeholder().contains(':'));
    let own: AddressList = all(&dialog).remove(0);
    assert!(own.addresses().iter().all(|text| text.ends_with(":4000")));
    shows(&dialog, "The other person must add you as well, by one of your addresses:");

    let without = "Enter the address and the port of the other Klatch, such as 192.168.1.20:40123.";
    for (typed, wrong) in [
        ("", without),
        ("10.0.0.2", without),
        ("[2001:db8::7]", without),
        ("10.0.0.2:", "The port must be a number from 1 to 65535."),
    ] {
        field.set_text(typed);
        press(&dialog, "Add");
        assert_eq!(field.problem().as_deref(), Some(wrong), "{typed}");
    }
    assert_eq!(stage.take_sent(), []);

    for (kind, words) in [
        (NetErrorKind::HostNotFound, "There is no computer named bobs-pc. Check the spelling"),
        (NetErrorKind::PeerUnreachable, "Nobody can be reached at bobs-pc:4001. "),
        (NetErrorKind::OwnAddress, "bobs-pc:4001 is your own address. "),
        (NetErrorKind::NoAnswer, "What answers at bobs-pc:4001 is not somebody who chats without a server. "),
    ] {
        field.set_text("bobs-pc:4001");
        press(&dialog, "Add");
        assert_eq!(stage.take_sent(), [Command::AddPeer(address("bobs-pc:4001"))]);
        shows(&dialog, "Looking who is there…");
        assert!(!labelled::<gtk::Button>(&dialog, "Add").is_sensitive());
        stage.tell(Event::NotAdded { address: address("elsewhere:1"), because: NetError::new(kind) });
        assert_eq!(field.problem(), None, "that is about another one");
        stage.tell(Event::NotAdded { address: address("bobs-pc:4001"), because: NetError::new(kind) });
        let problem = field.problem().unwrap();
        assert!(problem.starts_with(words) && problem.len() > words.len(), "{problem}");
        assert_eq!(field.text(), "bobs-pc:4001");
        assert!(!sees(&dialog, "Looking who is there…"));
    }
    press(&dialog, "Add");
    stage.tell(at("bobs-pc:4001", None));
    assert!(dialog.is_mapped());
    stage.tell(at("bobs-pc:4001", Some("bob")));
    wait_for("the end of the dialog", || !dialog.is_mapped());
    assert_eq!(settings.added_peers(), [address("bobs-pc:4001")]);
}

#[gtk::test]
fn whoever_does_not_wait_adds_nobody() {
    let stage = Stage::new();
    let (window, settings) = stage.buddy_list();
    let dialog = AddPeer::new(&window, &stage.client, &settings, "10.0.0.2:4001");
    dialog.present();
    press(&dialog, "Add");
    stage.tell(Event::Link(LinkState::Offline(None)));
    assert!(labelled::<Field>(&dialog, "Address").problem().unwrap().starts_with("You are not connected. "));
    press(&dialog, "Add");
    stage.take_sent();
    dialog.close();
    assert_eq!(stage.take_sent(), [Command::RemovePeer(address("10.0.0.2:4001"))]);
    stage.tell(at("10.0.0.2:4001", Some("bob")));
    assert_eq!(settings.added_peers(), []);
}

#[gtk::test]
fn an_address_is_removed_with_the_person_or_alone() {
    let stage = Stage::new();
    let (window, settings) = stage.buddy_list();
    for text in ["10.0.0.2:4001", "10.0.0.3:4001"] {
        settings.set_added_peer(&address(text), true);
    }
    stage.people(&[("bob", false), ("carol", false)]);
    stage.tell(at("10.0.0.2:4001", Some("bob")));
    let list = all::<gtk::ListView>(&window).into_iter().find(WidgetExt::is_mapped).unwrap();
    wait_for("the people", || list.model().is_some_and(|people| people.n_items() == 3));
    let remove = || WidgetExt::activate_action(&window, "win.remove-address", None);
    list.model().unwrap().select_item(2, true);
    let _refused = remove();
    assert_eq!(stage.take_sent(), [], "carol was not added");
    list.model().unwrap().select_item(1, true);
    remove().unwrap();
    assert_eq!(stage.take_sent(), [Command::RemovePeer(address("10.0.0.2:4001"))]);
    assert_eq!(settings.added_peers(), [address("10.0.0.3:4001")]);

    let (preferences, sent, parent) = preferences(&settings);
    preferences.show_page(Page::Sharing);
    let page = all::<PeerPage>(&preferences).remove(0);
    shows(&page, "People added by address");
    shows(&page, "10.0.0.3:4001");
    preferences.show_added(vec![Added { address: address("10.0.0.3:4001"), who: Some(name("carol")) }]);
    shows(&page, "carol · 10.0.0.3:4001");
    press(&page, "Remove");
    assert_eq!(sent.take(), [Command::RemovePeer(address("10.0.0.3:4001"))]);
    assert_eq!(settings.added_peers(), []);
    assert!(!sees(&page, "People added by address"));
    end(preferences, &parent);
}

#[gtk::test]
fn a_stranger_can_be_added() {
    let stage = Stage::new();
    let (window, _settings) = stage.buddy_list();
    let words = |ip: &str| format!("Somebody at {ip} who calls themselves eve\u{fffd} is not known here.");
    for (ip, known) in [("2001:db8::7", "[2001:db8::7]:"), ("10.0.0.2", "10.0.0.2:")] {
        stage.tell(Event::Stranger { name: name("eve\u{202e}"), address: ip.parse().unwrap() });
        shows(&window, &words(ip));
        let add = labelled::<gtk::Button>(&window, "Add by Address…");
        assert_eq!(add.action_name().as_deref(), Some("app.add-peer-at"));
        assert_eq!(add.action_target_value(), Some(known.to_variant()));
    }
    let contact = |addresses| Contact { addresses, ..Contact::at_server(name("eve"), net::Status::default()) };
    stage.tell(Event::Roster(vec![contact(vec!["10.0.0.3:4001".parse().unwrap()])]));
    shows(&window, &words("10.0.0.2"));
    stage.tell(Event::Roster(vec![contact(vec!["10.0.0.2:4001".parse().unwrap()])]));
    wait_for("the end of it", || !sees(&window, &words("10.0.0.2")));
}

#[gtk::test]
fn whoever_was_added_and_declines_may_not_have_heard() {
    let stage = Stage::new();
    let id = net::ConversationId::Int(1);
    let entered = |awaited: &[&str]| net::Conversation {
        initiator: Some(name("alice")),
        phase: Phase::Waiting,
        ..net::Conversation::entered(id.clone(), name("alice"), names(awaited))
    };
    let window = stage.conversation(entered(&["bob"]));
    stage.conversation(net::Conversation { declined: names(&["bob"]), ..entered(&[]) });
    let hint = "Whoever saw no invitation must add you by your address first.";
    let says = |words: &str| seen(&window).iter().any(|text| text.contains(words));
    wait_for("what is certain", || says("bob has declined.") && sees(&window, "has declined"));
    assert!(!says(hint));
    stage.people(&[("bob", false)]);
    stage.tell(at("10.0.0.2:4001", Some("bob")));
    wait_for("the hint", || says(hint));
    assert!(says("bob has declined, or does not see you.") && sees(&window, "has not joined"));
    // Whoever offers something sees one.
    stage.tell(Event::Offered { offer: OfferId(1), from: name("bob"), file: "slides.pdf".into() });
    stage.conversation(net::Conversation { declined: names(&["bob"]), ..entered(&[]) });
    wait_for("no hint", || !says(hint) && says("bob has declined.") && sees(&window, "has declined"));
}
