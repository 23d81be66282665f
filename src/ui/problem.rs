//! What went wrong, in words for people: what happened, and what to do about it.
//!
//! Only this file writes such sentences. Every match is exhaustive, so that a new kind of error needs its words.

use std::io;

use crate::net::{AddressError, NameError, NetError, NetErrorKind, ServerAddress, UserName, displayable};

use super::i18n::{gettext, gettext_f};
use super::model::Failure;

/// How much of what a server says is shown, in characters.
const QUOTED_CHARS: usize = 300;

/// Something that went wrong, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What happened, in one sentence.
    pub title: String,
    /// What to do about it; never empty.
    pub advice: String,
    /// Whether a Retry button helps.
    pub retry: bool,
}

impl Problem {
    /// The words for an error; `address` is the server's, as people write it.
    pub fn new(error: &NetError, address: &str) -> Self {
        let (title, advice) = words(error, address);
        Self { title, advice, retry: error.kind.is_worth_retrying() }
    }

    /// What happened and what to do, where both have one place.
    pub fn sentences(&self) -> String {
        gettext_f("{problem} {advice}", &[("problem", &self.title), ("advice", &self.advice)])
    }

    /// The words for what no window shows by itself; `address` is the server's, as people write it.
    pub fn of(failure: &Failure, address: &str) -> Self {
        let (to, path, problem) = match failure {
            Failure::General(error) => return Self::new(error, address),
            Failure::Stranger { name, address } => return stranger(name, address),
            Failure::Folder { to, name } => return folder(to, name),
            Failure::Renamed { asked, name } => return renamed(asked, name),
            Failure::NotOffered { to, path, because } => (to, path, Self::new(because, address)),
        };
        let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let values = [("file", &*displayable(&file)), ("name", &*to.shown())];
        Self {
            title: gettext_f("“{file}” could not be offered to {name}.", &values),
            advice: problem.sentences(),
            ..problem
        }
    }
}

/// The words for somebody who is not known here and was refused.
fn stranger(name: &UserName, address: &str) -> Problem {
    let values = [("name", &*name.shown()), ("address", address)];
    Problem {
        title: gettext_f("Somebody at {address} who calls themselves {name} is not known here.", &values),
        advice: gettext("If you know them, add them by their address; then they can try again."),
        retry: false,
    }
}

/// The words for a folder that was to be offered.
fn folder(to: &UserName, name: &str) -> Problem {
    let values = [("file", &*displayable(name)), ("name", &*to.shown())];
    Problem {
        title: gettext_f("“{file}” is a folder, and only files can be offered to {name}.", &values),
        advice: gettext("Pack it into one file, or share it: see Sharing in the preferences."),
        retry: false,
    }
}

/// The words for a name that somebody else has.
fn renamed(asked: &UserName, name: &UserName) -> Problem {
    let values = [("asked", &*asked.shown()), ("name", &*name.shown())];
    Problem {
        title: gettext_f("Somebody else on this network is called {asked}, so others see you as {name}.", &values),
        advice: gettext("To be called otherwise, choose another name in the preferences."),
        retry: false,
    }
}

/// The words for an address at which nobody is to be added, for the place beside its field.
pub fn adding(error: &NetError, address: &ServerAddress) -> String {
    let full = address.to_string();
    let values = [("address", full.as_str())];
    let (title, advice) = match error.kind {
        NetErrorKind::HostNotFound => {
            (words(error, &full).0, gettext("Check the spelling, or use the IP address of that computer."))
        }
        NetErrorKind::PeerUnreachable => (
            gettext_f("Nobody can be reached at {address}.", &values),
            gettext(
                "Ask for the address and the port again: the port may have changed. Or a firewall keeps connections away.",
            ),
        ),
        NetErrorKind::NoAnswer | NetErrorKind::BadReply => (
            gettext_f("What answers at {address} is not somebody who chats without a server.", &values),
            gettext("Check the port: another program may be listening there."),
        ),
        _ => words(error, &full),
    };
    gettext_f("{problem} {advice}", &[("problem", &title), ("advice", &advice)])
}

#[expect(clippy::too_many_lines, reason = "one pair of sentences for each kind of error")]
fn words(error: &NetError, address: &str) -> (String, String) {
    match error.kind {
        NetErrorKind::HostNotFound => (
            gettext_f("There is no computer named {address}.", &[("address", &without_port(address))]),
            gettext("Check the spelling of the server's name, or use its IP address. Is this computer on the network?"),
        ),
        NetErrorKind::Refused => (
            gettext_f("No server answers at {address}.", &[("address", address)]),
            gettext("Check the address and port with whoever hosts it, and that it is running."),
        ),
        NetErrorKind::Unreachable => (
            gettext_f("There is no way to {address} on the network.", &[("address", address)]),
            gettext("Check that this computer is on the network, and that the server is on the same one."),
        ),
        NetErrorKind::TimedOut => (
            gettext_f("{address} did not answer in time.", &[("address", address)]),
            gettext("Check the address. A firewall may keep connections away from the server, or the network is slow."),
        ),
        NetErrorKind::ConnectionLost => (
            gettext_f("The connection to {address} was lost.", &[("address", address)]),
            gettext("The server was stopped, or the network was interrupted. Try again when both are back."),
        ),
        NetErrorKind::NotTheProtocol => (
            gettext_f("What answers at {address} is not a Klatch server.", &[("address", address)]),
            gettext("Check the port: another program may be listening there."),
        ),
        NetErrorKind::NameRefused => (
            gettext("The server does not accept this name."),
            if error.detail.trim().is_empty() {
                gettext("Somebody may be using it already. Choose another name.")
            } else {
                quoting(error, &gettext("Choose another name."))
            },
        ),
        NetErrorKind::BadName(why) => (name(why), gettext("Choose another name.")),
        NetErrorKind::ServerError => (
            gettext("The server could not do what it was asked to."),
            quoting(error, &gettext("If this goes on, tell whoever hosts the server.")),
        ),
        NetErrorKind::BadMessage => (
            gettext("A message from the server could not be understood and was skipped."),
            gettext("You are still connected. If this goes on, tell whoever hosts the server."),
        ),
        NetErrorKind::NoConversation => (
            gettext("The server did not start the conversation."),
            gettext("The people you invited may have gone offline. Try again."),
        ),
        NetErrorKind::NotInConversation => (
            gettext("You are not in this conversation any more."),
            gettext("Start a new conversation with the same people. What you have typed is kept."),
        ),
        NetErrorKind::NotConnected => {
            (gettext("You are not connected."), gettext("Connect first, then try again. Nothing is lost."))
        }
        NetErrorKind::TooLong => (
            gettext("This text is too long for one message."),
            gettext("Send it in several parts. What you have typed is kept."),
        ),
        NetErrorKind::PeersOnly => (
            gettext("This needs no server, but peers."),
            gettext("Go to the preferences and choose to chat on this network."),
        ),
        NetErrorKind::UnknownPeer => (
            match error.detail.trim() {
                "" => gettext("Nobody of that name is on this network."),
                name => gettext_f("{name} is not on this network.", &[("name", &displayable(name))]),
            },
            gettext("They may have gone offline, or changed their name."),
        ),
        NetErrorKind::PeerUnreachable => (
            gettext("The other computer cannot be reached."),
            gettext("It may have left the network, or a firewall keeps connections away from it. Try again."),
        ),
        NetErrorKind::OwnAddress => (
            gettext_f("{address} is your own address.", &[("address", address)]),
            gettext("Ask the other person for the address and the port of their Klatch."),
        ),
        NetErrorKind::NoAnswer => (
            gettext("The other side does not answer this."),
            gettext("They may not want to, or use a program that cannot. Ask them."),
        ),
        NetErrorKind::BrokenOff => (
            gettext("The other side broke off before the end of the file."),
            gettext("They may have cancelled it, quit, or left the network. Try again when they are back."),
        ),
        NetErrorKind::BadReply => (
            gettext("The other program gave an answer that makes no sense."),
            gettext("Try again. If this goes on, tell whoever wrote it."),
        ),
        NetErrorKind::NoSuchFile => (
            gettext("The other side does not share this file any more."),
            gettext("Look through the shared files again."),
        ),
        NetErrorKind::OfferOver => (
            gettext("This file is not offered any more, or there is nothing in it."),
            gettext("Ask the other person to offer it again."),
        ),
        NetErrorKind::Superseded => (
            gettext("Newer offers to the same person have taken the place of this one."),
            gettext("Try again when they have answered some of them."),
        ),
        NetErrorKind::MayBeAnother => (
            gettext("This person has another address now, so the offer was taken back."),
            gettext("Somebody else may use the name. If you know that it is the same person, try again."),
        ),
        NetErrorKind::LocalFile => (
            gettext("A file or folder on this computer cannot be used."),
            because(error, &gettext("Check that it is there, and that you may read and write it.")),
        ),
        NetErrorKind::DiskFull => (
            gettext("There is not enough room on this computer for the file."),
            gettext("Delete what you no longer need, or choose another folder for downloads, and try again."),
        ),
        NetErrorKind::CannotListen => (
            gettext("Others could not connect: the port cannot be used."),
            because(error, &gettext("Another program may have it. Choose another port in the preferences, or none.")),
        ),
        NetErrorKind::Discovery => (
            gettext("Others on this network cannot be found."),
            because(error, &gettext("Others can still be added by their address.")),
        ),
        NetErrorKind::NoFreeName => (
            gettext("No free name was found on this network, so others cannot find you."),
            gettext(
                "Somebody may be answering to every name, or multicast is blocked on this computer. Klatch goes on trying. Until then, others can be added by their address.",
            ),
        ),
        NetErrorKind::TooManyPeers => (
            gettext("There are too many people on this network to show them all."),
            gettext(
                "If somebody is missing, agree with those you want to meet on a service type of your own, under Sharing in the preferences.",
            ),
        ),
        NetErrorKind::TooManyConversations => (
            gettext("You are in too many conversations at once."),
            gettext("Close some of them, then start this one again, or ask to be invited again."),
        ),
        NetErrorKind::Busy => (
            gettext("Too much is waiting to be sent."),
            gettext("Wait a moment, then try again. What you have typed is kept."),
        ),
    }
}

/// The words for a server that cannot listen, or has stopped by itself.
pub fn hosting(error: &io::Error, port: u16) -> Problem {
    let port = port.to_string();
    let values = [("port", port.as_str())];
    let (title, advice) = match error.kind() {
        io::ErrorKind::AddrInUse => (
            gettext_f("Port {port} is already in use on this computer.", &values),
            gettext("Another server may be running here: join it, stop it, or choose another port."),
        ),
        io::ErrorKind::PermissionDenied => (
            gettext_f("The system does not let this program use port {port}.", &values),
            gettext("Choose a port from 1024 to 65535."),
        ),
        _ => (
            gettext_f("The server on port {port} cannot run.", &values),
            gettext_f("The system says: “{text}” Try again, or choose another port.", &[("text", &error.to_string())]),
        ),
    };
    Problem { title, advice, retry: true }
}

/// What is wrong with a name, for the place beside its field.
pub fn name(error: NameError) -> String {
    match error {
        NameError::Empty => gettext("Enter the name that others will see."),
        NameError::TooLong => gettext("The name is too long: it may have at most 64 characters."),
        NameError::ControlCharacter => gettext("The name contains a character that cannot be displayed. Remove it."),
        NameError::OuterSpace => gettext("The name begins or ends with a space. Remove the space."),
        NameError::Invisible => gettext("The name needs at least one visible character."),
    }
}

/// What is wrong with the address of a server, for the place beside its field.
pub fn address(error: AddressError) -> String {
    match error {
        AddressError::NoHost => gettext("Enter the name or IP address of the server's computer."),
        AddressError::BadHost => {
            gettext("This is neither a computer's name nor an IP address. Examples: chat.example.org, 192.168.1.20")
        }
        AddressError::BadPort => gettext("The port must be a number from 1 to 65535."),
    }
}

/// The computer in the address of a server.
fn without_port(address: &str) -> String {
    address.parse().map_or_else(|_| address.to_owned(), |address: ServerAddress| address.host)
}

/// Puts what the system said before the advice.
fn because(error: &NetError, advice: &str) -> String {
    let said: String = displayable(error.detail.trim()).chars().take(QUOTED_CHARS).collect();
    let mut chars = said.chars();
    let Some(first) = chars.next() else { return advice.to_owned() };
    // It is no sentence for the programs that print it behind a colon, but one here.
    format!("{}{}. {advice}", first.to_uppercase(), chars.as_str().trim_end_matches('.'))
}

/// Puts the server's own words before the advice, if it said any.
fn quoting(error: &NetError, advice: &str) -> String {
    let mut said: String = displayable(error.detail.trim()).chars().take(QUOTED_CHARS).collect();
    if said.is_empty() {
        advice.to_owned()
    } else {
        if said.ends_with(char::is_alphanumeric) {
            said.push('.');
        }
        gettext_f("The server says: “{text}” {advice}", &[("text", &said), ("advice", advice)])
    }
}
