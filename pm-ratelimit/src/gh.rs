//! `gh auth token`: the login that `gh` keeps, perhaps in the system's keyring.

use std::io::Read;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use pm_cli::Environment;
use pm_github::Secret;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::Error;
use crate::token::Token;

/// A keyring that is locked may ask its user, who need not be there.
const PATIENCE: Duration = Duration::from_secs(5);

/// Far longer than any token.
const LONGEST: usize = 4096;

const ORIGIN: &str = "`gh auth token`";

/// The token for a host; none where there is no `gh`, or no login.
pub(crate) fn token(host: &str, environment: &Environment) -> Result<Option<Token>, Error> {
    let Some(program) = environment.path().map(|folder| folder.join("gh")).find(|file| file.is_file()) else {
        return Ok(None);
    };
    let Some(mut gh) = start(&program, host) else { return Ok(None) };
    let said = gh.stdout.take().and_then(read);
    if said.is_none() {
        // It may have ended in this moment, which is as well.
        let _ = gh.kill();
    }
    let ended = gh.wait();
    let Some(text) = said else { return Err(Error::SlowGh) };
    if text.trim().is_empty() || !ended.is_ok_and(|status| status.success()) {
        return Ok(None);
    }
    let bad = |reason| Error::Token { origin: ORIGIN.to_owned(), reason };
    let secret = Secret::new(&text).map_err(bad)?;
    Ok(Some(Token { secret, origin: ORIGIN.to_owned() }))
}

#[expect(clippy::disallowed_methods, reason = "starting this program is this module's job")]
fn start(program: &std::path::Path, host: &str) -> Option<Child> {
    let mut gh = Command::new(program);
    gh.args(["auth", "token", "--hostname", host]);
    gh.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()
}

/// What it says until it ends; none if it does not end in time.
fn read(mut stdout: ChildStdout) -> Option<String> {
    let deadline = Instant::now() + PATIENCE;
    let (mut text, mut piece) = (Vec::new(), [0; 1024]);
    while text.len() <= LONGEST {
        let left = deadline.checked_duration_since(Instant::now())?;
        let mut ready = [PollFd::new(&stdout, PollFlags::IN)];
        match poll(&mut ready, Timespec::try_from(left).ok().as_ref()) {
            Ok(0) | Err(rustix::io::Errno::INTR) => continue,
            Ok(_) => {}
            Err(_) => return None,
        }
        match stdout.read(&mut piece).ok()? {
            0 => return String::from_utf8(text).ok().or_else(|| Some(String::new())),
            count => text.extend_from_slice(&piece[..count]),
        }
    }
    None
}
