//! The command line `fake-github`, for people who want to try things by hand.
//!
//! It serves until its standard input closes, so that a shell that starts it through a pipe cannot
//! leave it behind. An input that is neither a pipe, a socket nor a terminal never "closes": a shell
//! gives `/dev/null` to what it starts with `&`, and that must not end the fake at once.

use super::{FakeGithub, Setup, SocketAt};
use clap::Parser;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, fstat};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Serve a fake GitHub API for tests
#[derive(Debug, Parser)]
#[command(name = "fake-github")]
struct Args {
    /// Listen on a Unix socket at this path
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Listen on this loopback address
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Listen with TLS on this loopback address
    #[arg(long, value_name = "ADDRESS")]
    tls: Option<SocketAddr>,
    /// Stop after so many seconds
    #[arg(long = "for", value_name = "SECONDS", default_value_t = 600)]
    seconds: u64,
}

/// Runs the command line on the process's own streams. With neither address it listens on a free port.
#[must_use]
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            let _nobody_reads = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _nobody_reads = writeln!(io::stderr(), "fake-github: {error}");
            ExitCode::from(4)
        }
    }
}

fn run(args: &Args) -> io::Result<()> {
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    let tcp = args.listen.or_else(|| (args.socket.is_none() && args.tls.is_none()).then_some(any_port));
    let socket = args.socket.clone().map_or(SocketAt::Nowhere, SocketAt::Path);
    let github = FakeGithub::try_start(Setup { socket, tcp, tls: args.tls, ..Setup::default() })?;
    let addresses = serde_json::json!({
        "socket": github.socket(),
        "url": github.tcp().map(|_| github.url()),
        "tls_url": github.tls_url(),
        "authority": github.authority(),
        "token": github.token(),
    });
    writeln!(io::stdout(), "{addresses}")?;
    wait(Duration::from_secs(args.seconds))
}

/// Returns when the input ends or the time is up.
fn wait(time: Duration) -> io::Result<()> {
    let mut input = io::stdin().lock();
    if !can_close(&input)? {
        std::thread::sleep(time);
        return Ok(());
    }
    let deadline = Instant::now() + time;
    while let Some(left) = deadline.checked_duration_since(Instant::now()) {
        let limit = Timespec::try_from(left).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&input, PollFlags::IN)], Some(&limit)) {
            Ok(0) => return Ok(()),
            Ok(_) if input.read(&mut [0; 4096])? == 0 => return Ok(()),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn can_close(input: &impl AsFd) -> io::Result<bool> {
    let kind = FileType::from_raw_mode(fstat(input)?.st_mode);
    Ok(matches!(kind, FileType::Fifo | FileType::Socket) || rustix::termios::isatty(input))
}
