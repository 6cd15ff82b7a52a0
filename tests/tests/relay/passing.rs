//! What goes through: requests and answers as they are, and a record of each.

use std::io::Write;

use pm_e2e::fake_github::Fault;
use pm_record::{CostSource, LimitHit, Thousandths};

use super::raw::{body, get, head, over_socket, over_tcp, server, status};
use super::running::{Relay, github, relay_to};

#[test]
fn the_real_gh_gets_what_it_gets_without_a_relay_and_every_request_is_recorded() {
    let github = github();
    let direct = pm_e2e::fake_github::gh::GhHome::new(&github);
    let relay = relay_to(&github);
    let through = relay.gh();
    let query = "query=query Open($endCursor: String) { repository(owner: \"octo\", name: \"tools\") { issues(first: 20, after: $endCursor) { nodes { number } pageInfo { hasNextPage endCursor } } } }";
    let commands: [&[&str]; 6] = [
        &["api", "user", "--jq", ".login"],
        &["api", "--paginate", "repos/octo/tools/issues?per_page=20&state=all", "--jq", ".[].number"],
        &["api", "graphql", "--paginate", "-f", query, "--jq", ".data.repository.issues.nodes[].number"],
        &["api", "repos/octo/tools/issues", "-f", "title=x", "--jq", ".title"],
        &["api", "repos/octo/nothing"],
        &["issue", "list", "-R", "octo/tools", "--limit", "3"],
    ];
    let mut expected = 0;
    for command in commands {
        github.reset();
        let without = direct.run(command);
        let asked = github.requests().len();
        github.reset();
        let with = through.run(command);
        assert_eq!(with, without, "gh {command:?}");
        assert_eq!(github.requests().len(), asked, "gh {command:?}");
        expected += asked;
    }
    let records = relay.stop();
    assert_eq!(records.len(), expected);
    let lists = records.iter().filter(|one| one.endpoint == "/repositories/{id}/issues").count();
    assert_eq!(lists, 2, "the second and third page");
    assert!(records.iter().any(|one| one.operation.as_deref() == Some("Open")));
    assert!(records.iter().all(|one| one.was_sent() && one.error.is_none() && one.attempt == Some(1)));
}

#[test]
fn a_record_tells_limits_cost_and_time_and_nothing_of_whom_or_what() {
    let github = github();
    let relay = relay_to(&github);
    let gh = relay.gh();
    gh.run(["api", "repos/octo/tools/issues/42"]);
    gh.run(["api", "graphql", "-f", "query={ viewer { login } rateLimit { cost } }"]);
    gh.run(["api", "graphql", "-f", "query={ viewer { login } }"]);
    let text = {
        relay.signal(rustix::process::Signal::TERM);
        let ended = relay.wait();
        let [rest, told, used] = ended.records.as_slice() else { panic!("{}", ended.text) };
        assert_eq!(
            (rest.endpoint.as_str(), rest.status),
            ("/repos/{owner}/{repo}/issues/{number}", Some(200))
        );
        assert_eq!((rest.cost, rest.cost_source), (Some(Thousandths(1000)), Some(CostSource::Estimate)));
        assert_eq!(rest.rate_limit.resource.as_deref(), Some("core"));
        assert_eq!(rest.rate_limit.remaining, Some(Thousandths::from_count(4999)));
        assert!(rest.connect_ms.is_some() && rest.wait_ms.is_some() && rest.transfer_ms.is_some());
        let parts =
            [rest.connect_ms, rest.wait_ms, rest.transfer_ms].into_iter().flatten().map(|part| part.0);
        assert!(parts.sum::<i64>() <= rest.duration_ms.0);
        assert_eq!((told.operation.as_deref(), told.cost_source), (Some("viewer"), Some(CostSource::Answer)));
        assert_eq!((used.cost, used.cost_source), (Some(Thousandths(1000)), Some(CostSource::Used)));
        assert_eq!(used.rate_limit.resource.as_deref(), Some("graphql"));
        ended.text
    };
    for secret in ["octo", "tools", "42\"", &github.token(), "GitHub CLI", "login"] {
        assert!(!text.contains(secret), "{secret} stands in {text}");
    }
}

#[test]
fn a_client_that_is_told_another_address_is_served_on_the_port() {
    let github = github();
    let relay = relay_to(&github);
    let answer = over_tcp(relay.address(), get(relay.address(), "/rate_limit"));
    assert_eq!(status(&answer), 200);
    assert_eq!(github.requests()[0].host, github.url().trim_start_matches("http://"));
    let records = relay.stop();
    assert_eq!((records[0].endpoint.as_str(), records[0].credential.as_deref()), ("/rate_limit", None));
    assert_eq!(records[0].cost, Some(Thousandths(0)));
}

#[test]
fn limits_of_both_kinds_are_told_apart_and_repeated_requests_counted() {
    let github = github();
    let relay = relay_to(&github);
    let faults = [
        Fault::secondary_limit(Some(60)),
        Fault::secondary_limit(None),
        Fault::too_many_requests(None),
        Fault::primary_limit(),
        Fault::server_error(503),
    ];
    let count = faults.len();
    for fault in faults {
        github.faults().push(fault);
        over_socket(&relay.socket(), get("api.github.com", "/user"));
    }
    over_socket(&relay.socket(), get("api.github.com", "/user"));
    let records = relay.stop();
    let hits: Vec<_> = records.iter().map(|one| one.limit_hit).collect();
    let secondary = Some(LimitHit::Secondary);
    assert_eq!(hits, [secondary, secondary, secondary, Some(LimitHit::Primary), None, None]);
    assert_eq!(records[0].retry_after_ms, Some(Thousandths::from_count(60_000)));
    let attempts: Vec<_> = records.iter().filter_map(|one| one.attempt).collect();
    assert_eq!(attempts, (1..=u32::try_from(count).expect("few") + 1).collect::<Vec<_>>());
}

#[test]
fn a_limit_of_graphql_is_seen_although_its_status_is_200() {
    let github = github();
    let relay = relay_to(&github);
    github.faults().push(Fault::primary_limit());
    relay.gh().run(["api", "graphql", "-f", "query={ viewer { login } }"]);
    let records = relay.stop();
    assert_eq!((records[0].status, records[0].limit_hit), (Some(200), Some(LimitHit::Primary)));
}

#[test]
fn what_is_between_neighbors_is_not_passed_on_and_all_else_is_as_it_was_written() {
    let (url, upstream) = server(1, |_, mut stream| {
        let head = head(&mut stream);
        let body = format!("{head}|");
        let _ = write!(
            stream,
            "HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/x\r\nX-Odd-CASE: 1\r\nConnection: X-Hop\r\nX-Hop: 1\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
    });
    let relay = Relay::start(&["--upstream", &url], &[]);
    let request = "GET /user HTTP/1.1\r\nHost: api.github.com\r\nX-My-CASE: a\r\nConnection: close, X-Drop\r\nX-Drop: 1\r\nProxy-Authorization: x\r\nAccept-Encoding: gzip\r\n\r\n";
    let answer = over_socket(&relay.socket(), request);
    upstream.join().expect("it served");
    let passed = body(&answer);
    assert!(passed.starts_with("GET /user HTTP/1.1\r\n"), "{passed}");
    assert!(passed.contains("X-My-CASE: a\r\n") && passed.contains("Accept-Encoding: gzip\r\n"), "{passed}");
    for gone in ["x-drop", "proxy-authorization", "connection"] {
        assert!(!passed.to_ascii_lowercase().contains(gone), "{passed}");
    }
    assert!(answer.starts_with("HTTP/1.1 302 Found\r\n"), "{answer}");
    assert!(
        answer.contains("X-Odd-CASE: 1\r\n") && answer.contains("Location: https://elsewhere.example/x\r\n"),
        "{answer}"
    );
    assert!(!answer.contains("X-Hop"), "{answer}");
    drop(relay);
}

#[test]
fn fifty_commands_at_once_are_counted_exactly() {
    let github = github();
    let relay = relay_to(&github);
    let homes: Vec<_> = (0..50).map(|_| relay.gh()).collect();
    let mut running: Vec<_> = homes
        .iter()
        .map(|gh| {
            let mut command = gh.command(["api", "user", "--silent"]);
            command.stdin(std::process::Stdio::null()).spawn().expect("gh can be started")
        })
        .collect();
    for child in &mut running {
        assert!(child.wait().expect("our child").success());
    }
    assert_eq!(github.requests().len(), 50);
    assert_eq!(relay.stop().len(), 50);
}
