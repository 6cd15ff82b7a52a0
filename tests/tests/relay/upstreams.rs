//! Where requests go: over TLS that is verified, through a proxy, to another relay.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use pm_e2e::fake_github::{Clock, FakeGithub, Setup};

use super::raw::{body, get, head, over_socket, server, status};
use super::running::{Relay, github, relay_to};

fn github_with_tls() -> FakeGithub {
    let tls = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    FakeGithub::start(Setup { tls, clock: Clock::Fixed(1_700_000_000), ..Setup::default() })
}

#[test]
fn gh_reaches_a_server_over_tls_that_is_certified_by_an_authority_of_its_company() {
    let github = github_with_tls();
    let authority = github.authority().expect("an authority").display().to_string();
    let url = github.tls_url().expect("an address");
    let relay = Relay::start(&["--upstream", &url], &[("SSL_CERT_FILE", &authority)]);
    let gh = relay.gh();
    for _ in 0..2 {
        let shown = gh.run(["api", "user", "--jq", ".login"]);
        assert_eq!((shown.stdout.as_str(), shown.stderr.as_str()), ("octo\n", ""));
    }
    let records = relay.stop();
    assert!(records[0].connect_ms.is_some() && records.iter().all(|one| one.error.is_none()));
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let github = github_with_tls();
    let url = github.tls_url().expect("an address");
    let relay = Relay::start(&["--upstream", &url], &[]);
    let answer = over_socket(&relay.socket(), get("api.github.com", "/user"));
    assert_eq!(status(&answer), 502);
    assert!(body(&answer).contains("no secure connection to 'localhost'"), "{answer}");
    assert!(github.requests().is_empty());
    let records = relay.stop();
    assert_eq!((records[0].error.as_deref(), records[0].was_sent()), (Some("tls_failed"), false));
}

#[test]
fn a_socket_that_gh_was_sent_to_before_becomes_the_upstream() {
    let github = github();
    let first = relay_to(&github);
    let home = pm_e2e::fake_github::gh::GhHome::through(&first.socket(), "unused");
    let config = home.config_directory().display().to_string();
    let second = Relay::start(&[], &[("GH_CONFIG_DIR", &config)]);
    let shown = second.gh().run(["api", "user", "--jq", ".login"]);
    assert_eq!((shown.stdout.as_str(), shown.stderr.as_str()), ("octo\n", ""));
    assert_eq!((second.stop().len(), first.stop().len()), (1, 1));
    assert_eq!(github.requests().len(), 1);
}

#[test]
fn a_proxy_is_asked_for_a_tunnel_and_knows_our_name_for_it() {
    let (proxy, tunnel) = server(1, |_, mut stream| {
        let request = head(&mut stream);
        assert!(request.starts_with("CONNECT api.github.com:443 HTTP/1.1\r\n"), "{request}");
        assert!(
            request.to_ascii_lowercase().contains("proxy-authorization: basic dxnlcjpwyxnz\r\n"),
            "{request}"
        );
        stream
            .write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            .expect("written");
    });
    let with_login = proxy.replace("http://", "http://user:pass@");
    let relay = Relay::start(&[], &[("HTTPS_PROXY", with_login.as_str())]);
    let answer = over_socket(&relay.socket(), get("api.github.com", "/user"));
    tunnel.join().expect("the proxy was asked");
    assert_eq!(status(&answer), 502);
    assert!(body(&answer).contains("it answered 407") && !body(&answer).contains("pass"), "{answer}");
    assert_eq!(relay.stop()[0].error.as_deref(), Some("proxy_failed"));
}

#[test]
fn tls_goes_through_the_tunnel_of_a_proxy() {
    let github = github_with_tls();
    let authority = github.authority().expect("an authority").display().to_string();
    let target = github.tls_url().expect("an address").replace("https://localhost", "127.0.0.1");
    let (proxy, tunnel) = server(1, move |_, mut stream| {
        head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").expect("written");
        let mut far = TcpStream::connect(&target).expect("the fake listens");
        let (mut back, mut near) = (far.try_clone().expect("a copy"), stream.try_clone().expect("a copy"));
        let returning = std::thread::spawn(move || std::io::copy(&mut back, &mut near));
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            far.write_all(&buffer[..read]).expect("the fake reads");
        }
        let _ = far.shutdown(std::net::Shutdown::Both);
        let _ = returning.join();
    });
    let variables = [("HTTPS_PROXY", proxy.as_str()), ("SSL_CERT_FILE", authority.as_str())];
    let relay = Relay::start(&[], &variables);
    let shown = relay.gh().run(["api", "user", "--jq", ".login"]);
    assert_eq!((shown.stdout.as_str(), shown.stderr.as_str()), ("octo\n", ""));
    assert_eq!(relay.stop().len(), 1);
    tunnel.join().expect("the proxy served");
}
