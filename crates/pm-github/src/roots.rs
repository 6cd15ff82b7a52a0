//! The certificates that this machine trusts.

use std::io;
use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;

/// No certificate that could be trusted.
#[derive(Debug, thiserror::Error)]
pub enum NoRoots {
    /// A variable that names nothing that can be read.
    #[error("{variable} names '{}', which cannot be read as certificates: {reason}", path.display())]
    Named {
        /// The variable.
        variable: &'static str,
        /// What it names.
        path: PathBuf,
        /// Why it cannot be read.
        reason: String,
    },
    /// The system has none.
    #[error("this system has no certificates to trust")]
    System,
}

/// Where Linux distributions keep all they trust in one file: Debian's first, as in Go and OpenSSL. Reading one
/// file is enough, where the folder beside it holds the same in hundreds.
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The certificates to trust: those in `SSL_CERT_FILE` and in the folders of `SSL_CERT_DIR` if either is set,
/// else the system's. Certificates in files that hold others or other things besides are found.
///
/// It takes a millisecond or two, so ask only before the first connection over TLS.
///
/// # Errors
///
/// If there is none.
pub fn roots(variable: impl Fn(&str) -> Option<String>) -> Result<Vec<CertificateDer<'static>>, NoRoots> {
    let (file, folders) = (variable("SSL_CERT_FILE"), variable("SSL_CERT_DIR"));
    if file.is_none() && folders.is_none() {
        return of_system();
    }
    let mut certificates = Vec::new();
    if let Some(file) = file {
        certificates.extend(named("SSL_CERT_FILE", Path::new(&file), Path::is_file)?);
    }
    let folders = folders.unwrap_or_default();
    let mut unreadable = None;
    for folder in folders.split(':').filter(|folder| !folder.is_empty()) {
        // One of several folders may be missing, as in OpenSSL.
        match named("SSL_CERT_DIR", Path::new(folder), Path::is_dir) {
            Ok(more) => certificates.extend(more),
            Err(error) => unreadable = unreadable.or(Some(error)),
        }
    }
    match unreadable {
        Some(error) if certificates.is_empty() => Err(error),
        _ if certificates.is_empty() => Err(NoRoots::System),
        _ => Ok(certificates),
    }
}

fn of_system() -> Result<Vec<CertificateDer<'static>>, NoRoots> {
    let bundle =
        BUNDLES.iter().map(Path::new).filter(|_| cfg!(target_os = "linux")).find(|path| path.is_file());
    let loaded = bundle.map_or_else(rustls_native_certs::load_native_certs, |bundle| {
        rustls_native_certs::load_certs_from_paths(Some(bundle), None)
    });
    if loaded.certs.is_empty() { Err(NoRoots::System) } else { Ok(loaded.certs) }
}

/// What one of the variables names.
fn named(
    variable: &'static str,
    path: &Path,
    is_kind: fn(&Path) -> bool,
) -> Result<Vec<CertificateDer<'static>>, NoRoots> {
    let error = |reason: String| NoRoots::Named { variable, path: path.to_owned(), reason };
    if !is_kind(path) {
        return Err(error(match path.metadata() {
            Err(missing) => missing.to_string(),
            Ok(_) => io::Error::from(io::ErrorKind::InvalidInput).to_string(),
        }));
    }
    let (file, folder) = if path.is_dir() { (None, Some(path)) } else { (Some(path), None) };
    let loaded = rustls_native_certs::load_certs_from_paths(file, folder);
    match loaded.errors.first() {
        _ if !loaded.certs.is_empty() => Ok(loaded.certs),
        Some(first) => Err(error(first.to_string())),
        None => Err(error("it holds no certificate".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn load(set: &[(&str, &Path)]) -> Result<usize, String> {
        let variable = |name: &str| {
            set.iter().find(|(other, _)| *other == name).map(|(_, path)| path.display().to_string())
        };
        roots(variable).map(|certificates| certificates.len()).map_err(|error| error.to_string())
    }

    /// Nobody checks here what is inside a certificate.
    fn certificate(content: &str) -> String {
        format!("# a note\n-----BEGIN CERTIFICATE-----\n{content}\n-----END CERTIFICATE-----\n")
    }

    #[test]
    fn a_file_and_folders_that_are_named_are_all_there_is() {
        let place = tempfile::tempdir().expect("a folder");
        let (file, folder) = (place.path().join("file.pem"), place.path().join("folder"));
        fs::create_dir(&folder).expect("a folder");
        fs::write(&file, certificate("YWJj") + &certificate("YWJk")).expect("a file");
        fs::write(folder.join("one.pem"), certificate("YWJl")).expect("a file");
        assert_eq!(load(&[("SSL_CERT_FILE", &file)]), Ok(2));
        assert_eq!(load(&[("SSL_CERT_DIR", &folder)]), Ok(1));
        assert_eq!(load(&[("SSL_CERT_FILE", &file), ("SSL_CERT_DIR", &folder)]), Ok(3));
        let also_missing = format!("{}:/no/such/folder", folder.display());
        assert_eq!(load(&[("SSL_CERT_DIR", Path::new(&also_missing))]), Ok(1));
    }

    #[test]
    fn what_is_named_and_holds_no_certificate_is_said_by_name() {
        let place = tempfile::tempdir().expect("a folder");
        let empty = place.path().join("empty.pem");
        fs::write(&empty, "").expect("a file");
        let error = load(&[("SSL_CERT_FILE", &empty)]).expect_err("no certificate");
        assert!(
            error.starts_with("SSL_CERT_FILE names '") && error.ends_with(": it holds no certificate"),
            "{error}"
        );
        let error = load(&[("SSL_CERT_FILE", Path::new("/no/such/file"))]).expect_err("no file");
        assert!(error.contains("No such file or directory"), "{error}");
        let error = load(&[("SSL_CERT_DIR", Path::new("/no/such/folder"))]).expect_err("no folder");
        assert!(error.starts_with("SSL_CERT_DIR names '/no/such/folder'"), "{error}");
    }
}
