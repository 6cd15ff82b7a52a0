//! Alerts in a real Alertmanager.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use pm_e2e::harness::{Place, run_record};

/// A running Alertmanager, which ends with the test.
struct Alertmanager {
    child: Child,
    address: String,
}

impl Alertmanager {
    fn start(place: &Place) -> Self {
        place.write("am.yml", "route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n");
        let mut child = place
            .command("prometheus-alertmanager")
            .args(["--config.file=am.yml", "--storage.path=am", "--cluster.listen-address="])
            .arg("--web.listen-address=127.0.0.1:0")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("prometheus-alertmanager: apt-get install prometheus-alertmanager");
        let mut log = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let listens =
            |line: String| Some(line.split_once("address=127.0.0.1:")?.1.split(' ').next()?.to_owned());
        let port = log.by_ref().map_while(Result::ok).find_map(listens).expect("an address in its log");
        // Its log must be read on, or it would wait for that.
        std::thread::spawn(move || log.for_each(drop));
        Self { child, address: format!("http://127.0.0.1:{port}") }
    }

    /// What it has of the alerts that fire: one line each.
    fn active(&self, place: &Place, what: &str) -> String {
        let address = &self.address;
        place
            .sh(&format!("curl -fsS {address}/api/v2/alerts | jq -r 'sort_by(.labels.subject)[] | {what}'"))
            .succeeds()
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_has_what_fires_for_as_long_as_it_does_and_each_alert_once() {
    let place = Place::new();
    let manager = Alertmanager::start(&place);
    place.write(
        "a.yml",
        format!(
            "channels: {{ am: {{ type: alertmanager, url: '{}' }} }}\nalerts: {{ slow: {{ metric: duration.total_ms, above: 1000, severity: critical, notification_channels: [am] }} }}\n",
            manager.address
        ),
    );
    let judge = |name: &str, time: &str, millis| {
        place.write("runs.ndjson", run_record(name, time, millis));
        place.sh("pm-alert --config a.yml --state s.json runs.ndjson > alerts.ndjson").succeeds()
    };
    judge("batch", "2024-12-06T10:00:00Z", 3000);
    judge("sync", "2024-12-06T10:00:00Z", 4000);
    judge("batch", "2024-12-06T10:01:00Z", 3100);
    let labels = "[.labels.alertname, .labels.command, .labels.severity, .annotations.threshold_exceeded] | join(\" \")";
    assert_eq!(
        manager.active(&place, labels),
        "slow batch critical duration.total_ms > 1s\nslow sync critical duration.total_ms > 1s\n"
    );
    // No value changes an alert into another one, and it is believed until the next runs have told it again.
    assert_eq!(manager.active(&place, ".annotations.current_value"), "3.1s\n4s\n");
    let minutes =
        manager.active(&place, "((.endsAt | sub(\"\\\\.[0-9]+\"; \"\") | fromdate) - now) / 60 | floor");
    assert_eq!(minutes, "4\n4\n");
    judge("batch", "2024-12-06T10:02:00Z", 10);
    assert_eq!(manager.active(&place, ".labels.command"), "sync\n");
    // A rule that leaves the file takes its alerts with it.
    let rules = place.read("a.yml").replace("slow:", "other:");
    place.write("a.yml", rules.replace("above: 1000", "above: 100000"));
    judge("other", "2024-12-06T10:03:00Z", 10);
    assert_eq!(manager.active(&place, ".labels.command"), "");
}

#[test]
fn one_that_was_away_hears_of_what_happened_meanwhile() {
    let place = Place::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port");
    place.write(
        "a.yml",
        format!("channels: {{ am: {{ type: alertmanager, url: 'http://{port}' }} }}\nalerts: {{ slow: {{ metric: duration.total_ms, above: 1000, notification_channels: [am] }} }}\n"),
    );
    place.write("runs.ndjson", run_record("batch", "2024-12-06T10:00:00Z", 3000));
    let stderr = place.sh("pm-alert --config a.yml --state s.json runs.ndjson > /dev/null").fails_with(4);
    assert!(stderr.contains("cannot tell channel 'am': 127.0.0.1 cannot be reached"), "{stderr}");
    let manager = Alertmanager::start(&place);
    place.write("a.yml", place.read("a.yml").replace(&format!("http://{port}"), &manager.address));
    // What fires is told by every run, also before the message itself is tried again.
    place.sh("pm-alert --config a.yml --state s.json < /dev/null").succeeds();
    assert_eq!(manager.active(&place, ".labels.command"), "batch\n");
}
