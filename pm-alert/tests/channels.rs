//! Who is told, and what happens when they are away.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use pm_cli::{Exit, Outcome};

use crate::receivers::{Answer, OK, Receivers};
use crate::{NOW, Place, batch, run};

/// A folder with rules of its own, whose memory rule tells `team`.
pub(crate) fn place(channel: &str) -> Place {
    let place = Place::empty();
    fs::write(
        place.path().join("a.yml"),
        format!(
            "channels:\n  team: {{ {channel} }}\nalerts:\n  memory_usage_high: {{ threshold_mb: 100, notification_channels: [team] }}\n"
        ),
    )
    .expect("written");
    place
}

pub(crate) const ARGS: [&str; 4] = ["--config", "a.yml", "--state", "s.json"];

/// A run of `name` that held so much memory.
pub(crate) fn big(name: &str, time: &str, mb: u32) -> String {
    batch(time, 1, &format!(r#","resource_usage":{{"peak_memory_mb":{mb}}}"#))
        .replace("\"batch\"", &format!("{name:?}"))
}

pub(crate) fn told(place: &Place, input: &str, now: i64) -> Outcome {
    run(place.trial(input).now(now), &ARGS)
}

pub(crate) fn pending(place: &Place) -> usize {
    let state = fs::read_to_string(place.path().join("s.json")).unwrap_or_default();
    let state: serde_json::Value = serde_json::from_str(&state).unwrap_or_default();
    state["pending"].as_array().map_or(0, Vec::len)
}

fn script(place: &Place, name: &str, body: &str) -> String {
    let path = place.path().join(name);
    fs::write(&path, format!("#!/bin/sh\n{body}\n")).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
    path.display().to_string()
}

#[test]
fn a_webhook_gets_one_message_a_rule_with_all_of_its_alerts_and_their_ids() {
    let receiver = Receivers::new(vec![Answer::Say(OK)]);
    let place = place(&format!("type: webhook, url: '{}'", receiver.url("hook")));
    let input: String = (0..30).map(|number| big(&format!("c{number}"), "10:00:00", 101)).collect();
    let outcome = told(&place, &input, NOW);
    assert_eq!((outcome.stdout.lines().count(), outcome.stderr.as_str(), outcome.exit), (30, "", Exit::Done));
    let seen = receiver.seen();
    assert_eq!(seen.len(), 1);
    assert!(
        seen[0].head.starts_with("POST /hook HTTP/1.1\r\n")
            && seen[0].head.to_lowercase().contains("\r\nidempotency-key: ")
    );
    let message: serde_json::Value = serde_json::from_str(&seen[0].body).expect("JSON");
    assert_eq!(message["alerts"].as_array().map(Vec::len), Some(30));
    assert_eq!((&message["status"], &message["rule"]), (&"firing".into(), &"memory_usage_high".into()));
    let text = message["text"].as_str().expect("text");
    assert!(
        text.starts_with("⚠️  memory_usage_high: 30 alerts\n") && text.ends_with("… and 20 more\n"),
        "{text}"
    );
    assert_eq!(message["alerts"][0]["command"], "c0");
    assert_ne!(message["alerts"][0]["id"], message["alerts"][1]["id"]);
    assert_eq!(pending(&place), 0);
}

#[test]
fn what_goes_on_is_told_to_nobody_but_the_console() {
    let receiver = Receivers::new(vec![Answer::Say(OK)]);
    let place = place(&format!("type: webhook, url: '{}'", receiver.url("")));
    for (time, mb) in [("10:00:00", 101), ("10:00:01", 102), ("10:00:02", 103), ("10:00:03", 1)] {
        assert_eq!(told(&place, &big("x", time, mb), NOW).exit, Exit::Done);
    }
    let texts: Vec<_> = receiver.seen().into_iter().map(|request| request.body).collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(
        texts[0].contains("\"event\":\"began\"") && texts[1].contains("\"event\":\"resolved\""),
        "{texts:?}"
    );
}

#[test]
fn slack_and_discord_get_what_they_take() {
    let receiver = Receivers::new(vec![Answer::Say(OK)]);
    let name = "<!channel> & @everyone";
    for format in ["slack", "discord"] {
        let place = place(&format!("type: {format}, url_env: HOOK"));
        let trial = place.trial(&big(name, "10:00:00", 101)).variable("HOOK", receiver.url("secret"));
        assert_eq!(run(trial, &ARGS).exit, Exit::Done);
    }
    let [slack, discord] = [receiver.next().body, receiver.next().body];
    assert!(
        slack.starts_with("{\"text\":\"") && slack.contains("'&lt;!channel&gt; &amp; @everyone'"),
        "{slack}"
    );
    let discord: serde_json::Value = serde_json::from_str(&discord).expect("JSON");
    assert_eq!(discord["allowed_mentions"], serde_json::json!({"parse": []}));
    assert!(discord["content"].as_str().is_some_and(|text| text.contains(name)), "{discord}");
}

#[test]
fn a_long_message_is_cut_where_discord_would_refuse_it() {
    let receiver = Receivers::new(vec![Answer::Say(OK)]);
    let place = place(&format!("type: discord, url: '{}'", receiver.url("")));
    let input: String =
        (0..200).map(|number| big(&format!("{number}{}", "ä".repeat(90)), "10:00:00", 101)).collect();
    assert_eq!(told(&place, &input, NOW).exit, Exit::Done);
    let message: serde_json::Value = serde_json::from_str(&receiver.next().body).expect("JSON");
    let content = message["content"].as_str().expect("text");
    assert!(content.chars().count() <= 2000 && content.ends_with(" more\n"), "{content}");
}

#[test]
fn a_receiver_that_fails_for_a_moment_is_told_in_the_same_run_and_once() {
    let busy = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    let slow_down = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";
    for first in [Answer::Say(busy), Answer::Say(slow_down), Answer::HangUp, Answer::Say("HTTP/1.1 2")] {
        let receiver = Receivers::new(vec![first.clone(), Answer::Say(OK)]);
        let place = place(&format!("type: webhook, url: '{}'", receiver.url("")));
        let outcome = told(&place, &big("x", "10:00:00", 101), NOW);
        assert_eq!((outcome.stderr.as_str(), outcome.exit), ("", Exit::Done), "{first:?}");
        let [one, two] = [receiver.next(), receiver.next()];
        assert_eq!(one.body, two.body);
        let key = |head: &str| {
            head.to_lowercase().split("idempotency-key: ").nth(1).map(|key| key[..16].to_owned())
        };
        assert_eq!(key(&one.head), key(&two.head));
        assert_eq!((pending(&place), receiver.seen().len()), (0, 0));
    }
}

#[test]
fn half_an_answer_that_says_yes_is_a_yes() {
    let receiver = Receivers::new(vec![Answer::Say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")]);
    let place = place(&format!("type: webhook, url: '{}'", receiver.url("")));
    assert_eq!(told(&place, &big("x", "10:00:00", 101), NOW).exit, Exit::Done);
    assert_eq!((pending(&place), receiver.seen().len()), (0, 1));
}

#[test]
fn a_receiver_that_is_away_is_told_by_a_later_run_everything_and_once() {
    // Nobody listens there any more.
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let place = place("type: webhook, url_file: url, header: Authorization, header_env: TOKEN");
    fs::write(place.path().join("url"), format!("http://127.0.0.1:{port}/hush\n")).expect("written");
    let tell =
        |input: &str, now: i64| run(place.trial(input).now(now).variable("TOKEN", "Bearer hush"), &ARGS);
    let away = tell(&[big("x", "10:00:00", 101), big("y", "10:00:00", 101)].concat(), NOW);
    assert_eq!(away.exit, Exit::Environment);
    assert!(
        away.stderr.starts_with("pm-alert: cannot tell channel 'team': 127.0.0.1 cannot be reached"),
        "{}",
        away.stderr
    );
    assert!(away.stderr.ends_with(
        "  hint: the alerts are kept and tried again by a later run; try it with `pm-alert --test team`\n"
    ));
    assert!(!away.stderr.contains("hush"), "{}", away.stderr);
    assert_eq!(pending(&place), 2);

    let receiver = Receivers::new(vec![Answer::Say(OK)]);
    fs::write(place.path().join("url"), receiver.url("hush")).expect("written");
    assert_eq!(tell("", NOW + 5_000).exit, Exit::Done);
    assert_eq!(receiver.seen().len(), 0);
    assert_eq!(tell("", NOW + 31_000).exit, Exit::Done);
    assert_eq!(tell("", NOW + 32_000).exit, Exit::Done);
    let seen = receiver.seen();
    assert_eq!((seen.len(), pending(&place)), (1, 0));
    assert!(seen[0].body.contains("'x'") && seen[0].body.contains("'y'"), "{}", seen[0].body);
    assert!(seen[0].head.contains("Bearer hush"), "{}", seen[0].head);
}

#[test]
fn a_receiver_that_hangs_or_refuses_for_good_costs_no_other_channel_anything() {
    let hanging = Receivers::new(vec![Answer::Wait]);
    let gone = Receivers::new(vec![Answer::Say(
        "HTTP/1.1 410 Gone\r\nContent-Length: 19\r\n\r\nchannel_is_archived",
    )]);
    let fine = Receivers::new(vec![Answer::Say(OK)]);
    let place = Place::empty();
    let rules = format!(
        "channels:\n  hanging: {{ type: webhook, timeout: 300ms, url: '{}' }}\n  gone: {{ type: slack, url: '{}' }}\n  fine: {{ type: webhook, url: '{}' }}\nalerts:\n  memory_usage_high: {{ threshold_mb: 100, notification_channels: [hanging, gone, fine] }}\n",
        hanging.url("a"),
        gone.url("b"),
        fine.url("c")
    );
    fs::write(place.path().join("a.yml"), rules).expect("written");
    let outcome = told(&place, &big("x", "10:00:00", 101), NOW);
    assert_eq!(outcome.exit, Exit::Environment);
    assert!(
        outcome.stderr.contains("channel 'hanging': 127.0.0.1 does not answer in time"),
        "{}",
        outcome.stderr
    );
    assert!(
        outcome.stderr.contains("channel 'gone': 127.0.0.1 answers 410 Gone: channel_is_archived"),
        "{}",
        outcome.stderr
    );
    assert_eq!((fine.seen().len(), gone.seen().len(), pending(&place)), (1, 1, 1));
}

#[test]
fn a_command_reads_the_alerts_and_one_that_fails_is_started_again() {
    let place = Place::empty();
    let tries = script(
        &place,
        "tell",
        "echo \"$PM_ALERT_RULE $PM_ALERT_STATE\" >> tries; cat > got; test -e second || { : > second; exit 3; }",
    );
    fs::write(
        place.path().join("a.yml"),
        format!("channels: {{ mine: {{ type: command, run: ['{tries}'] }} }}\nalerts: {{ memory_usage_high: {{ threshold_mb: 100, notification_channels: [mine] }} }}\n"),
    )
    .expect("written");
    let outcome = told(&place, &big("x", "10:00:00", 101), NOW);
    assert_eq!((outcome.stderr.as_str(), outcome.exit), ("", Exit::Done));
    let read = |name: &str| fs::read_to_string(place.path().join(name)).expect(name);
    assert_eq!((read("got"), read("tries")), (outcome.stdout, "memory_usage_high firing\n".repeat(2)));
}

#[test]
fn a_command_that_never_ends_is_ended_with_all_it_started() {
    let place = place("type: command, timeout: 1s, run: [sh, -c, 'sleep 600 & echo $! >> pids; wait']");
    let outcome = told(&place, &big("x", "10:00:00", 101), NOW);
    assert_eq!(outcome.exit, Exit::Environment);
    let pids = fs::read_to_string(place.path().join("pids")).expect("it has started one");
    for pid in pids.lines() {
        // It was killed before we were told; nobody may have buried it yet.
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        assert!(
            status.is_empty() || status.contains("State:\tZ") || status.contains("State:\tX"),
            "{status}"
        );
    }
    assert!(outcome.stderr.contains("it has not ended within 1 s"), "{}", outcome.stderr);
}

#[test]
fn mail_is_given_to_sendmail_with_everything_in_its_place() {
    let place = Place::empty();
    let sendmail = script(&place, "sendmail", "echo \"$@\" > args; cat > letter");
    fs::write(
        place.path().join("a.yml"),
        format!("channels: {{ me: {{ type: email, to: me@example.com, from: pm@example.com, sendmail: ['{sendmail}'] }} }}\nalerts: {{ memory_usage_high: {{ threshold_mb: 100, notification_channels: [me] }} }}\n"),
    )
    .expect("written");
    assert_eq!(told(&place, &big("x", "10:00:00", 101), NOW).exit, Exit::Done);
    let read = |name: &str| fs::read_to_string(place.path().join(name)).expect(name);
    assert_eq!(read("args"), "-oi -t\n");
    let letter = read("letter");
    assert!(letter.starts_with("To: me@example.com\nFrom: pm@example.com\nSubject: =?UTF-8?B?"), "{letter}");
    assert!(letter.contains("\nContent-Transfer-Encoding: base64\n\n"), "{letter}");
}

#[test]
fn github_gets_annotations_within_its_limits_and_a_summary_that_fits() {
    let place = Place::empty();
    let rule = |number: u32| {
        format!(
            "  r{number:02}: {{ metric: duration.total_ms, above: 10, notification_channels: [github] }}\n"
        )
    };
    let rules = (0..12).map(rule).collect::<Vec<_>>().concat();
    fs::write(place.path().join("a.yml"), format!("alerts:\n{rules}")).expect("written");
    let input: String =
        (0..90).map(|number| batch("10:00:00", 3200, "").replace("batch", &format!("c{number}|x"))).collect();
    let summary = place.path().join("summary.md");
    let trial = |job: &str| {
        let trial = place.trial(&input).variable("GITHUB_ACTIONS", job);
        run(trial.variable("GITHUB_STEP_SUMMARY", summary.display().to_string()), &["--config", "a.yml"])
    };
    let outcome = trial("true");
    let warnings: Vec<_> = outcome.stderr.lines().filter(|line| line.starts_with("::warning ")).collect();
    assert_eq!((warnings.len(), outcome.exit), (10, Exit::Done));
    assert!(
        warnings[0].starts_with("::warning title=⚠️  r00%3A 90 alerts::⚠️  r00: 90 alerts%0A"),
        "{}",
        warnings[0]
    );
    assert_eq!(warnings[9], "::warning title=pm-alert::… and alerts of 3 more rules");
    let text = fs::read_to_string(&summary).expect("a summary");
    assert!(
        text.contains("c0\\|x") && text.ends_with("… and 880 more.\n\n"),
        "{}",
        &text[text.len() - 200..]
    );
    fs::write(&summary, vec![b'x'; (1 << 20) - 10]).expect("written");
    assert_eq!(trial("true").exit, Exit::Done);
    assert!(summary.metadata().expect("a file").len() <= 1 << 20);
    assert!(!trial("false").stderr.contains("::"));
}

#[test]
fn a_file_of_one_s_own_is_a_log_too() {
    let place = place("type: log, path: mine.ndjson");
    let outcome = told(&place, &big("x", "10:00:00", 101), NOW);
    assert_eq!(fs::read_to_string(place.path().join("mine.ndjson")).expect("a log"), outcome.stdout);
}

#[test]
fn a_store_that_nobody_trusts_tells_nobody_until_somebody_does() {
    let receiver = Receivers::new(vec![Answer::Say(OK)]);
    let place = Place::new();
    let rules = format!(
        "channels: {{ team: {{ type: webhook, url: '{}' }} }}\nalerts: {{ memory_usage_high: {{ threshold_mb: 100, notification_channels: [team] }} }}\n",
        receiver.url("")
    );
    fs::write(place.store("alerts.yml"), rules).expect("written");
    let tell = |input: &str| {
        run(
            place.trial(input).variable("XDG_STATE_HOME", place.path().join("home").display().to_string()),
            &[],
        )
    };
    let outcome = tell(&big("x", "10:00:00", 101));
    assert_eq!(outcome.exit, Exit::Done);
    assert!(
        outcome.stderr.starts_with("pm-alert: channel 'team' is not told: you have not trusted"),
        "{}",
        outcome.stderr
    );
    assert_eq!(receiver.seen().len(), 0);
    let store = pm_store::Store::at(place.store(""));
    let own = pm_store::Store::personal(|name| (name == "XDG_STATE_HOME").then(|| place.path().join("home")))
        .expect("a place");
    let sensitive = pm_store::Alerts::of(&store).expect("rules").sensitive().expect("a webhook");
    pm_store::Trust::beside(&own).extend_to(&store, &[sensitive]).expect("remembered");
    assert_eq!(tell(&big("y", "10:00:01", 101)).stderr, "");
    assert_eq!(receiver.seen().len(), 1);
}

#[test]
fn a_test_reaches_a_channel_or_says_why_not() {
    let receiver = Receivers::new(vec![
        Answer::Say(OK),
        Answer::Say("HTTP/1.1 404 Not Found\r\nContent-Length: 10\r\n\r\nno_service"),
    ]);
    let place = place(&format!("type: slack, url: '{}'", receiver.url("hush")));
    let test = |channel: &str| place.run("", &["--config", "a.yml", "--test", channel]);
    let told = test("team");
    assert_eq!(
        (told.stderr.as_str(), told.exit),
        ("pm-alert: channel 'team' was told of a test\n", Exit::Done)
    );
    assert!(receiver.next().body.contains("TEST"));
    let refused = test("team");
    assert!(
        refused.stderr.starts_with(
            "pm-alert: cannot tell channel 'team': 127.0.0.1 answers 404 Not Found: no_service\n"
        ),
        "{}",
        refused.stderr
    );
    assert!(!refused.stderr.contains("hush"));
    let unknown = test("teem");
    assert_eq!(
        (unknown.exit, unknown.stderr.lines().next()),
        (Exit::Usage, Some("pm-alert: there is no channel 'teem'"))
    );
    assert!(test("console").stderr.contains("🔔 TEST"));
    assert!(!place.path().join(".github-pm").exists());
}

#[test]
#[expect(clippy::disallowed_methods, reason = "only a process can be killed")]
fn an_alert_whose_sender_was_killed_is_sent_once_more_and_can_be_told_by_its_id() {
    let receiver = Receivers::new(vec![Answer::Wait, Answer::Say(OK)]);
    let place = place(&format!("type: webhook, url: '{}'", receiver.url("")));
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_pm-alert"))
        .args(ARGS)
        .current_dir(place.path())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("the tool");
    let mut input = child.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut input, big("x", "10:00:00", 101).as_bytes()).expect("written");
    let first = receiver.next();
    child.kill().expect("killed");
    child.wait().expect("an end");
    let state = fs::read_to_string(place.path().join("s.json")).expect("a state");
    let state: serde_json::Value = serde_json::from_str(&state).expect("JSON");
    let taken = state["pending"][0]["taken"].as_i64().expect("a time");
    assert_eq!(told(&place, "", taken + 119_000).exit, Exit::Done);
    assert_eq!(receiver.seen().len(), 0);
    assert_eq!(told(&place, "", taken + 121_000).exit, Exit::Done);
    assert_eq!(told(&place, "", taken + 122_000).exit, Exit::Done);
    let again = receiver.seen();
    assert_eq!((again.len(), pending(&place)), (1, 0));
    assert_eq!(again[0].body, first.body);
}

#[test]
fn twenty_runs_at_once_on_one_state_tell_everything_once() {
    let receiver = Receivers::new(vec![Answer::Say(OK)]);
    let place = place(&format!("type: webhook, url: '{}'", receiver.url("")));
    std::thread::scope(|scope| {
        for number in 0..20 {
            let place = &place;
            scope.spawn(move || {
                let outcome = told(place, &big(&format!("c{number}"), "10:00:00", 101), NOW);
                assert_eq!(
                    (outcome.stdout.lines().count(), outcome.exit),
                    (1, Exit::Done),
                    "{}",
                    outcome.stderr
                );
            });
        }
    });
    let bodies: Vec<_> = receiver.seen().into_iter().map(|request| request.body).collect();
    let ids: std::collections::BTreeSet<_> =
        bodies.iter().filter_map(|body| body.split("\"command\":\"").nth(1)?.split('"').next()).collect();
    assert_eq!((bodies.len(), ids.len(), pending(&place)), (20, 20, 0));
}

/// A process of its own, whose standard output takes nothing.
#[expect(
    clippy::disallowed_methods,
    reason = "only a process can have a full disk behind its standard output"
)]
fn with_a_full_disk(place: &Place, input: &str) -> std::process::Output {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("a full disk");
    fs::write(place.path().join("in.ndjson"), input).expect("written");
    std::process::Command::new(env!("CARGO_BIN_EXE_pm-alert"))
        .args(ARGS)
        .arg("in.ndjson")
        .current_dir(place.path())
        .stdout(full)
        .output()
        .expect("the tool")
}

#[test]
fn where_standard_output_takes_nothing_everybody_else_is_told_and_the_state_says_so() {
    // It answers late, so that whoever does not wait for it has not been told.
    let place = Place::empty();
    let slow = script(&place, "slow", "sleep 0.3; cat > told");
    fs::write(
        place.path().join("a.yml"),
        format!("channels: {{ team: {{ type: command, run: ['{slow}'] }} }}\nalerts: {{ memory_usage_high: {{ threshold_mb: 100, notification_channels: [team] }} }}\n"),
    )
    .expect("written");
    let outcome = with_a_full_disk(&place, &big("x", "10:00:00", 101));
    let said = String::from_utf8_lossy(&outcome.stderr);
    assert!(said.contains("standard output") && outcome.status.code() == Some(4), "{said}");
    let heard = fs::read_to_string(place.path().join("told")).unwrap_or_default();
    assert!(heard.contains("memory_usage_high"), "{heard}");
    let state = fs::read_to_string(place.path().join("s.json")).expect("a state");
    assert!(state.contains("command x") && pending(&place) == 0, "{state}");
}
