//! The counts are those of the server's own log.

use pm_e2e::fake_github::{Effect, Fault};
use pm_record::{CacheState, LimitHit};

use super::{Told, World, whole};

/// Demands that exactly the requests were counted that the server has seen; returns what the run left.
#[track_caller]
fn same_as_the_server(world: &World) -> Told {
    let told = world.told_once();
    let served = world.github.requests();
    let mut ours: Vec<_> =
        told.requests.iter().map(|request| (request.method.clone(), request.status)).collect();
    let mut theirs: Vec<_> = served.iter().map(|request| (request.method.clone(), request.status)).collect();
    for list in [&mut ours, &mut theirs] {
        list.sort();
    }
    assert_eq!((told.made(), ours), (served.len(), theirs));
    assert!(told.requests.iter().all(|request| request.execution_id == told.run.execution_id));
    told
}

const QUERY: &str = "gh api graphql -f query='query { viewer { login } rateLimit { cost } }'";

#[test]
fn rest_queries_and_pages_are_each_counted_once() {
    for world in [World::new(), World::over_tls()] {
        let script = format!(
            "set -e; gh api user; {QUERY}
             gh api --paginate 'repos/octo/tools/issues?per_page=20&state=all' --jq '.[].number'
             gh issue list -R octo/tools >/dev/null"
        );
        world.wrap("", &script).succeeds();
        let told = same_as_the_server(&world);
        assert!(told.made() >= 6, "{told:?}");
        let quota = |bucket| world.github.quota(bucket).expect("a bucket");
        let used = usize::try_from(quota("core").used + quota("graphql").used).expect("a count");
        assert_eq!(whole(told.api().rate_limit_consumed), used);
        assert_eq!(
            whole(told.api().graphql_points),
            usize::try_from(quota("graphql").used).expect("a count")
        );
        let endpoints: Vec<_> = told.requests.iter().map(|request| request.endpoint.as_str()).collect();
        assert_eq!(endpoints[0], "/user");
        assert!(
            endpoints.contains(&"/graphql") && endpoints.iter().all(|one| !one.contains("octo")),
            "{endpoints:?}"
        );
    }
}

#[test]
fn a_redirect_is_two_requests() {
    let world = World::new();
    world.github.faults().push(Fault::redirect("https://api.github.com/user").on_path("/repos"));
    assert_eq!(world.wrap("", "gh api repos/octo/tools --jq .login").succeeds(), "octo\n");
    assert_eq!(same_as_the_server(&world).made(), 2);
}

#[test]
fn errors_of_every_kind_are_counted_and_reach_the_command_as_they_are() {
    let faults = [
        Fault::new(Effect::BadCredentials),
        Fault::new(Effect::Forbidden),
        Fault::primary_limit(),
        Fault::secondary_limit(Some(1)),
        Fault::secondary_limit(None),
        Fault::too_many_requests(None),
        Fault::server_error(500),
        Fault::server_error(503),
        Fault::new(Effect::MalformedJson),
    ];
    let (world, direct) = (World::new(), World::new());
    for server in [&world.github, &direct.github] {
        // Identifiers of requests hold the time.
        server.set_now(1_700_000_000);
    }
    for fault in &faults {
        for server in [&world.github, &direct.github] {
            server.faults().push(fault.clone());
        }
    }
    let script = format!("for i in $(seq {}); do gh api user; echo $?; done; gh api nowhere", faults.len());
    let wrapped = world.wrap("", &script);
    let alone = direct.place.run(direct.place.command("bash").args(["-c", &script]));
    assert_eq!(wrapped, alone);
    let told = same_as_the_server(&world);
    assert_eq!(told.made(), faults.len() + 1);
    let hits: Vec<_> = told.requests.iter().filter_map(|request| request.limit_hit).collect();
    assert_eq!(hits, [LimitHit::Primary, LimitHit::Secondary, LimitHit::Secondary, LimitHit::Secondary]);
    let retry: Vec<_> =
        told.requests.iter().filter_map(|request| request.retry_after_ms).map(|ms| ms.0).collect();
    assert_eq!(retry, [1_000_000]);
}

#[test]
fn an_answer_that_breaks_off_breaks_off_for_the_command_too() {
    for (effect, status) in [(Effect::Truncate, Some(200)), (Effect::Drop, None)] {
        for world in [World::new(), World::over_tls()] {
            world.github.faults().push(Fault::new(effect.clone()).on_method("POST"));
            let outcome = world.wrap("", QUERY);
            assert_eq!(outcome.code, Some(1), "{outcome:?}");
            let told = world.told_once();
            assert_eq!(world.github.requests().len(), 1, "a query is not sent a second time");
            assert_eq!(told.made(), 1, "{told:?}");
            let [request] = &told.requests[..] else { panic!("{told:?}") };
            assert!(request.error.is_some(), "{request:?}");
            assert!(status.is_none() || request.status == status, "{request:?}");
        }
    }
}

#[test]
fn fifty_at_once_are_all_counted() {
    let world = World::over_tls();
    world.github.faults().push(Fault::latency(300).always());
    world.wrap("", "for i in $(seq 50); do gh api user --silent & done; wait").succeeds();
    let told = same_as_the_server(&world);
    assert_eq!(told.made(), 50);
    let most = told.run.context["concurrent_operations"].to_string().parse().unwrap_or(0);
    assert!((2..=50).contains(&most), "{most}");
}

#[test]
fn a_command_that_asks_nothing_made_no_request() {
    let world = World::new();
    world.wrap("", "true").succeeds();
    let told = same_as_the_server(&world);
    assert_eq!((told.made(), told.api().rate_limit_remaining), (0, None));
    assert!(!told.run.context.contains_key("concurrent_operations"));
}

#[test]
fn what_the_command_tells_of_the_same_requests_is_not_added() {
    let world = World::new();
    let mark = r#"{"github_api":{"requests_made":5,"cache_hits":3,"cache_misses":1}}"#;
    world.wrap("", &format!("gh api user --silent; echo '{mark}' 1<>\"$PM_MARKS\"")).succeeds();
    let told = same_as_the_server(&world);
    assert_eq!((told.made(), whole(told.api().cache_hits), whole(told.api().cache_misses)), (1, 3, 1));
}

#[test]
fn without_api_requests_only_the_sums_are_recorded() {
    let world = World::new();
    let script = "pm-wrap --api -- gh api user --silent";
    let line = world.place.sh(script).succeeds();
    assert_eq!((line.lines().count(), line.contains("\"requests_made\":1,")), (1, true), "{line}");
    let report = world.place.sh(&format!("{script} | pm-aggregate | pm-report"));
    assert_eq!(report.code, Some(0), "{report:?}");
}

#[test]
fn an_unchanged_answer_costs_nothing() {
    let world = World::new();
    let script = "etag=$(gh api -i repos/octo/tools | grep -i '^etag:' | cut -d' ' -f2- | tr -d '\\r')
        gh api -i repos/octo/tools -H \"If-None-Match: $etag\" | head -n 1";
    let outcome = world.wrap("", script);
    assert!(outcome.stdout.contains("304"), "{outcome:?}");
    let told = same_as_the_server(&world);
    assert_eq!((told.made(), whole(told.api().rate_limit_consumed)), (2, 1), "{told:?}");
    assert!(told.requests.iter().all(|request| request.cache != Some(CacheState::Hit)));
}

#[test]
fn a_wrap_in_a_wrap_counts_for_both() {
    let world = World::new();
    let inner = "pm-wrap -o log.ndjson --api --api-requests -- gh api user --silent";
    world.wrap("", &format!("gh api user --silent; {inner}; gh api user --silent")).succeeds();
    let made: Vec<_> = world.told().iter().map(Told::made).collect();
    assert_eq!((made, world.github.requests().len()), (vec![1, 3], 3));
}
