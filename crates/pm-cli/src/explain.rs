//! What every error of the workspace can say, and how it is printed.

use std::error::Error;
use std::fmt::Write as _;

use crate::{Exit, printable};

/// An error that knows its exit status and what to do about it.
pub trait Explain: Error {
    /// The status to end with.
    fn exit(&self) -> Exit;

    /// What to type or change next, if there is anything.
    fn hint(&self) -> Option<String> {
        None
    }
}

/// The error as people see it: what failed, on what, why, then the hint on a line of its own.
pub(crate) fn message(tool: &str, error: &dyn Explain) -> String {
    let mut text = format!("{tool}: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    let mut text = printable(&text).into_owned();
    text.push('\n');
    for line in error.hint().iter().flat_map(|hint| hint.lines()) {
        let _ = writeln!(text, "  hint: {}", printable(line));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Unreadable(std::io::Error);

    impl fmt::Display for Unreadable {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("cannot read `a\x1b[31m.ndjson`")
        }
    }

    impl Error for Unreadable {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    impl Explain for Unreadable {
        fn exit(&self) -> Exit {
            Exit::Environment
        }

        fn hint(&self) -> Option<String> {
            Some("try `ls -l`".to_owned())
        }
    }

    #[test]
    fn an_error_says_what_failed_why_and_what_to_type() {
        let error = Unreadable(std::io::Error::other("permission denied"));
        assert_eq!(
            message("pm-x", &error),
            "pm-x: cannot read `a\\u{1b}[31m.ndjson`: permission denied\n  hint: try `ls -l`\n"
        );
    }
}
