//! The pages of `docs/` whose commands and outputs are real: each `sh` block is run, and the `text` block that follows
//! it is what it said.
//!
//! A page is run from its top, in one place, as a reader would go through it; variables and folders that one block
//! leaves are there for the next. `<!-- a fresh copy of the example store -->` begins anew, with the store of
//! `tests/fixtures/documented`, in which 6 December 2024 has not yet ended.
//!
//! The example is moved to the days before today and what is said about it is moved back ([`days`](crate::documented::days)), so that
//! a `text` block is compared to the letter. One that is fenced as `text measured` came from a real run of something:
//! of that the words are compared, and no figure ([`shape`](crate::documented::shape)). What is fenced as `sh terminal` runs
//! in a terminal. `UPDATE_DOCS=1` writes what is said into the page.

mod days;
mod page;
mod shape;

use pm_e2e::fake_github::{DEFAULT_TOKEN, FakeGithub, Setup};
use pm_e2e::harness::{Place, repository};

use days::Days;
use page::{Page, Part};

/// What GitHub CLIs are here: their time is what matters, and that they say something.
const HOSTS: [(&str, &str); 2] = [
    (
        "gh",
        "case $1 in auth) exit 1 ;; issue) sleep 0.12; echo '#12  Say when the quota ends' ;; *) sleep 0.05; echo \"gh $1: done\" ;; esac",
    ),
    ("gh-pm", "case $1 in batch) sleep 0.12 ;; *) sleep 0.04 ;; esac; echo \"$1: done\""),
];

/// A home and a folder to work in, with somebody's GitHub CLI and a GitHub in reach.
fn bare(github: &FakeGithub) -> Place {
    let place = Place::new();
    for (name, body) in HOSTS {
        place.script(&format!("../host/{name}"), body);
    }
    let host = place.path().parent().expect("a folder above").join("host");
    let path = format!("{}:{}:/usr/bin:/bin", pm_e2e::harness::programs().display(), host.display());
    // So wide that no table has to leave out a column.
    let place = place.with([("GITHUB_API_URL", github.url().as_str()), ("GH_TOKEN", DEFAULT_TOKEN)]);
    place.with([("PATH", path.as_str()), ("NO_COLOR", "1"), ("COLUMNS", "120"), ("TERM", "xterm")])
}

/// The same with the example store, moved to today.
fn with_example(days: Days, github: &FakeGithub) -> Place {
    let place = bare(github);
    let example = repository().join("tests/fixtures/documented");
    let copied =
        place.sh(&format!("cp -R '{}' .github-pm && chmod -R u+w,go-w .github-pm", example.display()));
    copied.succeeds();
    for folder in [".github-pm", ".github-pm/records"] {
        let files = std::fs::read_dir(place.path().join(folder)).expect("a folder").flatten();
        for file in files.filter(|file| file.path().is_file()) {
            let name = file.file_name().into_string().expect("a name");
            let text = days.to_now(&std::fs::read_to_string(file.path()).expect("a text"));
            std::fs::remove_file(file.path()).expect("a file of our own");
            place.write(&format!("{folder}/{}", days.to_now(&name)), text);
        }
    }
    place
}

/// Runs one block where the block before has left off.
fn run(place: &Place, block: &str, in_terminal: bool) -> String {
    let script = format!(
        "if [ -f ~/left ]; then . ~/left; cd \"$PWD\"; fi\nset -e\n{block}\nset +e\nexport -p > ~/left"
    );
    place.write("../home/block", script);
    let outcome = place.sh(if in_terminal {
        "script --quiet --return --command 'bash ~/block' /dev/null"
    } else {
        "bash ~/block 2>&1"
    });
    assert_eq!(outcome.code, Some(0), "{block}\n{}", outcome.stdout);
    outcome.stdout.replace("\r\n", "\n")
}

/// What is this machine's in an output, with the names that the pages give to such things.
fn anonymous(said: &str, place: &Place, github: &FakeGithub) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let home = place.path().parent().expect("a folder above").join("home");
    let named = [
        (place.path().display().to_string(), "/home/me/work"),
        (home.display().to_string(), "/home/me"),
        (pm_e2e::harness::programs().display().to_string(), "/home/me/.local/bin"),
        (github.url(), "https://api.github.com"),
        (github.tcp_address().to_string(), "github.com"),
    ];
    let said = named.iter().fold(said.to_owned(), |said, (real, shown)| said.replace(real, shown));
    shape::unnamed(&shape::with_word(&said, host.trim(), "ci"))
}

/// Goes through a page, and says of which of its blocks the output is another one; with `update` it is made true.
fn go_through(name: &str) {
    let path = repository().join("docs").join(name);
    let text = std::fs::read_to_string(&path).expect("a page");
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    let mut page = Page::read(&text);
    let days = Days::now();
    let github = FakeGithub::start(Setup::default());
    let mut place = bare(&github);
    let mut said = String::new();
    let mut wrong = Vec::new();
    for part in &mut page.parts {
        match part {
            Part::Prose(_) => {}
            Part::Fresh => place = with_example(days, &github),
            // The README's test runs it.
            Part::Command { block, .. } if block.trim() == "scripts/quickstart" => {}
            Part::Command { block, in_terminal } => {
                said = run(&place, &days.to_now(block), *in_terminal);
                said = days.to_page(&anonymous(&said, &place, &github));
            }
            Part::Output { text, is_measured } => {
                let said = if *is_measured { said.clone() } else { days.with_hour_of_page(&said) };
                let is_true = if *is_measured { shape::of(&said) == shape::of(text) } else { said == *text };
                if !is_true {
                    wrong.push(format!("the page says:\n{text}\nand the command:\n{said}"));
                    *text = said;
                }
            }
        }
    }
    // Around an hour's end the last hour of a report may be another one than that which was looked up before.
    if !wrong.is_empty() && days != Days::now() {
        return go_through(name);
    }
    if update {
        std::fs::write(&path, page.to_string()).expect("the page can be written");
        return;
    }
    let hint = format!("UPDATE_DOCS=1 cargo nextest run -p pm-e2e documented:: writes them into docs/{name}");
    assert!(wrong.is_empty(), "{} outputs are others; {hint}\n\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn whoever_begins_sees_what_the_page_for_beginners_says() {
    go_through("getting-started.md");
}

#[test]
fn each_command_of_the_specification_says_what_its_page_says() {
    go_through("specification-commands.md");
}
