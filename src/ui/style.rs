//! What is compiled into the program: templates, icons and style sheets; and how light or dark it looks.

use std::cell::Cell;
use std::rc::Rc;

use gtk::prelude::*;
use gtk::{gdk, gio};

use super::color_scheme::{self, ColorScheme};
use super::settings::{Appearance, Settings, key};

/// The folder of everything that is compiled in.
pub const RESOURCES: &str = "/im/klatch/Klatch";

/// Makes templates and icons available. To be called before the first widget is made; more calls do no harm.
pub fn register_resources() {
    if let Err(error) = gio::resources_register_include!("klatch.gresource") {
        tracing::error!("the program's own resources cannot be read: {error}");
    }
}

/// Loads the icons and style sheets for the display, and keeps light and dark as the settings say.
pub fn load(settings: &Settings) {
    let (Some(display), Some(gtk_settings)) = (gdk::Display::default(), gtk::Settings::default()) else { return };
    gtk::IconTheme::for_display(&display).add_resource_path(&format!("{RESOURCES}/icons"));
    gtk::Window::set_default_icon_name("im.klatch.Klatch");
    gtk::style_context_add_provider_for_display(
        &display,
        &provider("style.css"),
        gtk::STYLE_PROVIDER_PRIORITY_APPLICATION,
    );
    follow_dark_theme(&display, &gtk_settings);

    // What GTK itself knows of the system, until the desktop says more.
    let of_gtk = gtk_settings.is_gtk_application_prefer_dark_theme();
    let system_is_dark = Rc::new(Cell::new(of_gtk));
    let apply = {
        let system_is_dark = Rc::clone(&system_is_dark);
        move |settings: &Settings| {
            gtk_settings.set_gtk_application_prefer_dark_theme(match settings.appearance() {
                Appearance::System => system_is_dark.get(),
                Appearance::Light => false,
                Appearance::Dark => true,
            });
        }
    };
    apply(settings);
    settings.on_changed(&[key::APPEARANCE], apply.clone());
    let settings = settings.clone();
    color_scheme::watch(move |scheme| {
        system_is_dark.set(scheme.map_or(of_gtk, |scheme| scheme == ColorScheme::Dark));
        apply(&settings);
    });
}

/// Adds the dark sheet while the dark theme is on: plain GTK does not do so by itself.
fn follow_dark_theme(display: &gdk::Display, gtk_settings: &gtk::Settings) {
    let dark = provider("style-dark.css");
    let added = Cell::new(false);
    let sync = {
        let display = display.clone();
        move |gtk_settings: &gtk::Settings| {
            let wanted = is_dark(gtk_settings);
            if wanted == added.replace(wanted) {
                return;
            }
            if wanted {
                let priority = gtk::STYLE_PROVIDER_PRIORITY_APPLICATION + 1;
                gtk::style_context_add_provider_for_display(&display, &dark, priority);
            } else {
                gtk::style_context_remove_provider_for_display(&display, &dark);
            }
        }
    };
    sync(gtk_settings);
    gtk_settings.connect_gtk_application_prefer_dark_theme_notify(sync.clone());
    gtk_settings.connect_gtk_theme_name_notify(sync);
}

/// A theme may be dark by its name alone, as with `GTK_THEME=Adwaita:dark` or a desktop that sets "Adwaita-dark".
fn is_dark(gtk_settings: &gtk::Settings) -> bool {
    gtk_settings.is_gtk_application_prefer_dark_theme()
        || gtk_settings.gtk_theme_name().is_some_and(|name| name.to_lowercase().ends_with("dark"))
}

/// Whether the text of a widget is drawn light on dark, whatever the theme is called.
pub fn is_on_dark(widget: &impl IsA<gtk::Widget>) -> bool {
    let text = widget.style_context().color();
    0.2126 * text.red() + 0.7152 * text.green() + 0.0722 * text.blue() > 0.5
}

fn provider(sheet: &str) -> gtk::CssProvider {
    let provider = gtk::CssProvider::new();
    provider.load_from_resource(&format!("{RESOURCES}/{sheet}"));
    provider
}
