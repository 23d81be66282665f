//! The desktop client: GTK windows that send commands and show events.

pub mod a11y;
pub mod i18n;
pub mod problem;
pub mod problem_bar;
pub mod settings;
pub mod style;
