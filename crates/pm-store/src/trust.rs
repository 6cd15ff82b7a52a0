//! Which stores may start programs.
//!
//! A store found by walking up may have come with a stranger's clone. Its harmless settings count; those
//! that start a program or send data count only after the user has said so, and only as they were then.

use std::fmt::Write as _;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::{Error, Store};

/// What the user has trusted so far: a file for each store below `$XDG_STATE_HOME`, out of reach of any
/// clone.
#[derive(Debug, Clone)]
pub struct Trust {
    folder: PathBuf,
}

impl Trust {
    /// The trust of the user whose own store is `personal`.
    #[must_use]
    pub fn beside(personal: &Store) -> Self {
        Self { folder: personal.root().join("trusted") }
    }

    /// Whether `sensitive`, the settings in question of one file, may take effect in `store`.
    #[must_use]
    pub fn covers(&self, store: &Store, sensitive: &str) -> bool {
        store.is_personal()
            || std::fs::read_to_string(self.entry(store.root()))
                .is_ok_and(|known| known.lines().any(|known| known == digest(sensitive.as_bytes())))
    }

    /// Lets these settings take effect in `store`, those of each file until they change, and no others.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it cannot be remembered.
    pub fn extend_to(&self, store: &Store, sensitive: &[String]) -> Result<(), Error> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(&self.folder).map_err(Error::io("make", &self.folder))?;
        let entry = self.entry(store.root());
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&entry).map_err(Error::io("open", &entry))?;
        let digests: String = sensitive.iter().map(|settings| digest(settings.as_bytes()) + "\n").collect();
        std::io::Write::write_all(&mut file, digests.as_bytes()).map_err(Error::io("write", entry))
    }

    fn entry(&self, root: &Path) -> PathBuf {
        // The same store by another way must be the same entry; one that is not there yet has one way only.
        let real = std::fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
        self.folder.join(digest(real.as_os_str().as_encoded_bytes()))
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_covers_one_store_with_the_settings_it_had() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = |name: &str| (name == "XDG_STATE_HOME").then(|| folder.path().to_owned());
        let personal = Store::personal(home).expect("a place");
        let (trust, store) = (Trust::beside(&personal), Store::at(folder.path().join("clone")));
        assert!(!trust.covers(&store, "cli=x"));
        trust.extend_to(&store, &["cli=x".to_owned(), "run=z".to_owned()]).expect("remembered");
        assert!(trust.covers(&store, "cli=x") && trust.covers(&store, "run=z"));
        assert!(!trust.covers(&store, "cli=y") && !trust.covers(&store, ""));
        assert!(!trust.covers(&Store::at(folder.path().join("other")), "cli=x"));
        assert!(trust.covers(&personal, "cli=anything"));
    }
}
