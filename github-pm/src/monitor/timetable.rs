//! What makes the system start a monitor by itself.

use std::ffi::OsString;

use super::Order;
use crate::explain;
use crate::surroundings::Surroundings;

/// A unit for the user's systemd.
pub(super) fn unit(order: &Order, here: &Surroundings) -> String {
    let words: Vec<_> = words(order, here, "--foreground").iter().map(|word| unit_word(word)).collect();
    format!(
        "# Keep this as ~/.config/systemd/user/github-pm-monitor.service, then:\n\
         #   systemctl --user daemon-reload\n\
         #   systemctl --user enable --now github-pm-monitor\n\
         # `loginctl enable-linger` lets it run while you are not logged in.\n\
         [Unit]\n\
         Description=github-pm monitor of {}\n\
         \n\
         [Service]\n\
         ExecStart={}\n\
         Restart=on-failure\n\
         RestartSec=10\n\
         RestartPreventExitStatus=2\n\
         \n\
         [Install]\n\
         WantedBy=default.target\n",
        order.store.root().display().to_string().replace('%', "%%"),
        words.join(" ")
    )
}

/// A line for `crontab -e`. Starting a monitor that runs does nothing, so one line both starts and restarts it.
pub(super) fn cron(order: &Order, here: &Surroundings) -> String {
    let words: Vec<_> = words(order, here, "")
        .iter()
        // Cron reads a plain percent sign as the end of the line.
        .map(|word| explain::quote(word).to_string_lossy().replace('%', "\\%"))
        .collect();
    format!("*/5 * * * * {} >/dev/null\n", words.join(" "))
}

fn words(order: &Order, here: &Surroundings, flag: &str) -> Vec<OsString> {
    let program = here.executable.clone().unwrap_or_else(|| crate::TOOL.into());
    let mut words: Vec<OsString> = vec![program.into(), "monitor".into(), "start".into()];
    words.extend((!flag.is_empty()).then(|| flag.into()));
    words.push(format!("--interval={}ms", order.interval.as_millis()).into());
    words.extend(order.duration.map(|duration| format!("--duration={}ms", duration.as_millis()).into()));
    words.push(super::in_store(&order.store));
    words
}

/// A word that systemd reads as itself.
fn unit_word(word: &std::ffi::OsStr) -> String {
    let text = word.to_string_lossy().replace('\\', "\\\\").replace('"', "\\\"");
    let text = text.replace('%', "%%").replace('$', "$$");
    if text.chars().any(|character| character.is_whitespace() || "'\";".contains(character)) {
        return format!("\"{text}\"");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_with_signs_that_mean_something_to_systemd_is_read_as_itself() {
        for (word, written) in [
            ("--interval=1000ms", "--interval=1000ms"),
            ("--store=/a b/100%/$HOME", "\"--store=/a b/100%%/$$HOME\""),
            ("--store=/a\"b", "\"--store=/a\\\"b\""),
        ] {
            assert_eq!(unit_word(word.as_ref()), written);
        }
    }
}
