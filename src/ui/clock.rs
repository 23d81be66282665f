//! Times and dates, in the form that is usual where the program runs.

use gtk::glib;

use super::i18n::pgettext;

/// The time of the day in hours and minutes, with 24 or with 12 hours as the locale has it.
pub(super) fn time_of_day(at: &glib::DateTime) -> String {
    let afternoon = glib::DateTime::from_utc(2000, 1, 1, 13, 0, 0.0).and_then(|one| one.format("%X"));
    at.format(hours_and_minutes(&afternoon.unwrap_or_default())).map(Into::into).unwrap_or_default()
}

/// The whole date, in words.
pub(super) fn date(at: &glib::DateTime) -> String {
    // Translators: a date such as "Saturday, 21 November 2026"; see the format of strftime. Put the parts in your order.
    // xgettext:no-c-format
    let format = pgettext("date", "%A, %-d %B %Y");
    // A translation that is no format is no reason to show nothing.
    at.format(&format).or_else(|_| at.format("%F")).map(Into::into).unwrap_or_default()
}

/// There is no format for the usual time without seconds, so one is chosen by how the locale writes one o'clock p.m.
fn hours_and_minutes(afternoon: &str) -> &'static str {
    if afternoon.contains("13") { "%H:%M" } else { "%-I:%M %p" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_decides_between_24_and_12_hours() {
        for (afternoon, format) in
            [("13:00:00", "%H:%M"), ("13.00.00", "%H:%M"), ("01:00:00 PM", "%-I:%M %p"), ("1:00:00 م", "%-I:%M %p")]
        {
            assert_eq!(hours_and_minutes(afternoon), format, "{afternoon}");
        }
    }

    #[test]
    fn times_and_dates_have_no_padding_that_shows() {
        let at = glib::DateTime::from_utc(2026, 11, 1, 9, 5, 0.0).unwrap();
        // The tests run in the locale C.
        assert_eq!(time_of_day(&at), "09:05");
        assert_eq!(date(&at), "Sunday, 1 November 2026");
    }
}
