//! The sockets among a process's descriptors.
//!
//! A process that has as many descriptors as before has, as good as always, the same ones, and asking how many
//! takes a tenth of the time of reading them all. So a socket that took the place of another descriptor is found
//! some seconds later, unless whoever asks knows of a reason to read them anew.

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::time::Duration;

use rustix::fs::{SeekFrom, fstat, readlinkat_raw, seek};
use rustix::io::Errno;

use super::entry::file;
use super::listing;
use super::words::number;

/// How long a list may be taken for the present one.
const PERIOD: Duration = Duration::from_secs(5);

/// What is known of one process.
#[derive(Debug)]
pub(crate) struct Descriptors {
    /// Its `fd`, which answers for this process alone.
    folder: OwnedFd,
    /// When they were read, and how many there were; zero where the kernel does not say.
    read: Option<(Duration, u64)>,
    /// The numbers of its sockets.
    pub(crate) sockets: Vec<u32>,
    /// The network in which these are, where there are any.
    pub(crate) network: Option<PathBuf>,
}

impl Descriptors {
    /// Those of a process.
    ///
    /// # Errors
    ///
    /// It has ended, it is somebody else's, or there are too many of ours.
    pub(crate) fn of(pid: i32) -> Result<Self, Errno> {
        let folder = listing::open_folder(&file(pid, "fd"))?;
        Ok(Self { folder, read: None, sockets: Vec::new(), network: None })
    }

    /// Reads them, unless they seem to be what they were and are not said to be old.
    ///
    /// # Errors
    ///
    /// As above.
    pub(crate) fn looked(mut self, pid: i32, now: Duration, are_old: bool) -> Result<Self, Errno> {
        let count = fstat(&self.folder)?.st_size.unsigned_abs();
        let is_same = |(at, before)| count > 0 && count == before && now.saturating_sub(at) < PERIOD;
        if !are_old && self.read.is_some_and(is_same) {
            return Ok(self);
        }
        seek(&self.folder, SeekFrom::Start(0))?;
        self.sockets.clear();
        listing::each(&self.folder, |folder, name| self.sockets.extend(socket(folder, name)))?;
        let has_sockets = !self.sockets.is_empty();
        self.network = has_sockets.then(|| std::fs::read_link(file(pid, "ns/net")).ok()).flatten();
        // Whatever came while they were read makes the number another one.
        self.read = Some((now, count));
        Ok(self)
    }
}

/// The number of a socket that a descriptor stands for: its link reads `socket:[1234]`.
fn socket(folder: BorrowedFd<'_>, name: &CStr) -> Option<u32> {
    let mut space = [MaybeUninit::uninit(); 32];
    let (link, _) = readlinkat_raw(folder, name, &mut space).ok()?;
    number(link.strip_prefix(b"socket:[")?.strip_suffix(b"]")?)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the process that is looked at")]
    fn a_socket_in_the_place_of_a_file_is_found_when_the_list_is_old_and_one_more_at_once() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let mut shell = Command::new("bash")
            .args(["-c", "exec 9</dev/null; read; echo; read; exec 9<>$0; echo; read; exec 8<&9; echo; read"])
            .arg(format!("/dev/tcp/127.0.0.1/{port}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash");
        let pid = i32::try_from(shell.id()).expect("a number");
        let (mut steps, mut done) =
            (shell.stdin.take().expect("a pipe"), shell.stdout.take().expect("a pipe"));
        let mut step = || {
            steps.write_all(b"\n").expect("a step");
            done.read_exact(&mut [0]).expect("done");
        };
        step();
        let mut descriptors = Descriptors::of(pid).ok();
        let mut look = |second, are_old| {
            let before = descriptors.take().expect("seen");
            descriptors = before.looked(pid, Duration::from_secs(second), are_old).ok();
            descriptors.as_ref().map(|now| now.sockets.len())
        };
        // Whoever runs the tests may have handed sockets down.
        let inherited = look(0, true).expect("seen");
        // Before Linux 6.2 the kernel does not say how many there are.
        let are_counted = std::fs::metadata("/proc/self/fd").is_ok_and(|folder| folder.len() > 0);
        step();
        assert_eq!(look(1, false), Some(inherited + usize::from(!are_counted)));
        assert_eq!(look(1, true), Some(inherited + 1));
        step();
        assert_eq!(look(2, false), Some(inherited + 2));
        shell.kill().expect("killed");
        shell.wait().expect("waited for");
        assert_eq!(look(3, false), None);
    }
}
