//! What the buddy list offers among peers: to look somebody up, to see and send files, to block.

use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gdk, gio, glib};

use super::Window;
use crate::net::{Command, NetError, NetErrorKind, TransferState, UserName};
use crate::ui::i18n::{gettext, ngettext_f};
use crate::ui::model::{Buddy, Client, Failure};
use crate::ui::transfers;

/// The actions that only peers have.
const ACTIONS: [&str; 6] =
    ["win.user-info", "win.shared-files", "win.send-file", "win.block", "win.unblock", "win.remove-address"];

impl Window {
    /// Installs the actions on the class.
    pub(super) fn install_peer_actions(class: &mut <super::imp::Window as ObjectSubclass>::Class) {
        class.install_action("win.user-info", None, |window, _, _| window.show_about_selected("user-info"));
        class.install_action("win.shared-files", None, |window, _, _| window.show_about_selected("shared-files"));
        class.install_action("win.send-file", None, |window, _, _| window.choose_files());
        class.install_action("win.block", None, |window, _, _| window.block(true));
        class.install_action("win.unblock", None, |window, _, _| window.block(false));
        class.install_action("win.remove-address", None, |window, _, _| window.remove_addresses());
    }

    /// Offers what can be done with who is selected; menus hide the rest.
    pub(super) fn refresh_peer_actions(&self) {
        for (action, is_enabled) in self.peer_actions() {
            self.action_set_enabled(action, is_enabled);
        }
    }

    /// What only peers can do, and whether it can be done with who is selected.
    pub(super) fn peer_actions(&self) -> impl Iterator<Item = (&'static str, bool)> {
        let selected = self.selected();
        let is_peer = self.client().is_some_and(|client| client.has_files() && client.is_online());
        let is_one = is_peer && selected.len() == 1;
        let is_somebody = is_peer && !selected.is_empty();
        let are_blocked = selected.iter().filter(|buddy| buddy.is_blocked()).count();
        let enabled = [
            is_one,
            is_one,
            is_somebody && are_blocked == 0,
            is_somebody && are_blocked < selected.len(),
            is_somebody && are_blocked > 0,
            is_somebody && selected.iter().all(Buddy::is_added),
        ];
        ACTIONS.into_iter().zip(enabled)
    }

    /// Opens a window about each selected person, by an action of the application.
    fn show_about_selected(&self, action: &str) {
        let Some(app) = self.application() else { return };
        for buddy in self.selected() {
            app.activate_action(action, Some(&buddy.name().as_str().to_variant()));
        }
    }

    fn choose_files(&self) {
        let people: Vec<UserName> = self.selected().iter().map(Buddy::name).collect();
        let [first, ..] = people.as_slice() else { return };
        let name = self.client().map(|client| client.roster().names().called(first)).unwrap_or_default();
        let title = ngettext_f("Send Files to {name}", "Send Files to {n} People", people.len(), &[("name", &name)]);
        let chooser = gtk::FileChooserNative::builder()
            .title(title)
            .transient_for(self)
            .modal(true)
            .action(gtk::FileChooserAction::Open)
            .accept_label(gettext("_Send"))
            .select_multiple(true)
            .build();
        let window = self.downgrade();
        // It is no widget: whoever shows it keeps it.
        let keep = chooser.clone();
        chooser.connect_response(move |_, response| {
            let files: Vec<_> = keep.files().snapshot().into_iter().filter_map(|file| file.downcast().ok()).collect();
            if let (Some(window), gtk::ResponseType::Accept) = (window.upgrade(), response) {
                for person in &people {
                    window.offer(person, &files);
                }
            }
            keep.destroy();
        });
        chooser.show();
    }

    fn offer(&self, to: &UserName, files: &[gio::File]) {
        let Some(client) = self.client().cloned() else { return };
        let (to, files) = (to.clone(), files.to_vec());
        glib::spawn_future_local(async move {
            let mut paths = Vec::new();
            for file in &files {
                let name = file.basename().unwrap_or_default();
                match file.path() {
                    // One that is only on another computer, which the desktop shows as if it were here.
                    None => client.set_not_offered(to.clone(), name, NetError::new(NetErrorKind::LocalFile)),
                    Some(_) if is_folder(file).await => {
                        let name = name.to_string_lossy().into_owned();
                        client.tell_problem(Some(Failure::Folder { to: to.clone(), name }));
                    }
                    Some(path) => paths.push(path),
                }
            }
            client.offer(&to, paths);
        });
    }

    fn block(&self, is_blocked: bool) {
        let (Some(client), Some(settings)) = (self.client(), self.imp().settings.get()) else { return };
        for buddy in self.selected().into_iter().filter(|buddy| buddy.is_blocked() != is_blocked) {
            let name = buddy.name();
            if client.send(Command::Block { name: name.clone(), blocked: is_blocked }).is_ok() {
                settings.set_blocked(&name, is_blocked);
            }
        }
    }

    fn remove_addresses(&self) {
        let (Some(client), Some(settings)) = (self.client(), self.imp().settings.get()) else { return };
        for address in self.selected().iter().filter_map(|buddy| client.added_address(&buddy.name())) {
            if client.send(Command::RemovePeer(address.clone())).is_ok() {
                settings.set_added_peer(&address, false);
            }
        }
    }

    /// Lets files be dropped on a row, which offers them to the person.
    pub(super) fn accept_files(&self, row: &impl IsA<gtk::Widget>, item: &gtk::ListItem) {
        let target = gtk::DropTarget::new(gdk::FileList::static_type(), gdk::DragAction::COPY);
        target.connect_enter(glib::clone!(
            #[weak(rename_to = window)]
            self,
            #[weak]
            item,
            #[upgrade_or]
            gdk::DragAction::empty(),
            move |_, _, _| {
                let person = window.receiver_at(item.position());
                person.map_or_else(gdk::DragAction::empty, |_| gdk::DragAction::COPY)
            }
        ));
        target.connect_drop(glib::clone!(
            #[weak(rename_to = window)]
            self,
            #[weak]
            item,
            #[upgrade_or]
            false,
            move |_, value, _, _| {
                let (Some(person), Ok(files)) = (window.receiver_at(item.position()), value.get::<gdk::FileList>())
                else {
                    return false;
                };
                window.offer(&person, &files.files());
                true
            }
        ));
        row.add_controller(target);
    }

    /// Who can be offered files in that row.
    fn receiver_at(&self, at: u32) -> Option<UserName> {
        let is_peer = self.client().is_some_and(|client| client.has_files() && client.is_online());
        self.buddy_at(at).filter(|buddy| is_peer && !buddy.is_blocked()).map(|buddy| buddy.name())
    }

    /// Shows in the status bar what is under way.
    pub(super) fn follow_transfers(&self, client: &Client) {
        client.connect_transfer_changed(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |client, transfer| {
                if transfer.now().is_some_and(|now| now.state == TransferState::Offered) {
                    // There one sees what comes of it.
                    let _there = WidgetExt::activate_action(&window, "app.transfers", None);
                }
                let summary = transfers::summary(&client.running_transfers());
                let imp = window.imp();
                imp.transfers.set_visible(summary.is_some());
                imp.transfers.set_tooltip_text(summary.as_deref());
                imp.transfers_summary.set_label(&summary.unwrap_or_default());
            }
        ));
    }
}

async fn is_folder(file: &gio::File) -> bool {
    let kind = gio::FILE_ATTRIBUTE_STANDARD_TYPE;
    let info = file.query_info_future(kind, gio::FileQueryInfoFlags::NONE, glib::Priority::DEFAULT).await;
    info.is_ok_and(|info| info.file_type() == gio::FileType::Directory)
}
