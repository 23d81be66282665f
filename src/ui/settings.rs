//! What the program remembers, typed. Stored by GSettings; the schema is `data/im.klatch.Klatch.gschema.xml`.

#[allow(missing_docs, reason = "the schema describes each")]
pub mod key;

use std::path::{Path, PathBuf};
use std::{fs, io};

use gtk::prelude::*;
use gtk::{gio, glib};
use thiserror::Error;

use super::options::Asked;
use super::sandbox;
use crate::net::{
    Mode, PeerParameters, Presence, ServerAddress, ServerParameters, ServiceType, Status, UserInfo, UserName,
};

/// The schema, for a program that is not installed.
const COMPILED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/schemas/gschemas.compiled"));
const SCHEMA: &str = "im.klatch.Klatch";
/// The largest picture of oneself, in bytes: the settings are no place for photographs.
pub const PICTURE_BYTES: usize = 64 << 10;

/// How light or dark the windows are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Appearance {
    /// As the system says.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Appearance {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Why there are no settings: neither the installed schema nor the program's own copy can be used.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// The program's own copy could not be written where GIO reads it from.
    #[error("no folder for temporary files can be written to")]
    NoFolder(#[source] io::Error),
    /// GIO does not take the program's own copy.
    #[error("the settings schema cannot be read")]
    Unreadable(#[from] glib::Error),
    /// The program's own copy has another name than expected.
    #[error("the settings schema is not in the program")]
    Missing,
}

/// Typed access to what the program remembers. Cheap to clone; all clones see the same values.
#[derive(Clone, Debug)]
pub struct Settings(gio::Settings);

impl Settings {
    /// Opens the settings of the person who runs the program.
    pub fn open() -> Result<Self, SettingsError> {
        Self::with_backend(gio::SettingsBackend::NONE)
    }

    /// Settings that are forgotten at the end of the program, for tests and for a home that cannot be used.
    pub fn in_memory() -> Result<Self, SettingsError> {
        Self::with_backend(Some(&gio::memory_settings_backend_new()))
    }

    /// A copy for a program that runs beside another one as somebody else, or elsewhere. Neither follows what the other
    /// one changes, and the copy is forgotten at the end. Who one is and whether one hosts are not taken over.
    pub fn session(&self, asked: &Asked) -> Result<Self, SettingsError> {
        let copy = Self::in_memory()?;
        let is_other = asked.name.is_some() && asked.name != self.name();
        let left_out = |key: &str| {
            key == key::HOST_AT_START
                || is_other && [key::PRESENCE, key::STATUS, key::USER_INFO, key::PICTURE].contains(&key)
        };
        for key in key::ALL.into_iter().filter(|key| !left_out(key)) {
            copy.set(key, self.0.value(key));
        }
        if let Some(name) = &asked.name {
            copy.set_name(name);
        }
        if let Some(server) = &asked.server {
            copy.set_is_peer(false);
            copy.set_server(server);
        }
        Ok(copy)
    }

    /// GIO aborts the program when it is asked for a schema, or for a key, that is not there. So the installed schema
    /// is taken only if it has all keys (it may belong to an older version), else the program's own copy.
    fn with_backend(backend: Option<&gio::SettingsBackend>) -> Result<Self, SettingsError> {
        let installed = gio::SettingsSchemaSource::default()
            .and_then(|source| source.lookup(SCHEMA, true))
            .filter(|schema| key::ALL.iter().all(|key| schema.has_key(key)));
        let schema = match installed {
            Some(schema) => schema,
            None => built_in_schema()?,
        };
        Ok(Self(gio::Settings::new_full(&schema, backend, None)))
    }

    /// The settings as GIO knows them, for binding a key to a property.
    pub fn gio(&self) -> &gio::Settings {
        &self.0
    }

    /// Calls `f` whenever one of the keys changes.
    pub fn on_changed(&self, keys: &[&str], f: impl Fn(&Self) + Clone + 'static) {
        for key in keys {
            let f = f.clone();
            self.0.connect_changed(Some(key), move |settings, _| f(&Self(settings.clone())));
        }
    }

    /// The name to go online with; `None` until a usable one has been chosen.
    pub fn name(&self) -> Option<UserName> {
        UserName::new(&self.0.string(key::NAME)).ok()
    }

    /// Remembers the name to go online with.
    pub fn set_name(&self, name: &UserName) {
        self.set(key::NAME, name.as_str());
    }

    /// The status to go online with.
    pub fn status(&self) -> Status {
        let word = self.0.string(key::PRESENCE);
        let presence = Presence::ALL.into_iter().find(|presence| presence.word() == word).unwrap_or_default();
        Status::new(presence, &self.0.string(key::STATUS))
    }

    /// Remembers the status to go online with.
    pub fn set_status(&self, status: &Status) {
        self.set(key::PRESENCE, status.presence().word());
        self.set(key::STATUS, status.message());
    }

    /// The server to go online through; `None` until one has been chosen.
    pub fn server(&self) -> Option<ServerAddress> {
        ServerAddress::new(&self.0.string(key::SERVER_HOST), self.0.get(key::SERVER_PORT)).ok()
    }

    /// Remembers the server to go online through.
    pub fn set_server(&self, address: &ServerAddress) {
        self.set(key::SERVER_HOST, address.host.as_str());
        self.set(key::SERVER_PORT, address.port);
    }

    /// How to go online; `None` until the welcome window has asked for all that is needed.
    pub fn mode(&self) -> Option<Mode> {
        self.mode_with(&Asked::default())
    }

    /// Remembers how to go online: of a peer, what its windows ask for before that.
    pub fn set_mode(&self, mode: &Mode) {
        self.set_name(mode.name());
        self.set_is_peer(mode.has_files());
        match mode {
            Mode::Server(parameters) => self.set_server(&parameters.address),
            Mode::Peer(parameters) => {
                self.set_service_type(&parameters.service_type);
                self.set_peer_port(parameters.port);
            }
        }
    }

    /// How to go online with what was asked for; what that leaves out, the settings tell.
    pub fn mode_with(&self, asked: &Asked) -> Option<Mode> {
        let name = asked.name.clone().or_else(|| self.name())?;
        if asked.server.is_none() && self.is_peer() {
            return Some(Mode::Peer(Box::new(self.peer(name))));
        }
        let address = asked.server.clone().or_else(|| self.server())?;
        Some(Mode::Server(ServerParameters { address, name, status: self.status() }))
    }

    /// Whether to go online among peers, without a server.
    pub fn is_peer(&self) -> bool {
        self.0.string(key::MODE) == "peer"
    }

    /// Remembers whether to go online among peers, without a server.
    pub fn set_is_peer(&self, is_peer: bool) {
        self.set(key::MODE, if is_peer { "peer" } else { "server" });
    }

    /// All that is needed to be a peer of this name.
    pub fn peer(&self, name: UserName) -> PeerParameters {
        PeerParameters {
            name,
            status: self.status(),
            service_type: self.service_type(),
            port: self.peer_port(),
            share: self.shared_folder(),
            downloads: self.downloads_folder(),
            info: self.user_info(),
            blocked: self.blocked(),
            added: self.added_peers(),
            pictures: true,
        }
    }

    /// Among which peers to be.
    pub fn service_type(&self) -> ServiceType {
        self.0.string(key::SERVICE_TYPE).parse().unwrap_or_default()
    }

    /// Remembers among which peers to be.
    pub fn set_service_type(&self, service_type: &ServiceType) {
        self.set(key::SERVICE_TYPE, service_type.as_str());
    }

    /// The port on which a peer listens; 0 for any free one.
    pub fn peer_port(&self) -> u16 {
        self.0.get(key::PEER_PORT)
    }

    /// Remembers the port on which a peer listens; 0 for any free one.
    pub fn set_peer_port(&self, port: u16) {
        self.set(key::PEER_PORT, port);
    }

    /// The folder whose files others may get; `None` until one has been chosen.
    pub fn shared_folder(&self) -> Option<PathBuf> {
        self.folder(key::SHARED_FOLDER)
    }

    /// Remembers the folder whose files others may get; `None` shares nothing.
    pub fn set_shared_folder(&self, folder: Option<&Path>) {
        self.set_folder(key::SHARED_FOLDER, folder);
    }

    /// The folder for what is got from others: that of the desktop for downloads, unless another has been chosen.
    pub fn downloads_folder(&self) -> PathBuf {
        // The home folder that a sandbox shows is not the person's own.
        let without = || if sandbox::is_around() { glib::user_data_dir().join("downloads") } else { glib::home_dir() };
        let usual = || glib::user_special_dir(glib::UserDirectory::Downloads).unwrap_or_else(without);
        self.folder(key::DOWNLOADS_FOLDER).unwrap_or_else(usual)
    }

    /// Remembers the folder for what is got from others.
    pub fn set_downloads_folder(&self, folder: &Path) {
        self.set_folder(key::DOWNLOADS_FOLDER, Some(folder));
    }

    /// Folders are kept as addresses, because a path need not be text.
    fn folder(&self, key: &str) -> Option<PathBuf> {
        let uri = self.0.string(key);
        if uri.is_empty() { None } else { gio::File::for_uri(&uri).path() }
    }

    fn set_folder(&self, key: &str, folder: Option<&Path>) {
        let uri = folder.map(|folder| gio::File::for_path(folder).uri().to_string());
        self.set(key, uri.unwrap_or_default());
    }

    /// What others can look up beside name, status and host.
    pub fn user_info(&self) -> UserInfo {
        UserInfo { fields: self.0.get(key::USER_INFO), picture: self.picture() }
    }

    /// Remembers the fields that others can look up beside name, status and host.
    pub fn set_info_fields(&self, fields: &[(String, String)]) {
        self.set(key::USER_INFO, fields.to_variant());
    }

    /// The picture of oneself, as the bytes of an image file; not checked, others may write the settings as well.
    pub fn picture(&self) -> Option<Vec<u8>> {
        let value = self.0.value(key::PICTURE);
        let bytes = value.fixed_array::<u8>().unwrap_or_default();
        (1..=PICTURE_BYTES).contains(&bytes.len()).then(|| bytes.to_vec())
    }

    /// Remembers the picture of oneself, of at most [`PICTURE_BYTES`]; or that there is none.
    pub fn set_picture(&self, file: Option<&[u8]>) {
        self.set(key::PICTURE, glib::Variant::array_from_fixed_array(file.unwrap_or_default()));
    }

    /// Of whom to hear nothing.
    pub fn blocked(&self) -> Vec<UserName> {
        self.0.strv(key::BLOCKED).iter().map(|name| UserName::received(name)).collect()
    }

    /// Remembers whether to hear nothing of somebody.
    pub fn set_blocked(&self, name: &UserName, is_blocked: bool) {
        let mut names: Vec<String> = self.0.strv(key::BLOCKED).iter().map(ToString::to_string).collect();
        names.retain(|other| other != name.as_str());
        if is_blocked {
            names.push(name.as_str().to_owned());
        }
        self.set(key::BLOCKED, names.to_variant());
    }

    /// Where people are who do not appear by themselves; what is no address is left out.
    pub fn added_peers(&self) -> Vec<ServerAddress> {
        self.0.strv(key::ADDED_PEERS).iter().filter_map(|address| address.parse().ok()).collect()
    }

    /// Remembers, or forgets, where somebody is who does not appear by themselves.
    pub fn set_added_peer(&self, address: &ServerAddress, is_added: bool) {
        let mut addresses = self.added_peers();
        addresses.retain(|other| other != address);
        if is_added {
            addresses.push(address.clone());
        }
        let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        self.set(key::ADDED_PEERS, addresses.to_variant());
    }

    /// Whether to go online when the program starts.
    pub fn connect_at_start(&self) -> bool {
        self.0.boolean(key::CONNECT_AT_START)
    }

    /// The port of the server that the program runs for others.
    pub fn host_port(&self) -> u16 {
        self.0.get(key::HOST_PORT)
    }

    /// Remembers the port of the server that the program runs for others; not 0.
    pub fn set_host_port(&self, port: u16) {
        self.set(key::HOST_PORT, port);
    }

    /// Whether to run a server for others while the program runs.
    pub fn host_at_start(&self) -> bool {
        self.0.boolean(key::HOST_AT_START)
    }

    /// Whether to run a server for others from the start. Not if the command line leads to another server: people would
    /// look for the own one in vain, or it runs in another Klatch already.
    pub fn hosts_with(&self, asked: &Asked) -> bool {
        let leads_elsewhere = asked.server.is_some() && asked.server != self.server();
        self.host_at_start() && !leads_elsewhere
    }

    /// Remembers whether to run a server for others while the program runs.
    pub fn set_host_at_start(&self, host: bool) {
        self.set(key::HOST_AT_START, host);
    }

    /// Whether to tell of messages and invitations when no window of the program is in front.
    pub fn notifications(&self) -> bool {
        self.0.boolean(key::NOTIFICATIONS)
    }

    /// How light or dark the windows are.
    pub fn appearance(&self) -> Appearance {
        let word = self.0.string(key::APPEARANCE);
        Appearance::ALL.into_iter().find(|appearance| appearance.word() == word).unwrap_or_default()
    }

    /// Remembers how light or dark the windows are.
    pub fn set_appearance(&self, appearance: Appearance) {
        self.set(key::APPEARANCE, appearance.word());
    }

    /// Width and height of the buddy list in pixels.
    pub fn window_size(&self) -> (i32, i32) {
        (self.0.int(key::WINDOW_WIDTH), self.0.int(key::WINDOW_HEIGHT))
    }

    /// Remembers width and height of the buddy list.
    pub fn set_window_size(&self, (width, height): (i32, i32)) {
        self.set(key::WINDOW_WIDTH, width);
        self.set(key::WINDOW_HEIGHT, height);
    }

    /// Width and height of a new conversation window in pixels.
    pub fn conversation_size(&self) -> (i32, i32) {
        (self.0.int(key::CONVERSATION_WIDTH), self.0.int(key::CONVERSATION_HEIGHT))
    }

    /// Remembers width and height of a conversation window.
    pub fn set_conversation_size(&self, (width, height): (i32, i32)) {
        self.set(key::CONVERSATION_WIDTH, width);
        self.set(key::CONVERSATION_HEIGHT, height);
    }

    /// A value that cannot be stored (an administrator may have locked the key) is no reason to stop.
    fn set(&self, key: &str, value: impl Into<glib::Variant>) {
        if let Err(error) = self.0.set_value(key, &value.into()) {
            tracing::warn!("the setting {key} cannot be changed: {error}");
        }
    }
}

/// The copy in the program. GIO reads schemas only from a folder: the file is put into a new one that nobody else can
/// enter, and removed as soon as GIO has mapped it.
fn built_in_schema() -> Result<gio::SettingsSchema, SettingsError> {
    let places = [glib::user_runtime_dir(), glib::tmp_dir(), glib::user_cache_dir()];
    let folder = places.iter().find_map(|place| glib::mkdtemp(place.join("klatch-schema-XXXXXX")));
    let Some(folder) = folder else { return Err(SettingsError::NoFolder(io::Error::last_os_error())) };
    let schema = schema_through(&folder);
    if let Err(error) = fs::remove_dir_all(&folder) {
        tracing::warn!("{} is left behind: {error}", folder.display());
    }
    schema
}

fn schema_through(folder: &Path) -> Result<gio::SettingsSchema, SettingsError> {
    fs::write(folder.join("gschemas.compiled"), COMPILED).map_err(SettingsError::NoFolder)?;
    let source = gio::SettingsSchemaSource::from_directory(folder, None, false)?;
    source.lookup(SCHEMA, false).ok_or(SettingsError::Missing)
}

#[cfg(test)]
mod tests;
