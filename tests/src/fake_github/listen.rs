//! Accepts connections on both sockets with one thread, and gives each connection its own.

use super::connection;
use super::server::Shared;
use super::setup::SocketAt;
use super::stream::Stream;
use super::tls::TlsListener;
use rustix::event::{PollFd, PollFlags, poll};
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use tempfile::TempDir;

/// GitHub documents 100 concurrent requests; more than this many at once is a runaway client.
const MAX_CONNECTIONS: usize = 256;

/// The sockets that the fake listens on.
#[derive(Debug)]
pub(super) struct Listeners {
    unix: Option<UnixListener>,
    tcp: Option<TcpListener>,
    tls: Option<TlsListener>,
    pub(super) socket: Option<PathBuf>,
    /// Holds the socket, when nobody chose its place.
    pub(super) directory: Option<TempDir>,
}

impl Listeners {
    pub(super) fn bind(
        socket: &SocketAt,
        tcp: Option<SocketAddr>,
        tls: Option<SocketAddr>,
    ) -> io::Result<Self> {
        let directory = match socket {
            SocketAt::PrivateDirectory => Some(private_directory("fake-github-")?),
            SocketAt::Nowhere | SocketAt::Path(_) => None,
        };
        let socket = match (socket, &directory) {
            (SocketAt::Path(path), _) => Some(path.clone()),
            (_, Some(directory)) => Some(directory.path().join("api.sock")),
            (_, None) => None,
        };
        let unix = socket.as_deref().map(bind_unix).transpose()?;
        let tcp = tcp.map(bind_tcp).transpose()?;
        let tls = tls.map(|address| bind_tcp(address).and_then(TlsListener::new)).transpose()?;
        Ok(Listeners { unix, tcp, tls, socket, directory })
    }

    pub(super) fn tcp_address(&self) -> io::Result<Option<SocketAddr>> {
        self.tcp.as_ref().map(TcpListener::local_addr).transpose()
    }

    pub(super) fn tls_address(&self) -> io::Result<Option<SocketAddr>> {
        self.tls.as_ref().map(TlsListener::address).transpose()
    }

    /// The certificate of whoever certified the TLS side.
    pub(super) fn authority(&self) -> Option<PathBuf> {
        self.tls.as_ref().map(|tls| tls.authority.clone())
    }

    /// Waits until something can be accepted; false when `wake` was closed, which ends the fake.
    fn wait(&self, wake: &UnixStream) -> bool {
        let mut watched = vec![PollFd::new(wake, PollFlags::IN)];
        watched.extend(
            self.unix.iter().map(|listener| PollFd::from_borrowed_fd(listener.as_fd(), PollFlags::IN)),
        );
        let tcp = self.tcp.iter().chain(self.tls.iter().map(|tls| &tls.tcp));
        watched.extend(tcp.map(|listener| PollFd::from_borrowed_fd(listener.as_fd(), PollFlags::IN)));
        match poll(&mut watched, None) {
            Ok(_) => watched[0].revents().is_empty(),
            Err(error) => error == rustix::io::Errno::INTR,
        }
    }

    fn accept(&self) -> Vec<Stream> {
        let unix = self.unix.iter().filter_map(|listener| Some(Stream::Unix(listener.accept().ok()?.0)));
        let tcp = self.tcp.iter().filter_map(|listener| Some(Stream::Tcp(listener.accept().ok()?.0)));
        let tls = self.tls.iter().filter_map(|listener| Some(Stream::Tls(Box::new(listener.accept()?))));
        unix.chain(tcp).chain(tls).collect()
    }
}

/// A new directory that only its owner can look into; the system's default is open to all.
pub(super) fn private_directory(prefix: &str) -> io::Result<TempDir> {
    tempfile::Builder::new().prefix(prefix).permissions(Permissions::from_mode(0o700)).tempdir()
}

fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    if path.exists() && UnixStream::connect(path).is_err_and(|e| e.kind() == io::ErrorKind::ConnectionRefused)
    {
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn bind_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    if !address.ip().is_loopback() {
        let message = format!("`{address}` is not a loopback address; the fake is for this machine only");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Accepts until `wake` is closed, then ends every connection and waits for its thread.
pub(super) fn run(listeners: &Listeners, wake: &UnixStream, shared: &Arc<Shared>) {
    let mut open: BTreeMap<u64, (Stream, JoinHandle<()>)> = BTreeMap::new();
    let mut next = 0;
    while listeners.wait(wake) {
        let finished: Vec<u64> =
            open.iter().filter(|(_, (_, thread))| thread.is_finished()).map(|(&id, _)| id).collect();
        for id in finished {
            join(open.remove(&id));
        }
        for stream in listeners.accept() {
            // Beyond the cap a connection ends at once, by being dropped.
            if open.len() < MAX_CONNECTIONS
                && let Ok(handle) = stream.handle()
            {
                let shared = Arc::clone(shared);
                open.insert(next, (handle, thread::spawn(move || connection::serve(stream, &shared))));
                next += 1;
            }
        }
    }
    for (stream, _) in open.values() {
        stream.close();
    }
    for connection in open.into_values() {
        join(Some(connection));
    }
}

fn join(connection: Option<(Stream, JoinHandle<()>)>) {
    if let Some((_, thread)) = connection {
        thread.join().expect("serving a connection does not panic");
    }
}
