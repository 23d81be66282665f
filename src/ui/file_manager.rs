//! Files shown by other programs: opened, or marked in their folder.

use std::path::Path;

use gtk::prelude::*;
use gtk::{gdk, gio, glib};

/// Opens a file with the program that the desktop has for it; tells when that does not work.
pub fn open(parent: &impl IsA<gtk::Window>, path: &Path, failed: impl FnOnce(glib::Error) + 'static) {
    show_uri(parent, &gio::File::for_path(path), failed);
}

/// Shows a file in its folder. Desktops have a service for it; without one the folder is opened.
pub fn show_in_folder(parent: &impl IsA<gtk::Window>, path: &Path, failed: impl FnOnce(glib::Error) + 'static) {
    let parent = parent.clone().upcast::<gtk::Window>();
    let file = gio::File::for_path(path);
    glib::spawn_future_local(async move {
        if let Err(error) = mark(&file).await {
            tracing::debug!("no file manager marks files: {error}");
            if let Some(folder) = file.parent() {
                show_uri(&parent, &folder, failed);
            }
        }
    });
}

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
        3_000,
    );
    answer.await.map(drop)
}

fn show_uri(parent: &impl IsA<gtk::Window>, file: &gio::File, failed: impl FnOnce(glib::Error) + 'static) {
    gtk::show_uri_full(Some(parent), &file.uri(), gdk::CURRENT_TIME, gio::Cancellable::NONE, move |result| {
        if let Err(error) = result {
            failed(error);
        }
    });
}
