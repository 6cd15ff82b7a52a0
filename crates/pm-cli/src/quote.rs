//! Text as a shell reads it.

/// A word for a command line that people may paste: as it is where that is safe, else in single quotes.
#[must_use]
pub fn quote(text: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || "/._-+=:@%,".contains(character);
    let plain = !text.is_empty() && text.chars().all(is_plain);
    if plain { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_read_otherwise_is_quoted() {
        assert_eq!([quote("/a/b-c.yml"), quote("größer")], ["/a/b-c.yml", "größer"]);
        assert_eq!([quote(""), quote("a b"), quote("$x;'y'")], ["''", "'a b'", r"'$x;'\''y'\'''"]);
    }
}
