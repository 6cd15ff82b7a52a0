//! New connections: directly, through a proxy, over TLS or to a Unix socket.

use std::cell::OnceCell;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{HOST, HeaderValue, PROXY_AUTHORIZATION};
use http::{Method, Request};
use hyper_util::rt::TokioIo;
use pm_github::{Proxies, Proxy};
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::fault::Fault;
use crate::route::Target;

/// A connection, whatever carries it.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// Reads the certificates that this machine trusts.
type Roots = Box<dyn Fn() -> Result<Vec<CertificateDer<'static>>, String>>;

/// Makes connections.
pub(crate) struct Dialer {
    proxies: Proxies,
    /// A server that takes longer than this to take a connection is none.
    limit: Duration,
    roots: Roots,
    /// Made before the first connection over TLS, for a relay to a socket or to loopback needs none.
    tls: OnceCell<Result<TlsConnector, String>>,
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl Dialer {
    pub(crate) fn new(proxies: Proxies, limit: Duration, roots: Roots) -> Self {
        Self { proxies, limit, roots, tls: OnceCell::new() }
    }

    /// Connects to a server.
    pub(crate) async fn dial(&self, target: &Target) -> Result<Box<dyn Wire>, Fault> {
        let too_late = |host: &str| Fault::ConnectTimeout { host: host.to_owned(), limit: self.limit };
        match target {
            Target::Socket(path) => {
                let host = path.display().to_string();
                let connected = timeout(self.limit, UnixStream::connect(path.as_path())).await;
                let stream = connected.map_err(|_| too_late(&host))?;
                stream.map(wire).map_err(|reason| Fault::ConnectFailed { host, reason })
            }
            Target::Host { tls, host, port } => {
                let connected = timeout(self.limit, self.reach(*tls, host, *port)).await;
                connected.unwrap_or_else(|_| Err(too_late(host)))
            }
        }
    }

    async fn reach(&self, tls: bool, host: &str, port: u16) -> Result<Box<dyn Wire>, Fault> {
        let stream = match self.proxies.on_the_way_to(tls, host, port) {
            None => wire(connect(host, port).await?),
            Some(proxy) => self.tunnel(proxy, host, port).await.map_err(|reason| Fault::ProxyFailed {
                proxy: format!("{}:{}", proxy.host, proxy.port),
                host: host.to_owned(),
                reason,
            })?,
        };
        if tls { self.secure(host, stream).await } else { Ok(stream) }
    }

    /// Has a proxy connect us.
    async fn tunnel(&self, proxy: &Proxy, host: &str, port: u16) -> Result<Box<dyn Wire>, String> {
        let mut stream = wire(connect(&proxy.host, proxy.port).await.map_err(|fault| fault.to_string())?);
        if proxy.tls {
            stream = self.secure(&proxy.host, stream).await.map_err(|fault| fault.to_string())?;
        }
        let address = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let mut request = Request::new(String::new());
        *request.method_mut() = Method::CONNECT;
        *request.uri_mut() = address.parse().map_err(|_| "the host is none".to_owned())?;
        let value = HeaderValue::from_str(&address).map_err(|error| error.to_string())?;
        request.headers_mut().insert(HOST, value);
        if let Some(secret) = &proxy.authorization {
            let mut value = HeaderValue::from_str(secret.reveal()).map_err(|error| error.to_string())?;
            value.set_sensitive(true);
            request.headers_mut().insert(PROXY_AUTHORIZATION, value);
        }
        let io = TokioIo::new(stream);
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(io).await.map_err(|error| error.to_string())?;
        let driver = tokio::task::spawn_local(connection.with_upgrades());
        let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
        if !answer.status().is_success() {
            driver.abort();
            return Err(format!("it answered {}", answer.status()));
        }
        let upgraded = hyper::upgrade::on(answer).await.map_err(|error| error.to_string())?;
        Ok(wire(TokioIo::new(upgraded)))
    }

    async fn secure(&self, host: &str, stream: Box<dyn Wire>) -> Result<Box<dyn Wire>, Fault> {
        let failed = |reason: String| Fault::TlsFailed { host: host.to_owned(), reason };
        let connector = self
            .tls
            .get_or_init(|| connector(&self.roots))
            .as_ref()
            .map_err(|error| failed(error.clone()))?;
        let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(error.to_string()))?;
        let secured = connector.connect(name, stream).await;
        secured.map(wire).map_err(|error| failed(error.to_string()))
    }
}

fn wire(stream: impl Wire + 'static) -> Box<dyn Wire> {
    Box::new(stream)
}

fn connector(roots: &Roots) -> Result<TlsConnector, String> {
    let mut trusted = rustls::RootCertStore::empty();
    // What cannot be read as a certificate is left out, as everywhere; with none left, nothing is trusted.
    trusted.add_parsable_certificates(roots()?);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let mut config = builder.with_root_certificates(trusted).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Connects to the first address of a host that takes it, in the order that the system prefers.
async fn connect(host: &str, port: u16) -> Result<TcpStream, Fault> {
    let addresses: Vec<_> = if let Ok(address) = host.parse::<IpAddr>() {
        vec![(address, port).into()]
    } else {
        let found = tokio::net::lookup_host((host, port)).await;
        found.map_err(|reason| Fault::NameNotFound { host: host.to_owned(), reason })?.collect()
    };
    let mut reason = io::Error::from(io::ErrorKind::AddrNotAvailable);
    let last = addresses.len().saturating_sub(1);
    for (at, address) in addresses.into_iter().enumerate() {
        // An address that swallows everything must not keep us from the next.
        let patience = if at == last { Duration::MAX } else { Duration::from_secs(3) };
        match timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Requests are written whole, so waiting to write more of them at once gains nothing.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => reason = error,
            Err(_) => reason = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(Fault::ConnectFailed { host: host.to_owned(), reason })
}
