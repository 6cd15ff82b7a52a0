//! Man pages and completions, read by `man` and by the shells themselves.

use std::time::{Duration, Instant};

use pm_e2e::harness::{Place, TOOLS};

fn place() -> Place {
    let place = Place::new();
    place.sh("pm-manual share").succeeds();
    place
}

#[test]
fn every_program_and_verb_has_a_page_that_man_shows_without_a_complaint() {
    let place = place();
    let complaints = place.sh(
        "for page in share/man/man1/*.1; do groff -k -man -ww -z -Tutf8 $page || echo \"$page: $?\"; done 2>&1",
    );
    assert_eq!(complaints.succeeds(), "");
    let shown = |page: &str| {
        place.sh(&format!("MANWIDTH=120 man -P cat -l share/man/man1/{page}.1 | col -bx")).succeeds()
    };
    for tool in TOOLS {
        let page = shown(tool);
        let help = place.sh(&format!("{tool} --help")).succeeds();
        let flags = help.lines().filter_map(|line| line.trim_start().strip_prefix("--"));
        for flag in flags.map(|flag| flag.split([' ', '=', '[']).next().unwrap_or_default()) {
            assert!(page.contains(&format!("--{flag}")), "--{flag} is not in the page of {tool}:\n{page}");
        }
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES", "EXIT STATUS"] {
            assert!(
                page.lines().any(|line| line == section),
                "{section} is not in the page of {tool}:\n{page}"
            );
        }
    }
    let verbs = shown("github-pm-performance");
    assert!(verbs.contains("github-pm-performance-report(1)") && verbs.contains("pm-wrap(1)"), "{verbs}");
    let referred = verbs.split_whitespace().filter_map(|word| word.strip_suffix("(1)"));
    let referred = referred.filter(|page| *page != "GITHUB-PM-PERFORMANCE");
    for page in referred {
        assert!(place.path().join(format!("share/man/man1/{page}.1")).is_file(), "there is no page {page}");
    }
    let report = shown("github-pm-performance-report");
    assert!(report.contains("github-pm performance report --timeframe week --by command,host"), "{report}");
}

#[test]
fn bash_and_fish_complete_verbs_flags_and_values() {
    let place = place();
    let bash = |words: &str| {
        let last = words.rsplit(' ').next().unwrap_or_default();
        let script = format!(
            r#"source share/bash-completion/completions/github-pm
            COMP_WORDS=({words}); [ -n "{last}" ] || COMP_WORDS+=("")
            COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
            function=$(complete -p github-pm | sed 's/.*-F \([^ ]*\).*/\1/')
            "$function" github-pm "{last}" "${{COMP_WORDS[COMP_CWORD-1]}}"; printf '%s ' "${{COMPREPLY[@]}}""#
        );
        place.write("complete.bash", script);
        place.sh("bash complete.bash").succeeds()
    };
    let fish = |words: &str| {
        let script = format!("source share/fish/vendor_completions.d/github-pm.fish; complete -C '{words}'");
        let said = place.sh(&format!("fish --no-config -c \"{script}\" | cut -f1 | tr '\\n' ' '"));
        said.succeeds()
    };
    for complete in [&bash as &dyn Fn(&str) -> String, &fish] {
        assert_eq!(complete("github-pm performance rep"), "report ");
        assert_eq!(complete("github-pm performance report --timef"), "--timeframe ");
        let mut frames: Vec<String> =
            complete("github-pm performance report --timeframe ").split(' ').map(str::to_owned).collect();
        frames.sort();
        assert_eq!(frames, ["", "day", "month", "week"]);
        assert_eq!(complete("github-pm monitor sta").split_whitespace().count(), 2, "start and status");
        // A tool by its short name has its own flags.
        assert_eq!(complete("github-pm performance wrap --kill"), "--kill-after ");
    }
}

#[test]
fn zsh_completes_in_a_terminal() {
    let place = place();
    place.write(
        ".zshrc",
        "fpath=($PWD/share/zsh/site-functions $fpath); autoload -Uz compinit; compinit -u -d dump; PS1='shell> '; unsetopt beep\n",
    );
    let tmux = |words: &str| place.sh(&format!("tmux -S ../tmux {words}")).succeeds();
    tmux("-f /dev/null new-session -d -x 120 -y 30 \"env ZDOTDIR=$PWD zsh\"");
    let until = |what: &str| {
        let end = Instant::now() + Duration::from_mins(1);
        loop {
            let screen = tmux("capture-pane -p");
            if screen.contains(what) {
                return;
            }
            assert!(Instant::now() < end, "{what} is not in\n{screen}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    until("shell>");
    tmux("send-keys 'github-pm perf' Tab 'dash' Tab '--ht' Tab");
    until("github-pm performance dashboard --html");
    tmux("kill-server");
}
