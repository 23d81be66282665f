use super::*;

#[test]
fn the_schema_has_the_keys_and_no_others() {
    let schema = built_in_schema().unwrap();
    let mut keys: Vec<_> = schema.list_keys().iter().map(ToString::to_string).collect();
    let mut known = key::ALL.map(String::from);
    keys.sort();
    known.sort();
    assert_eq!(keys, known);
}

#[test]
fn what_is_set_is_read_again() {
    let settings = Settings::in_memory().unwrap();
    assert_eq!((settings.mode(), settings.host_port()), (None, 6666));

    let address = ServerAddress::new("2001:db8::7", 7000).unwrap();
    let name = UserName::new("Zoë").unwrap();
    let status = Status::new(Presence::Busy, "away: not really");
    settings.set_name(&name);
    settings.set_server(&address);
    settings.set_status(&status);
    let mode = Mode::Server(ServerParameters { address, name, status });
    assert_eq!(settings.mode(), Some(mode));

    for appearance in Appearance::ALL {
        settings.set_appearance(appearance);
        assert_eq!(settings.appearance(), appearance);
    }
    settings.set_window_size((300, 900));
    settings.set_conversation_size((700, 500));
    assert_eq!((settings.window_size(), settings.conversation_size()), ((300, 900), (700, 500)));
}

#[test]
fn addresses_of_peers_are_kept_until_they_are_removed() {
    let settings = Settings::in_memory().unwrap();
    let (bob, carol): (ServerAddress, ServerAddress) =
        ("10.0.0.2:4001".parse().unwrap(), "[2001:db8::7]:4002".parse().unwrap());
    for address in [&bob, &carol, &bob] {
        settings.set_added_peer(address, true);
    }
    let all = vec![carol.clone(), bob.clone()];
    assert_eq!(settings.peer(UserName::new("Ann").unwrap()).added, all);
    settings.set_added_peer(&carol, false);
    assert_eq!(settings.added_peers(), [bob]);
    settings.set(key::ADDED_PEERS, vec!["two words", "10.0.0.3:4001"].to_variant());
    assert_eq!(settings.added_peers().len(), 1);
}

#[test]
fn a_picture_is_kept_if_it_is_small() {
    let settings = Settings::in_memory().unwrap();
    assert_eq!(settings.picture(), None);
    let file = vec![7; PICTURE_BYTES];
    settings.set_picture(Some(&file));
    assert_eq!(settings.user_info().picture, Some(file));
    let elsewhere = settings.session(&Asked { name: UserName::new("Bob").ok(), server: None }).unwrap();
    assert_eq!(elsewhere.picture(), None, "somebody else has another face");
    settings.set_picture(Some(&vec![7; PICTURE_BYTES + 1]));
    assert_eq!(settings.picture(), None);
    settings.set_picture(None);
    assert_eq!(settings.picture(), None);
}

#[test]
fn a_session_neither_follows_nor_changes_what_is_saved() {
    let saved = Settings::in_memory().unwrap();
    let (anna, bob) = (UserName::new("Anna").unwrap(), UserName::new("Bob").unwrap());
    let elsewhere = ServerAddress::new("localhost", 6666).unwrap();
    saved.set_name(&anna);
    saved.set_server(&ServerAddress::new("chat.example.org", 7000).unwrap());
    saved.set_status(&Status::new(Presence::Busy, "in a meeting"));
    saved.set_appearance(Appearance::Dark);
    saved.set_host_at_start(true);

    let session = saved.session(&Asked { name: Some(bob.clone()), server: Some(elsewhere.clone()) }).unwrap();
    assert_eq!((session.name(), session.server()), (Some(bob), Some(elsewhere)));
    assert_eq!((session.status(), session.appearance()), (Status::default(), Appearance::Dark));
    assert!(!session.host_at_start());

    session.set_status(&Status::new(Presence::Away, "gone"));
    saved.set_name(&UserName::new("Ann").unwrap());
    assert_eq!(saved.status(), Status::new(Presence::Busy, "in a meeting"));
    assert_eq!(session.name().unwrap().as_str(), "Bob");
    assert_eq!(saved.session(&Asked::default()).unwrap().status(), saved.status());
}

#[test]
fn nothing_is_hosted_when_the_command_line_leads_elsewhere() {
    let settings = Settings::in_memory().unwrap();
    let asked = |host| Asked { name: UserName::new("Bob").ok(), server: ServerAddress::new(host, 6666).ok() };
    settings.set_server(&ServerAddress::new("localhost", 6666).unwrap());
    assert!(!settings.hosts_with(&Asked::default()));
    settings.set_host_at_start(true);
    assert!(settings.hosts_with(&Asked::default()) && settings.hosts_with(&asked("localhost")));
    assert!(!settings.hosts_with(&asked("chat.example.org")));
}

#[test]
fn what_the_command_line_leaves_out_is_what_the_settings_say_now() {
    let settings = Settings::in_memory().unwrap();
    settings.set_name(&UserName::new("Ann").unwrap());
    settings.set_is_peer(true);
    settings.set_shared_folder(Some("/srv/slides".as_ref()));
    let bob = Asked { name: UserName::new("Bob").ok(), server: None };
    let Some(Mode::Peer(before)) = settings.mode_with(&bob) else { panic!("no peer") };
    assert_eq!((before.name.as_str(), before.share.is_some()), ("Bob", true));
    settings.set_shared_folder(None);
    settings.set_status(&Status::new(Presence::Busy, ""));
    let Some(Mode::Peer(after)) = settings.mode_with(&bob) else { panic!("no peer") };
    assert_eq!((after.share, after.status.presence()), (None, Presence::Busy));
    let server = ServerAddress::new("chat.example.org", 6666).ok();
    let Some(Mode::Server(server)) = settings.mode_with(&Asked { server, name: None }) else { panic!("no server") };
    assert_eq!((server.name.as_str(), server.status.presence()), ("Ann", Presence::Busy));
}

#[test]
fn values_that_cannot_be_used_count_as_none() {
    let settings = Settings::in_memory().unwrap();
    settings.set(key::NAME, " padded ");
    settings.set(key::SERVER_HOST, "two words");
    assert_eq!((settings.name(), settings.server()), (None, None));
}
