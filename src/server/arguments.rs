//! The command line of `klatch-server`.

use std::net::{Ipv6Addr, SocketAddr};
use std::time::Duration;

use clap::Parser;
use clap::builder::RangedU64ValueParser;
use tracing::level_filters::LevelFilter;

use crate::protocol::im::DEFAULT_PORT;

use super::options::{Access, Options};

/// A small chat server for a local network
///
/// Serves the instant-messaging protocol of Klatch: plain TCP, messages of one verb and one pickled argument. It keeps
/// everything in memory and needs no files. A line `listening on ADDR:PORT` for each address on standard output says
/// that it is ready; the log goes to standard error and never has the text of a message in it.
#[derive(Clone, Debug, Parser)]
#[command(name = "klatch-server", version)]
pub struct Arguments {
    /// Address and port to serve on; may be given several times. Port 0 takes a free one, the default serves IPv4 too
    #[arg(long, value_name = "ADDR:PORT", default_values_t = [SocketAddr::from((Ipv6Addr::UNSPECIFIED, DEFAULT_PORT))], value_parser = address)]
    pub listen: Vec<SocketAddr>,
    /// Who may see and join a conversation
    #[arg(long, value_name = "WHO", value_enum, default_value_t = Options::default().conversations)]
    pub conversations: Access,
    /// Most connections at the same time
    #[arg(long, value_name = "N", default_value_t = Options::default().max_clients, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub max_clients: usize,
    /// Milliseconds between two messages to the same client, so that programs which take one recv for one message
    /// work; 0 for none. More than 4 waiting messages are sent at once
    #[arg(long, value_name = "MS", default_value_t = default_pace(), value_parser = clap::value_parser!(u64).range(..=10_000))]
    pub pace: u64,
    /// How much to log: off, error, warn, info, debug or trace
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub log: LevelFilter,
    /// Address and port on which to serve metrics in the text format of Prometheus, by HTTP at /metrics
    #[arg(long, value_name = "ADDR:PORT", value_parser = address)]
    pub metrics: Option<SocketAddr>,
}

/// An address of this computer, by its number: a name could stand for several, or for none at the next start.
fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "a numeric address and a port are needed: 127.0.0.1:6666, [::1]:6666, or [::]:6666 for all")
}

/// In milliseconds.
fn default_pace() -> u64 {
    u64::try_from(Options::default().pace.as_millis()).unwrap_or(u64::MAX)
}

impl Arguments {
    /// What of it is for the server itself.
    pub fn options(&self) -> Options {
        Options {
            conversations: self.conversations,
            max_clients: self.max_clients,
            pace: Duration::from_millis(self.pace),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_with_no_arguments_is_as_a_hosted_one() {
        let arguments = Arguments::parse_from(["klatch-server"]);
        assert_eq!(arguments.options(), Options::default());
        assert_eq!(arguments.listen, ["[::]:6666".parse().unwrap()]);
    }
}
