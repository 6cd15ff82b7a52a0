//! The TLS side of the fake, as a client that verifies certificates sees it.

use pm_e2e::fake_github::{FakeGithub, Fault, Setup, Transport};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

fn with_tls() -> FakeGithub {
    FakeGithub::start(Setup { tls: Some(([127, 0, 0, 1], 0).into()), ..Setup::default() })
}

/// One request to `github`, called `name`, by a client that believes the authority of `vouching`.
fn ask(github: &FakeGithub, name: &'static str, vouching: &FakeGithub) -> io::Result<String> {
    let authority = CertificateDer::from_pem_file(vouching.authority().expect("it has TLS"));
    let mut roots = RootCertStore::empty();
    roots.add(authority.expect("a certificate")).expect("of an authority");
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider's own")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name).expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a client");
    let url = github.tls_url().expect("it has TLS");
    let port = url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let mut stream = StreamOwned::new(connection, TcpStream::connect(("127.0.0.1", port))?);
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: api.github.com\r\nUser-Agent: x\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        // The fake ends its connections without the farewell of TLS.
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
        _ => Ok(String::from_utf8_lossy(&answer).into_owned()),
    }
}

#[test]
fn its_authority_vouches_for_it_under_every_name_that_it_goes_by() {
    let github = with_tls();
    for name in ["localhost", "127.0.0.1", "api.github.com", "ghe.example.com"] {
        assert!(ask(&github, name, &github).expect(name).starts_with("HTTP/1.1 200 OK"), "{name}");
    }
    assert!(github.requests().iter().all(|request| request.transport == Transport::Tls));
    assert_eq!(github.requests().len(), 4);
}

#[test]
fn nobody_else_s_authority_vouches_for_it_and_no_other_name_is_its() {
    let (github, other) = (with_tls(), with_tls());
    for (name, vouching) in [("localhost", &other), ("example.com", &github)] {
        let error = ask(&github, name, vouching).expect_err(name);
        assert!(error.to_string().contains("certificate"), "{error}");
    }
    assert!(github.requests().is_empty());
}

#[test]
fn faults_are_the_same_over_tls() {
    let github = with_tls();
    github.faults().push(Fault::server_error(502));
    assert!(ask(&github, "localhost", &github).expect("an answer").starts_with("HTTP/1.1 502"));
}
