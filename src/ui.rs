//! The desktop client: GTK windows that send commands and show events.
