//! Where it listens, how it begins and how it ends.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};

use pm_e2e::harness::Place;
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::Signal;

use super::raw::{answer, get, head, over_socket, over_tcp, server, status};
use super::running::{Relay, github};

#[test]
fn addresses_that_others_could_use_are_refused_with_what_to_type() {
    let place = Place::new();
    let stderr = place.sh("pm-relay --listen 0.0.0.0:8080").fails_with(2);
    assert_eq!(
        stderr,
        "pm-relay: '0.0.0.0:8080' is open to other machines, and only loopback is served\n  hint: try `pm-relay --listen 127.0.0.1:8080`\n"
    );
    let stderr = place.sh("chmod 755 . && pm-relay --socket gh.sock").fails_with(2);
    assert!(stderr.contains(" is open to others\n  hint: close it with `chmod 700 "), "{stderr}");
    let stderr = place.sh("pm-relay").fails_with(2);
    assert!(stderr.starts_with("pm-relay: there is nothing to listen on\n"), "{stderr}");
}

#[test]
fn sockets_that_are_handed_on_outlive_a_relay_that_dies() {
    let github = github();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("gh.sock");
    let (socket, port) =
        (UnixListener::bind(&path).expect("a socket"), TcpListener::bind("127.0.0.1:0").expect("a port"));
    let address = port.local_addr().expect("an address").to_string();
    let (socket_fd, port_fd) = (socket.as_raw_fd().to_string(), port.as_raw_fd().to_string());
    for listener in [rustix::fd::AsFd::as_fd(&socket), rustix::fd::AsFd::as_fd(&port)] {
        fcntl_setfd(listener, FdFlags::empty()).expect("ours");
    }
    let flags = ["--socket-fd", &socket_fd, "--listen-fd", &port_fd, "--upstream", &github.url()];
    let first = Relay::start(&flags, &[]);
    assert_eq!(status(&over_socket(&path, get("api.github.com", "/rate_limit"))), 200);
    first.signal(Signal::KILL);
    drop(first.wait());
    // Nobody accepts now, and nobody is refused.
    let mut early = UnixStream::connect(&path).expect("it still listens");
    early.write_all(get("api.github.com", "/rate_limit").as_bytes()).expect("it waits");
    let second = Relay::start(&flags, &[]);
    let mut given = String::new();
    early.read_to_string(&mut given).expect("an answer");
    assert_eq!(status(&given), 200);
    assert_eq!(status(&over_tcp(&address, get(&address, "/rate_limit"))), 200);
    assert_eq!(second.stop().len(), 2);
    assert!(path.exists(), "it belongs to whoever made it");
}

#[test]
fn what_is_under_way_when_it_is_told_to_end_comes_to_its_end() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let (go, goes) = std::sync::mpsc::channel::<()>();
    let (url, _) = server(1, move |_, mut stream| {
        sender.send(head(&mut stream)).expect("the test waits");
        goes.recv().expect("the test says so");
        answer(&mut stream, 2, "ok");
    });
    let relay = Relay::start(&["--upstream", &url, "--execution-id", "exec_1"], &[]);
    let mut client = UnixStream::connect(relay.socket()).expect("it listens");
    client.write_all(get("api.github.com", "/user").as_bytes()).expect("it takes it");
    receiver.recv().expect("the request has arrived");
    relay.signal(Signal::TERM);
    go.send(()).expect("the server waits");
    let mut given = String::new();
    client.read_to_string(&mut given).expect("an answer");
    assert_eq!(status(&given), 200);
    let socket = relay.socket();
    let ended = relay.wait();
    assert_eq!((ended.code, ended.records.len()), (Some(0), 1));
    assert_eq!(ended.records[0].execution_id.as_deref(), Some("exec_1"));
    assert!(!socket.exists());
}

#[test]
fn what_does_not_come_to_its_end_in_time_is_recorded_as_cut_by_the_relay() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let (url, _) = server(1, move |_, mut stream| {
        sender.send(head(&mut stream)).expect("the test waits");
        let _ = stream.read(&mut [0]);
    });
    let mut relay = Relay::start(&["--upstream", &url, "--until-stdin-closes"], &[]);
    let mut client = UnixStream::connect(relay.socket()).expect("it listens");
    client.write_all(get("api.github.com", "/user").as_bytes()).expect("it takes it");
    receiver.recv().expect("the request has arrived");
    relay.close_stdin();
    let ended = relay.wait();
    assert_eq!((ended.code, ended.records[0].error.as_deref()), (Some(0), Some("relay_stopped")));
}

#[test]
fn records_go_to_a_file_or_the_store_as_they_are_made() {
    let github = github();
    let relay = Relay::start(&["--upstream", &github.url(), "-o", "log.ndjson"], &[]);
    over_socket(&relay.socket(), get("api.github.com", "/user"));
    relay.signal(Signal::TERM);
    let log = relay.place.path().join("log.ndjson");
    while std::fs::read_to_string(&log).unwrap_or_default().lines().count() < 1 {
        std::thread::yield_now();
    }
    assert_eq!((relay.count(), relay.wait().code), (0, Some(0)));
    let relay = Relay::start(&["--upstream", &github.url(), "--store=kept"], &[]);
    over_socket(&relay.socket(), get("api.github.com", "/user"));
    let place = relay.place.path();
    relay.signal(Signal::TERM);
    let kept = || {
        let days = std::fs::read_dir(place.join("kept/records")).into_iter().flatten();
        days.filter_map(|day| std::fs::read_to_string(day.ok()?.path()).ok()).collect::<String>()
    };
    while !kept().contains("api_request") {
        std::thread::yield_now();
    }
    assert_eq!(relay.wait().code, Some(0));
}

#[test]
fn a_reader_of_records_that_leaves_ends_the_relay_quietly() {
    let github = github();
    let place = Place::new();
    let script = format!(
        "pm-relay --listen 127.0.0.1:0 --upstream {} 2>words | head -n 1 >one &
        until grep -q listening words 2>/dev/null; do sleep 0.02; done
        url=$(sed 's/.*listening on //' words)
        until [ -s one ]; do exec 3<>/dev/tcp/127.0.0.1/${{url##*:}}; printf 'GET /user HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3 >/dev/null; exec 3>&-; done
        for i in 1 2 3 4 5 6 7 8 9; do {{ exec 3<>/dev/tcp/127.0.0.1/${{url##*:}}; }} 2>/dev/null || break; printf 'GET /user HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3 >/dev/null; exec 3>&-; sleep 0.1; done
        wait; echo \"${{PIPESTATUS[0]}}\"; cat words | wc -l",
        github.url()
    );
    assert_eq!(place.sh(&script).stdout, "0\n1\n");
}
