//! The command's words as a record may show them: what looks like a secret is `***`.
//!
//! A secret is known by its own shape ([`tokens`]), by the name beside it ([`names`]), or by its place in a
//! URL. In doubt it is one: a harmless word that is hidden costs a look at the script, a secret that is shown
//! stays in the store. So a value goes on to the end of its word, whatever quotes are in it.
//!
//! The time is linear in the length of the words, however hostile they are.

use std::ffi::{OsStr, OsString};
use std::ops::Range;

mod names;
mod tokens;

const MASK: &str = "***";

/// The most bytes of a word, so that the words of most commands fit on one line with everything else.
const LONGEST: usize = 256;

/// Flags whose value is a name and, after a colon, a password: those of curl.
const LOGINS: [&str; 4] = ["-u", "--user", "-U", "--proxy-user"];

/// What a word is, by the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Plain,
    Secret,
    Login,
}

/// How much of a command line is kept, in bytes: no more than this fits on the line of a record.
const KEPT: usize = 4096;

/// The command's words, the program first, as far as a record has room for them.
pub(crate) fn arguments(program: &OsStr, arguments: &[OsString]) -> Vec<String> {
    let words = std::iter::once(program).chain(arguments.iter().map(OsString::as_os_str));
    let mut role = Role::Plain;
    let shown = words.map(|word| {
        let word = word.to_string_lossy();
        let (shown, next) = read(&word, role);
        role = next;
        cut(shown)
    });
    let mut kept = 0;
    let fits = |word: &String| {
        kept += word.len() + 1;
        kept <= KEPT
    };
    shown.take_while(fits).collect()
}

/// The word with its secrets masked, and what the next one is.
fn read(word: &str, role: Role) -> (String, Role) {
    // A secret begins with two dashes far less often than a flag without a value is followed by another flag.
    if role == Role::Secret && !word.starts_with("--") {
        let next = if names::is_scheme(word) { Role::Secret } else { Role::Plain };
        return (MASK.to_owned(), next);
    }
    let mut secrets = tokens::find(word);
    secrets.extend(logins(word));
    if role == Role::Login {
        secrets.extend(password(word, 0));
    }
    let next = named(word, &mut secrets);
    (without(word, secrets), next)
}

/// Finds the values of names that are those of secrets, in whatever notation: `--token=x`, `GH_TOKEN=x`,
/// `Authorization: token x`, `{"token":"x"}`, `?token=x&`, `sh -c 'gh --token x'`. Says what the next word is,
/// which may be the value of the last name.
fn named(word: &str, secrets: &mut Vec<Range<usize>>) -> Role {
    let bytes = word.as_bytes();
    let mut at = 0;
    while let Some(skipped) = bytes[at..].iter().position(|&byte| is_of_name(byte)) {
        let begin = at + skipped;
        let end = begin + length(&bytes[begin..], is_of_name);
        at = end;
        let Some((start, separator)) = value(bytes, begin, end) else { continue };
        let role = match &word[begin..end] {
            name if names::is_secret(name) => Role::Secret,
            name if LOGINS.contains(&name) => Role::Login,
            _ => continue,
        };
        if start == bytes.len() {
            // `TOKEN= command` takes a variable away.
            return if separator == Some(b'=') { Role::Plain } else { role };
        }
        if role == Role::Login {
            secrets.extend(password(word, start));
            continue;
        }
        // Only in a query it is certain where a value ends.
        let is_query = separator == Some(b'=') && begin > 0 && matches!(bytes[begin - 1], b'?' | b'&');
        let next = if is_query { bytes[start..].iter().position(|&byte| byte == b'&') } else { None };
        at = next.map_or(bytes.len(), |length| start + length);
        secrets.push(start..at);
    }
    Role::Plain
}

/// Where the value begins whose name stands at `name_start..name_end`, and what is between them but for blanks.
fn value(bytes: &[u8], name_start: usize, name_end: usize) -> Option<(usize, Option<u8>)> {
    let rest = &bytes[name_end..];
    // What ends a name in JSON, also in a string of a shell, and in a form: `\"token\" : `, `user[token]=`.
    let closing = length(rest, |byte| b"\"'`\\] \t\r\n".contains(&byte));
    let separator = rest.get(closing).copied();
    let (skipped, separator) = match separator {
        Some(b'=') => (closing + 1, separator),
        // No host's port, no file's line, no Rust path.
        Some(b':') if !is_part_of_path(bytes, name_start) && rest.get(closing + 1) != Some(&b':') => {
            (closing + 1, separator)
        }
        _ if rest.first().is_none_or(u8::is_ascii_whitespace)
            && names::announces(&bytes[name_start..name_end]) =>
        {
            (0, None)
        }
        _ => return None,
    };
    let blanks = length(&rest[skipped..], |byte| byte.is_ascii_whitespace());
    Some((name_end + skipped + blanks, separator))
}

fn is_part_of_path(bytes: &[u8], name_start: usize) -> bool {
    name_start > 0 && matches!(bytes[name_start - 1], b'/' | b'.' | b'@')
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// How many bytes from the first on are of a kind.
fn length(bytes: &[u8], is_of_kind: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|&byte| !is_of_kind(byte)).unwrap_or(bytes.len())
}

/// Who logs in by a URL, `https://me:password@host`, or without a scheme, `me:password@host`.
fn logins(word: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut offset = 0;
    for piece in word.split_inclusive(char::is_whitespace) {
        if let Some(last) = piece.rfind('@') {
            let places = std::iter::once(0).chain(piece.match_indices("://").map(|(at, _)| at + 3));
            let ends = places.filter_map(|start| Some(start..login_end(piece, start, last)?));
            // The first that goes on to the last `@` covers all others.
            for login in ends {
                let covers_all = login.end == last;
                found.push(offset + login.start..offset + login.end);
                if covers_all {
                    break;
                }
            }
        }
        offset += piece.len();
    }
    found
}

/// Where the login ends that may stand at `start`; `last` is where the last `@` is.
fn login_end(piece: &str, start: usize, last: usize) -> Option<usize> {
    let authority = &piece[start..];
    let authority = &authority[..authority.find('/').unwrap_or(authority.len())];
    let port = authority.rsplit_once(':').map_or("", |(_, port)| port);
    match authority.rfind('@') {
        // Without a scheme it takes a password to tell a login from an address.
        Some(at) if start == 0 && !authority[..at].contains(':') => None,
        Some(at) => Some(start + at),
        // What cannot be a port is the beginning of a password with a slash in it.
        None if start > 0 && !port.bytes().all(|byte| byte.is_ascii_digit()) && last > start => Some(last),
        None => None,
    }
}

/// The password of the login that begins at `start`, unless that is a URL.
fn password(word: &str, start: usize) -> Option<Range<usize>> {
    let rest = &word[start..];
    let name = &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())];
    let colon = name.find(':').filter(|&colon| !name[colon..].starts_with("://"))?;
    Some(start + colon + 1..word.len())
}

/// The word with a mask in place of each secret, or of several that touch each other.
fn without(word: &str, mut secrets: Vec<Range<usize>>) -> String {
    secrets.retain(|secret| !secret.is_empty());
    secrets.sort_unstable_by_key(|secret| secret.start);
    let (mut shown, mut after) = (String::new(), 0);
    for secret in secrets {
        if secret.start > after || after == 0 {
            shown += &word[after..secret.start];
            shown += MASK;
        }
        after = after.max(secret.end);
    }
    shown + &word[after..]
}

fn cut(mut word: String) -> String {
    const MORE: &str = "…";
    if word.len() > LONGEST {
        word.truncate(word.floor_char_boundary(LONGEST - MORE.len()));
        word += MORE;
    }
    word
}

#[cfg(test)]
mod tests;
