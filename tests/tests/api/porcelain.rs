//! Every host command of a store that says so is counted, and the store holds the requests.

use pm_e2e::harness::run_record;

use super::World;

#[test]
fn a_new_store_counts_every_host_command() {
    let world = World::new();
    world.place.script("gh-pm", "gh api user --jq .login; gh api repos/octo/tools --silent");
    let path =
        format!("{}:{}:/usr/bin:/bin", pm_e2e::harness::programs().display(), world.place.path().display());
    let world = World { place: world.place.with([("PATH", path)]), ..world };
    let sh = |script: &str| world.place.sh(script).succeeds();
    sh("github-pm performance init");
    assert!(sh("github-pm --explain status").contains(" --api --api-requests "));
    assert_eq!(sh("github-pm status"), "octo\n");
    let kept = sh("cat .github-pm/records/*.ndjson");
    assert_eq!(kept.lines().filter(|line| line.starts_with("{\"api_request\":")).count(), 2, "{kept}");
    assert!(kept.contains("\"requests_made\":2,\"rate_limit_consumed\":2,"), "{kept}");
    let summary = sh("pm-aggregate --store");
    assert!(summary.contains("\"requests_made\":2"), "{summary}");
    sh("sed -i 's/^api: true/api: false/' .github-pm/config.yml");
    assert!(!sh("github-pm --explain status").contains("--api"));
}

#[test]
fn a_day_full_of_requests_is_read_compacted_and_judged_as_one_without() {
    let world = World::new();
    let place = &world.place;
    let request = |number: u32| {
        format!(
            "{{\"api_request\":{{\"schema\":1,\"timestamp\":\"2024-12-06T10:{:02}:00.000Z\",\"method\":\"GET\",\"endpoint\":\"/user\",\"status\":200,\"duration_ms\":{number},\"wait_ms\":1,\"cost\":1}}}}\n",
            number % 60
        )
    };
    let mut runs = String::new();
    let mut both = String::new();
    for number in 0..5_000 {
        both.push_str(&request(number));
        if number % 100 == 0 {
            let run = run_record("batch", &format!("2024-12-06T10:{:02}:00Z", number / 100), 3_000);
            both.push_str(&run);
            runs.push_str(&run);
        }
    }
    let limits = "benchmarks: { commands: { batch: { baseline_ms: 1000, max_acceptable_ms: 2000 } } }\n";
    for (store, day) in [("with", both), ("without", runs)] {
        place.write(&format!("{store}/records/2024-12-06.ndjson"), day);
        place.write(&format!("{store}/benchmarks.yml"), limits);
        place.write(&format!("{store}/config.yml"), "store: { keep_days: null }\n");
    }
    let same = |script: &str| {
        let [with, without] = ["with", "without"].map(|store| {
            let outcome = place.sh(&script.replace("STORE", store));
            assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{script}: {outcome:?}");
            outcome.stdout
        });
        assert_eq!(with, without, "{script}");
        with
    };
    let summary = "pm-aggregate --store=STORE --since 2024-12-06 --until 2024-12-07";
    let alerts = "pm-alert --replay --store=STORE --since 2024-12-06 --until 2024-12-07 2>/dev/null";
    let before = [same(summary), same(alerts), same("pm-aggregate STORE/records/* STORE/records/*")];
    assert!(before[0].contains("\"count\":50"), "{}", before[0]);
    assert!(before[1].contains("performance_alert"), "{}", before[1]);
    for store in ["with", "without"] {
        place.sh(&format!("github-pm performance store compact --quiet --store {store}")).succeeds();
        let verified = place.sh(&format!("github-pm performance store verify --store {store}"));
        assert_eq!(verified.code, Some(0), "{verified:?}");
    }
    assert!(same(summary) == before[0] && same(alerts) == before[1]);
}
