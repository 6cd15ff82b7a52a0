//! Advice that is followed saves what it promised: counted by the server and by the kernel, never by a clock.

use pm_record::{OptimizationTip, Record};

use super::{Told, World, whole};

/// The tips about everything that was recorded so far, by rule.
pub(super) fn tips(world: &World) -> Vec<OptimizationTip> {
    let lines = world.place.sh("pm-report --as advice-json log.ndjson").succeeds();
    let tip = |line: &str| match Record::parse(line.as_bytes()).expect(line) {
        Record::Tip(tip) => Some(*tip),
        _ => None,
    };
    lines.lines().filter_map(tip).collect()
}

#[track_caller]
pub(super) fn the_tip(world: &World, id: &str) -> OptimizationTip {
    let tips = tips(world);
    let found = tips.iter().find(|tip| tip.id == id);
    found.unwrap_or_else(|| panic!("no {id} among {tips:#?}")).clone()
}

/// Forgets what was recorded.
pub(super) fn forget(world: &World) {
    std::fs::remove_file(world.place.path().join("log.ndjson")).expect("a log");
}

/// What the server has charged for so far.
pub(super) fn used(world: &World) -> u64 {
    ["core", "graphql"].iter().map(|bucket| world.github.quota(bucket).expect("a bucket").used).sum()
}

#[test]
fn keeping_answers_saves_the_quota_that_was_promised() {
    let world = World::new();
    let script = "for i in $(seq 30); do gh api repos/octo/tools --jq .full_name; done";
    let answers = world.wrap("", script).succeeds();
    assert_eq!(used(&world), 30);
    let tip = the_tip(&world, "unchanged_answers");
    let promised = whole(tip.estimated_saving.quota);
    assert_eq!(promised, 29, "{tip:?}");
    assert!(tip.recommendation.contains("PM_RELAY_CACHE="), "{tip:?}");

    let kept = world.place.path().join("kept");
    let run = || world.place.run(world.wrapped("", script).env("PM_RELAY_CACHE", &kept)).succeeds();
    // The first run finds nothing kept.
    assert_eq!(run(), answers);
    let before = used(&world);
    forget(&world);
    assert_eq!(run(), answers);
    let saved = 30 - (used(&world) - before);
    assert!(saved >= promised as u64, "{saved} of {promised}");
    assert_eq!(whole(world.told_once().api().rate_limit_consumed) as u64, used(&world) - before);
    assert!(tips(&world).iter().all(|tip| tip.id != "unchanged_answers"), "it is free now");
}

#[test]
fn one_query_for_twenty_things_saves_the_requests_and_the_quota_that_were_promised() {
    let world = World::new();
    let titles = world
        .wrap("", "for n in $(seq 20); do gh api repos/octo/tools/issues/$n --jq .title; done")
        .succeeds();
    let told = world.told_once();
    let (requests, quota) = (told.made(), used(&world));
    let tip = the_tip(&world, "n_plus_one");
    assert!(tip.recommendation.contains("a: issue(number: 1) { title } b: issue(number: 2)"), "{tip:?}");

    forget(&world);
    let batch = r#"fields=; for n in $(seq -w 20); do fields="$fields i$n: issue(number: $((10#$n))) { title }"; done
        gh api graphql -f query="{ repository(owner: \"octo\", name: \"tools\") { $fields } }" --jq '.data.repository[].title'"#;
    assert_eq!(world.wrap("", batch).succeeds(), titles);
    let saved = requests - world.told_once().made();
    assert_eq!(saved, whole(tip.estimated_saving.requests));
    assert_eq!(quota - (used(&world) - quota), whole(tip.estimated_saving.quota) as u64);
    assert!(tips(&world).iter().all(|tip| tip.id != "n_plus_one"));
}

#[test]
fn a_query_for_each_thing_is_told_of_and_pages_of_a_list_are_not() {
    let world = World::new();
    let pages = "gh api graphql --paginate -f query='query list($endCursor: String) { repository(owner: \"octo\", name: \"tools\") {
        issues(first: 3, after: $endCursor) { nodes { number } pageInfo { hasNextPage endCursor } } } }' --jq '.data.repository.issues.nodes[].number'";
    let numbers = world.wrap("", pages).succeeds();
    assert!(world.told_once().made() >= 15);
    assert!(tips(&world).iter().all(|tip| tip.id != "n_plus_one"), "pages come one after the other");

    forget(&world);
    let numbers = numbers.split_whitespace().take(12).collect::<Vec<_>>().join(" ");
    let each = format!(
        "for n in {numbers}; do gh api graphql --silent -F n=$n -f query='query one($n: Int!) {{
            repository(owner: \"octo\", name: \"tools\") {{ issue(number: $n) {{ title }} }} }}'; done"
    );
    world.wrap("", &each).succeeds();
    let tip = the_tip(&world, "n_plus_one");
    assert_eq!(tip.request.as_deref(), Some("GraphQL one"));
    assert_eq!([tip.estimated_saving.requests, tip.estimated_saving.quota].map(whole), [11, 11]);
}

#[test]
fn one_process_in_place_of_eighty_saves_the_processes_that_were_promised() {
    let world = World::new();
    let list: Vec<_> = (0..80).map(|number| format!(r#"{{"title":"t{number}"}}"#)).collect();
    world.place.write("list.json", format!("[{}]", list.join(",")));
    let run = |script: &str| -> (String, Told) {
        let mut command = world.place.command("pm-wrap");
        command.args(["-o", "log.ndjson", "--trace", "--name", "titles", "--", "bash", "-c", script]);
        let titles = world.place.run(&mut command).succeeds();
        let record = world.place.read("log.ndjson");
        let Ok(Record::Performance(run)) = Record::parse(record.lines().next().expect("a run").as_bytes())
        else {
            panic!("{record}")
        };
        (titles, Told { run: *run, requests: Vec::new() })
    };
    let processes = |told: &Told| whole(told.run.resource_usage.processes);
    let (titles, before) = run("for i in $(seq 0 79); do jq -r \".[$i].title\" list.json; done");
    let tip = the_tip(&world, "many_processes");
    assert!(tip.recommendation.contains("Let one `jq`"), "{tip:?}");

    forget(&world);
    let (same, after) = run("jq -r '.[].title' list.json");
    assert_eq!(same, titles);
    // What looped is gone too: a `seq` and a shell that waited.
    let saved = processes(&before) - processes(&after);
    let promised = whole(tip.estimated_saving.processes);
    assert!((promised..=promised + 2).contains(&saved), "{saved} of {promised}");
    assert_eq!(promised, 79);
    assert!(tips(&world).iter().all(|tip| tip.id != "many_processes"));
}
