//! Answers that are kept: what they save, and that nobody gets another's.

use pm_e2e::fake_github::{Account, Clock, FakeGithub, Setup};
use pm_record::{CacheState, Thousandths};

use super::raw::{body, over_socket, status};
use super::running::Relay;

const TOKENS: [&str; 2] =
    ["ghp_one00000000000000000000000000000001", "ghp_two00000000000000000000000000000002"];

/// A fake with two accounts, each with limits of its own.
fn github() -> FakeGithub {
    let account = |(login, token): (&str, &str)| Account {
        login: login.to_owned(),
        token: token.to_owned(),
        scopes: "repo".to_owned(),
    };
    let accounts = ["one", "two"].into_iter().zip(TOKENS).map(account).collect();
    FakeGithub::start(Setup { clock: Clock::Fixed(1_700_000_000), accounts, ..Setup::default() })
}

fn get(token: &str, path: &str, more: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: api.github.com\r\nUser-Agent: x\r\nAuthorization: token {token}\r\n{more}Connection: close\r\n\r\n"
    )
}

fn relay(github: &FakeGithub, folder: &str, size: &str) -> Relay {
    Relay::start(&["--upstream", &github.url(), "--cache", folder, "--cache-size", size], &[])
}

/// Asks until the answer is a kept one: an answer is written to the disk behind the client's back.
fn until_kept(relay: &Relay, request: &str) -> String {
    loop {
        let before = relay.count();
        let answer = over_socket(&relay.socket(), request);
        while relay.count() == before {
            std::thread::yield_now();
        }
        if relay.place.read("records").lines().last().is_some_and(|line| line.contains("\"revalidated\"")) {
            return answer;
        }
    }
}

#[test]
fn an_answer_that_has_not_changed_costs_nothing_and_is_the_same() {
    let github = github();
    let folder = tempfile::tempdir().expect("a folder");
    let relay = relay(&github, folder.path().to_str().expect("text"), "1M");
    let path = "/repos/octo/tools/issues?per_page=5";
    let first = over_socket(&relay.socket(), get(TOKENS[0], path, ""));
    let kept = until_kept(&relay, &get(TOKENS[0], path, ""));
    assert_eq!((status(&kept), body(&kept)), (200, body(&first)));
    let used = github.quota_of("one", "core").expect("a bucket").used;
    let again = over_socket(&relay.socket(), get(TOKENS[0], path, ""));
    assert_eq!((status(&again), body(&again)), (200, body(&first)));
    assert_eq!(github.quota_of("one", "core").expect("a bucket").used, used);
    assert!(again.to_ascii_lowercase().contains("x-ratelimit-remaining: "), "{again}");
    relay.signal(rustix::process::Signal::TERM);
    let ended = relay.wait();
    assert!(ended.stderr.contains(" answers had not changed, which saved as much quota"), "{}", ended.stderr);
    let last = ended.records.last().expect("a record");
    assert_eq!(
        (last.cache, last.cost, last.status),
        (Some(CacheState::Revalidated), Some(Thousandths(0)), Some(200))
    );
    assert_eq!(last.cached_bytes, Some(Thousandths::from_count(body(&first).len() as u64)));
    assert_eq!(ended.records[0].cache, Some(CacheState::Miss));
}

#[test]
fn two_tokens_in_one_cache_do_not_see_each_others_answers() {
    let github = github();
    let folder = tempfile::tempdir().expect("a folder");
    let relay = relay(&github, folder.path().to_str().expect("text"), "1M");
    let answers = TOKENS.map(|token| until_kept(&relay, &get(token, "/user", "")));
    assert!(body(&answers[0]).contains("\"one\"") && body(&answers[1]).contains("\"two\""), "{answers:?}");
    let anonymous = over_socket(
        &relay.socket(),
        "GET /user HTTP/1.1\r\nHost: api.github.com\r\nUser-Agent: x\r\nConnection: close\r\n\r\n",
    );
    assert_eq!(status(&anonymous), 401);
    for file in walk(folder.path()) {
        let kept = String::from_utf8_lossy(&std::fs::read(&file).expect("a file")).into_owned();
        assert!(TOKENS.iter().all(|token| !kept.contains(token)), "{}", file.display());
    }
}

#[test]
fn a_damaged_file_is_a_miss_and_is_replaced() {
    let github = github();
    let folder = tempfile::tempdir().expect("a folder");
    let relay = relay(&github, folder.path().to_str().expect("text"), "1M");
    let good = until_kept(&relay, &get(TOKENS[0], "/user", ""));
    for file in walk(folder.path()) {
        let mut bytes = std::fs::read(&file).expect("a file");
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(&file, bytes).expect("written");
    }
    let after = over_socket(&relay.socket(), get(TOKENS[0], "/user", ""));
    assert_eq!(body(&after), body(&good));
    assert_eq!(body(&until_kept(&relay, &get(TOKENS[0], "/user", ""))), body(&good));
}

#[test]
fn a_client_with_a_cache_of_its_own_is_left_alone() {
    let github = github();
    let folder = tempfile::tempdir().expect("a folder");
    let relay = relay(&github, folder.path().to_str().expect("text"), "1M");
    let first = until_kept(&relay, &get(TOKENS[0], "/user", ""));
    let tag = first.lines().find(|line| line.to_ascii_lowercase().starts_with("etag: ")).expect("a tag");
    let own = format!("If-None-Match: {}\r\n", &tag[6..]);
    let answer = over_socket(&relay.socket(), get(TOKENS[0], "/user", &own));
    assert_eq!((status(&answer), body(&answer)), (304, ""));
    let records = relay.stop();
    assert_eq!(records.last().and_then(|last| last.cache), Some(CacheState::Revalidated));
    assert_eq!(records.last().and_then(|last| last.cached_bytes), None);
}

#[test]
fn the_folder_stays_within_its_bound() {
    let github = github();
    let folder = tempfile::tempdir().expect("a folder");
    let relay = relay(&github, folder.path().to_str().expect("text"), "20K");
    for page in 1..=40 {
        until_kept(&relay, &get(TOKENS[0], &format!("/repos/octo/tools/issues?per_page=1&page={page}"), ""));
    }
    relay.stop();
    let total: u64 =
        walk(folder.path()).iter().map(|file| std::fs::metadata(file).expect("a file").len()).sum();
    assert!(total > 0 && total <= 24 << 10, "{total}");
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let inner = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    inner.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
