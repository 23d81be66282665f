//! Who and what is named on the wire: users and conversations.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizerBorrowed;
use num_bigint::BigInt;
use thiserror::Error;

use super::limits;
use super::pickle::Value;

/// The name of a user, exactly as it came or will go over the wire. Cheap to clone.
///
/// [`UserName::new`] makes one that may be registered; [`UserName::received`] takes any text, because a server that
/// is not ours may let people have names that ours would refuse, and they must go back unchanged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName(Arc<str>);

impl UserName {
    /// A name that may be registered: 1 to [`limits::NAME_CHARS`] characters, no control characters, none that change
    /// the direction of the text around them, no space at either end.
    pub fn new(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.chars().count() > limits::NAME_CHARS {
            return Err(NameError::TooLong);
        }
        if text.chars().any(is_unfit_for_display) {
            return Err(NameError::ControlCharacter);
        }
        if text.trim() != text {
            return Err(NameError::OuterSpace);
        }
        let name = Self(text.into());
        if name.key().0.is_empty() {
            return Err(NameError::Invisible);
        }
        Ok(name)
    }

    /// A name as somebody else wrote it, whatever it is.
    pub fn received(text: &str) -> Self {
        Self(text.into())
    }

    /// The name as it goes over the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it may be shown: what would break a line, hide text or turn its direction is replaced.
    pub fn shown(&self) -> Cow<'_, str> {
        displayable(&self.0)
    }

    /// What two names are compared by.
    pub fn key(&self) -> NameKey {
        NameKey::of(&self.0)
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

/// What makes two names the same: Unicode NFKC and case folding, without characters that cannot be seen; of several
/// spaces one, and none at the ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey(Arc<str>);

impl NameKey {
    fn of(name: &str) -> Self {
        if name.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
            return Self(one_spaced(&name.to_ascii_lowercase()).into());
        }
        let nfkc = ComposingNormalizerBorrowed::new_nfkc();
        let visible: String = name.chars().filter(|c| !is_ignorable(*c)).collect();
        let folded = CaseMapper::new().fold_string(&nfkc.normalize(&visible)).into_owned();
        // Folding can leave a string that is no longer normalised (U+0345 and its relatives): once more.
        Self(one_spaced(&nfkc.normalize(&folded)).into())
    }
}

fn one_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Why a name cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    /// There is no character in it.
    #[error("the name is empty")]
    Empty,
    /// It has more than [`limits::NAME_CHARS`] characters.
    #[error("the name has more than {} characters", limits::NAME_CHARS)]
    TooLong,
    /// It has a character that controls a terminal or the direction of text.
    #[error("the name has a control character in it")]
    ControlCharacter,
    /// It begins or ends with a space.
    #[error("the name begins or ends with a space")]
    OuterSpace,
    /// It has only characters that cannot be seen.
    #[error("the name has no visible character")]
    Invisible,
}

/// The id of a conversation: any scalar, kept with its type, because it must go back as it came.
///
/// A server written from the slides looks conversations up in a dictionary, where `7` and `"7"` are different.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConversationId {
    /// A whole number that fits a machine word.
    Int(i64),
    /// A larger whole number.
    BigInt(BigInt),
    /// Text.
    Text(Arc<str>),
    /// A byte string of Python 3.
    Bytes(Arc<[u8]>),
    /// A floating point number, by its bits, so that it can be compared.
    Float(u64),
    /// `True` or `False`.
    Bool(bool),
}

impl ConversationId {
    /// The id in a pickled value; `None` if that is no scalar.
    pub fn from_value(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Int(i) => Self::Int(*i),
            Value::BigInt(i) => Self::BigInt(i.clone()),
            Value::Text(text) => Self::Text(text.as_str().into()),
            Value::Bytes(bytes) => Self::Bytes(bytes.as_slice().into()),
            Value::Float(f) => Self::Float(f.to_bits()),
            Value::Bool(b) => Self::Bool(*b),
            _ => return None,
        })
    }

    /// The id as it goes over the wire.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Int(i) => Value::Int(*i),
            Self::BigInt(i) => Value::BigInt(i.clone()),
            Self::Text(text) => Value::Text(text.to_string()),
            Self::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
            Self::Float(bits) => Value::Float(f64::from_bits(*bits)),
            Self::Bool(b) => Value::Bool(*b),
        }
    }
}

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(i) => i.fmt(f),
            Self::BigInt(i) => i.fmt(f),
            Self::Text(text) => f.write_str(&displayable(text)),
            Self::Bytes(bytes) => f.write_str(&displayable(&String::from_utf8_lossy(bytes))),
            // Not as the whole number that is another id.
            Self::Float(bits) => write!(f, "{:?}", f64::from_bits(*bits)),
            Self::Bool(b) => b.fmt(f),
        }
    }
}

/// Text from the network as one line that may be shown: control characters, line separators and characters that turn
/// the direction of text become U+FFFD.
pub fn displayable(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_unfit_for_display) {
        Cow::Owned(text.chars().map(|c| if is_unfit_for_display(c) { '\u{fffd}' } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Control characters, line separators, and marks, embeddings, overrides and isolates of direction (Unicode
/// Bidirectional Algorithm, UAX #9, section 2).
fn is_unfit_for_display(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters that are drawn as nothing, with which two names could look the same: `Default_Ignorable_Code_Point` of the
/// Unicode Character Database, the marks of interlinear annotation, and the empty Braille pattern.
fn is_ignorable(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_may_be_registered() {
        for good in ["bob", "Bob Smith", "Zoë", "张伟", "محمد", "a", "👩‍💻", &"x".repeat(64)] {
            assert_eq!(UserName::new(good).unwrap().as_str(), good);
        }
        for (bad, why) in [
            ("", NameError::Empty),
            (" bob", NameError::OuterSpace),
            ("bob\u{a0}", NameError::OuterSpace),
            ("bo\nb", NameError::ControlCharacter),
            ("bo\0b", NameError::ControlCharacter),
            ("\u{202e}bob", NameError::ControlCharacter),
            ("\u{200b}", NameError::Invisible),
            ("\u{2800}", NameError::Invisible),
            (&"x".repeat(65), NameError::TooLong),
        ] {
            assert_eq!(UserName::new(bad), Err(why), "{bad:?}");
        }
    }

    #[test]
    fn names_are_compared_without_case_and_look() {
        for (a, b) in [
            ("Bob", "bOB"),
            ("Straße", "STRASSE"),
            ("ΣΊΣΥΦΟΣ", "Σίσυφος"),
            ("ｂｏｂ", "bob"),
            ("e\u{301}", "é"),
            ("bo\u{200b}b", "bob"),
            ("bob\u{206a}", "bob"),
            ("bob\u{fff9}", "bob"),
            ("bo\u{17b4}b", "bob"),
            ("bob\u{1d173}", "bob"),
            (" bob\u{a0}", "bob"),
            ("bob \u{200b} smith", "Bob Smith"),
        ] {
            assert_eq!(UserName::received(a).key(), UserName::received(b).key(), "{a} {b}");
        }
        assert_ne!(UserName::received("bob").key(), UserName::received("rob").key());
    }

    #[test]
    fn an_id_keeps_its_type() {
        assert_ne!(ConversationId::Int(7), ConversationId::Text("7".into()));
        for value in [
            Value::Int(7),
            Value::BigInt(BigInt::from(u128::MAX)),
            Value::Text("7".into()),
            Value::Bytes(b"7".to_vec()),
            Value::Float(7.5),
            Value::Bool(true),
        ] {
            assert_eq!(ConversationId::from_value(&value).unwrap().to_value(), value);
        }
        assert_eq!(ConversationId::from_value(&Value::List(vec![])), None);
    }
}
