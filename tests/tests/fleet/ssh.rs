//! The line of docs/fleet.md that asks many hosts by SSH: every host is in the result, by its figures or by its name.

use pm_e2e::harness::repository;

use super::{HOSTS, stores};

/// The block of docs/fleet.md behind this mark.
pub(super) fn block(mark: &str) -> String {
    let page = std::fs::read_to_string(repository().join("docs/fleet.md")).expect("the page");
    let (_, rest) = page.split_once(&format!("<!-- test: {mark} -->\n```")).expect("the block");
    let (_, block) = rest.split_once('\n').expect("its first line");
    block.split_once("\n```").expect("its end").0.to_owned()
}

#[test]
fn hosts_that_do_not_answer_are_named_beside_what_the_others_said() {
    let place = stores();
    // A host that hangs up in the middle of its answer, one that there is no way to, and one that has no records.
    let ssh = r#"while [ "$1" = -o ]; do shift 2; done
host=$1; shift
case $host in
    one|two) cd "$PLACE" && exec $(echo "$*" | sed "s/--store/--store=$host/") ;;
    half) cd "$PLACE" && $(echo "$*" | sed "s/--store/--store=one/") | head -c 700; exit 255 ;;
    empty) mkdir -p "$PLACE/empty" && cd "$PLACE" && exec $(echo "$*" | sed "s/--store/--store=empty/") ;;
    *) echo "ssh: connect to host $host port 22: Connection timed out" >&2; exit 255 ;;
esac"#;
    place.script("bin/ssh", ssh);
    place.write("hosts", "one\nhalf\naway\nempty\ntwo\n");
    let day = (chrono::Utc::now() - chrono::TimeDelta::days(10)).date_naive();
    let line = block("ssh").replace("2026-11-20", &day.to_string());
    let line = format!("export PLACE=$PWD PATH=$PWD/bin:$PATH; {line}");
    let outcome = place.sh(&line);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    for words in ["no answer from half", "no answer from away", "Current: status 255"] {
        assert!(outcome.stdout.contains(words), "{words} is not in {}", outcome.stdout);
    }
    assert!(!outcome.stdout.contains("empty"), "{}", outcome.stdout);
    // The others count as a whole, and the half of one not at all.
    let merged =
        line.replace("github-pm performance report --from -", "pm-aggregate --merge --by command,machine");
    let whole =
        "for host in one two; do cat $host/records/*; done | pm-aggregate --by command,machine --since DAY";
    assert_eq!(place.sh(&merged).stdout, place.sh(&whole.replace("DAY", &day.to_string())).succeeds());
    assert!(HOSTS.iter().all(|(_, machine)| outcome.stdout.contains(machine)), "{}", outcome.stdout);
}
