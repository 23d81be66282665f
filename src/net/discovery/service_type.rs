//! The DNS-SD service type by which peers of one kind find each other.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A service type of TCP in the domain `local`, for instance `_klatch._tcp.local.`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServiceType(String);

/// Why a text is no service type. The rules are those of RFC 6335, section 5.1, and RFC 6763, section 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ServiceTypeError {
    /// There is no name in it.
    #[error("the service type has no name")]
    Empty,
    /// The name is too long.
    #[error("the name of a service type has at most 15 characters")]
    TooLong,
    /// The name has other characters, or a hyphen where none may be.
    #[error("the name of a service type has letters, digits and single hyphens between them only")]
    BadCharacter,
    /// The name has no letter.
    #[error("the name of a service type has at least one letter")]
    NoLetter,
    /// It is of UDP or something else.
    #[error("a service type of peers ends in ._tcp")]
    NotTcp,
    /// It is in another domain.
    #[error("a service type of peers is in the domain local")]
    NotLocal,
}

impl ServiceType {
    /// The full form, with the final dot: `_klatch._tcp.local.`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ServiceType {
    fn default() -> Self {
        Self("_klatch._tcp.local.".to_owned())
    }
}

impl fmt::Display for ServiceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ServiceType {
    type Err = ServiceTypeError;

    /// Reads `_klatch._tcp.local.`, and what people write for it: without the final dot, without `.local`, or the name
    /// alone, with or without its underscore. Letters become small.
    fn from_str(text: &str) -> Result<Self, ServiceTypeError> {
        let text = text.trim().to_ascii_lowercase();
        let mut labels = text.strip_suffix('.').unwrap_or(&text).split('.');
        let name = labels.next().unwrap_or_default();
        let name = name.strip_prefix('_').unwrap_or(name);
        if name.is_empty() {
            return Err(ServiceTypeError::Empty);
        }
        if labels.next().is_some_and(|protocol| protocol != "_tcp") {
            return Err(ServiceTypeError::NotTcp);
        }
        if labels.next().is_some_and(|domain| domain != "local") || labels.next().is_some() {
            return Err(ServiceTypeError::NotLocal);
        }
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            || name.starts_with('-')
            || name.ends_with('-')
            || name.contains("--")
        {
            return Err(ServiceTypeError::BadCharacter);
        }
        if name.len() > 15 {
            return Err(ServiceTypeError::TooLong);
        }
        if !name.bytes().any(|b| b.is_ascii_alphabetic()) {
            return Err(ServiceTypeError::NoLetter);
        }
        Ok(Self(format!("_{name}._tcp.local.")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_types_as_people_write_them() {
        for (text, full) in [
            ("_klatch._tcp.local.", "_klatch._tcp.local."),
            (" _Presence._TCP.local ", "_presence._tcp.local."),
            ("_presence._tcp", "_presence._tcp.local."),
            ("cs8803", "_cs8803._tcp.local."),
            ("_a-b-c", "_a-b-c._tcp.local."),
            ("_fifteen-chars-1._tcp.", "_fifteen-chars-1._tcp.local."),
        ] {
            let parsed: ServiceType = text.parse().unwrap();
            assert_eq!(parsed.as_str(), full);
            assert_eq!(full.parse::<ServiceType>().unwrap(), parsed);
        }
        assert_eq!(ServiceType::default(), ServiceType::default().as_str().parse().unwrap());
        for (text, why) in [
            ("", ServiceTypeError::Empty),
            ("_._tcp.local.", ServiceTypeError::Empty),
            ("._tcp.local.", ServiceTypeError::Empty),
            ("_klatch._udp.local.", ServiceTypeError::NotTcp),
            ("_klatch.local.", ServiceTypeError::NotTcp),
            ("_klatch._tcp.example.org.", ServiceTypeError::NotLocal),
            ("_klatch._tcp.local.local.", ServiceTypeError::NotLocal),
            ("_klatch._tcp.local..", ServiceTypeError::NotLocal),
            ("_sixteen-chars-12._tcp", ServiceTypeError::TooLong),
            ("_two words", ServiceTypeError::BadCharacter),
            ("__klatch", ServiceTypeError::BadCharacter),
            ("_klätsch", ServiceTypeError::BadCharacter),
            ("-a", ServiceTypeError::BadCharacter),
            ("a-", ServiceTypeError::BadCharacter),
            ("a--b", ServiceTypeError::BadCharacter),
            ("_8803", ServiceTypeError::NoLetter),
        ] {
            assert_eq!(text.parse::<ServiceType>(), Err(why), "{text:?}");
        }
    }
}
