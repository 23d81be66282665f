//! Files for other people: choosing them, dropping them, and offering them.

use gtk::prelude::*;
use gtk::{gdk, gio, glib};

use super::i18n::{gettext, ngettext_f};
use super::model::{Client, Failure};
use crate::net::{NetError, NetErrorKind, UserName};

/// Who of these can be offered files now: whoever is here and not blocked, if there is no server in between.
pub(super) fn receivers(client: &Client, people: Vec<UserName>) -> Vec<UserName> {
    let is_peer = client.has_files() && client.is_online();
    let can_receive = |name: &UserName| client.roster().get(name).is_some_and(|buddy| !buddy.is_blocked());
    people.into_iter().filter(|name| is_peer && can_receive(name)).collect()
}

/// Asks which files to offer to these people.
pub(super) fn choose(parent: &impl IsA<gtk::Window>, client: &Client, people: Vec<UserName>) {
    let [first, ..] = people.as_slice() else { return };
    let name = client.roster().names().called(first);
    let title = ngettext_f("Send Files to {name}", "Send Files to {n} People", people.len(), &[("name", &name)]);
    let chooser = gtk::FileChooserNative::builder()
        .title(title)
        .transient_for(parent)
        .modal(true)
        .action(gtk::FileChooserAction::Open)
        .accept_label(gettext("_Send"))
        .select_multiple(true)
        .build();
    let client = client.clone();
    // It is no widget: whoever shows it keeps it.
    let keep = chooser.clone();
    chooser.connect_response(move |_, response| {
        let files: Vec<_> = keep.files().snapshot().into_iter().filter_map(|file| file.downcast().ok()).collect();
        if response == gtk::ResponseType::Accept {
            offer(&client, &people, &files);
        }
        keep.destroy();
    });
    chooser.show();
}

/// Where files can be dropped; `take` says whether they are wanted.
pub(super) fn drop_target(take: impl Fn(&[gio::File]) -> bool + 'static) -> gtk::DropTarget {
    let target = gtk::DropTarget::new(gdk::FileList::static_type(), gdk::DragAction::COPY);
    target.connect_drop(move |_, value, _, _| value.get::<gdk::FileList>().is_ok_and(|files| take(&files.files())));
    target
}

/// Offers the files to each of these people. What cannot be offered is told.
pub(super) fn offer(client: &Client, people: &[UserName], files: &[gio::File]) {
    for to in people {
        let (client, to, files) = (client.clone(), to.clone(), files.to_vec());
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
}

async fn is_folder(file: &gio::File) -> bool {
    let kind = gio::FILE_ATTRIBUTE_STANDARD_TYPE;
    let info = file.query_info_future(kind, gio::FileQueryInfoFlags::NONE, glib::Priority::DEFAULT).await;
    info.is_ok_and(|info| info.file_type() == gio::FileType::Directory)
}
