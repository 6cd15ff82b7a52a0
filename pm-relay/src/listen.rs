//! The sockets that clients come to: none that another machine, or another user of this one, could use.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::net::{AddressFamily, SocketType, sockopt};

use crate::error::Error;
use crate::inherited;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Path(PathBuf),
    Address(SocketAddr),
    InheritedSocket(u16),
    InheritedPort(u16),
}

/// A socket that listens.
#[derive(Debug)]
pub(crate) enum Listener {
    Unix(UnixListener),
    Tcp(TcpListener, SocketAddr),
}

/// All of them. A socket that was made here is removed at the end.
#[derive(Debug)]
pub(crate) struct Listeners {
    pub(crate) all: Vec<Listener>,
    made: Option<Made>,
}

/// A socket file, known by what it is and not only by its name.
#[derive(Debug)]
struct Made {
    path: PathBuf,
    inode: (u64, u64),
}

impl Listeners {
    pub(crate) fn open(places: &[Place]) -> Result<Self, Error> {
        let mut listeners = Self { all: Vec::new(), made: None };
        for place in places {
            let listener = match place {
                Place::Path(path) => {
                    let listener = bind(path)?;
                    listeners.made = Made::at(path);
                    Listener::Unix(listener)
                }
                Place::Address(address) => {
                    let failed = |source: io::Error| refused(source, &address.to_string());
                    let listener = TcpListener::bind(address).map_err(failed)?;
                    let local = listener.local_addr().map_err(Error::Start)?;
                    Listener::Tcp(listener, local)
                }
                Place::InheritedSocket(number) => Listener::Unix(take(*number, AddressFamily::UNIX)?.into()),
                Place::InheritedPort(number) => inherited_port(*number)?,
            };
            listeners.all.push(listener);
        }
        Ok(listeners)
    }

    /// The addresses, as a client would be told them.
    pub(crate) fn addresses(&self) -> Vec<String> {
        self.all.iter().map(Listener::address).collect()
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        if let Some(made) = &self.made
            && Made::at(&made.path).is_some_and(|now| now.inode == made.inode)
        {
            let _gone_already = fs::remove_file(&made.path);
        }
    }
}

impl Made {
    fn at(path: &Path) -> Option<Self> {
        let status = fs::symlink_metadata(path).ok()?;
        Some(Self { path: path.to_owned(), inode: (status.dev(), status.ino()) })
    }
}

impl Listener {
    fn address(&self) -> String {
        match self {
            Self::Unix(listener) => {
                let address = listener.local_addr().ok();
                let path = address.as_ref().and_then(|address| address.as_pathname());
                path.map_or_else(|| "a socket".to_owned(), |path| path.display().to_string())
            }
            Self::Tcp(_, address) => format!("http://{address}"),
        }
    }
}

/// The path of a socket that was inherited, where it has one.
pub(crate) fn path_of(number: u16) -> Option<PathBuf> {
    let listener: UnixListener = take(number, AddressFamily::UNIX).ok()?.into();
    Some(listener.local_addr().ok()?.as_pathname()?.to_owned())
}

fn bind(path: &Path) -> Result<UnixListener, Error> {
    let address = path.display().to_string();
    let failed = |source: io::Error| refused(source, &address);
    secure_folder(path)?;
    match fs::symlink_metadata(path) {
        Err(_) => {}
        Ok(status) if !status.file_type().is_socket() => {
            return Err(failed(io::Error::other("it is there already and no socket")));
        }
        // One that nobody listens on is what a relay leaves that was killed.
        Ok(_) => match UnixStream::connect(path) {
            Ok(_) => return Err(Error::Taken { address }),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                fs::remove_file(path).map_err(failed)?;
            }
            Err(error) => return Err(failed(error)),
        },
    }
    // It is never open to others, not even between its making and a change of its mode.
    let before = rustix::process::umask(Mode::from_raw_mode(0o177));
    let bound = UnixListener::bind(path);
    rustix::process::umask(before);
    bound.map_err(failed)
}

/// Makes the folder of a socket, or looks whether it is closed to others.
fn secure_folder(path: &Path) -> Result<(), Error> {
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let failed = |source| Error::Listen { address: path.display().to_string(), source };
    if !folder.exists() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        // The umask takes away and never gives, but it may have taken too much.
        fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(failed)?;
    }
    let status = fs::metadata(folder).map_err(failed)?;
    let is_ours = status.uid() == rustix::process::geteuid().as_raw();
    let is_closed = status.mode() & (Mode::RWXG | Mode::RWXO).bits() == 0;
    if is_ours && is_closed { Ok(()) } else { Err(Error::OpenFolder { folder: folder.to_owned() }) }
}

fn inherited_port(number: u16) -> Result<Listener, Error> {
    let wrong = |what| Error::Inherited { number, what };
    let descriptor = take(number, AddressFamily::INET).or_else(|_| take(number, AddressFamily::INET6))?;
    let listener: TcpListener = descriptor.into();
    let address = listener.local_addr().map_err(|_| wrong("no socket with an address"))?;
    if address.ip().is_loopback() {
        Ok(Listener::Tcp(listener, address))
    } else {
        Err(wrong("open to other machines, and only loopback is served"))
    }
}

/// A copy of an inherited socket that listens.
fn take(number: u16, family: AddressFamily) -> Result<OwnedFd, Error> {
    let wrong = |what| Error::Inherited { number, what };
    let descriptor = inherited::copy(number).map_err(|_| wrong("not open"))?;
    if !sockopt::socket_type(&descriptor).is_ok_and(|kind| kind == SocketType::STREAM) {
        return Err(wrong("no stream socket"));
    }
    match sockopt::socket_domain(&descriptor) {
        Ok(found) if found == family => {}
        _ if family == AddressFamily::UNIX => return Err(wrong("no Unix socket")),
        _ => return Err(wrong("no TCP socket")),
    }
    if sockopt::socket_acceptconn(&descriptor) == Ok(true) {
        Ok(descriptor)
    } else {
        Err(wrong("a socket that does not listen"))
    }
}

fn refused(source: io::Error, address: &str) -> Error {
    match source.kind() {
        io::ErrorKind::AddrInUse => Error::Taken { address: address.to_owned() },
        _ => Error::Listen { address: address.to_owned(), source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(mode: u32) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        fs::set_permissions(folder.path(), Permissions::from_mode(mode)).expect("ours");
        folder
    }

    fn open(path: &Path) -> Result<Listeners, String> {
        Listeners::open(&[Place::Path(path.to_owned())]).map_err(|error| error.to_string())
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("it is there").mode() & 0o777
    }

    #[test]
    fn a_socket_is_open_to_its_owner_only_and_goes_with_the_relay() {
        let folder = folder(0o700);
        let path = folder.path().join("new/api.sock");
        let listeners = open(&path).expect("a socket");
        assert_eq!((mode(&path), mode(&folder.path().join("new"))), (0o600, 0o700));
        assert!(open(&path).expect_err("taken").starts_with("another program listens on '"));
        drop(listeners);
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_that_others_may_enter_is_refused() {
        let folder = folder(0o755);
        let error = open(&folder.path().join("api.sock")).expect_err("open to others");
        assert!(error.ends_with("is open to others"), "{error}");
    }

    #[test]
    fn a_socket_that_a_killed_relay_left_is_replaced_and_another_file_is_not() {
        let folder = folder(0o700);
        let path = folder.path().join("api.sock");
        drop(UnixListener::bind(&path).expect("a socket"));
        assert!(path.exists());
        drop(open(&path).expect("it is replaced"));
        fs::write(&path, "mine").expect("a file");
        assert!(open(&path).is_err());
        assert_eq!(fs::read_to_string(&path).expect("still there"), "mine");
    }

    #[test]
    fn a_descriptor_that_is_no_listening_socket_is_refused_with_what_it_is() {
        use std::os::fd::AsRawFd;
        let number = |socket: &dyn AsRawFd| u16::try_from(socket.as_raw_fd()).expect("a small number");
        let (pair, _other) = UnixStream::pair().expect("a pair");
        let file = tempfile::tempfile().expect("a file");
        let what = |place| Listeners::open(&[place]).expect_err("refused").to_string();
        assert!(what(Place::InheritedSocket(u16::MAX)).ends_with("is not open"));
        assert!(what(Place::InheritedSocket(number(&file))).ends_with("is no stream socket"));
        assert!(what(Place::InheritedSocket(number(&pair))).ends_with("is a socket that does not listen"));
        assert!(what(Place::InheritedPort(number(&pair))).ends_with("is no TCP socket"));
    }
}
