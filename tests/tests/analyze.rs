//! `github-pm performance analyze` on a store of real shape.

use pm_e2e::harness::Place;

/// A store in which `batch` became slower an hour ago, and `status` did not. Large projects take twice as long.
fn place() -> Place {
    let place = Place::new();
    let script = r#"
        mkdir -p .github-pm/records; now=$(date +%s)
        for run in $(seq 0 79); do
            slower=$((run >= 40 ? 300 : 0)); size=$((run % 2)); names=(small large)
            time=$(date -u -d "@$((now - 7200 + run * 90))" +%Y-%m-%dT%H:%M:%SZ)
            for command in batch status; do
                [ $command = batch ] && total=$((500 + slower + size * 500 + run % 7)) || total=$((90 + run % 7))
                echo "{\"performance_metrics\":{\"command\":\"$command\",\"timestamp\":\"$time\",\"duration\":{\"total_ms\":$total},\"resource_usage\":{\"peak_memory_mb\":$((40 + size * 9))},\"github_api\":{\"requests_made\":$((3 + size))},\"context\":{\"project_size\":\"${names[$size]}\",\"task_count\":$(((run % 20 + 1) * 10))},\"exit_code\":0}}"
            done
        done > ".github-pm/records/$(date -u +%F).ndjson"
        echo "{\"performance_metrics\":{\"command\":\"batch\",\"timestamp\":\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\",\"duration\":{\"total_ms\":9000},\"context\":{\"project_size\":\"large\"},\"host\":\"build-7\",\"exit_code\":4}}" >> ".github-pm/records/$(date -u +%F).ndjson"
    "#;
    place.sh(script).succeeds();
    place
}

#[test]
fn each_command_has_its_distribution_its_changes_and_the_runs_that_stand_out() {
    let place = place();
    let page = place.sh("github-pm performance analyze").succeeds();
    let (batch, status) = page.split_once("\nstatus\n").expect("the slower one comes first");
    assert!(batch.contains("\nbatch\n   runs       81 · 1 failed\n"), "{page}");
    assert!(batch.contains("   changed    time regressed since ") && !status.contains("changed"), "{page}");
    assert!(batch.contains("project_size: large p50 1.") && batch.contains(" · small p50 "), "{page}");
    assert!(status.contains("\n   grows      not with task_count: its power is "), "{page}");
    assert!(batch.contains("9.0s") && batch.contains("exit status 4") && batch.contains("build-7"), "{page}");
}

#[test]
fn one_command_can_be_looked_at_and_another_metric() {
    let place = place();
    let page = place.sh("github-pm performance analyze --command status --focus memory").succeeds();
    assert!(page.starts_with("Analysis of 'status': memory, the last 7 days\n"), "{page}");
    assert!(page.contains("\n   memory     min 40MB") && !page.contains("batch"), "{page}");
    let page = place.sh("github-pm performance analyze --focus=api --command=batch").succeeds();
    assert!(
        page.contains("\n   requests   min 3 · p50 ") && page.contains("\n   in all     280 requests"),
        "{page}"
    );
}

#[test]
fn what_explain_prints_gives_the_same_bytes() {
    let place = place();
    for verb in ["performance analyze", "performance analyze --focus api --by host --timeframe day"] {
        // The hour may change between the two; then they are asked again.
        let same = (0..3).any(|_| {
            let direct = place.sh(&format!("github-pm {verb}")).succeeds();
            direct == place.sh(&format!("github-pm --explain {verb} | sh")).succeeds()
        });
        assert!(same, "{verb}");
    }
}

#[test]
fn a_store_without_runs_says_what_to_type() {
    let page = Place::new().sh("mkdir .github-pm; github-pm performance analyze").succeeds();
    assert!(page.contains("pm-wrap --store -- CMD"), "{page}");
}
