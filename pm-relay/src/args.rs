//! What was typed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Stand between a client and the GitHub API, and record every request
///
/// Requests that arrive on a Unix socket or a loopback port are forwarded to the API over TLS, and one `api_request`
/// record for each goes to standard output. On the Unix socket, which only its owner can use, every host is
/// reached, and only requests to an API are recorded; on TCP nothing but an API is. The relay holds no
/// credential and keeps no header and no body. SIGTERM ends it with status 0: what is under way has two seconds.
#[derive(Debug, clap::Parser)]
#[command(name = "pm-relay", version, after_help = EXAMPLES)]
pub struct Args {
    /// Listen on a Unix socket, made with mode 0600 in a folder of mode 0700
    #[arg(long, value_name = "PATH", conflicts_with = "socket_fd")]
    pub socket: Option<PathBuf>,

    /// Listen on a loopback address; port 0 takes a free one
    #[arg(long, value_name = "127.0.0.1:PORT", conflicts_with = "listen_fd")]
    pub listen: Option<SocketAddr>,

    /// Listen on this inherited descriptor of a Unix socket that listens already
    #[arg(long, value_name = "N")]
    pub socket_fd: Option<u16>,

    /// Listen on this inherited descriptor of a loopback port that listens already
    #[arg(long, value_name = "N")]
    pub listen_fd: Option<u16>,

    /// Forward the API's requests to this address, or to the socket of another relay; else to
    /// `$PM_RELAY_UPSTREAM`, else to gh's own `http_unix_socket`, else to the API itself
    #[arg(long, value_name = "URL|unix:PATH")]
    pub upstream: Option<String>,

    /// Keep answers in this folder, else in `$PM_RELAY_CACHE`, and ask only whether they have changed, which costs no quota
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,

    /// How much to keep there
    #[arg(long, value_name = "SIZE", default_value = "100M", value_parser = parse_size)]
    pub cache_size: u64,

    /// The run that the requests belong to; else `$PM_EXECUTION_ID`
    #[arg(long, value_name = "ID")]
    pub execution_id: Option<String>,

    /// Give up on a server that sends nothing for so long
    #[arg(long, value_name = "DURATION", value_parser = pm_cli::parse_duration, default_value = "2m")]
    pub timeout: Duration,

    /// Append the records to this file
    #[arg(short, long, value_name = "FILE", conflicts_with = "store")]
    pub output: Option<PathBuf>,

    /// Append the records to the store: the nearest `.github-pm` upwards, or DIR
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    pub store: Option<Option<PathBuf>>,

    /// Write the addresses on a line to this inherited descriptor when ready, in place of standard error
    #[arg(long, value_name = "N")]
    pub ready_fd: Option<u16>,

    /// End as on SIGTERM when standard input closes
    #[arg(long)]
    pub until_stdin_closes: bool,
}

const EXAMPLES: &str = "\
Examples:
  mkdir -m 700 ~/relay; pm-relay --socket ~/relay/gh.sock --store   record, and then tell gh to go there:
  gh config set http_unix_socket ~/relay/gh.sock
  pm-relay --listen 127.0.0.1:8080 -o requests.ndjson               for what takes GITHUB_API_URL:
  GITHUB_API_URL=http://127.0.0.1:8080 node script.js
  curl -H \"Authorization: Bearer $GH_TOKEN\" http://127.0.0.1:8080/user
  pm-relay --socket ~/relay/gh.sock --cache ~/.cache/pm-relay       and ask only for what has changed";

/// Reads a size such as `512K`, `100M` or `2G`, in steps of 1024.
fn parse_size(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'K' | b'k') => (&text[..text.len() - 1], 10),
        Some(b'M' | b'm') => (&text[..text.len() - 1], 20),
        Some(b'G' | b'g') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    let count: Option<u64> = digits.parse().ok();
    count.and_then(|count| count.checked_mul(1 << shift)).ok_or_else(|| "write 512K, 100M or 2G".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_counted_in_steps_of_1024() {
        let sizes = ["7", "512K", "100m", "2G"].map(parse_size);
        assert_eq!(sizes, [Ok(7), Ok(512 << 10), Ok(100 << 20), Ok(2 << 30)]);
        for text in ["", "M", "1T", "-1", "1.5G", "99999999999G"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
