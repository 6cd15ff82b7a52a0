//! The kernel's own list of TCP connections, by its socket for diagnoses.
//!
//! `/proc/net/tcp` has the same connections without what went through them. A request is a header of 16 bytes and
//! one of 56; an answer is a header, 72 bytes and attributes, of which one is `struct tcp_info`. Everything is in the
//! machine's byte order but ports and addresses, which are only ever handed back.

use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send, socket_with,
};

const BY_FAMILY: u16 = 20;
const ERROR: u16 = 2;
const DONE: u16 = 3;
const REQUEST: u16 = 1;
const DUMP: u16 = 0x300;
const TCP: u8 = 6;
const INFO: u16 = 2;
const IPV4: u8 = 2;
const IPV6: u8 = 10;

const ESTABLISHED: u8 = 1;
const TIME_WAIT: u8 = 6;
const CLOSE: u8 = 7;
const CLOSE_WAIT: u8 = 8;
const LISTEN: u8 = 10;
const NEW_SYN_RECV: u8 = 12;
/// Every state in which something can have gone through.
const STATES: u32 = !(1 << TIME_WAIT | 1 << CLOSE | 1 << LISTEN | 1 << NEW_SYN_RECV);

/// The longest piece of an answer that the kernel sends.
const PIECE: usize = 32 << 10;

/// How long an answer can be in all; a million connections are a few hundred megabytes.
const PIECES: usize = 1 << 14;

/// One connection as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Connection {
    family: u8,
    /// Ports, addresses, device, and a number that no other connection ever has.
    identity: [u8; 48],
    pub(crate) inode: u32,
    /// Whether both sides, or the other one, can still send.
    pub(crate) is_open: bool,
    pub(crate) sent: u64,
    pub(crate) received: u64,
}

impl Connection {
    /// Whether it is the very same connection, whatever went through it.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.identity == other.identity
    }
}

/// An open line to the kernel.
#[derive(Debug)]
pub(crate) struct Diag {
    socket: OwnedFd,
    piece: Vec<u8>,
}

impl Diag {
    pub(crate) fn open() -> Option<Self> {
        let protocol = Some(netlink::SOCK_DIAG);
        let socket = socket_with(AddressFamily::NETLINK, SocketType::DGRAM, SocketFlags::CLOEXEC, protocol);
        Some(Self { socket: socket.ok()?, piece: vec![0; PIECE] })
    }

    /// Every connection of this network.
    pub(crate) fn all(&mut self) -> Result<Vec<Connection>, Errno> {
        let mut found = Vec::new();
        for family in [IPV4, IPV6] {
            self.ask(family, DUMP, &[0; 48])?;
            for _ in 0..PIECES {
                if !self.hear(&mut found)? {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// The same connection now; none if it is no more.
    pub(crate) fn again(&mut self, connection: &Connection) -> Result<Option<Connection>, Errno> {
        self.ask(connection.family, 0, &connection.identity)?;
        let mut found = Vec::new();
        match self.hear(&mut found) {
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error),
            // Its number may be in use by another when it has just been closed.
            Ok(_) => Ok(found.pop().filter(|now| now.inode == connection.inode)),
        }
    }

    fn ask(&self, family: u8, flags: u16, identity: &[u8; 48]) -> Result<(), Errno> {
        let mut request = Vec::with_capacity(72);
        request.extend(72_u32.to_ne_bytes());
        request.extend(BY_FAMILY.to_ne_bytes());
        request.extend((REQUEST | flags).to_ne_bytes());
        request.extend([0; 8]);
        request.extend([family, TCP, 1 << (INFO - 1), 0]);
        request.extend(STATES.to_ne_bytes());
        request.extend(identity);
        send(&self.socket, &request, SendFlags::empty()).map(drop)
    }

    /// Takes one piece of an answer. Whether there are more.
    fn hear(&mut self, found: &mut Vec<Connection>) -> Result<bool, Errno> {
        let (_, length) = recv(&self.socket, &mut self.piece[..], RecvFlags::empty())?;
        match answers(self.piece.get(..length).unwrap_or_default(), found) {
            Ok(more) => Ok(more),
            Err(number) => Err(Errno::from_raw_os_error(number)),
        }
    }
}

/// Reads the messages of a piece. Whether there are more pieces, or the number of an error.
pub(crate) fn answers(piece: &[u8], found: &mut Vec<Connection>) -> Result<bool, i32> {
    let mut rest = piece;
    while let Some(header) = rest.get(..16) {
        let length = u32_at(header, 0).and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        let Some(body) = rest.get(16..length) else { break };
        match u16_at(header, 4) {
            Some(DONE) => return Ok(false),
            Some(ERROR) => return Err(u32_at(body, 0).map_or(0, u32::cast_signed).saturating_neg()),
            Some(BY_FAMILY) => found.extend(connection(body)),
            _ => {}
        }
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(true)
}

fn connection(body: &[u8]) -> Option<Connection> {
    let (family, state) = (*body.first()?, *body.get(1)?);
    let (sent, received) =
        attributes(body.get(72..)?).find(|(kind, _)| *kind == INFO).and_then(|(_, info)| bytes(info))?;
    Some(Connection {
        family,
        identity: body.get(4..52)?.try_into().ok()?,
        inode: u32_at(body, 68)?,
        is_open: matches!(state, ESTABLISHED | CLOSE_WAIT),
        sent,
        received,
    })
}

/// The attributes that stand one behind the other: length, kind, value, filled up to four bytes.
fn attributes(mut rest: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(rest, 0)?);
        let (kind, value) = (u16_at(rest, 2)?, rest.get(4..length)?);
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

/// What went through, of `struct tcp_info`, which grows at its end from version to version.
fn bytes(info: &[u8]) -> Option<(u64, u64)> {
    let (acknowledged, received) = (u64_at(info, 120)?, u64_at(info, 128)?);
    let sent = match (u64_at(info, 200), u64_at(info, 208)) {
        (Some(sent), Some(again)) => sent.saturating_sub(again),
        // Before Linux 4.19; opening the connection counts as one byte there.
        _ => acknowledged.saturating_sub(1),
    };
    Some((sent, received))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd;

    use proptest::prelude::*;

    use super::*;

    fn inode(stream: &TcpStream) -> u32 {
        let link = std::fs::read_link(format!("/proc/self/fd/{}", stream.as_raw_fd())).expect("a link");
        let text = link.to_str().expect("text");
        text.trim_matches(|letter: char| !letter.is_ascii_digit()).parse().expect("a number")
    }

    fn check_bytes_of_both_ends(address: &str) {
        let listener = TcpListener::bind(address).expect("a port");
        let mut near = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
        let (mut far, _) = listener.accept().expect("the other end");
        near.write_all(&[7; 9_000]).expect("sent");
        far.read_exact(&mut [0; 9_000]).expect("received");
        far.write_all(b"done").expect("sent");
        near.read_exact(&mut [0; 4]).expect("received");

        let mut diag = Diag::open().expect("a line to the kernel");
        let all = diag.all().expect("a list");
        let of =
            |stream: &TcpStream| all.iter().find(|one| one.inode == inode(stream)).expect("listed").clone();
        let (near_end, far_end) = (of(&near), of(&far));
        assert!(near_end.is_open && far_end.is_open);
        assert_eq!((near_end.sent, near_end.received), (9_000, 4));
        assert_eq!((far_end.sent, far_end.received), (4, 9_000));

        near.write_all(b"more").expect("sent");
        far.read_exact(&mut [0; 4]).expect("received");
        let again = diag.again(&near_end).expect("an answer").expect("still there");
        assert_eq!((again.sent, again.inode), (9_004, near_end.inode));
        drop(near);
        assert_eq!(far.read(&mut [0; 1]).expect("the end"), 0);
        assert_eq!(diag.again(&near_end).expect("an answer"), None);
    }

    #[test]
    fn what_went_through_a_connection_is_known_at_both_ends() {
        check_bytes_of_both_ends("127.0.0.1:0");
    }

    #[test]
    fn what_went_through_a_connection_of_the_other_version_is_known_too() {
        // A machine may have no IPv6; then there is nothing to list.
        if TcpListener::bind("[::1]:0").is_ok() {
            check_bytes_of_both_ends("[::1]:0");
        }
    }

    #[test]
    fn an_error_is_known_by_its_number() {
        let mut message = [0; 20];
        message[0] = 20;
        message[4..6].copy_from_slice(&ERROR.to_ne_bytes());
        message[16..].copy_from_slice(&(-2_i32).to_ne_bytes());
        assert_eq!(answers(&message, &mut Vec::new()), Err(2));
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_left(bytes in proptest::collection::vec(any::<u8>(), 0..400), length in 16_u8..200) {
            let mut message = bytes;
            if message.len() > 6 {
                message[..6].copy_from_slice(&[length, 0, 0, 0, 20, 0]);
            }
            let _ = answers(&message, &mut Vec::new());
        }
    }
}
