//! Lines of standard input.

use thiserror::Error;

use crate::net::{Status, UserName};

/// What a line asks for. Ids are text here; what they stand for depends on what was told before.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// `/status TEXT`
    Status(Status),
    /// `/invite NAME...`
    Invite(Vec<UserName>),
    /// `/join ID`
    Join(String),
    /// `/leave ID`
    Leave(String),
    /// `/say ID TEXT`
    Say(String, String),
    /// `/accept ID`, `/refuse ID`
    Answer(String, bool),
    /// `/list`
    List,
    /// `/quit`
    Quit,
    /// A blank line.
    Empty,
}

/// Why a line asks for nothing that can be done.
#[derive(Debug, PartialEq, Eq, Error)]
pub(super) enum InputError {
    /// It does not begin with a command.
    #[error("a command begins with a slash: /say ID TEXT says something")]
    NoCommand,
    /// There is no such command.
    #[error("unknown command {0}; there are /status /invite /join /leave /say /accept /refuse /list /quit")]
    Unknown(String),
    /// The command needs something else behind it.
    #[error("usage: {0}")]
    Usage(&'static str),
    /// A quotation mark is not closed.
    #[error("a double quote is not closed")]
    OpenQuote,
}

impl Line {
    /// What a line asks for.
    pub(super) fn parse(line: &str) -> Result<Self, InputError> {
        let line = line.trim();
        let (command, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim_start();
        Ok(match command {
            "" => Self::Empty,
            "/status" => Self::Status(Status::received(rest)),
            "/invite" => {
                let names = words(rest)?;
                if names.is_empty() {
                    return Err(InputError::Usage("/invite NAME..."));
                }
                Self::Invite(names.iter().map(|name| UserName::received(name)).collect())
            }
            "/join" => Self::Join(one(rest, "/join ID")?),
            "/leave" => Self::Leave(one(rest, "/leave ID")?),
            "/accept" => Self::Answer(one(rest, "/accept ID")?, true),
            "/refuse" => Self::Answer(one(rest, "/refuse ID")?, false),
            "/say" => {
                let (id, text) = first(rest)?;
                if id.is_empty() || text.is_empty() {
                    return Err(InputError::Usage("/say ID TEXT"));
                }
                Self::Say(id, text.to_owned())
            }
            "/list" => Self::List,
            "/quit" => Self::Quit,
            _ if command.starts_with('/') => return Err(InputError::Unknown(command.to_owned())),
            _ => return Err(InputError::NoCommand),
        })
    }
}

/// The first word, without its quotes, and what follows it.
fn first(text: &str) -> Result<(String, &str), InputError> {
    let text = text.trim_start();
    if let Some(quoted) = text.strip_prefix('"') {
        let (word, rest) = quoted.split_once('"').ok_or(InputError::OpenQuote)?;
        Ok((word.to_owned(), rest.trim_start()))
    } else {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        Ok((word.to_owned(), rest.trim_start()))
    }
}

fn words(mut text: &str) -> Result<Vec<String>, InputError> {
    let mut words = Vec::new();
    while !text.is_empty() {
        let (word, rest) = first(text)?;
        words.push(word);
        text = rest;
    }
    Ok(words)
}

fn one(text: &str, usage: &'static str) -> Result<String, InputError> {
    match words(text)?.as_slice() {
        [word] => Ok(word.clone()),
        _ => Err(InputError::Usage(usage)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_as_people_type_them() {
        let name = UserName::received;
        for (line, meaning) in [
            ("/status away: tea", Ok(Line::Status(Status::received("away: tea")))),
            ("/invite bob \"Anna Maria\"", Ok(Line::Invite(vec![name("bob"), name("Anna Maria")]))),
            ("/join 7", Ok(Line::Join("7".into()))),
            ("/say 7  it's \"x\"", Ok(Line::Say("7".into(), "it's \"x\"".into()))),
            ("/say \"the room\" hi", Ok(Line::Say("the room".into(), "hi".into()))),
            ("  /quit ", Ok(Line::Quit)),
            ("", Ok(Line::Empty)),
            ("/refuse 8", Ok(Line::Answer("8".into(), false))),
            ("/invite", Err(InputError::Usage("/invite NAME..."))),
            ("/invite \"bob", Err(InputError::OpenQuote)),
            ("/say 7", Err(InputError::Usage("/say ID TEXT"))),
            ("/join 7 8", Err(InputError::Usage("/join ID"))),
            ("/frob", Err(InputError::Unknown("/frob".into()))),
            ("hello", Err(InputError::NoCommand)),
        ] {
            assert_eq!(Line::parse(line), meaning, "{line}");
        }
    }
}
