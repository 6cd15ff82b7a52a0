//! Names that say that what they name is a secret.

/// Parts of such a name, wherever they stand, its dashes and underscores left out.
const PARTS: [&str; 13] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "apikey",
    "accesskey",
    "privatekey",
    "credential",
    "cookie",
    "signature",
    "pwd",
];

/// Words that are too short to mean the same inside of others: `DB_PASS`, but not `compass`.
const WORDS: [&str; 5] = ["pass", "pw", "pat", "jwt", "sig"];

/// Where a process stands: a path.
const DIRECTORIES: [&str; 2] = ["pwd", "oldpwd"];

/// Whether the value of `name` is a secret: `--api-key`, `GH_TOKEN`, `Authorization`.
pub(super) fn is_secret(name: &str) -> bool {
    let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
    let plain: String = letters.map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    let is_word = |word: &str| WORDS.iter().any(|known| word.eq_ignore_ascii_case(known));
    !DIRECTORIES.contains(&plain.as_str())
        && (PARTS.iter().any(|part| plain.contains(part))
            || tells_authentication(&plain)
            || name.split(['-', '_']).any(is_word)
            || is_bearer(name))
}

/// `auth`, `oauth`, `authorization`, but not `author`.
fn tells_authentication(plain: &str) -> bool {
    plain.match_indices("auth").any(|(at, _)| {
        let rest = &plain[at + 4..];
        !rest.starts_with("or") || rest.starts_with("oriz") || rest.starts_with("oris")
    })
}

/// Whether the value of `name` may follow after nothing but a blank: a flag's, or a bearer's token.
pub(super) fn announces(name: &[u8]) -> bool {
    name.starts_with(b"-") || name.eq_ignore_ascii_case(b"bearer")
}

/// Whether a word only says how the next one authenticates, as in `Authorization: token x`.
pub(super) fn is_scheme(word: &str) -> bool {
    ["token", "basic"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme)) || is_bearer(word)
}

fn is_bearer(name: &str) -> bool {
    name.eq_ignore_ascii_case("bearer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &[&str], expected: bool) {
        for name in names {
            assert_eq!(is_secret(name), expected, "{name}");
        }
    }

    #[test]
    fn names_of_secrets_are_known_however_they_are_written() {
        check(&["--token", "GH_TOKEN", "-Token", "clientSecret", "--with-token"], true);
        check(&["password", "PGPASSWORD", "--passwd", "--passphrase", "MYSQL_PWD", "--db-pass", "-pw"], true);
        check(&["api-key", "apikey", "X-Api-Key", "API_KEY", "aws_secret_access_key", "--private-key"], true);
        check(&["--auth", "oauth", "Authorization", "_authToken", "HAuthorization", "--authenticate"], true);
        check(&["--credentials", "Set-Cookie", "X-Amz-Signature", "sig", "GITHUB_PAT", "bearer"], true);
    }

    #[test]
    fn other_names_are_not() {
        check(&["--author", "Co-Authored-By", "authority", "AUTHORS", "--authors-file"], false);
        check(&["-p", "PWD", "OLDPWD", "compass", "path", "pattern", "signed", "key", "", "---"], false);
    }
}
