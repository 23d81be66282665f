//! The desktop client: GTK windows that send commands and show events.

pub mod a11y;
pub mod about;
pub mod address_list;
pub mod field;
pub mod hosting;
pub mod hosting_page;
pub mod i18n;
pub mod preferences;
pub mod problem;
pub mod problem_bar;
pub mod settings;
pub mod shortcuts;
pub mod style;
pub mod welcome;
