//! Closed days on their way into a tree that several hosts share.

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use pm_store::{Deed, Destination, Grain, Question, Shipped, Store};

use crate::summing::{Place, ask, time};

const STORE: &str = "PM_STORE_TEST_SHIP_STORE";
const TREE: &str = "PM_STORE_TEST_SHIP_TREE";
const STEP: &str = "PM_STORE_TEST_SHIP_STEP";
const NOW: &str = "2026-11-05T00:30:00Z";

/// Three closed files of two days, one that has ended and is not closed, and one that is written to.
fn place() -> Place {
    let place = Place::new();
    place
        .append("a", "2026-11-01T10:00:00Z", 0)
        .append("b", "2026-11-02T00:00:00Z", 1)
        .compact("2026-11-03T12:00:00Z");
    place.append("c", "2026-11-02T23:00:00Z", 0).compact("2026-11-03T12:00:00Z");
    place.append("d", "2026-11-03T10:00:00Z", 0).append("e", "2026-11-04T10:00:00Z", 0);
    place
}

/// An empty folder for a tree.
fn tree() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn destination(tree: &Path, host: &str) -> Destination {
    Destination { root: tree.to_owned(), host: host.to_owned(), verify: false }
}

#[track_caller]
fn ship(store: &Store, to: &Destination) -> Shipped {
    let shipped = store.ship(to, time(NOW), &mut |_, _| ()).expect("shipped");
    assert!(shipped.troubles.is_empty(), "{:?}", shipped.troubles);
    shipped
}

/// The commands whose runs are read from a store or a tree.
fn commands(root: &Path, since: Option<&str>) -> String {
    let question = Question {
        since: since.map(time),
        until: None,
        rollups: Some(Grain::All),
        records_first: false,
        by_machine: false,
    };
    ask(&Store::at(root), &question).text()
}

/// Every file of a tree, with those that are not finished.
fn files(tree: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![tree.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

fn is_unfinished(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with('.'))
}

/// As if the file had last been written to so many hours ago.
fn written(path: &Path, hours: u64) {
    let now = u64::try_from(time(NOW).as_millis()).expect("later than 1970");
    let time = UNIX_EPOCH + Duration::from_millis(now - hours * 3_600_000);
    File::options().write(true).open(path).and_then(|file| file.set_modified(time)).expect("a time");
}

#[test]
fn closed_days_go_once_and_a_day_that_is_written_to_never_does() {
    let (place, tree) = (place(), tree());
    let to = destination(tree.path(), "one");
    let shipped = ship(&place.store, &to);
    assert_eq!((shipped.copied.files, shipped.open, shipped.ended), (3, 2, 1));
    assert_eq!(commands(tree.path(), None), "a b c");
    assert_eq!(commands(tree.path(), Some("2026-11-02T00:00:00Z")), "c");
    let names: Vec<_> = files(tree.path())
        .iter()
        .map(|path| path.strip_prefix(tree.path()).expect("below it").display().to_string())
        .collect();
    for (name, start) in
        names.iter().zip(["2026-11-01/2026-11-01-", "2026-11-02/2026-11-02-", "2026-11-02/2026-11-02.2-"])
    {
        assert!(
            name.starts_with(&format!("host=one/date={start}")) && name.ends_with(".ndjson.zst"),
            "{name}"
        );
    }

    let again = ship(&place.store, &to);
    assert_eq!((again.copied.files, again.there.files), (0, 3));
    place.compact("2026-11-04T12:00:00Z");
    assert_eq!(ship(&place.store, &to).copied.files, 1);
    assert_eq!(commands(tree.path(), None), "a b c d");
}

#[test]
fn what_a_store_no_longer_has_stays_in_the_tree() {
    let (place, tree) = (place(), tree());
    let to = Destination { verify: true, ..destination(tree.path(), "one") };
    ship(&place.store, &to);
    std::fs::remove_file(place.path("records/2026-11-01.ndjson.zst")).expect("removed");
    let again = ship(&place.store, &to);
    assert_eq!((again.copied.files, again.there.files, again.damaged.len()), (0, 3, 0));
    assert_eq!(commands(tree.path(), None), "a b c");
}

#[test]
fn hosts_and_stores_of_one_host_share_a_tree() {
    let (one, other, tree) = (place(), Place::new(), tree());
    other.append("x", "2026-11-02T10:00:00Z", 0).compact("2026-11-03T12:00:00Z");
    ship(&one.store, &destination(tree.path(), "one"));
    ship(&other.store, &destination(tree.path(), "one"));
    ship(&other.store, &destination(tree.path(), "two"));
    assert_eq!(commands(tree.path(), None), "a b c x x");
}

#[test]
fn damage_in_the_tree_is_found_and_mended_while_there_is_an_original() {
    let (place, tree) = (place(), tree());
    let to = destination(tree.path(), "one");
    ship(&place.store, &to);
    let there = files(tree.path());
    let whole = std::fs::read(&there[0]).expect("bytes");
    // One that is too short is seen at a glance, one with a flipped bit by reading it.
    std::fs::write(&there[0], &whole[..whole.len() - 1]).expect("written");
    assert_eq!(ship(&place.store, &to).mended, there[..1]);
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    std::fs::write(&there[0], &flipped).expect("written");
    assert!(ship(&place.store, &to).mended.is_empty());
    let verify = Destination { verify: true, ..to };
    assert_eq!(ship(&place.store, &verify).mended, there[..1]);
    assert_eq!(std::fs::read(&there[0]).expect("bytes"), whole);

    std::fs::write(&there[0], &flipped).expect("written");
    std::fs::remove_file(place.path("records/2026-11-01.ndjson.zst")).expect("removed");
    assert_eq!(ship(&place.store, &verify).damaged, there[..1]);
}

#[test]
fn a_day_that_is_damaged_here_does_not_go_and_the_others_do() {
    let (place, tree) = (place(), tree());
    let path = place.path("records/2026-11-01.ndjson.zst");
    let mut bytes = std::fs::read(&path).expect("bytes");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).expect("written");
    let shipped =
        place.store.ship(&destination(tree.path(), "one"), time(NOW), &mut |_, _| ()).expect("shipped");
    assert_eq!((shipped.copied.files, shipped.troubles.len()), (2, 1));
    assert_eq!(shipped.troubles[0].to_string(), format!("cannot read '{}'", path.display()));
    assert_eq!(commands(tree.path(), None), "b c");
}

#[test]
fn what_stands_in_the_way_of_one_day_keeps_no_other_back() {
    let (place, tree) = (place(), tree());
    let verify = Destination { verify: true, ..destination(tree.path(), "one") };
    let host = tree.path().join("host=one");
    std::fs::create_dir(&host).expect("a folder");
    // A file where the folder of the first day belongs.
    std::fs::write(host.join("date=2026-11-01"), "").expect("written");
    let attempt = || place.store.ship(&verify, time(NOW), &mut |_, _| ()).expect("shipped");
    let shipped = attempt();
    assert_eq!((shipped.copied.files, shipped.troubles.len()), (2, 1), "{:?}", shipped.troubles);
    std::fs::remove_file(host.join("date=2026-11-01")).expect("removed");
    assert_eq!(attempt().copied.files, 1);
    // A link where a file belongs, which would lead somewhere else.
    let there = files(tree.path());
    std::fs::remove_file(&there[0]).expect("removed");
    std::os::unix::fs::symlink(&there[1], &there[0]).expect("a link");
    std::fs::remove_file(&there[2]).expect("removed");
    let shipped = attempt();
    assert_eq!((shipped.copied.files, shipped.there.files), (1, 1));
    assert!(!shipped.troubles.is_empty() && shipped.damaged.is_empty(), "{shipped:?}");
}

#[test]
fn what_another_store_of_the_host_has_not_finished_stays_until_it_is_old() {
    let (one, other, tree) = (place(), place(), tree());
    let to = destination(tree.path(), "one");
    let mut unfinished = Vec::new();
    // While each file has no name yet, another store brings the same bytes from its first to its last.
    let mut witness = |deed: Deed, path: &Path| {
        if deed == Deed::Written {
            ship(&other.store, &to);
            unfinished.push(path.to_owned());
            assert!(path.exists(), "{}", path.display());
        }
    };
    let shipped = one.store.ship(&to, time(NOW), &mut witness).expect("shipped");
    assert!(shipped.troubles.is_empty(), "{:?}", shipped.troubles);
    assert_eq!((commands(tree.path(), None).as_str(), files(tree.path()).len()), ("a b c", 3));

    let left = &unfinished[0];
    std::fs::write(left, "half").expect("written");
    for (hours, stays) in [(0, true), (2, false)] {
        written(left, hours);
        ship(&other.store, &to);
        assert_eq!(left.exists(), stays, "after {hours} hours");
    }
}

#[test]
fn a_look_at_what_a_host_has_shipped_asks_no_other_host() {
    let (place, tree) = (place(), tree());
    let to = Destination { verify: true, ..destination(tree.path(), "one") };
    std::fs::create_dir_all(tree.path().join("host=two/date=2026-11-01")).expect("folders");
    // Whoever looks there refuses it.
    let link = tree.path().join("host=two/date=2026-11-01/x.ndjson.zst");
    std::os::unix::fs::symlink("/dev/null", link).expect("a link");
    assert_eq!(ship(&place.store, &to).copied.files, 3);
}

#[test]
fn nothing_goes_where_it_would_be_read_twice_or_to_no_place() {
    let (place, tree) = (place(), tree());
    let check = |root: PathBuf, reason: &str| {
        let error =
            place.store.ship(&destination(&root, "one"), time(NOW), &mut |_, _| ()).expect_err("no place");
        assert!(error.to_string().ends_with(reason), "{error}");
        assert!(error.hint().is_some());
    };
    check(tree.path().join("missing"), "there is no such folder, or nothing is mounted there yet");
    check(place.store.root().to_owned(), "it lies in the store itself");
    check(place.path("records"), "it lies in the store itself");
    std::fs::create_dir(tree.path().join("records")).expect("a folder");
    check(tree.path().to_owned(), "whose records would be read together with those that are shipped");
}

#[test]
fn only_what_every_engine_takes_for_a_folder_is_a_host() {
    for name in ["runner-1", "a.example.com", "A_1"] {
        assert!(Destination::is_host(name), "{name}");
    }
    for name in ["", ".", "..", "a/b", "a=b", "a b", "größe", "a%2F", &"a".repeat(201)] {
        assert!(!Destination::is_host(name), "{name}");
    }
}

#[test]
fn whenever_it_is_killed_no_record_stands_there_twice_and_the_next_run_finishes() {
    if let (Some(store), Some(tree)) = (std::env::var_os(STORE), std::env::var_os(TREE)) {
        return ship_and_die(&Store::at(store), Path::new(&tree));
    }
    let place = place();
    // Each file is written, and then gets its name.
    let expected = ["", "a", "a", "a b", "a b", "a b c", "a b c"];
    for (step, arrived) in expected.into_iter().enumerate() {
        let tree = tree();
        let mut itself = Command::new(std::env::current_exe().expect("the tests are a program"));
        let name = "shipping::whenever_it_is_killed_no_record_stands_there_twice_and_the_next_run_finishes";
        itself.args(["--exact", name]).env(STORE, place.store.root()).env(TREE, tree.path());
        let output = itself.env(STEP, step.to_string()).output().expect("a process");
        let killed = output.status.signal() == Some(9);
        assert_eq!(killed, step < 6, "step {step}: {}", String::from_utf8_lossy(&output.stdout));
        assert_eq!(commands(tree.path(), None), arrived, "killed after step {step}");
        // Two hours later nobody writes to what it left.
        files(tree.path()).iter().filter(|path| is_unfinished(path)).for_each(|path| written(path, 2));
        ship(&place.store, &destination(tree.path(), "one"));
        assert_eq!(commands(tree.path(), None), "a b c", "after step {step} and another run");
        assert_eq!(files(tree.path()).len(), 3, "after step {step}: {:?}", files(tree.path()));
    }
}

/// Kills itself after so many steps.
fn ship_and_die(store: &Store, tree: &Path) {
    let mut left: u32 = std::env::var(STEP).expect("a step").parse().expect("a number");
    let mut witness = |_: Deed, _: &Path| {
        if left == 0 {
            let itself = rustix::process::getpid();
            rustix::process::kill_process(itself, rustix::process::Signal::KILL).expect("killed");
        }
        left -= 1;
    };
    store.ship(&destination(tree, "one"), time(NOW), &mut witness).expect("shipped");
}
