//! Lines of standard input.

use std::path::PathBuf;

use thiserror::Error;

use crate::net::{AddressError, ServerAddress, Status, TransferId, UserName};

/// All commands, for people.
pub(super) const COMMANDS: &str = "the commands are
    /status TEXT      /invite NAME...   /join ID     /leave ID    /say ID TEXT
    /accept ID        /refuse ID        /list        /quit
and as a peer also
    /peers            /info PEER        /files PEER  /get PEER FILE [AS]
    /offer PEER PATH  /chat PEER...     /close ID    /add HOST:PORT
    /cancel TRANSFER";

/// What a line asks for. Ids are text here; what they stand for depends on what was told before.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// `/status TEXT`
    Status(Status),
    /// `/invite NAME...`, `/chat PEER...`
    Invite(Vec<UserName>),
    /// `/join ID`
    Join(String),
    /// `/leave ID`, `/close ID`
    Leave(String),
    /// `/say ID TEXT`
    Say(String, String),
    /// `/accept ID`, `/refuse ID`
    Answer(String, bool),
    /// `/list`
    List,
    /// `/peers`
    Peers,
    /// `/info PEER`
    Info(UserName),
    /// `/files PEER`
    Files(UserName),
    /// `/get PEER FILE [AS]`
    Get(UserName, String, Option<String>),
    /// `/offer PEER PATH`
    Offer(UserName, PathBuf),
    /// `/add HOST:PORT`
    Add(ServerAddress),
    /// `/cancel TRANSFER`
    Cancel(TransferId),
    /// `/help`
    Help,
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
    #[error("unknown command {0}; /help lists those that there are")]
    Unknown(String),
    /// The command needs something else behind it.
    #[error("usage: {0}")]
    Usage(&'static str),
    /// A quotation mark is not closed.
    #[error("a double quote is not closed")]
    OpenQuote,
    /// What should be an address is none.
    #[error("{0}")]
    Address(AddressError),
}

impl Line {
    /// What a line asks for.
    pub(super) fn parse(line: &str) -> Result<Self, InputError> {
        let line = line.trim();
        let (command, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim_start();
        Ok(match command {
            "" => Self::Empty,
            "/status" if rest.is_empty() => return Err(InputError::Usage("/status TEXT")),
            "/status" => Self::Status(Status::received(rest)),
            "/invite" | "/chat" => {
                let names = words(rest)?;
                if names.is_empty() {
                    return Err(InputError::Usage("/invite NAME... or /chat PEER..."));
                }
                Self::Invite(names.iter().map(|name| UserName::received(name)).collect())
            }
            "/join" => Self::Join(one(rest, "/join ID")?),
            "/leave" | "/close" => Self::Leave(one(rest, "/leave ID or /close ID")?),
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
            "/peers" => Self::Peers,
            "/info" => Self::Info(UserName::received(&one(rest, "/info PEER")?)),
            "/files" => Self::Files(UserName::received(&one(rest, "/files PEER")?)),
            "/get" => match words(rest)?.as_slice() {
                [peer, file] => Self::Get(UserName::received(peer), file.clone(), None),
                [peer, file, save_as] => Self::Get(UserName::received(peer), file.clone(), Some(save_as.clone())),
                _ => return Err(InputError::Usage("/get PEER FILE [AS]")),
            },
            "/offer" => match words(rest)?.as_slice() {
                [peer, path] => Self::Offer(UserName::received(peer), path.into()),
                _ => return Err(InputError::Usage("/offer PEER PATH")),
            },
            "/add" => Self::Add(one(rest, "/add HOST:PORT")?.parse().map_err(InputError::Address)?),
            "/cancel" => {
                let number = one(rest, "/cancel TRANSFER")?;
                Self::Cancel(TransferId(number.parse().map_err(|_| InputError::Usage("/cancel TRANSFER"))?))
            }
            "/help" => Self::Help,
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
        // A quote within the word has a backslash before it, or something behind it.
        let is_last = |(at, _): &(usize, &str)| {
            let (word, rest) = quoted.split_at_checked(*at).unwrap_or_default();
            !word.ends_with('\\') && !rest.get(1..).is_some_and(|rest| rest.starts_with(|c: char| !c.is_whitespace()))
        };
        let (end, _) = quoted.match_indices('"').find(is_last).ok_or(InputError::OpenQuote)?;
        let (word, rest) = quoted.split_at_checked(end).ok_or(InputError::OpenQuote)?;
        Ok((word.replace("\\\"", "\""), rest.strip_prefix('"').unwrap_or(rest).trim_start()))
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
            ("/get bob \"my file.txt\"", Ok(Line::Get(name("bob"), "my file.txt".into(), None))),
            ("/get bob a.txt b.txt", Ok(Line::Get(name("bob"), "a.txt".into(), Some("b.txt".into())))),
            (r#"/get bob "say \"hi\" now.txt""#, Ok(Line::Get(name("bob"), "say \"hi\" now.txt".into(), None))),
            (r#"/get bob "say "hi".txt" b"#, Ok(Line::Get(name("bob"), "say \"hi\".txt".into(), Some("b".into())))),
            (
                r#"/get bob "..\..\boot.ini" """#,
                Ok(Line::Get(name("bob"), r"..\..\boot.ini".into(), Some(String::new()))),
            ),
            ("/offer bob /tmp/x", Ok(Line::Offer(name("bob"), "/tmp/x".into()))),
            ("/add 10.0.0.2:99999", Err(InputError::Address(AddressError::BadPort))),
            ("/cancel x", Err(InputError::Usage("/cancel TRANSFER"))),
            ("/invite", Err(InputError::Usage("/invite NAME... or /chat PEER..."))),
            ("/invite \"bob", Err(InputError::OpenQuote)),
            ("/say 7", Err(InputError::Usage("/say ID TEXT"))),
            ("/join 7 8", Err(InputError::Usage("/join ID"))),
            ("/status", Err(InputError::Usage("/status TEXT"))),
            ("/help", Ok(Line::Help)),
            ("/frob", Err(InputError::Unknown("/frob".into()))),
            ("hello", Err(InputError::NoCommand)),
        ] {
            assert_eq!(Line::parse(line), meaning, "{line}");
        }
    }
}
