//! `github-pm performance optimize` on a store of real shape.

use pm_e2e::harness::Place;

use crate::schema::Schemas;

/// A store in which `sync` asks for one repository again and again, which never changes, and `batch` loops over issues.
/// A week before, `old` did so too.
fn place() -> Place {
    let place = Place::new();
    let script = r#"
        mkdir -p .github-pm/records; now=$(date +%s)
        at() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%S.000Z; }
        run() { echo "{\"performance_metrics\":{\"command\":\"$1\",\"execution_id\":\"$2\",\"timestamp\":\"$(at $3)\",\"duration\":{\"total_ms\":9000},\"exit_code\":0}}"; }
        ask() { echo "{\"api_request\":{\"execution_id\":\"$1\",\"timestamp\":\"$(at $2)\",\"method\":\"GET\",\"endpoint\":\"$3\",\"target\":\"$4\",\"answer\":\"$5\",\"status\":200,\"duration_ms\":120,\"wait_ms\":100,\"cost\":1}}"; }
        for n in $(seq 30); do
            run sync exec_$n $((now - 6000 + n * n)); ask exec_$n $((now - 6000 + n * n)) '/repos/{owner}/{repo}' aaaaaaaaaaaa bbbbbbbbbbbb
        done > ".github-pm/records/$(date -u +%F).ndjson"
        { run batch exec_b $((now - 600))
          for n in $(seq 10 59); do ask exec_b $((now - 600 + n / 10)) '/repos/{owner}/{repo}/issues/{number}' cccccccccc$n dddddddddd$n; done
        } >> ".github-pm/records/$(date -u +%F).ndjson"
        { run old exec_o $((now - 9 * 86400))
          for n in $(seq 10 59); do ask exec_o $((now - 9 * 86400)) '/repos/{owner}/{repo}/pulls/{number}' cccccccccc$n dddddddddd$n; done
        } > ".github-pm/records/$(date -u -d "@$((now - 9 * 86400))" +%F).ndjson"
    "#;
    place.sh(script).succeeds();
    place
}

#[test]
fn every_tip_has_its_evidence_what_it_would_have_saved_and_something_to_type() {
    let place = place();
    let page = place.sh("COLUMNS=200 github-pm performance optimize").succeeds();
    assert!(page.starts_with("Advice from the last 7 days\n"), "{page}");
    assert!(page.contains(" · 31 runs · 80 requests\n"), "{page}");
    let (first, second) = page
        .split_once("\n\n💡 OPTIMIZATION TIP: 'GET /repos/{owner}/{repo}' was paid for 29 times")
        .expect("both");
    assert!(first.contains("\n💡 OPTIMIZATION TIP: A loop of 'batch' asks 'GET /repos/{owner}/{repo}/issues/{number}' 50 times"), "{page}");
    assert!(first.contains("\n   Recommendation: Ask for 50 things in one query"), "{page}");
    assert!(first.contains("Would have saved: 49 requests · 49 of the quota"), "{page}");
    assert!(second.contains("`export PM_RELAY_CACHE=~/.cache/pm-relay`"), "{page}");
    assert!(second.contains("\n   Evidence: requests 30 · unchanged 29"), "{page}");
    assert!(!page.contains("pulls"), "that is longer ago: {page}");
    let month = place.sh("github-pm performance optimize --timeframe month").succeeds();
    assert!(month.contains("pulls"), "{month}");
}

#[test]
fn each_analysis_looks_at_its_own_topic() {
    let place = place();
    let ids = |flags: &str| {
        let script = format!(
            "github-pm performance optimize --as json {flags} | jq -r '.optimization_tip.id // empty'"
        );
        place.sh(&script).succeeds()
    };
    assert_eq!(ids(""), "n_plus_one\nunchanged_answers\n");
    assert_eq!(ids("--analyze-cache"), "unchanged_answers\n");
    assert_eq!(ids("--analyze-api-usage"), "n_plus_one\nunchanged_answers\n");
}

#[test]
fn its_records_keep_to_their_schemas_and_can_be_shown() {
    let place = place();
    place.sh("github-pm performance optimize --as json > tips.ndjson").succeeds();
    let lines = place.read("tips.ndjson");
    let (monitoring, tips) = lines.split_once('\n').expect("several lines");
    Schemas::published().demand("api_monitoring", monitoring);
    Schemas::published().demand("optimization_tip", tips);
    assert!(
        monitoring.contains(r#""most_expensive_operations":["get_issues_number","get_repository"]"#)
            && monitoring.contains(r#""optimization_suggestions":["batch_get_issues_number_queries","ask_conditionally_for_get_repository"]"#),
        "{monitoring}"
    );
    let page = place.sh("pm-report tips.ndjson").succeeds();
    assert!(page.contains("💡 OPTIMIZATION TIP: A loop of 'batch'"), "{page}");
    let page = place.sh("pm-report --as markdown tips.ndjson").succeeds();
    assert!(page.contains("- 💡 **A loop of 'batch' asks"), "{page}");
    let page = place.sh("github-pm performance optimize --as markdown").succeeds();
    assert!(
        page.contains("<br>Recommendation: Ask for 50 things")
            && page.contains("<code>gh api graphql -f query"),
        "{page}"
    );
}

#[test]
fn what_explain_prints_gives_the_same_bytes() {
    let place = place();
    for verb in [
        "performance optimize",
        "performance optimize --analyze-cache --as markdown",
        "performance optimize --analyze-api-usage --timeframe month --as json",
    ] {
        // The hour may change between the two; then they are asked again.
        let same = (0..3).any(|_| {
            let direct = place.sh(&format!("github-pm {verb}")).succeeds();
            direct == place.sh(&format!("github-pm --explain {verb} | sh")).succeeds()
        });
        assert!(same, "{verb}");
    }
}

#[test]
fn what_is_not_recorded_is_said_with_what_to_type() {
    let place = Place::new();
    let page = place.sh("mkdir .github-pm; github-pm performance optimize").succeeds();
    assert!(page.contains("pm-wrap --store -- CMD"), "{page}");
    let page = place.sh("pm-wrap --store -- true; github-pm performance optimize").succeeds();
    assert!(
        page.contains("Nothing stands out") && page.contains("pm-wrap --store --api --api-requests -- CMD"),
        "{page}"
    );
    assert!(page.contains("pm-wrap --store --trace -- CMD"), "{page}");
    assert!(page.contains("record them with"), "{page}");
    // What is switched on already is no advice.
    place.write(".github-pm/config.yml", "api: true\n");
    let page = place.sh("COLUMNS=300 github-pm performance optimize").succeeds();
    assert!(page.contains("although `api: true` in config.yml has them recorded"), "{page}");
    assert!(!page.contains("record them with"), "{page}");
}

#[test]
fn flags_of_advice_are_refused_where_nothing_takes_them() {
    let place = Place::new();
    let stderr = place.sh("pm-report --topic cache < /dev/null").fails_with(2);
    assert_eq!(
        stderr,
        "pm-report: --since, --until and --topic are about advice\n  hint: add `--as advice`, or choose with `pm-aggregate --since TIME`\n"
    );
}
