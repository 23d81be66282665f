//! What peers get to know of oneself.

use gtk::prelude::*;
use klatch::net::{self, Command, LinkState, Sharing, UserInfo};
use klatch::ui::avatar::Avatar;
use klatch::ui::field::Field;
use klatch::ui::peer_page::PeerPage;
use klatch::ui::picture_row::PictureRow;
use klatch::ui::preferences::Page;
use klatch::ui::settings::Settings;
use klatch::ui::style;

use crate::screen::{all, labelled, press, seen, wait_for};
use crate::stage::{Stage, end, preferences, shows};
use crate::stand_in::name;

#[gtk::test]
fn ones_own_picture_is_chosen_shown_sent_and_removed() {
    let stage = Stage::new();
    let (window, settings) = stage.buddy_list();
    let (preferences, sent, parent) = preferences(&settings);
    preferences.show_link(&stage.client.link());
    let row = all::<PictureRow>(&preferences).remove(0);
    let shown_on = |within: &gtk::Widget| all::<Avatar>(within).remove(0).picture();
    assert_eq!(shown_on(window.upcast_ref()), None);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("me");

    std::fs::write(&path, "no picture").unwrap();
    row.take(&path);
    shows(&row, "This file cannot be used as a picture. Choose a PNG, JPEG or GIF image that you may read.");
    assert_eq!((sent.take(), settings.picture()), (vec![], None));

    let image = gtk::gdk_pixbuf::Pixbuf::new(gtk::gdk_pixbuf::Colorspace::Rgb, false, 8, 600, 300).unwrap();
    std::fs::write(&path, image.save_to_bufferv("png", &[]).unwrap()).unwrap();
    row.take(&path);
    wait_for("the picture", || shown_on(window.upcast_ref()).is_some() && shown_on(row.upcast_ref()).is_some());
    assert_eq!(shown_on(window.upcast_ref()).map(|picture| (picture.width(), picture.height())), Some((96, 96)));
    assert!(!seen(&row).iter().any(|text| text.starts_with("This file")));
    let told = sent.take();
    assert!(matches!(told.as_slice(), [Command::SetUserInfo(info)] if info.picture == settings.picture()));
    let mode = settings.mode().unwrap();
    assert!(
        matches!(mode, net::Mode::Peer(peer) if peer.info.picture.as_ref().is_some_and(|png| png.starts_with(b"\x89PNG")))
    );

    press(&row, "Remove Picture");
    assert_eq!(sent.take(), [Command::SetUserInfo(UserInfo::default())]);
    wait_for("the initials", || shown_on(window.upcast_ref()).is_none() && shown_on(row.upcast_ref()).is_none());
    assert!(!labelled::<gtk::Button>(&row, "Remove Picture").is_visible());
    // Anybody may write the settings: what is no picture shows none.
    settings.set_picture(Some(b"no picture"));
    stage.people(&[("bob", false)]);
    shows(&window, "bob");
    assert_eq!(shown_on(window.upcast_ref()), None);
    end(preferences, &parent);
}

#[gtk::test]
fn nothing_is_shared_any_more_before_one_is_online_as_well() {
    style::register_resources();
    let settings = Settings::in_memory().unwrap();
    settings.set_name(&name("ann"));
    settings.set_is_peer(true);
    settings.set_shared_folder(Some("/srv/slides".as_ref()));
    let (preferences, sent, parent) = preferences(&settings);
    preferences.show_link(&LinkState::Connecting { to: "_klatch._tcp.local.".into() });
    preferences.show_page(Page::Sharing);
    press(&preferences, "Stop Sharing");
    assert_eq!(sent.take(), [Command::Share(None)]);
    all::<gtk::Expander>(&preferences).remove(0).set_expanded(true);
    labelled::<Field>(&preferences, "Service type").set_text("8803");
    shows(&preferences, "The name of a service type needs at least one letter.");
    end(preferences, &parent);
}

#[gtk::test]
fn what_peers_get_to_know_changes_at_once() {
    style::register_resources();
    let settings = Settings::in_memory().unwrap();
    settings.set_name(&name("ann"));
    settings.set_is_peer(true);
    settings.set_blocked(&name("mallory"), true);
    let (preferences, sent, parent) = preferences(&settings);
    preferences.show_link(&LinkState::Online { at: "here".into(), name: name("ann"), port: Some(4000) });
    preferences.show_page(Page::Sharing);
    let page = all::<PeerPage>(&preferences).remove(0);
    shows(&page, "Nothing is shared.");
    shows(&page, "Others who do not see you can add you by one of these addresses:");
    let address: klatch::ui::address_list::AddressList = all(&page).remove(0);
    assert!(address.addresses().iter().all(|text| text.ends_with(":4000")));
    page.share(Some("/srv/slides".as_ref()));
    shows(&page, "/srv/slides");
    preferences.show_sharing(Some(Sharing { files: 3, unfit: 1, is_cut: false }));
    let left_out = "1 file is left out, because its name cannot be sent: rename it to share it.";
    shows(&page, &format!("3 files are shared.\n{left_out}"));
    press(&page, "Stop Sharing");
    shows(&page, "Nothing is shared.");
    page.put_downloads("/srv/got".as_ref());
    press(&page, "Unblock");
    let expected = [
        Command::Share(Some("/srv/slides".into())),
        Command::Share(None),
        Command::SetDownloads("/srv/got".into()),
        Command::Block { name: name("mallory"), blocked: false },
    ];
    assert_eq!(sent.take(), expected);
    press(&page, "Add Field");
    let example = |text: &str| {
        let is_it = |entry: &gtk::Entry| entry.placeholder_text().is_some_and(|example| example == text);
        all::<gtk::Entry>(&page).into_iter().find(is_it).unwrap()
    };
    example("Value").set_text("chess");
    assert_eq!(sent.take(), [], "it has no name yet");
    example("Field").set_text("Hobby");
    let fields = vec![("Hobby".to_owned(), "chess".to_owned())];
    assert_eq!(sent.take(), [Command::SetUserInfo(UserInfo { fields: fields.clone(), picture: None })]);
    assert_eq!(settings.mode(), Some(net::Mode::Peer(Box::new(settings.peer(name("ann"))))));
    assert_eq!(settings.user_info().fields, fields);
    all::<gtk::Expander>(&page).remove(0).set_expanded(true);
    labelled::<Field>(&page, "Service type").set_text("_class1._tcp.local.");
    assert_eq!(sent.take(), [], "that needs a new start");
    press(&preferences, "Apply and Reconnect");
    assert_eq!(sent.take(), [Command::Connect(settings.mode().unwrap())]);
    assert_eq!(settings.service_type().as_str(), "_class1._tcp.local.");
    end(preferences, &parent);
}
