//! Files shown by other programs: opened, or marked in their folder.

use std::collections::HashMap;
use std::path::Path;

use gtk::prelude::*;
use gtk::{gdk, gio, glib};

/// How long a service of the desktop may take, in milliseconds; it is started by the question if it does not run.
const TIMEOUT: i32 = 3_000;

/// Opens a file with the program that the desktop has for it; tells when that does not work. A file that is gone is
/// [`gio::IOErrorEnum::NotFound`]: other programs do not tell that, or only to each other.
pub fn open(parent: &impl IsA<gtk::Window>, path: &Path, failed: impl FnOnce(glib::Error) + 'static) {
    let parent = parent.clone().upcast::<gtk::Window>();
    let file = gio::File::for_path(path);
    glib::spawn_future_local(async move {
        match find(&file).await {
            Ok(()) => show_uri(&parent, &file, failed),
            Err(gone) => failed(gone),
        }
    });
}

/// Shows a file in its folder. Desktops have a service for it, and for programs in a sandbox a portal to it; without
/// either the folder is opened. Tells when that does not work, as [`open`] does.
pub fn show_in_folder(parent: &impl IsA<gtk::Window>, path: &Path, failed: impl FnOnce(glib::Error) + 'static) {
    let parent = parent.clone().upcast::<gtk::Window>();
    let file = gio::File::for_path(path);
    glib::spawn_future_local(async move {
        if let Err(gone) = find(&file).await {
            failed(gone);
            return;
        }
        let shown = match mark(&file).await {
            Err(error) => {
                tracing::debug!("no file manager marks files: {error}");
                mark_outside(&file).await
            }
            shown => shown,
        };
        if let Err(error) = shown {
            tracing::debug!("no portal shows files in their folders: {error}");
            if let Some(folder) = file.parent() {
                show_uri(&parent, &folder, failed);
            }
        }
    });
}

/// Whether the file is still there.
async fn find(file: &gio::File) -> Result<(), glib::Error> {
    let kind = gio::FILE_ATTRIBUTE_STANDARD_TYPE;
    file.query_info_future(kind, gio::FileQueryInfoFlags::NONE, glib::Priority::DEFAULT).await.map(drop)
}

/// Source: the interface `org.freedesktop.FileManager1` of the desktop-neutral file manager specification.
async fn mark(file: &gio::File) -> Result<(), glib::Error> {
    let bus = gio::bus_get_future(gio::BusType::Session).await?;
    let uris = vec![file.uri().to_string()];
    let answer = bus.call_future(
        Some("org.freedesktop.FileManager1"),
        "/org/freedesktop/FileManager1",
        "org.freedesktop.FileManager1",
        "ShowItems",
        Some(&(uris, "").to_variant()),
        None,
        gio::DBusCallFlags::NONE,
        TIMEOUT,
    );
    answer.await.map(drop)
}

/// Asks the portal, which knows the file by a descriptor: its name in a sandbox may mean nothing outside.
///
/// Source: the method `OpenDirectory` of the interface `org.freedesktop.portal.OpenURI` of xdg-desktop-portal.
async fn mark_outside(file: &gio::File) -> Result<(), glib::Error> {
    let bus = gio::bus_get_future(gio::BusType::Session).await?;
    let path = file.path().unwrap_or_default();
    let open = gio::spawn_blocking(move || std::fs::File::open(path)).await;
    let file = open.map_err(|_| error("the thread has ended"))?.map_err(|why| error(&why.to_string()))?;
    let descriptors = gio::UnixFDList::from_array([file]);
    let no_options = HashMap::<String, glib::Variant>::new();
    let answer = bus.call_with_unix_fd_list_future(
        Some("org.freedesktop.portal.Desktop"),
        "/org/freedesktop/portal/desktop",
        "org.freedesktop.portal.OpenURI",
        "OpenDirectory",
        // No parent window, and the first descriptor.
        Some(&("", glib::variant::Handle(0), no_options).to_variant()),
        None,
        gio::DBusCallFlags::NONE,
        TIMEOUT,
        Some(&descriptors),
    );
    answer.await.map(drop)
}

fn error(text: &str) -> glib::Error {
    glib::Error::new(gio::IOErrorEnum::Failed, text)
}

fn show_uri(parent: &impl IsA<gtk::Window>, file: &gio::File, failed: impl FnOnce(glib::Error) + 'static) {
    gtk::show_uri_full(Some(parent), &file.uri(), gdk::CURRENT_TIME, gio::Cancellable::NONE, move |result| {
        if let Err(error) = result {
            failed(error);
        }
    });
}
