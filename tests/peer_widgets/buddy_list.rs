//! The buddy list, and what is done with the people in it.

use gtk::prelude::*;
use klatch::net::{self, Command, Direction, Event, LinkState, NetError, NetErrorKind, TransferState};
use klatch::ui::buddy_row::BuddyRow;
use klatch::ui::settings::Settings;
use klatch::ui::window::Window;

use crate::screen::{all, drop_file, labelled, seen, sees, wait_for};
use crate::stage::{Stage, names, shows};
use crate::stand_in::{app, name};

fn list_of(window: &Window) -> gtk::ListView {
    all::<gtk::ListView>(window).into_iter().find(WidgetExt::is_mapped).unwrap()
}

#[gtk::test]
fn a_peer_is_told_where_one_is_and_what_to_check() {
    let stage = Stage::new();
    let (window, _settings) = stage.buddy_list();
    shows(&window, "On this network as alice (2)");
    shows(&window, "Nobody found yet");
    assert!(seen(&window).iter().any(|text| text.contains("UDP port 5353")));
    let add = all::<gtk::Button>(&window).into_iter().find(|it| it.action_name().as_deref() == Some("app.add-peer"));
    assert!(add.is_some_and(|add| add.is_mapped()));
    let look_again = labelled::<gtk::Button>(&window, "Look Again");
    assert!(look_again.is_mapped());
    assert_eq!(look_again.action_name().as_deref(), Some("app.look-again"));
    stage.tell(Event::Network { is_there: false });
    let without = "This computer is not on a network";
    assert_eq!(seen(&window).iter().filter(|text| *text == without).count(), 2, "above, and in the status bar");
    assert!(!look_again.is_mapped());
    stage.tell(Event::Network { is_there: true });
    shows(&window, "On this network as alice (2)");
    stage.people(&[("bob", false)]);
    shows(&window, "bob");
    stage.transfer(1, 5, None, Direction::In, TransferState::Running);
    shows(&window, "1 transfer");
    stage.transfer(1, 5, None, Direction::In, TransferState::Done);
    wait_for("no transfer", || !sees(&window, "1 transfer"));
}

#[gtk::test]
fn the_window_grows_no_wider_with_a_transfer() {
    let stage = Stage::new();
    let (window, _settings) = stage.buddy_list();
    stage.people(&[("bob", false)]);
    shows(&window, "bob");
    let width = || window.measure(gtk::Orientation::Horizontal, -1).0;
    let before = width();
    stage.transfer(1, 5, None, Direction::In, TransferState::Running);
    shows(&window, "1 transfer");
    let summary = all::<gtk::Label>(&window).into_iter().find(|label| label.text() == "1 transfer").unwrap();
    summary.set_label("12 transfers, 125.0 MB/s");
    assert_eq!(width(), before);
}

#[gtk::test]
fn how_many_transfers_there_are_is_not_cut_off() {
    let stage = Stage::new();
    let (window, _settings) = stage.buddy_list();
    stage.people(&[("bob", false)]);
    let button =
        all::<gtk::Button>(&window).into_iter().find(|it| it.action_name().as_deref() == Some("app.transfers"));
    let button = button.unwrap();
    let done = std::cell::Cell::new(0);
    wait_for("a speed", || {
        done.set(done.get() + 100_000);
        stage.transfer(1, done.get(), None, Direction::In, TransferState::Running);
        button.tooltip_text().is_some_and(|text| text.starts_with("1 transfer, "))
    });
    let count = button.child().and_downcast::<gtk::Label>().unwrap();
    wait_for("its place", || count.width() > 1);
    assert!(count.text() == "1 transfer" && !count.layout().is_ellipsized());
}

#[gtk::test]
fn another_name_than_was_asked_for_is_told_with_its_reason() {
    let stage = Stage::new();
    let (window, _settings) = stage.buddy_list();
    let online =
        |who: &str| Event::Link(LinkState::Online { at: "port 4000".into(), name: name(who), port: Some(4000) });
    let told = |who: &str| format!("Somebody else on this network is called alice, so others see you as {who}.");
    stage.tell(online("alice (3)"));
    shows(&window, &told("alice (3)"));
    let change = labelled::<gtk::Button>(&window, "Preferences");
    let is_shown = |button: &gtk::Button| button.is_mapped() && button.action_name().is_some();
    wait_for("the way out", || all::<gtk::Button>(&window).iter().any(is_shown));
    assert_eq!(change.action_name().as_deref(), Some("app.preferences"));
    stage.client.tell_problem(None);
    stage.tell(online("alice (3)"));
    assert!(!sees(&window, &told("alice (3)")), "it has been read");
    stage.tell(online("alice (2)"));
    shows(&window, &told("alice (2)"));
    stage.tell(online("alice"));
    wait_for("the end of it", || !sees(&window, &told("alice (2)")));
    stage.tell(online("alice (2)"));
    stage.tell(Event::Link(LinkState::Offline(None)));
    assert_eq!(stage.client.problem(), None);
}

#[gtk::test]
fn a_name_that_cannot_be_announced_as_it_is_accuses_nobody() {
    let stage = Stage::new();
    let (window, settings) = stage.buddy_list();
    settings.set_name(&name("J.R.R. Tolkien"));
    stage.tell(Event::Link(LinkState::Offline(None)));
    stage.client.send(Command::Connect(settings.mode().unwrap())).unwrap();
    let online =
        |who: &str| Event::Link(LinkState::Online { at: "port 4000".into(), name: name(who), port: Some(4000) });
    stage.tell(online("J R R Tolkien"));
    assert_eq!(stage.client.problem(), None);
    stage.tell(online("J R R Tolkien (2)"));
    shows(&window, "Somebody else on this network is called J R R Tolkien, so others see you as J R R Tolkien (2).");
}

#[gtk::test]
fn while_one_is_offline_nobody_sees_a_presence() {
    let stage = Stage::new();
    let (window, settings) = stage.buddy_list();
    settings.set_status(&net::Status::new(net::Presence::Busy, ""));
    shows(&window, "Busy");
    stage.tell(Event::Link(LinkState::Offline(None)));
    let presence = all::<gtk::DropDown>(&window).remove(0);
    shows(&presence, "Offline");
    assert_eq!(presence.tooltip_text().as_deref(), Some("When you connect: Busy"));
    presence.set_selected(1);
    assert_eq!(presence.tooltip_text().as_deref(), Some("When you connect: Away"));
    assert_eq!(settings.status().presence(), net::Presence::Away);
}

#[gtk::test]
fn what_was_told_of_somebody_is_over_when_they_are_back() {
    let stage = Stage::new();
    let (window, _settings) = stage.buddy_list();
    let failed = |kind| {
        let because = NetError::with(kind, "bob");
        stage.tell(Event::NotOffered { to: name("bob"), path: "/nowhere/slides.pdf".into(), because });
    };
    let file = "“slides.pdf” could not be offered to bob.";
    failed(NetErrorKind::UnknownPeer);
    stage.people(&[("carol", false)]);
    shows(&window, file);
    stage.people(&[("bob", false), ("carol", false)]);
    assert!(!sees(&window, file));
    // Whoever is there all the time may still not be reached.
    failed(NetErrorKind::PeerUnreachable);
    stage.people(&[("bob", false)]);
    shows(&window, file);
    stage.people(&[]);
    stage.people(&[("bob", false)]);
    assert!(!sees(&window, file));
    stage.people(&[]);
    stage.tell(Event::Problem(NetError::with(NetErrorKind::UnknownPeer, "bob")));
    shows(&window, "bob is not on this network.");
    stage.people(&[("bob", false)]);
    assert!(!sees(&window, "bob is not on this network."));
    failed(NetErrorKind::LocalFile);
    stage.people(&[]);
    stage.people(&[("bob", false)]);
    shows(&window, file);
}

#[gtk::test]
fn people_are_blocked_and_unblocked() {
    let stage = Stage::new();
    let (window, settings) = stage.buddy_list();
    stage.people(&[("bob", false), ("carol", false)]);
    let list = list_of(&window);
    wait_for("the people", || list.model().is_some_and(|people| people.n_items() == 3));
    list.model().unwrap().select_item(1, true);
    let act = |action: &str| WidgetExt::activate_action(&window, action, None);
    act("win.block").unwrap();
    let block = |blocked| Command::Block { name: name("bob"), blocked };
    assert_eq!(stage.take_sent(), [block(true)]);
    assert_eq!(settings.blocked(), names(&["bob"]));
    stage.people(&[("bob", true), ("carol", false)]);
    shows(&window, "blocked");
    act("win.unblock").unwrap();
    assert_eq!(stage.take_sent(), [block(false)]);
    assert_eq!(settings.blocked(), []);
}

#[gtk::test]
fn whoever_comes_does_not_touch_the_rows_of_the_others() {
    let stage = Stage::new();
    let (window, _settings) = stage.buddy_list();
    stage.people(&[("bob", false), ("carol", false)]);
    shows(&window, "carol");
    let rows: Vec<_> = all::<BuddyRow>(&window).into_iter().filter(|row| row.tooltip_text().is_some()).collect();
    assert_eq!(rows.len(), 2);
    for row in rows {
        row.connect_tooltip_text_notify(|row| panic!("shown anew: {:?}", row.tooltip_text()));
    }
    stage.people(&[("ann", false), ("bob", false), ("carol", false)]);
    shows(&window, "ann");
}

#[gtk::test]
fn a_file_that_is_dropped_on_a_person_is_offered() {
    let stage = Stage::new();
    let (window, _settings) = stage.buddy_list();
    stage.people(&[("bob", false), ("carol", true)]);
    let drop_on = |who: &str, file: &str| {
        wait_for(who, || sees(&window, who));
        let label = all::<gtk::Label>(&window).into_iter().find(|label| label.text() == who).unwrap();
        let row = label.ancestor(gtk::TreeExpander::static_type()).unwrap();
        drop_file(&row, file)
    };
    let file = "file:///nowhere/slides.pdf";
    assert!(drop_on("bob", file));
    wait_for("the offer", || !stage.sent.borrow().is_empty());
    assert_eq!(stage.take_sent(), [Command::Offer { to: name("bob"), path: "/nowhere/slides.pdf".into() }]);
    assert!(!drop_on("carol", file), "nobody sends files to whom they have blocked");
    assert_eq!(stage.take_sent(), []);
    assert!(drop_on("bob", "sftp://elsewhere.example.org/slides.pdf"));
    shows(&window, "“slides.pdf” could not be offered to bob.");
    let folder = tempfile::tempdir().unwrap();
    let slides = folder.path().join("slides");
    std::fs::create_dir(&slides).unwrap();
    assert!(drop_on("bob", &gtk::gio::File::for_path(slides).uri()));
    shows(&window, "“slides” is a folder, and only files can be offered to bob.");
    assert_eq!(stage.take_sent(), []);
}

#[gtk::test]
fn an_offer_that_fails_names_the_person_and_the_file() {
    let stage = Stage::new();
    let (window, _settings) = stage.buddy_list();
    for (kind, detail, advice) in [
        (NetErrorKind::PeerUnreachable, "", "The other computer cannot be reached. "),
        (NetErrorKind::UnknownPeer, "bob", "bob is not on this network. "),
        (NetErrorKind::LocalFile, "not here.", "A file or folder on this computer cannot be used. Not here. Check"),
    ] {
        let because = NetError::with(kind, detail);
        stage.tell(Event::NotOffered { to: name("bob"), path: "/nowhere/slides\u{202e}.pdf".into(), because });
        shows(&window, "“slides\u{fffd}.pdf” could not be offered to bob.");
        assert!(seen(&window).iter().any(|text| text.starts_with(advice) && text.len() > advice.len()));
    }
}

#[gtk::test]
fn going_online_hides_only_what_is_over_by_that() {
    let stage = Stage::new();
    let (window, _settings) = stage.buddy_list();
    let online = || Event::Link(LinkState::Online { at: "port 4000".into(), name: name("alice"), port: Some(4000) });
    let problem = |kind| Event::Problem(NetError::new(kind));
    let folder = "A file or folder on this computer cannot be used.";
    stage.tell(problem(NetErrorKind::Discovery));
    stage.tell(online());
    shows(&window, "Others on this network cannot be found.");
    stage.tell(Event::Link(LinkState::Connecting { to: "_klatch._tcp.local.".into() }));
    assert!(!sees(&window, "Others on this network cannot be found."));
    stage.tell(online());
    let nameless = "No free name was found on this network, so others cannot find you.";
    stage.tell(problem(NetErrorKind::NoFreeName));
    shows(&window, nameless);
    stage.tell(online());
    assert!(!sees(&window, nameless), "one has a name now");
    stage.tell(problem(NetErrorKind::LocalFile));
    stage.tell(online());
    shows(&window, folder);
    stage.tell(Event::Link(LinkState::Offline(None)));
    stage.tell(problem(NetErrorKind::NotConnected));
    stage.tell(online());
    assert!(!sees(&window, folder) && !sees(&window, "You are not connected."));
    assert!(stage.client.problem().is_none());
}

#[gtk::test]
fn servers_have_no_abilities_of_peers() {
    let stage = Stage::new();
    let settings = Settings::in_memory().unwrap();
    let window = Window::new(&app(), &stage.client, &settings);
    window.present();
    stage.people(&[("bob", false)]);
    let list = list_of(&window);
    wait_for("bob", || list.model().is_some_and(|people| people.n_items() == 2));
    list.model().unwrap().select_item(1, true);
    for action in ["win.user-info", "win.shared-files", "win.send-file", "win.block"] {
        let _refused = WidgetExt::activate_action(&window, action, None);
    }
    assert_eq!(stage.take_sent(), []);
}
