//! The running fake, as a test holds it.

use super::clock::Clock;
use super::fault::Fault;
use super::listen::{self, Listeners};
use super::quota::{ANONYMOUS, Quota, QuotaChange};
use super::record::Recorded;
use super::setup::Setup;
use super::state::State;
use super::stop::Stop;
use std::io;
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use tempfile::TempDir;

/// A running fake. It stops when dropped: connections end, threads are waited for, the socket is gone.
#[derive(Debug)]
pub struct FakeGithub {
    shared: Arc<Shared>,
    socket: Option<PathBuf>,
    tcp: Option<SocketAddr>,
    tls: Option<SocketAddr>,
    authority: Option<PathBuf>,
    /// Closing it ends the accepting thread.
    wake: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
    /// Removed last, after the thread that holds the socket.
    _directory: Option<TempDir>,
}

/// What the threads of the fake share.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) stop: Stop,
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("answering a request does not panic")
    }
}

impl FakeGithub {
    /// Starts the fake.
    ///
    /// # Panics
    ///
    /// When a socket cannot be made; see [`FakeGithub::try_start`].
    #[must_use]
    pub fn start(setup: Setup) -> Self {
        FakeGithub::try_start(setup).expect("the fake GitHub listens on sockets of its own")
    }

    /// Starts the fake, or says why a socket could not be made.
    pub fn try_start(setup: Setup) -> io::Result<Self> {
        let mut listeners = Listeners::bind(&setup.socket, setup.tcp, setup.tls)?;
        let (wake, sleeper) = UnixStream::pair()?;
        let (tcp, tls) = (listeners.tcp_address()?, listeners.tls_address()?);
        let authority = listeners.authority();
        let directory = listeners.directory.take();
        let socket = listeners.socket.clone();
        let shared = Arc::new(Shared { state: Mutex::new(State::new(setup)), stop: Stop::default() });
        let thread = thread::Builder::new().name("fake-github".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || listen::run(&listeners, &sleeper, &shared)
        })?;
        Ok(FakeGithub {
            shared,
            socket,
            tcp,
            tls,
            authority,
            wake: Some(wake),
            thread: Some(thread),
            _directory: directory,
        })
    }

    /// The Unix socket, if there is one.
    #[must_use]
    pub fn socket(&self) -> Option<&Path> {
        self.socket.as_deref()
    }

    /// The TCP address, if there is one.
    #[must_use]
    pub fn tcp(&self) -> Option<SocketAddr> {
        self.tcp
    }

    /// The Unix socket.
    ///
    /// # Panics
    ///
    /// When the setup asked for none.
    #[must_use]
    pub fn socket_path(&self) -> &Path {
        self.socket().expect("the setup asked for a Unix socket")
    }

    /// The TCP address.
    ///
    /// # Panics
    ///
    /// When the setup asked for none.
    #[must_use]
    pub fn tcp_address(&self) -> SocketAddr {
        self.tcp().expect("the setup asked for TCP")
    }

    /// The base of API addresses over TCP, without a slash at the end.
    ///
    /// # Panics
    ///
    /// When the setup asked for no TCP.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.tcp_address())
    }

    /// The base of API addresses over TLS, if the setup asked for it, without a slash at the end.
    #[must_use]
    pub fn tls_url(&self) -> Option<String> {
        self.tls.map(|address| format!("https://localhost:{}", address.port()))
    }

    /// A file with the certificate that vouches for the TLS side; it lasts as long as the fake.
    #[must_use]
    pub fn authority(&self) -> Option<&Path> {
        self.authority.as_deref()
    }

    /// The token of the first account.
    ///
    /// # Panics
    ///
    /// When the setup has no account.
    #[must_use]
    pub fn token(&self) -> String {
        self.shared.state().setup.accounts.first().expect("the setup has an account").token.clone()
    }

    /// The requests answered so far, the control surface's own left out.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.state().log.list()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.shared.state().log.clear();
    }

    /// What goes wrong, and will.
    #[must_use]
    pub fn faults(&self) -> Faults<'_> {
        Faults(&self.shared)
    }

    /// A bucket of the first account as it stands.
    #[must_use]
    pub fn quota(&self, bucket: &str) -> Option<Quota> {
        let login = self.shared.state().default_login();
        self.quota_of(&login, bucket)
    }

    /// A bucket of callers without a token as it stands.
    #[must_use]
    pub fn anonymous_quota(&self, bucket: &str) -> Option<Quota> {
        self.quota_of(ANONYMOUS, bucket)
    }

    /// A bucket of any account as it stands.
    #[must_use]
    pub fn quota_of(&self, login: &str, bucket: &str) -> Option<Quota> {
        let mut state = self.shared.state();
        let now = state.now();
        state.quotas.get(login, bucket, now)
    }

    /// Changes a bucket, as other programs of the same user would.
    ///
    /// # Panics
    ///
    /// When no account has that login.
    #[expect(
        clippy::must_use_candidate,
        clippy::needless_pass_by_value,
        reason = "a test writes the change in place, and seldom asks what came of it"
    )]
    pub fn set_quota(&self, change: QuotaChange) -> Quota {
        self.shared.state().change_quota(&change).expect("the setup has an account of that login")
    }

    /// Stops the clock at this epoch second.
    pub fn set_now(&self, epoch: u64) {
        self.shared.state().clock = Clock::Fixed(epoch);
    }

    /// Puts everything back as it was at the start: data, quotas, faults, clock and requests.
    pub fn reset(&self) {
        let mut state = self.shared.state();
        *state = State::new(state.setup.clone());
    }
}

impl Drop for FakeGithub {
    fn drop(&mut self) {
        self.shared.stop.raise();
        drop(self.wake.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            // A second panic while a test fails already would abort the whole test binary.
            assert!(ended.is_ok() || thread::panicking(), "a thread of the fake GitHub panicked");
        }
        if let Some(socket) = &self.socket {
            let _gone_already = std::fs::remove_file(socket);
        }
    }
}

/// The list of faults of a running fake.
#[derive(Debug, Clone, Copy)]
pub struct Faults<'a>(&'a Shared);

impl Faults<'_> {
    /// Adds a fault behind those that are there.
    pub fn push(&self, fault: Fault) {
        self.0.state().faults.push(fault);
    }

    /// Those that have not been used up.
    #[must_use]
    pub fn list(&self) -> Vec<Fault> {
        self.0.state().faults.clone()
    }

    /// Ends all of them.
    pub fn clear(&self) {
        self.0.state().faults.clear();
    }
}
