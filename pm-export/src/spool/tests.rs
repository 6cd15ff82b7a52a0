use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;

use super::*;

fn parcel(url: &str) -> Parcel {
    Parcel {
        url: url.to_owned(),
        method: "POST",
        headers: vec![("Content-Type".to_owned(), "x/y".to_owned())],
        body: Vec::new(),
        shown: Shown::AsItIs,
        packing: Packing::Gzip,
    }
}

fn open(folder: &Path) -> Spool {
    Spool::open(folder.join("spool"), None, 0).expect("a folder")
}

#[test]
fn what_is_kept_comes_back_in_its_order_and_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut spool = open(folder.path());
    for body in [&b"one"[..], b"\ntwo\n", b""] {
        spool.put(&parcel("http://x"), body, 1000, 1000).expect("kept");
    }
    drop(spool);
    let mut spool = open(folder.path());
    for body in [&b"one"[..], b"\ntwo\n", b""] {
        let found = spool.first(1000).expect("read");
        assert_eq!(found, Some((parcel("http://x"), body.to_vec())));
        assert!(spool.remove_first().expect("removed"));
    }
    assert_eq!((spool.first(1000).expect("read"), spool.bytes), (None, 0));
}

#[test]
fn only_the_user_can_read_it() {
    let folder = tempfile::tempdir().expect("a folder");
    open(folder.path()).put(&parcel("http://x"), b"x", 1, 1).expect("kept");
    let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o777;
    let inside = folder.path().join("spool");
    assert_eq!(mode(&inside), 0o700);
    for entry in inside.read_dir().expect("a folder").flatten() {
        assert_eq!(mode(&entry.path()), 0o600, "{}", entry.path().display());
    }
}

#[test]
fn the_oldest_makes_room_and_what_is_too_old_is_not_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut spool = open(folder.path());
    let large = vec![0; usize::try_from(MOST_BYTES / 4).expect("it fits")];
    for number in 0..5 {
        spool.put(&parcel(&number.to_string()), &large, number, number).expect("kept");
    }
    assert_eq!((spool.left(), spool.expired), (3, 2));
    assert_eq!(spool.first(4).expect("read").map(|(parcel, _)| parcel.url).as_deref(), Some("2"));
    let now = LONGEST + 4;
    assert_eq!(spool.first(now).expect("read").map(|(parcel, _)| parcel.url).as_deref(), Some("4"));
    assert_eq!((spool.left(), spool.expired), (1, 4));
}

#[test]
fn half_a_file_is_set_aside_and_the_next_one_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut spool = open(folder.path());
    spool.put(&parcel("torn"), b"0123456789", 1, 1).expect("kept");
    spool.put(&parcel("whole"), b"0123456789", 2, 2).expect("kept");
    let torn = spool.files[0].0.clone();
    let bytes = std::fs::read(&torn).expect("a file");
    std::fs::write(&torn, &bytes[..bytes.len() - 1]).expect("torn");
    // What was being written when this program was killed has no name yet.
    std::fs::write(torn.with_extension("new"), b"half").expect("written");
    drop(spool);
    let mut spool = open(folder.path());
    assert_eq!(spool.first(2).expect("read").map(|(parcel, _)| parcel.url).as_deref(), Some("whole"));
    assert_eq!(spool.damaged, 1);
}

/// The addresses of what is kept, in the order in which it would be sent.
fn drain(spool: &mut Spool, now: i64) -> Vec<String> {
    let mut urls = Vec::new();
    while let Some((parcel, _)) = spool.first(now).expect("read") {
        urls.push(parcel.url);
        spool.remove_first().expect("removed");
    }
    urls
}

#[test]
fn while_one_process_sends_another_only_adds_and_takes_over_when_it_is_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut one = open(folder.path());
    one.put(&parcel("one"), b"1", 1, 1).expect("kept");
    let mut two = open(folder.path());
    assert!(one.has_some() && !two.has_some());
    two.put(&parcel("two"), b"2", 2, 2).expect("kept");
    assert_eq!((two.first(2).expect("read"), two.left()), (None, 1));
    drop(one);
    two.take_over(3).expect("taken");
    assert!(two.has_some());
    assert_eq!(drain(&mut two, 3), ["one", "two"]);
}

#[test]
fn what_another_process_adds_is_found_by_the_one_that_sends() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut one = open(folder.path());
    one.put(&parcel("one"), b"1", 1, 1).expect("kept");
    let mut two = open(folder.path());
    two.put(&parcel("two"), b"2", 2, 2).expect("kept");
    assert_eq!(drain(&mut one, 2), ["one"]);
    one.take_over(LOOK + 1).expect("looked at");
    assert_eq!(drain(&mut one, LOOK + 1), ["two"]);
    // Whoever only added knows that it was sent.
    assert_eq!(two.left(), 0);
}

#[test]
fn a_record_is_as_old_as_it_is_however_new_its_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut spool = open(folder.path());
    spool.put(&parcel("old"), b"1", 0, LONGEST).expect("kept");
    spool.put(&parcel("new"), b"2", LONGEST, LONGEST).expect("kept");
    assert_eq!(drain(&mut spool, LONGEST + 1), ["new"]);
    assert_eq!(spool.expired, 1);
}

#[test]
fn a_request_that_cannot_be_removed_is_an_error_and_is_not_sent_for_ever() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut spool = open(folder.path());
    spool.put(&parcel("x"), b"1", 1, 1).expect("kept");
    let path = spool.files[0].0.clone();
    std::fs::remove_file(&path).expect("removed");
    // What is gone is gone.
    assert!(!spool.remove_first().expect("nothing to remove"));
    spool.put(&parcel("x"), b"1", 1, 1).expect("kept");
    let path = spool.files[0].0.clone();
    std::fs::remove_file(&path).expect("removed");
    // What no user may remove, root included.
    std::fs::create_dir(&path).expect("a folder in its place");
    spool.remove_first().expect_err("it stays");
    assert_eq!(spool.files.len(), 1);
}

#[test]
fn a_folder_that_is_not_the_user_s_alone_is_refused() {
    let top = tempfile::tempdir().expect("a folder");
    let inside = top.path().join("spool");
    let check = |reason: &str| {
        let error = Spool::open(inside.clone(), None, 0).expect_err(reason);
        assert_eq!(error.to_string(), reason);
    };
    std::fs::create_dir(top.path().join("elsewhere")).expect("a folder");
    std::os::unix::fs::symlink("elsewhere", &inside).expect("a link");
    check("it is a symbolic link");
    std::fs::remove_file(&inside).expect("removed");
    std::fs::write(&inside, "").expect("written");
    check("it is no folder");
    std::fs::remove_file(&inside).expect("removed");
    // One that comes to be between opening and keeping is looked at too.
    let mut spool = Spool::open(inside.clone(), None, 0).expect("none yet");
    std::fs::create_dir(&inside).expect("a folder");
    for mode in [0o720, 0o702] {
        std::fs::set_permissions(&inside, std::fs::Permissions::from_mode(mode)).expect("changed");
        check("others may write to it");
        spool.put(&parcel("x"), b"1", 1, 1).expect_err("not there");
    }
    if rustix::process::geteuid().is_root() {
        std::fs::set_permissions(&inside, std::fs::Permissions::from_mode(0o700)).expect("changed");
        std::os::unix::fs::chown(&inside, Some(65_534), None).expect("given away");
        check("it belongs to another user");
    }
}

#[test]
fn what_was_left_behind_is_swept_when_it_is_of_no_use_any_more() {
    let folder = tempfile::tempdir().expect("a folder");
    open(folder.path()).put(&parcel("x"), b"1", 1, 1).expect("kept");
    let inside = folder.path().join("spool");
    for name in ["1.new", "1.damaged", "1.request", "1.txt"] {
        std::fs::write(inside.join(name), "").expect("written");
    }
    let made = inside.join("1.new").metadata().expect("there").mtime() * 1000;
    let left = |now: i64| {
        drop(Spool::open(inside.clone(), None, now).expect("looked at"));
        ["1.new", "1.damaged", "1.request", "1.txt"].map(|name| inside.join(name).exists())
    };
    // A minute more, because another second may have begun between two of them.
    assert_eq!(left(made + LONGEST_NEW - 60_000), [true, true, true, true]);
    assert_eq!(left(made + LONGEST_NEW + 60_000), [false, true, true, true]);
    assert_eq!(left(made + LONGEST_DAMAGED + 60_000), [false, false, true, true]);
}

fn kept(parcel: &Parcel, body: &[u8], made: i64) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut spool = open(folder.path());
    spool.put(parcel, body, made, 1).expect("kept");
    std::fs::read(&spool.files[0].0).expect("a file")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_kept_is_read_again_and_nothing_that_it_became(
        url in ".*",
        headers in prop::collection::vec((".*", ".*"), 0..3),
        body in prop::collection::vec(any::<u8>(), 0..200),
        made in any::<i64>(),
        (put, place, flip, shown) in (any::<bool>(), any::<prop::sample::Index>(), 1..=255_u8, 0..4_usize),
    ) {
        let shown = [Shown::AsItIs, Shown::Metrics, Shown::Traces, Shown::Samples][shown];
        let packing = [Packing::None, Packing::Zstd1, Packing::Snappy][shown as usize % 3];
        let method = if put { "PUT" } else { "POST" };
        let parcel = Parcel { url, method, headers, body: Vec::new(), shown, packing };
        let whole = kept(&parcel, &body, made);
        prop_assert_eq!(read(&whole), Some((made, parcel, body.clone())));
        for length in [place.index(whole.len()), whole.len() - 1] {
            prop_assert_eq!(read(&whole[..length]), None);
        }
        let mut longer = whole.clone();
        longer.push(flip);
        prop_assert_eq!(read(&longer), None);
        if !body.is_empty() {
            let mut other = whole;
            let at = other.len() - 1 - place.index(body.len());
            other[at] ^= flip;
            prop_assert_eq!(read(&other), None);
        }
    }
}

#[test]
fn what_nobody_will_ask_for_again_is_removed_after_a_week_and_no_sooner() {
    let top = tempfile::tempdir().expect("a folder");
    let [own, other] = ["export-own", "export-other"].map(|name| top.path().join(name));
    for folder in [&own, &other, &top.path().join("else")] {
        Spool::open(folder.clone(), None, 0)
            .expect("none yet")
            .put(&parcel("http://x"), b"x", 1, 1)
            .expect("kept");
    }
    let kept = |folder: &Path| {
        let files = folder.read_dir().expect("a folder").flatten();
        files.filter(|file| file.path().extension().is_some_and(|ending| ending == ENDING)).count()
    };
    let now = other.metadata().expect("a folder").mtime() * 1000;
    sweep_beside(&own, "export-", now + LONGEST - 60_000);
    assert_eq!((kept(&own), kept(&other)), (1, 1));
    sweep_beside(&own, "export-", now + LONGEST + 60_000);
    assert_eq!((kept(&own), kept(&other), kept(&top.path().join("else"))), (1, 0, 1));
}
