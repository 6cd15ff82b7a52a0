//! What is read: what was named, or a store.

use std::io;
use std::path::Path;

use pm_cli::{Input, Opener, Source, Streams};
use pm_store::{Question, Store};
use sha2::{Digest, Sha256};

use crate::Error;
use crate::backlog::Backlog;
use crate::config::{Config, Form};
use crate::delivery::Keys;
use crate::receivers::Receiver;
use crate::spool::{self, Spool};
use crate::state::hexadecimal;

/// The store that was named, or the one that is found here.
pub(crate) fn store(named: Option<&Path>, io: &Streams) -> Result<Store, pm_store::Error> {
    let directory = |name: &str| io.environment.absolute(name).map(Into::into);
    Store::meant(named, io.environment.current_dir(), directory)
}

/// The inputs of a run that keeps no position.
pub(crate) fn open(config: &Config, io: &mut Streams) -> Result<Vec<Input>, Error> {
    let named = match &config.source {
        Source::Named(files) => return Ok(io.inputs(files)?),
        Source::Store(named) => named.as_deref(),
    };
    let question = Question {
        since: config.since(),
        until: config.until(),
        rollups: None,
        records_first: true,
        by_machine: false,
    };
    let sources = store(named, io)?.sources(&question)?;
    let open = |source: pm_store::Source| {
        let path = source.path.clone();
        io.found(&path, Opener::new(move || source.open().map_err(io::Error::other)))
    };
    Ok(sources.into_iter().map(open).collect())
}

/// What is new in a store since the last run that wrote the same thing to the same place.
pub(crate) fn backlog(store: Store, config: &Config, io: &mut Streams) -> Result<Backlog, Error> {
    let name = config.position.clone().unwrap_or_default();
    let name = if config.is_position_named { name } else { format!("{name}-{}", place(config, io)) };
    Backlog::open(store, &name, config, io)
}

/// What the names of spools begin with.
const SPOOLS: &str = "export-";

/// The spool of a receiver, if there is to be one.
pub(crate) fn spool(receiver: &Receiver, config: &Config, now: i64) -> Result<Option<Spool>, Error> {
    let Some(folder) = &config.spool else { return Ok(None) };
    let folder = folder.join(format!("{SPOOLS}{}", account(&receiver.addresses())));
    spool::sweep_beside(&folder, SPOOLS, now);
    let spool = Spool::open(folder.clone(), receiver.longest_age(), now);
    spool.map(Some).map_err(|source| Error::Spool { path: folder, source })
}

/// What tells a receiver from others, and an account of its from others: what was made for one is for no other. The
/// piece of a hash that is left tells nothing of a random key; of a password that somebody could guess it would confirm a guess, and
/// so the folder is the user's alone.
fn account(addresses: &[(String, Keys)]) -> String {
    let mut hash = Sha256::new();
    let mut add = |part: &str| {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    };
    for (url, keys) in addresses {
        add(url);
        for (name, key) in keys {
            add(name);
            add(key.reveal());
        }
    }
    hexadecimal(&hash.finalize()[..6])
}

/// What tells two exports of one form apart, as a part of a name.
fn place(config: &Config, io: &Streams) -> String {
    let place = match (&config.form, &config.output) {
        (Form::Metrics { listen: Some(address), .. }, _) => address.to_string(),
        (Form::Push(receiver), _) => receiver.urls().join("\n"),
        (Form::Statsd { address: Some(address), .. }, _) => address.clone(),
        (_, Some(path)) => io.environment.current_dir().join(path).display().to_string(),
        (_, None) => "-".to_owned(),
    };
    let hash = Sha256::digest(format!("{place}\n{}", config.fingerprint()));
    hexadecimal(&hash[..6])
}

#[cfg(test)]
mod tests {
    use pm_github::Secret;

    use super::*;

    #[test]
    fn what_is_kept_for_one_receiver_or_one_account_is_for_no_other() {
        let folder = |url: &str, name: &str, key: &str| {
            account(&[(url.to_owned(), vec![(name.to_owned(), Secret::header(key.to_owned()))])])
        };
        let one = folder("http://a", "Key", "0123456789abcdef");
        assert_eq!(one, folder("http://a", "Key", "0123456789abcdef"));
        for other in [
            folder("http://b", "Key", "0123456789abcdef"),
            folder("http://a", "Key", "0123456789abcdee"),
            folder("http://a", "Key0", "123456789abcdef"),
            account(&[("http://a".to_owned(), Vec::new())]),
        ] {
            assert_ne!(one, other);
        }
        assert!(one.len() == 12 && !one.contains("0123"), "{one}");
    }
}
