//! The status of a user: on the wire any text, to people a presence and a few words.

use std::fmt;
use std::sync::Arc;

use super::ident::displayable;

/// How reachable somebody says to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Presence {
    /// There, and glad of a message.
    #[default]
    Online,
    /// Not at the keyboard.
    Away,
    /// There, but better not disturbed.
    Busy,
}

impl Presence {
    /// All of them, in the order in which people are listed.
    pub const ALL: [Self; 3] = [Self::Online, Self::Away, Self::Busy];

    /// The word that stands for it on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Away => "away",
            Self::Busy => "busy",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Some(match word.to_lowercase().as_str() {
            "online" | "available" | "here" | "free" => Self::Online,
            "away" | "idle" | "afk" | "brb" | "be right back" | "out" | "out to lunch" => Self::Away,
            "busy" | "dnd" | "do not disturb" | "do-not-disturb" | "in a meeting" => Self::Busy,
            _ => return None,
        })
    }
}

/// A status as it goes over the wire: any text. Cheap to clone.
///
/// Klatch writes a presence and a message as `away: back at two`. Whatever others write is kept and shown; a known
/// word at its beginning tells the presence, anything else is a message of somebody who is online.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Status(Arc<str>);

impl Default for Status {
    fn default() -> Self {
        Self::new(Presence::Online, "")
    }
}

impl Status {
    /// The status for a presence and a message; the message may be empty.
    pub fn new(presence: Presence, message: &str) -> Self {
        let message = message.trim();
        if message.is_empty() {
            Self(presence.word().into())
        } else if presence == Presence::Online && Presence::from_word(split(message).0).is_none() {
            Self(message.into())
        } else {
            Self(format!("{}: {message}", presence.word()).into())
        }
    }

    /// A status as somebody wrote it.
    pub fn received(text: &str) -> Self {
        Self(text.into())
    }

    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the text says about the presence.
    pub fn presence(&self) -> Presence {
        Presence::from_word(split(&self.0).0).unwrap_or_default()
    }

    /// What the text says beside the presence; may be empty.
    pub fn message(&self) -> &str {
        let (word, rest) = split(&self.0);
        if Presence::from_word(word).is_some() { rest } else { self.0.trim() }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&displayable(&self.0))
    }
}

/// `away: back at two` or `Away - back at two` into word and rest; all of it is the word if nothing divides it.
fn split(text: &str) -> (&str, &str) {
    for divider in [": ", " - ", " – ", " — "] {
        if let Some((word, rest)) = text.split_once(divider) {
            return (word.trim(), rest.trim());
        }
    }
    (text.trim().trim_end_matches(':'), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_say_the_same_when_read_again() {
        for presence in Presence::ALL {
            for message in ["", "back at two", "away: not really", "a: b", "at the café", "away"] {
                let status = Status::new(presence, message);
                assert_eq!((status.presence(), status.message()), (presence, message), "{status}");
            }
        }
        assert_eq!(Status::default().as_str(), "online");
    }

    #[test]
    fn those_of_others_are_understood() {
        for (text, presence, message) in [
            ("Online", Presence::Online, ""),
            ("available", Presence::Online, ""),
            ("AWAY", Presence::Away, ""),
            ("Away - lunch", Presence::Away, "lunch"),
            ("Do Not Disturb", Presence::Busy, ""),
            ("writing: chapter 2", Presence::Online, "writing: chapter 2"),
            ("away from Atlanta", Presence::Online, "away from Atlanta"),
            ("", Presence::Online, ""),
        ] {
            let status = Status::received(text);
            assert_eq!((status.presence(), status.message()), (presence, message), "{text:?}");
        }
    }
}
