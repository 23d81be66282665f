//! What the guide says: short, and in the order in which people need it.

use super::reference;
use super::words::{Words, titles, without_mark};
use crate::ui::i18n::gettext;

/// A chapter of the guide.
#[derive(Clone, Debug)]
pub(super) struct Chapter {
    /// By what links name it.
    pub(super) id: &'static str,
    pub(super) title: String,
    pub(super) parts: Vec<Part>,
}

/// A part of a chapter. Texts are markup, with links to chapters by their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A heading, without markup.
    Heading(String),
    Text(String),
    /// What to do one after the other.
    Steps(Vec<String>),
    Points(Vec<String>),
    /// What is to be copied or typed, or comes so over the network; without markup.
    Verbatim(String),
    /// Rows of cells.
    Table(Vec<Vec<String>>),
}

/// All chapters.
pub(super) fn all() -> Vec<Chapter> {
    let words = Words::new();
    let parts = [
        start(&words),
        people(&words),
        conversations(&words),
        files(&words),
        reference::network(&words),
        reference::trouble(&words),
        reference::privacy(&words),
        reference::keys(),
        reference::programming(&words),
        reference::protocol(),
    ];
    let chapters = titles().into_iter().zip(parts);
    chapters.map(|((place, title), parts)| Chapter { id: place.trim_start_matches("see_"), title, parts }).collect()
}

/// A label of a window as a heading.
fn label(text: &str) -> Part {
    Part::Heading(without_mark(text))
}

fn start(w: &Words) -> Vec<Part> {
    let t = |text: String| w.fill(&text);
    vec![
        Part::Text(t(gettext(
            "There are three ways to chat. Choose one when Klatch welcomes you; you can change it later in {preferences}, under {connection}.",
        ))),
        label(&gettext("_Join a server")),
        Part::Steps(vec![
            t(gettext(
                "Ask whoever hosts the server for its address: the name of a computer, or a number such as 192.168.1.20.",
            )),
            t(gettext(
                "Type your name, choose {join}, and type the address. The port stays 6666 unless you were told another one.",
            )),
            t(gettext("Press {join_button}. Whoever is there appears in your list.")),
        ]),
        label(&gettext("_Host a server here")),
        Part::Steps(vec![
            t(gettext("Type your name, choose {host}, and press {host_button}.")),
            t(gettext(
                "Tell the others one of the addresses that Klatch shows then. You find them again in {preferences}, under {hosting}.",
            )),
        ]),
        Part::Text(t(gettext(
            "The server runs as long as Klatch does. If others cannot join, a firewall may be in the way: see {see_network}.",
        ))),
        label(&gettext("_Chat on this network")),
        Part::Steps(vec![
            t(gettext("Type your name, choose {peers}, and press {go_online}.")),
            t(gettext("Everybody who does the same on the same network appears in your list.")),
        ]),
        Part::Text(t(gettext(
            "This needs no server, and you can exchange files: see {see_files}. If somebody does not appear, see {see_network}.",
        ))),
        Part::Heading(gettext("Your first conversation")),
        Part::Text(t(gettext(
            "Double-click a person. As soon as they accept, you can talk. More in {see_conversations}.",
        ))),
    ]
}

fn people(w: &Words) -> Vec<Part> {
    let t = |text: String| w.fill(&text);
    vec![
        Part::Text(t(gettext(
            "Your list shows who is there: online, away or busy. To find somebody, press {key_find} and type a part of the name.",
        ))),
        Part::Heading(gettext("Your own status")),
        Part::Points(vec![
            t(gettext("The button beside your name says whether you are online, away or busy.")),
            t(gettext("In the field below it, write what you are doing. Enter sets it, Escape takes the change back.")),
            t(gettext("Your name and your picture are in {preferences}, under {account}.")),
        ]),
        Part::Heading(gettext("What you can do with a person")),
        Part::Text(t(gettext("Click a person with the right mouse button, or press {key_menu}."))),
        Part::Points(vec![
            t(gettext("{start_conversation} invites them; if several people are selected, all of them.")),
            t(gettext("On this network also: {user_info}, {shared_files} and {send_file}.")),
            t(gettext("{block}, on this network: you hear nothing more from this person.")),
        ]),
    ]
}

fn conversations(w: &Words) -> Vec<Part> {
    let t = |text: String| w.fill(&text);
    vec![
        Part::Heading(gettext("Inviting")),
        Part::Points(vec![
            t(gettext("One person: double-click them, or select them and press Enter.")),
            t(gettext("Several people: choose {new_conversation} ({key_new}), mark them, and press {start_button}.")),
        ]),
        Part::Text(t(gettext(
            "The window of the conversation opens at once and says for whom it waits. What you send before somebody has joined, nobody reads.",
        ))),
        Part::Heading(gettext("Being invited")),
        Part::Text(t(gettext(
            "A window asks you: {accept} or {decline}. At a server nobody is told that you declined; on this network, the person who invited you is.",
        ))),
        Part::Heading(gettext("Writing")),
        Part::Points(vec![
            t(gettext("Enter sends. Shift+Enter begins a new line. {key_before} brings back what you sent before.")),
            t(gettext("A message that may not have arrived says so. To send it once more, click {resend} below it.")),
        ]),
        Part::Heading(gettext("Several conversations")),
        Part::Text(t(gettext(
            "Each conversation has a window of its own. The menu {conversations_menu} of your list has all of them, with the number of new messages.",
        ))),
        Part::Text(t(gettext("Nobody can be added to a conversation later. Start a new one with everybody instead."))),
        Part::Heading(gettext("Leaving")),
        Part::Points(vec![
            t(gettext("To leave a conversation, close its window.")),
            t(gettext("On this network, a conversation ends for everybody when the person who started it leaves.")),
            t(gettext("If a conversation has ended, {start_again} invites the same people to a new one.")),
            t(gettext(
                "Klatch keeps no messages: they are gone when you close the window. To keep them, choose {copy_all} and paste them elsewhere.",
            )),
        ]),
    ]
}

fn files(w: &Words) -> Vec<Part> {
    let t = |text: String| w.fill(&text);
    vec![
        Part::Text(t(gettext(
            "You can exchange files with people on this network, without a server. Through a server you cannot.",
        ))),
        Part::Heading(gettext("Sending a file")),
        Part::Text(t(gettext(
            "Drop the file on a person in your list, or choose {send_file} in the person's menu. In a conversation, that is for everybody else in it. They are asked whether they want it.",
        ))),
        Part::Heading(gettext("Sharing a folder")),
        Part::Text(t(gettext(
            "In {preferences}, under {sharing}, choose a folder. Everybody on this network can get all files in it, and in its sub-folders, until you press {stop_sharing}.",
        ))),
        Part::Heading(gettext("Getting files")),
        Part::Steps(vec![
            t(gettext("Choose {shared_files} in a person's menu.")),
            t(gettext("Select files and press {get}; {get_as} stores a file under another name.")),
        ]),
        Part::Text(t(gettext(
            "Files go into the folder for downloads, which you choose under {sharing} as well. No file that is there already is overwritten.",
        ))),
        Part::Heading(gettext("Transfers")),
        Part::Text(t(gettext(
            "{transfers} ({key_transfers}) shows how far each file is. There you cancel, try again, and open what has come. A transfer that breaks off leaves no half file behind.",
        ))),
    ]
}
