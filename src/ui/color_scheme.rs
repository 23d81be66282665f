//! Whether the desktop is light or dark, as its settings portal tells. Plain GTK 4.8 does not ask it.
//!
//! Source of the names: the interface `org.freedesktop.portal.Settings` of xdg-desktop-portal, where
//! `org.freedesktop.appearance color-scheme` is 0 for no preference, 1 for dark and 2 for light.

use gtk::glib::variant::ToVariant;
use gtk::{gio, glib};

const PORTAL: &str = "org.freedesktop.portal.Desktop";
const PATH: &str = "/org/freedesktop/portal/desktop";
const INTERFACE: &str = "org.freedesktop.portal.Settings";
const NAMESPACE: &str = "org.freedesktop.appearance";
const KEY: &str = "color-scheme";
/// How long the portal may take, in milliseconds; it is started by the question if it does not run.
const TIMEOUT: i32 = 5_000;

/// What the desktop prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColorScheme {
    /// Dark windows.
    Dark,
    /// Light windows.
    Light,
}

/// Tells what the desktop prefers, now and whenever that changes, as long as the program runs. `None`: it does not say,
/// or there is no portal.
pub(super) fn watch(tell: impl Fn(Option<ColorScheme>) + Clone + 'static) {
    glib::spawn_future_local(async move {
        let Ok(bus) = gio::bus_get_future(gio::BusType::Session).await else { return };
        let on_change = tell.clone();
        let _subscription = bus.subscribe_to_signal(
            Some(PORTAL),
            Some(INTERFACE),
            Some("SettingChanged"),
            Some(PATH),
            Some(NAMESPACE),
            gio::DBusSignalFlags::NONE,
            move |signal| {
                if let Some((_, key, value)) = signal.parameters.get::<(String, String, glib::Variant)>()
                    && key == KEY
                {
                    on_change(read(&value));
                }
            },
        );
        let question = (NAMESPACE, KEY).to_variant();
        let flags = gio::DBusCallFlags::NONE;
        match bus.call_future(Some(PORTAL), PATH, INTERFACE, "Read", Some(&question), None, flags, TIMEOUT).await {
            Ok(answer) => tell(read(&answer.child_value(0))),
            Err(error) => tracing::debug!("the desktop does not tell whether it is dark: {error}"),
        }
        // The subscription lives as long as the program.
        std::future::pending::<()>().await;
    });
}

/// The value, out of the one or two variants in which it comes.
fn read(value: &glib::Variant) -> Option<ColorScheme> {
    let mut value = value.clone();
    while value.is_type(glib::VariantTy::VARIANT) {
        value = value.child_value(0);
    }
    match value.get::<u32>()? {
        1 => Some(ColorScheme::Dark),
        2 => Some(ColorScheme::Light),
        _ => None,
    }
}
