//! Completions for bash, zsh and fish, where each shell looks for them.

use std::io;
use std::path::Path;

use clap::Command;
use clap_complete::Shell;

/// The shells, and the folders below a prefix's `share` that they look into.
const PLACES: [(Shell, &str); 3] = [
    (Shell::Bash, "bash-completion/completions"),
    (Shell::Zsh, "zsh/site-functions"),
    (Shell::Fish, "fish/vendor_completions.d"),
];

pub(crate) fn write(command: &Command, share: &Path) -> io::Result<()> {
    let name = command.get_name().to_owned();
    for (shell, place) in PLACES {
        let folder = share.join(place);
        std::fs::create_dir_all(&folder)?;
        let file = match shell {
            // The lazy loader of bash-completion knows a file by the command's very name.
            Shell::Bash => name.clone(),
            Shell::Fish => format!("{name}.fish"),
            _ => format!("_{name}"),
        };
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut command.clone(), &name, &mut text);
        if shell == Shell::Bash {
            text = labelled(&name, &String::from_utf8_lossy(&text)).into_bytes();
        }
        std::fs::write(folder.join(file), text)?;
    }
    Ok(())
}

/// With the labels of its cases as the script itself looks for them. A hyphen in a program's name is written in two ways by
/// `clap_complete` up to 4.6.11, and nothing behind a verb is completed (clap issue 6421).
fn labelled(name: &str, script: &str) -> String {
    let [meant, written] = ["__", "__subcmd__"].map(|separator| name.replace('-', separator) + "__subcmd__");
    script.replace(&written, &meant)
}
