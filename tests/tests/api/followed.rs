//! More advice that is followed, with the real `gh`. What takes days, or seconds of computing that nobody else may have
//! meanwhile, is followed on recorded runs (`crates/pm-advice/tests/followed.rs`).

use std::collections::BTreeSet;

use pm_e2e::fake_github::Fault;
use pm_record::{ApiRequest, Thousandths};

use super::advice::{forget, the_tip, tips, used};
use super::{World, whole};

#[track_caller]
fn is_silent(world: &World, id: &str) {
    let tips = tips(world);
    assert!(tips.iter().all(|tip| tip.id != id), "{tips:#?}");
}

#[test]
fn one_folder_of_answers_for_all_runs_has_as_many_hits_as_were_promised() {
    let world = World::new();
    let script = "for n in $(seq 25); do gh api repos/octo/tools/issues/$n --jq .title; done";
    let run = |folder: &str| {
        let folder = world.place.path().join(folder);
        world.place.run(world.wrapped("", script).env("PM_RELAY_CACHE", folder)).succeeds()
    };
    let titles = run("of-monday");
    assert_eq!(run("of-tuesday"), titles);
    let tip = the_tip(&world, "cache_hit_rate");
    assert!(tip.recommendation.contains("share one folder"), "{tip:?}");
    let (promised, before) = (whole(tip.estimated_saving.quota) as u64, used(&world));
    assert_eq!((promised, before), (17, 50));

    forget(&world);
    assert_eq!(run("of-monday"), titles);
    let saved = 25 - (used(&world) - before);
    assert!(saved >= promised, "{saved} of {promised}");
    is_silent(&world, "cache_hit_rate");
}

#[test]
fn four_requests_at_a_time_take_less_as_was_promised() {
    let world = World::new();
    world.github.faults().push(Fault::latency(1000).on_path("/repos").always());
    let addresses: Vec<_> = (1..=8).map(|number| format!("repos/octo/tools/issues/{number}")).collect();
    world.place.write(
        "addresses",
        addresses.join(
            "
",
        ) + "
",
    );
    let one_by_one = "while read -r address; do gh api $address --jq .title < /dev/null; done < addresses";
    let titles: BTreeSet<String> = lines(&world.wrap("", one_by_one).succeeds());
    let before = under_way(&world.told_once().requests);
    let tip = the_tip(&world, "sequential_requests");
    let promised = tip.estimated_saving.time_ms.expect("time");
    assert!(tip.recommendation.contains("`xargs -P 4 -I{} gh api {} < FILE`"), "{tip:?}");

    forget(&world);
    let four_at_a_time = "xargs -P 4 -I{} gh api {} --jq .title < addresses";
    assert_eq!(lines(&world.wrap("", four_at_a_time).succeeds()), titles);
    let requests = world.told_once().requests;
    // They wait for the server together; how quickly so many `gh` can be started depends on the machine.
    assert!(requests.iter().any(|request| request.in_flight > Some(1)), "{requests:?}");
    let saved = before - under_way(&requests);
    assert!(saved * 2 >= promised.0, "{saved} of {promised}");
    is_silent(&world, "sequential_requests");
}

fn lines(text: &str) -> BTreeSet<String> {
    text.lines().map(str::to_owned).collect()
}

/// For how long any request was under way, in thousandths of a millisecond.
fn under_way(requests: &[ApiRequest]) -> i64 {
    let span = |request: &ApiRequest| {
        let start = request.timestamp.as_millis() * 1000;
        (start, start + request.duration_ms.0)
    };
    let mut spans: Vec<_> = requests.iter().map(span).collect();
    spans.sort_unstable();
    let (mut length, mut end) = (0, i64::MIN);
    for (from, to) in spans {
        length += (to - from.max(end)).max(0);
        end = end.max(to);
    }
    length
}

/// Asks for an issue; what `gh` writes of a request that failed is no answer.
const ASK: &str = "ask() { gh api repos/octo/tools/issues/$1 --jq .title > answer 2> error && cat answer; }";

/// That a server which answers is asked once is not the user's doing; what it saves is what was promised all the same.
#[test]
fn requests_that_succeed_at_once_save_the_repetitions_that_were_promised() {
    let world = World::new();
    let script = format!("{ASK}; for n in $(seq 10 21); do ask $n || ask $n; done");
    for number in 10..=21 {
        let path = format!("/repos/octo/tools/issues/{number}");
        world.github.faults().push(Fault::server_error(502).on_path(&path).times(1));
    }
    let titles = world.wrap("", &script).succeeds();
    let before = world.told_once().made();
    assert_eq!(before, 24);
    let tip = the_tip(&world, "retried_requests");
    assert!(tip.recommendation.contains("`per_page=30`"), "{tip:?}");

    forget(&world);
    assert_eq!(world.wrap("", &script).succeeds(), titles);
    assert_eq!(before - world.told_once().made(), whole(tip.estimated_saving.requests));
    is_silent(&world, "retried_requests");
}

/// The fake refuses as it is told to, not because of too much at once; what is held against each other is the time that
/// the real `gh` waited.
#[test]
fn whoever_is_not_refused_saves_the_waiting_that_was_promised() {
    let world = World::new();
    let script = format!("{ASK}; for n in 1 2 3; do until ask $n; do sleep 2; done; done");
    for number in 1..=3 {
        let path = format!("/repos/octo/tools/issues/{number}");
        world.github.faults().push(Fault::secondary_limit(Some(2)).on_path(&path).times(1));
    }
    let titles = world.wrap("", &script).succeeds();
    let waited = world.told_once().api().waited_ms.expect("it has waited");
    let tip = the_tip(&world, "waiting_for_limits");
    assert!(tip.recommendation.contains("read four at a time at most (`xargs -P 4`)"), "{tip:?}");
    assert_eq!(whole(tip.evidence.get("secondary_limit_hits").and_then(number)), 3);

    forget(&world);
    assert_eq!(world.wrap("", &script).succeeds(), titles);
    let saved = waited.0 - world.told_once().api().waited_ms.map_or(0, |waited| waited.0);
    assert!(saved >= 5_000_000, "{saved}");
    assert_eq!(Some(Thousandths(saved)), tip.estimated_saving.time_ms);
    is_silent(&world, "waiting_for_limits");
}

fn number(scalar: &pm_record::Scalar) -> Option<Thousandths> {
    if let pm_record::Scalar::Number(number) = scalar { Some(*number) } else { None }
}

#[test]
fn a_query_for_as_much_as_there_is_saves_the_points_that_were_promised() {
    let world = World::new();
    let query = |projects: u32| {
        format!(
            "gh api graphql -f query='query board {{ viewer {{ projectsV2(first: {projects}) {{ nodes {{
                items(first: 100) {{ nodes {{ id fieldValues(first: 10) {{ nodes {{ __typename }} }} }} }} }} }} }} }}' \
             --jq '[.. | .__typename? // empty] | length'"
        )
    };
    let values = world.wrap("", &query(100)).succeeds();
    let before = used(&world);
    let tip = the_tip(&world, "costly_connections");
    assert!(tip.recommendation.contains("lower `first`"), "{tip:?}");
    let promised = whole(tip.estimated_saving.quota) as u64;
    assert!(promised >= 90, "{tip:?}");

    forget(&world);
    assert_eq!(world.wrap("", &query(1)).succeeds(), values);
    let saved = before - (used(&world) - before);
    assert!(saved >= promised, "{saved} of {promised}");
    is_silent(&world, "costly_connections");
}
