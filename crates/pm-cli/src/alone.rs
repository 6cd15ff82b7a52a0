//! Tests that need a process of their own: because it ends, or because a signal would meet other tests.

use std::process::{Command, ExitStatus};

const INSIDE: &str = "PM_CLI_TEST_ALONE";

/// Runs `test`, this very test by its full name, once more in a process that the shell script `before`
/// has prepared, and says how that ended. `None` inside that process, where the test goes on.
#[expect(clippy::disallowed_methods, reason = "the process that ends is what is tested")]
pub(crate) fn alone(test: &str, before: &str) -> Option<ExitStatus> {
    if std::env::var_os(INSIDE).is_some() {
        return None;
    }
    let itself = std::env::current_exe().expect("the tests are a program");
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(format!("{before}\nexec \"$0\" --exact \"$1\"")).arg(itself).arg(test);
    Some(shell.env(INSIDE, "1").status().expect("a shell"))
}
