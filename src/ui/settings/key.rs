//! The names of the keys, for binding one to a property and for `Settings::on_changed`; the schema describes each.

pub const NAME: &str = "name";
pub const PRESENCE: &str = "presence";
pub const STATUS: &str = "status";
pub const MODE: &str = "mode";
pub const SERVER_HOST: &str = "server-host";
pub const SERVER_PORT: &str = "server-port";
pub const CONNECT_AT_START: &str = "connect-at-start";
pub const SERVICE_TYPE: &str = "service-type";
pub const PEER_PORT: &str = "peer-port";
pub const SHARED_FOLDER: &str = "shared-folder";
pub const DOWNLOADS_FOLDER: &str = "downloads-folder";
pub const USER_INFO: &str = "user-info";
pub const PICTURE: &str = "picture";
pub const BLOCKED: &str = "blocked";
pub const ADDED_PEERS: &str = "added-peers";
pub const HOST_PORT: &str = "host-port";
pub const HOST_AT_START: &str = "host-at-start";
pub const NOTIFICATIONS: &str = "notifications";
pub const APPEARANCE: &str = "appearance";
pub const WINDOW_WIDTH: &str = "window-width";
pub const WINDOW_HEIGHT: &str = "window-height";
pub const CONVERSATION_WIDTH: &str = "conversation-width";
pub const CONVERSATION_HEIGHT: &str = "conversation-height";

pub(super) const ALL: [&str; 23] = [
    NAME,
    PRESENCE,
    STATUS,
    MODE,
    SERVER_HOST,
    SERVER_PORT,
    CONNECT_AT_START,
    SERVICE_TYPE,
    PEER_PORT,
    SHARED_FOLDER,
    DOWNLOADS_FOLDER,
    USER_INFO,
    PICTURE,
    BLOCKED,
    ADDED_PEERS,
    HOST_PORT,
    HOST_AT_START,
    NOTIFICATIONS,
    APPEARANCE,
    WINDOW_WIDTH,
    WINDOW_HEIGHT,
    CONVERSATION_WIDTH,
    CONVERSATION_HEIGHT,
];
