//! Whose quota it is: where a token comes from, and what stands for it in records.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::BadSecret;
use crate::{Api, Secret};

/// The variables that hold a token for an API, in the order in which `gh` reads them. With none of them, `gh auth
/// token` knows the login.
#[must_use]
pub fn variables(api: &Api) -> &'static [&'static str] {
    if api.is_enterprise_server() {
        &["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"]
    } else {
        &["GH_TOKEN", "GITHUB_TOKEN"]
    }
}

/// A token, and the variable that held it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The token.
    pub token: Secret,
    /// The variable.
    pub variable: &'static str,
}

/// The token for an API among the variables. Inside a codespace, `GITHUB_TOKEN` is also that of its server.
///
/// # Errors
///
/// The variable whose value is no token.
pub fn from_variables(
    api: &Api,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Found>, (&'static str, BadSecret)> {
    let in_codespace = api.is_enterprise_server() && variable("CODESPACES").as_deref() == Some("true");
    let also: &[&str] = if in_codespace { &["GITHUB_TOKEN"] } else { &[] };
    let found = variables(api).iter().chain(also).find_map(|name| Some((*name, variable(name)?)));
    let Some((name, value)) = found else { return Ok(None) };
    let token = Secret::new(&value).map_err(|bad| (name, bad))?;
    Ok(Some(Found { token, variable: name }))
}

/// What stands for a credential in records: 12 hex digits of an HMAC-SHA256 under a fixed public key.
///
/// The key is public so that every host gives one credential one fingerprint. A token has far too many values
/// to be found by trying, so the fingerprint does not give it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 6]);

/// Changing it would make every credential a new one.
const KEY: &[u8] = b"github-pm credential fingerprint 1";

impl Fingerprint {
    /// That of a token.
    #[must_use]
    pub fn of(token: &Secret) -> Self {
        Self::of_bytes(token.reveal().as_bytes())
    }

    /// That of the value of an `Authorization` header, the same for one token whichever way it is sent:
    /// `token X`, `Bearer X`, or `Basic` with the token as password or as name. `None` for an empty value.
    #[must_use]
    pub fn of_authorization(value: &[u8]) -> Option<Self> {
        token_of_authorization(value).map(|token| Self::of_bytes(&token))
    }

    fn of_bytes(token: &[u8]) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(KEY).expect("HMAC takes a key of any length");
        mac.update(token);
        let digest = mac.finalize().into_bytes();
        let mut first = [0; 6];
        first.copy_from_slice(&digest[..6]);
        Self(first)
    }
}

/// The token in the value of an `Authorization` header, which is all of it where nothing says which part it is.
pub(crate) fn token_of_authorization(value: &[u8]) -> Option<Cow<'_, [u8]>> {
    let value = value.trim_ascii();
    let end = value.iter().position(u8::is_ascii_whitespace).unwrap_or(value.len());
    let (scheme, rest) = (&value[..end], value[end..].trim_ascii());
    let is = |name: &str| scheme.eq_ignore_ascii_case(name.as_bytes());
    match () {
        () if value.is_empty() => None,
        () if is("token") || is("bearer") => (!rest.is_empty()).then_some(Cow::Borrowed(rest)),
        () if is("basic") => Some(
            STANDARD.decode(rest).map_or(Cow::Borrowed(rest), |pair| Cow::Owned(token_of(&pair).to_owned())),
        ),
        // Whatever it is, it is one credential.
        () => Some(Cow::Borrowed(value)),
    }
}

/// The token in `name:password`. Git puts it into either, and a fixed word into the other.
fn token_of(pair: &[u8]) -> &[u8] {
    match pair.iter().position(|byte| *byte == b':') {
        Some(at) => match &pair[at + 1..] {
            b"" | b"x-oauth-basic" => &pair[..at],
            password => password,
        },
        None => pair,
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(host: &str) -> Api {
        Api::of_host(host).expect("a host")
    }

    #[track_caller]
    fn check(host: &str, set: &[(&str, &str)], expected: Option<&str>) {
        let variable =
            |name: &str| set.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
        let found = from_variables(&api(host), variable).expect("tokens");
        assert_eq!(found.map(|found| found.variable), expected, "{host} {set:?}");
    }

    #[test]
    fn tokens_are_looked_for_where_gh_looks_and_in_its_order() {
        let all = [
            ("GITHUB_TOKEN", "b"),
            ("GH_TOKEN", "a"),
            ("GITHUB_ENTERPRISE_TOKEN", "d"),
            ("GH_ENTERPRISE_TOKEN", "c"),
        ];
        check("github.com", &all, Some("GH_TOKEN"));
        check("octo.ghe.com", &all[..1], Some("GITHUB_TOKEN"));
        check("git.example.com", &all, Some("GH_ENTERPRISE_TOKEN"));
        check("git.example.com", &all[..3], Some("GITHUB_ENTERPRISE_TOKEN"));
        check("github.com", &all[2..], None);
    }

    #[test]
    fn a_token_of_github_com_is_not_shown_to_another_server() {
        let shared = [("GH_TOKEN", "a"), ("GITHUB_TOKEN", "b")];
        check("git.example.com", &shared, None);
        check("git.example.com", &[shared[1], ("CODESPACES", "true")], Some("GITHUB_TOKEN"));
    }

    #[test]
    fn a_variable_that_holds_no_token_is_named_and_its_value_is_not() {
        let error = from_variables(&api("github.com"), |_| Some("a b".to_owned())).expect_err("no token");
        assert_eq!((error.0, error.1.to_string().contains("a b")), ("GH_TOKEN", false));
    }

    #[test]
    fn one_token_has_one_fingerprint_whichever_way_it_is_sent() {
        let token = Fingerprint::of(&Secret::new("ghp_abc").expect("a token"));
        let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
        for value in [
            "token ghp_abc".to_owned(),
            "Bearer  ghp_abc ".to_owned(),
            "bearer ghp_abc".to_owned(),
            basic("x-access-token:ghp_abc"),
            basic("ghp_abc:x-oauth-basic"),
            basic("ghp_abc:"),
        ] {
            assert_eq!(Fingerprint::of_authorization(value.as_bytes()), Some(token), "{value}");
        }
        assert_ne!(Fingerprint::of_authorization(b"token ghp_xyz"), Some(token));
        assert_eq!([&b""[..], b"token ", b" "].map(Fingerprint::of_authorization), [None; 3]);
    }

    #[test]
    fn the_fingerprint_of_a_token_never_changes() {
        let token = Secret::new("ghp_abc").expect("a token");
        assert_eq!(Fingerprint::of(&token).to_string(), "be5482a94822");
    }
}
