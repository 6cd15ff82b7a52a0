//! `performance store ship`: where closed days go, and what people are told of them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use pm_cli::{Usage, human};
use pm_store::{Amount, Destination, Shipped};

use super::words::size;
use crate::Error;
use crate::surroundings::Surroundings;

/// Where days go: below the name of this machine, unless another one is given.
pub(super) fn destination(
    to: &Path,
    host: Option<&str>,
    verify: bool,
    here: &Surroundings,
) -> Result<Destination, Error> {
    let host = host.map(str::to_owned).or_else(pm_cli::host).unwrap_or_default();
    if !Destination::is_host(&host) {
        let message = format!("'{host}' cannot stand for a host in the name of a folder");
        let hint = "give it another name, of letters, digits and '._-': `--host NAME`";
        return Err(Usage::new(message, hint).into());
    }
    Ok(Destination { root: here.environment.current_dir().join(to), host, verify })
}

/// What came of shipping.
pub(super) fn words(to: &Destination, shipped: &Shipped) -> String {
    let mut parts = vec![amount(shipped.copied, "shipped")];
    parts.extend((shipped.there.files > 0).then(|| amount(shipped.there, "there already")));
    parts.extend(
        (shipped.open > 0)
            .then(|| format!("{} still written to", human::counted(shipped.open, "file", "files"))),
    );
    let mut text = format!("{}\n", parts.join(", "));
    let mut tell = |mark: &str, path: &PathBuf, what: &str, advice: &str| {
        let path = path.strip_prefix(&to.root).unwrap_or(path).display().to_string();
        let _ = writeln!(text, "{mark} {}: {what}", pm_cli::printable(&path));
        if !advice.is_empty() {
            let _ = writeln!(text, "    → {advice}");
        }
    };
    for path in &shipped.mended {
        tell("!", path, "was damaged, and has been replaced", "");
    }
    for path in &shipped.damaged {
        tell("✗", path, "is damaged, and this store has no original of it", "bring it back from a copy");
    }
    for path in &shipped.foreign {
        tell(
            "!",
            path,
            "was compressed by hand, and does not go",
            "`gunzip` it, then `github-pm performance store compact`",
        );
    }
    if shipped.ended > 0 {
        let _ = writeln!(
            text,
            "! {} of days that have ended: `github-pm performance store compact` closes them",
            human::counted(shipped.ended, "file", "files")
        );
    }
    text
}

fn amount(amount: Amount, what: &str) -> String {
    match amount.files {
        0 => format!("nothing {what}"),
        number => format!("{} {what} ({})", human::counted(number, "file", "files"), size(amount.bytes)),
    }
}
