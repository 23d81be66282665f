//! The chapters for looking things up.

use std::io;

use super::chapters::Part;
use super::markdown;
use super::words::{Words, key_label, without_mark};
use crate::net::{AddressError, NameError, NetError, NetErrorKind};
use crate::ui::i18n::{gettext, gettext_f};
use crate::ui::markup;
use crate::ui::problem::{self, Problem};
use crate::ui::shortcuts;

/// The server in the sentences about what goes wrong.
const EXAMPLE: &str = "192.168.1.20:6666";
/// The port of one's own server in them.
const EXAMPLE_PORT: u16 = 6666;

const AT_A_SERVER: [NetErrorKind; 12] = [
    NetErrorKind::HostNotFound,
    NetErrorKind::Refused,
    NetErrorKind::Unreachable,
    NetErrorKind::TimedOut,
    NetErrorKind::ConnectionLost,
    NetErrorKind::NotTheProtocol,
    NetErrorKind::NameRefused,
    NetErrorKind::NotConnected,
    NetErrorKind::NoConversation,
    NetErrorKind::NotInConversation,
    NetErrorKind::ServerError,
    NetErrorKind::BadMessage,
];
const WITHOUT_A_SERVER: [NetErrorKind; 11] = [
    NetErrorKind::Discovery,
    NetErrorKind::NoFreeName,
    NetErrorKind::CannotListen,
    NetErrorKind::UnknownPeer,
    NetErrorKind::PeerUnreachable,
    NetErrorKind::OwnAddress,
    NetErrorKind::NoAnswer,
    NetErrorKind::BrokenOff,
    NetErrorKind::BadReply,
    NetErrorKind::TooManyPeers,
    NetErrorKind::PeersOnly,
];
const WITH_FILES: [NetErrorKind; 6] = [
    NetErrorKind::NoSuchFile,
    NetErrorKind::OfferOver,
    NetErrorKind::Superseded,
    NetErrorKind::MayBeAnother,
    NetErrorKind::LocalFile,
    NetErrorKind::DiskFull,
];
const WITH_MESSAGES: [NetErrorKind; 3] =
    [NetErrorKind::TooLong, NetErrorKind::TooManyConversations, NetErrorKind::Busy];
const WITH_NAMES: [NameError; 5] =
    [NameError::Empty, NameError::TooLong, NameError::ControlCharacter, NameError::OuterSpace, NameError::Invisible];
const WITH_ADDRESSES: [AddressError; 3] = [AddressError::NoHost, AddressError::BadHost, AddressError::BadPort];

pub(super) fn network(w: &Words) -> Vec<Part> {
    let t = |text: String| w.fill(&text);
    vec![
        Part::Text(t(gettext(
            "Everybody must be on the same network, or on networks that can reach each other. Some networks for guests keep all computers apart; Klatch cannot work there.",
        ))),
        Part::Heading(gettext("With a server")),
        Part::Text(t(gettext(
            "The computer that hosts must let TCP port 6666 through, or the port that was chosen instead. The others need nothing. In a terminal of that computer, one of these commands does it:",
        ))),
        Part::Verbatim(
            "sudo firewall-cmd --permanent --add-port=6666/tcp && sudo firewall-cmd --reload\nsudo ufw allow 6666/tcp"
                .to_owned(),
        ),
        Part::Heading(gettext("Without a server")),
        Part::Points(vec![
            t(gettext("People find each other through UDP port 5353. Every computer must let it through.")),
            t(gettext(
                "They talk through a TCP port, any free one. So that a firewall can let it through, choose one in {preferences}, {sharing}, {advanced}, {listen}: 6660, for instance.",
            )),
        ]),
        Part::Verbatim(
            "sudo firewall-cmd --permanent --add-service=mdns --add-port=6660/tcp && sudo firewall-cmd --reload\nsudo ufw allow 5353/udp && sudo ufw allow 6660/tcp"
                .to_owned(),
        ),
        Part::Heading(gettext("Somebody does not appear")),
        Part::Points(vec![
            t(gettext(
                "Only people with the same {service_type} find each other. It is in {preferences}, {sharing}, {advanced}.",
            )),
            t(gettext("{look_again} ({key_look_again}) searches the network once more.")),
            t(gettext(
                "On networks that keep the search from arriving, choose {add_peer}. It shows your own addresses and asks for that of the other. Each of you must add the other: who is not added is not heard.",
            )),
            t(gettext(
                "An address with its port is remembered. The port is another one whenever Klatch starts, unless one was chosen: see above. To forget an address, choose {remove_address} in the person's menu, or go to {preferences}, {sharing}.",
            )),
        ]),
    ]
}

pub(super) fn trouble(w: &Words) -> Vec<Part> {
    let t = |text: String| w.fill(&text);
    let kinds = |kinds: &[NetErrorKind]| {
        Part::Points(kinds.iter().map(|kind| answer(&Problem::new(&NetError::new(*kind), EXAMPLE))).collect())
    };
    let hosting = [io::ErrorKind::AddrInUse, io::ErrorKind::PermissionDenied];
    let names = WITH_NAMES.map(problem::name).into_iter();
    vec![
        Part::Text(t(gettext(
            "Klatch says in the window what has happened and what to do. What you have typed is never lost. These are the sentences:",
        ))),
        Part::Heading(gettext("With a server")),
        kinds(&AT_A_SERVER),
        Part::Heading(without_mark(&gettext("_Host a server here"))),
        Part::Points(hosting.map(|kind| answer(&problem::hosting(&kind.into(), EXAMPLE_PORT))).to_vec()),
        Part::Heading(gettext("Without a server")),
        kinds(&WITHOUT_A_SERVER),
        Part::Heading(gettext("Files")),
        kinds(&WITH_FILES),
        Part::Heading(gettext("Messages")),
        kinds(&WITH_MESSAGES),
        Part::Heading(gettext("Names and addresses")),
        Part::Points(names.chain(WITH_ADDRESSES.map(problem::address)).map(|text| markup::escape(&text)).collect()),
        Part::Heading(gettext("No notifications")),
        Part::Text(t(gettext(
            "They come only while no window of Klatch is in front. They must be on in {preferences}, under {notifications}, and in the settings of your desktop.",
        ))),
        Part::Heading(gettext("Somebody does not appear")),
        Part::Text(t(gettext("See {see_network}."))),
    ]
}

/// What happened, and what to do about it.
fn answer(problem: &Problem) -> String {
    let title = format!("<b>{}</b>", markup::escape(&problem.title));
    gettext_f("{problem} {advice}", &[("problem", &title), ("advice", &markup::escape(&problem.advice))])
}

pub(super) fn privacy(w: &Words) -> Vec<Part> {
    let t = |text: String| w.fill(&text);
    vec![
        Part::Text(format!("<b>{}</b>", t(gettext("Nothing is encrypted, and there are no passwords.")))),
        Part::Points(vec![
            t(gettext("Whoever can listen to the network can read everything: names, statuses, messages and files.")),
            t(gettext(
                "A name proves nothing: whoever can reach the server, or the network, can take any name that is free.",
            )),
            t(gettext(
                "Whoever is on this network can get all files in your shared folder. Nothing is shared until you choose one.",
            )),
        ]),
        Part::Text(t(gettext(
            "So use Klatch on networks that you trust: at home, at school, in a team, in a VPN. Do not open its ports to the internet.",
        ))),
        Part::Text(t(gettext(
            "Klatch stores your settings on this computer, and the files that you get. It stores no messages, and neither does its server.",
        ))),
    ]
}

pub(super) fn keys() -> Vec<Part> {
    let mut parts = Vec::new();
    for (group, keys) in shortcuts::all() {
        parts.push(Part::Heading(group));
        let row = |(keys, title): (String, String)| vec![markup::escape(&title), markup::escape(&key_label(&keys))];
        parts.push(Part::Table(keys.into_iter().map(row).collect()));
    }
    parts
}

pub(super) fn programming(w: &Words) -> Vec<Part> {
    let t = |text: String| w.fill(&text);
    vec![
        Part::Text(t(gettext(
            "Klatch speaks two small, open protocols, and talks with programs that you write for them. {see_protocol} describes both byte by byte, in English.",
        ))),
        Part::Heading(gettext("A server of your own")),
        Part::Text(t(gettext(
            "Let it listen on a port of this computer, such as 5000. Then type the address localhost and that port in {preferences}, under {connection}.",
        ))),
        Part::Heading(gettext("A client of your own")),
        Part::Text(t(gettext("Choose {host}, and let your client connect to localhost, port 6666."))),
        Part::Heading(gettext("A peer of your own")),
        Part::Text(t(gettext(
            "Choose {peers}, and let your program announce itself under the same {service_type}. It appears in your list like everybody else.",
        ))),
        Part::Heading(gettext("A second Klatch")),
        Part::Text(t(gettext(
            "To be two people on one computer, start Klatch once more from a terminal. The last line is for Klatch as a flatpak.",
        ))),
        Part::Verbatim(
            "klatch --new-instance --server localhost --name Bob\nklatch-cli server localhost --name Dora\nflatpak run im.klatch.Klatch --new-instance --server localhost --name Bob"
                .to_owned(),
        ),
    ]
}

/// The document for programmers, in English.
pub(super) fn protocol() -> Vec<Part> {
    markdown::parts(include_str!("../../../docs/protocol.md"))
}

#[cfg(test)]
mod tests {
    /// The match there is exhaustive, so it names every kind.
    #[test]
    fn every_kind_of_error_is_explained() {
        let (explained, here) = (include_str!("../problem.rs"), include_str!("reference.rs"));
        for kind in ["NetErrorKind::", "NameError::", "AddressError::"] {
            let mut count = 0;
            for rest in explained.split(kind).skip(1) {
                let name: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
                // Which names are bad is told one by one.
                assert!(name == "BadName" || here.contains(&format!("{kind}{name}")), "{kind}{name}");
                count += 1;
            }
            assert!(count >= 3, "{kind}");
        }
    }
}
