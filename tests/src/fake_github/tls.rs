//! The TLS side of the fake: a certificate authority of its own, and what it says the fake is.
//!
//! The authority lives as long as the fake, and its certificate lies in a file, because that is how programs
//! are told whom to believe (`SSL_CERT_FILE`). Keys are never written anywhere.

use super::listen::private_directory;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// Whom the fake can claim to be.
const NAMES: [&str; 6] =
    ["localhost", "127.0.0.1", "api.github.com", "uploads.github.com", "github.com", "ghe.example.com"];

/// A TLS connection that a client has opened.
pub(crate) type TlsStream = StreamOwned<ServerConnection, TcpStream>;

/// A listening TCP socket with a certificate.
#[derive(Debug)]
pub(crate) struct TlsListener {
    pub(crate) tcp: TcpListener,
    config: Arc<ServerConfig>,
    /// The certificate of the authority, as PEM.
    pub(crate) authority: PathBuf,
    _directory: TempDir,
}

impl TlsListener {
    pub(crate) fn new(tcp: TcpListener) -> io::Result<Self> {
        let directory = private_directory("fake-github-tls-")?;
        let authority = directory.path().join("authority.pem");
        let config = Arc::new(certify(&authority)?);
        Ok(TlsListener { tcp, config, authority, _directory: directory })
    }

    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// A connection, if one waits. Hands are shaken when its first byte is read, not before.
    pub(crate) fn accept(&self) -> Option<TlsStream> {
        let (stream, _) = self.tcp.accept().ok()?;
        Some(StreamOwned::new(ServerConnection::new(Arc::clone(&self.config)).ok()?, stream))
    }
}

/// Makes an authority, writes down its certificate, and has it certify all of [`NAMES`].
fn certify(authority: &Path) -> io::Result<ServerConfig> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.distinguished_name.push(DnType::CommonName, "authority of the fake GitHub");
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().map_err(io::Error::other)?)
        .map_err(io::Error::other)?;
    fs::write(authority, issuer.pem())?;

    let key = KeyPair::generate().map_err(io::Error::other)?;
    let leaf = CertificateParams::new(NAMES.map(str::to_owned))
        .and_then(|params| params.signed_by(&key, &issuer))
        .map_err(io::Error::other)?;
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![leaf.der().clone()], private))
        .map_err(io::Error::other)
}
