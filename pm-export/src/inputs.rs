//! What is read: what was named, or a store.

use std::io;
use std::path::Path;

use pm_cli::{Input, Opener, Source, Streams};
use pm_store::{Question, Store};
use sha2::{Digest, Sha256};

use crate::Error;
use crate::backlog::Backlog;
use crate::config::{Config, Form};
use crate::receivers::Receiver;
use crate::spool::Spool;
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

/// The spool of a receiver, if there is to be one.
pub(crate) fn spool(receiver: &Receiver, config: &Config) -> Result<Option<Spool>, Error> {
    let Some(folder) = &config.spool else { return Ok(None) };
    // What was made for one receiver is for no other.
    let hash = Sha256::digest(receiver.urls().join("\n"));
    let folder = folder.join(format!("export-{}", hexadecimal(&hash[..6])));
    let spool = Spool::open(folder.clone(), receiver.longest_age());
    spool.map(Some).map_err(|source| Error::Spool { path: folder, source })
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
