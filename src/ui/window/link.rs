//! How one is connected: the status bar, and what is said where no people can be shown.

use std::time::Duration;

use gtk::glib;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::Window;
use super::me::presence_factory;
use crate::net::{LinkState, Presence};
use crate::ui::buddy_row::presence_word;
use crate::ui::hosting::is_own_guest;
use crate::ui::i18n::{gettext, gettext_f, ngettext_f};
use crate::ui::model::{Client, Failure};
use crate::ui::problem::Problem;
use crate::ui::settings::Settings;

impl Window {
    pub(super) fn build_problem_bar(&self, client: &Client) {
        let bar = &self.imp().problem;
        client.connect_problem(glib::clone!(
            #[weak]
            bar,
            move |client| match client.problem() {
                Some(failure) => {
                    bar.show(&Problem { retry: false, ..Problem::of(&failure, &address(&client.link())) });
                    match failure {
                        Failure::Stranger { address, .. } => {
                            // At which port they listen is not known.
                            let host = if address.contains(':') { format!("[{address}]") } else { address };
                            let known = format!("{host}:").to_variant();
                            bar.offer(&gettext("Add by A_ddress…"), "app.add-peer-at", Some(&known));
                        }
                        Failure::Renamed { .. } => bar.offer(&gettext("_Preferences"), "app.preferences", None),
                        _ => {}
                    }
                }
                None => bar.clear(),
            }
        ));
    }

    pub(super) fn refresh_link(&self) {
        let imp = self.imp();
        let Some(client) = imp.client.get() else { return };
        let link = client.link();
        self.refresh_name();
        self.refresh_presence();
        self.refresh_status_bar();
        self.refresh_page();
        self.refresh_actions();
        let waits = client.seconds_to_retry().is_some_and(|seconds| seconds > 0);
        if let Some(countdown) = imp.countdown.take() {
            countdown.remove();
        }
        if waits && matches!(link, LinkState::Reconnecting { .. }) {
            let countdown = glib::timeout_add_local(
                Duration::from_secs(1),
                glib::clone!(
                    #[weak(rename_to = window)]
                    self,
                    #[upgrade_or]
                    glib::ControlFlow::Break,
                    move || {
                        window.refresh_status_bar();
                        glib::ControlFlow::Continue
                    }
                ),
            );
            imp.countdown.replace(Some(countdown));
        }
    }

    /// Shows the presence that others see: while one is offline that is none, and what is chosen is for later.
    pub(super) fn refresh_presence(&self) {
        let imp = self.imp();
        let is_offline = !self.client().is_some_and(Client::is_online);
        imp.presence.set_factory(Some(&presence_factory(is_offline)));
        let later = Presence::ALL.get(imp.presence.selected() as usize).copied().unwrap_or_default();
        let words = gettext_f("When you connect: {presence}", &[("presence", &presence_word(later))]);
        imp.presence.set_tooltip_text(Some(words.as_str()).filter(|_| is_offline));
    }

    pub(super) fn refresh_status_bar(&self) {
        let imp = self.imp();
        let Some(client) = imp.client.get() else { return };
        let link = client.link();
        let words = match &link {
            LinkState::Offline(None) => gettext("Offline"),
            LinkState::Offline(Some(error)) => Problem::new(error, &self.server()).title,
            LinkState::Connecting { .. } if client.has_files() => gettext("Joining this network…"),
            LinkState::Connecting { to } => gettext_f("Connecting to {address}…", &[("address", to)]),
            LinkState::Online { .. } if !client.has_network() => gettext("This computer is not on a network"),
            LinkState::Online { name, .. } if client.has_files() => {
                gettext_f("On this network as {name}", &[("name", &name.shown())])
            }
            LinkState::Online { at, .. } => {
                self.hosting_words(&link, at).unwrap_or_else(|| gettext_f("Connected to {address}", &[("address", at)]))
            }
            LinkState::Reconnecting { to, because, .. } => {
                let title = Problem::new(because, to).title;
                let next = match client.seconds_to_retry() {
                    None | Some(0) => gettext("Trying again…"),
                    Some(seconds) => {
                        let seconds = usize::try_from(seconds).unwrap_or(usize::MAX);
                        ngettext_f("Next attempt in {n} s.", "Next attempt in {n} s.", seconds, &[])
                    }
                };
                gettext_f("{problem} {next}", &[("problem", &title), ("next", &next)])
            }
        };
        imp.link.set_label(&words);
        let icon = match &link {
            LinkState::Online { .. } if !client.has_network() => "dialog-warning-symbolic",
            LinkState::Online { .. } => "klatch-online",
            LinkState::Offline(None) => "klatch-offline",
            LinkState::Connecting { .. } => "klatch-away",
            LinkState::Reconnecting { .. } | LinkState::Offline(Some(_)) => "dialog-warning-symbolic",
        };
        imp.link_icon.set_icon_name(Some(icon));
        imp.retry.set_visible(match &link {
            LinkState::Offline(Some(error)) => error.kind.is_worth_retrying(),
            LinkState::Reconnecting { .. } => client.seconds_to_retry() != Some(0),
            _ => false,
        });
    }

    /// The server to connect to, as people write it.
    fn server(&self) -> String {
        self.imp().settings.get().and_then(Settings::server).map(|server| server.to_string()).unwrap_or_default()
    }

    /// What the status bar says while one hosts, and is online there or elsewhere.
    fn hosting_words(&self, link: &LinkState, at: &str) -> Option<String> {
        let (port, people) = self.imp().hosting.get()?;
        let hosting = ngettext_f(
            "Hosting here; {n} person is connected.",
            "Hosting here; {n} people are connected.",
            people,
            &[],
        );
        if is_own_guest(link, port) {
            return Some(hosting);
        }
        Some(gettext_f("Connected to {address}. {hosting}", &[("address", at), ("hosting", &hosting)]))
    }

    /// Shows the people, or why there are none.
    pub(super) fn refresh_page(&self) {
        let imp = self.imp();
        let Some(client) = imp.client.get() else { return };
        let is_online = client.is_online();
        if is_online && client.roster().sections().n_items() > 0 {
            imp.pages.set_visible_child_name("people");
            imp.spinner.stop();
            return;
        }
        let page = self.placeholder(client);
        imp.placeholder_title.set_label(&page.title);
        imp.placeholder_text.set_label(&page.text);
        imp.placeholder_text.set_visible(!page.text.is_empty());
        let is_alone_here = |port| is_own_guest(&client.link(), port) && client.roster().is_empty();
        let hosting = imp.hosting.get().filter(|(port, _)| is_alone_here(*port));
        imp.addresses.set_visible(hosting.is_some());
        if let Some((port, _)) = hosting {
            imp.placeholder_text.set_label(&gettext("Others join by connecting to one of these addresses:"));
            imp.addresses.set_port(port);
        }
        imp.look_again.set_visible(page.may_look_again);
        imp.placeholder_button.set_visible(page.button.is_some());
        if let Some((label, action)) = page.button {
            imp.placeholder_button.set_label(&label);
            imp.placeholder_button.set_action_name(Some(action));
        }
        imp.spinner.set_visible(page.is_busy);
        imp.spinner.set_spinning(page.is_busy);
        imp.pages.set_visible_child_name("nobody");
    }

    fn placeholder(&self, client: &Client) -> Placeholder {
        let connect = || Some((gettext("_Connect"), "app.connect"));
        let preferences = || Some((gettext("_Preferences"), "app.preferences"));
        let new = |title: String, text: String| Placeholder {
            title,
            text,
            button: None,
            is_busy: false,
            may_look_again: false,
        };
        let has_files = client.has_files();
        match client.link() {
            LinkState::Offline(None) => Placeholder {
                button: connect(),
                ..new(gettext("You are offline"), gettext("Connect to see who is there."))
            },
            LinkState::Offline(Some(error)) => {
                let problem = Problem::new(&error, &self.server());
                Placeholder { button: preferences(), ..new(problem.title, problem.advice) }
            }
            LinkState::Connecting { to } => Placeholder {
                button: Some((gettext("_Cancel"), "app.disconnect")),
                is_busy: true,
                ..if has_files {
                    new(gettext("Joining this network…"), String::new())
                } else {
                    new(gettext_f("Connecting to {address}…", &[("address", &to)]), String::new())
                }
            },
            LinkState::Reconnecting { to, because, .. } => {
                let problem = Problem::new(&because, &to);
                Placeholder {
                    button: Some((gettext("_Stop Trying"), "app.disconnect")),
                    is_busy: true,
                    ..new(problem.title, problem.advice)
                }
            }
            LinkState::Online { .. } if client.roster().is_empty() && !client.has_network() => new(
                gettext("This computer is not on a network"),
                gettext("As soon as it is, people appear here by themselves."),
            ),
            LinkState::Online { .. } if has_files && client.roster().is_empty() => Placeholder {
                may_look_again: true,
                button: Some((gettext("Add by A_ddress…"), "app.add-peer")),
                is_busy: true,
                ..new(gettext("Nobody found yet"), how_to_be_found())
            },
            LinkState::Online { at, .. } if client.roster().is_empty() => {
                new(gettext("Nobody else is here yet"), how_to_join(&at))
            }
            LinkState::Online { .. } => {
                let text = self.imp().search.text();
                new(
                    gettext("Nobody found"),
                    gettext_f("Nobody who is here is called “{text}”.", &[("text", text.trim())]),
                )
            }
        }
    }
}

/// What is shown where people would be.
struct Placeholder {
    title: String,
    text: String,
    button: Option<(String, &'static str)>,
    is_busy: bool,
    may_look_again: bool,
}

/// What others must know to come as well.
fn how_to_join(at: &str) -> String {
    gettext_f("People appear here as soon as they connect to {address}.", &[("address", at)])
}

/// What to check when others do not appear.
fn how_to_be_found() -> String {
    gettext(
        "People appear here by themselves when they chat on this network too. If somebody is missing: both computers must be on the same network, and their firewalls must let UDP port 5353 through.",
    )
}

/// Where the connection leads, as people write it.
fn address(link: &LinkState) -> String {
    match link {
        LinkState::Offline(_) => String::new(),
        LinkState::Connecting { to } | LinkState::Reconnecting { to, .. } => to.clone(),
        LinkState::Online { at, .. } => at.clone(),
    }
}
