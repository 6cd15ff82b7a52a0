//! What is read: what was named, or a store.

use std::io;
use std::path::Path;

use base64::Engine;
use pm_cli::{Input, Opener, Source, Streams};
use pm_github::Secret;
use pm_store::{Question, Store};
use sha2::{Digest, Sha256};

use crate::Error;
use crate::backlog::Backlog;
use crate::config::{Config, Form};
use crate::parcel::Keys;
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
    if config.is_position_named {
        return Backlog::open(store, &name, None, config, io);
    }
    let place = place(config, io);
    let of = |place: &str| format!("{name}-{}", place_name(place, config));
    match lasting_account(config) {
        Some(account) => {
            // Until accounts counted, a position was that of the address alone.
            Backlog::open(store, &of(&format!("{place}\n{account}")), Some(&of(&place)), config, io)
        }
        None => Backlog::open(store, &of(&place), None, config, io),
    }
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

/// What tells an account at an address from others for good, if anything does.
fn lasting_account(config: &Config) -> Option<String> {
    let Form::Push(receiver) = &config.form else { return None };
    let lasting = |(url, keys): (String, Keys)| {
        let keys = keys.into_iter().filter_map(|(name, key)| Some((name, lasting_part(&key)?)));
        (url, keys.collect::<Keys>())
    };
    let addresses: Vec<_> = receiver.addresses().into_iter().map(lasting).collect();
    addresses.iter().any(|(_, keys)| !keys.is_empty()).then(|| account(&addresses))
}

/// What of a key stays the same: nothing of a bearer's token, which may change by the hour, and of a name with a password
/// the name.
fn lasting_part(key: &Secret) -> Option<Secret> {
    match key.reveal().split_once(' ') {
        Some((kind, _)) if kind.eq_ignore_ascii_case("bearer") => None,
        Some((kind, pair)) if kind.eq_ignore_ascii_case("basic") => {
            let pair = base64::engine::general_purpose::STANDARD.decode(pair.trim()).ok()?;
            let name = pair.split(|&byte| byte == b':').next().unwrap_or_default();
            Some(Secret::header(String::from_utf8_lossy(name).into_owned()))
        }
        _ => Some(key.clone()),
    }
}

/// What tells two exports of one form apart.
fn place(config: &Config, io: &Streams) -> String {
    match (&config.form, &config.output) {
        (Form::Metrics { listen: Some(address), .. }, _) => address.to_string(),
        (Form::Push(receiver), _) => receiver.urls().join("\n"),
        (Form::Statsd { address: Some(address), .. }, _) => address.clone(),
        (_, Some(path)) => io.environment.current_dir().join(path).display().to_string(),
        (_, None) => "-".to_owned(),
    }
}

/// The same as a part of a name.
fn place_name(place: &str, config: &Config) -> String {
    let hash = Sha256::digest(format!("{place}\n{}", config.fingerprint()));
    hexadecimal(&hash[..6])
}

#[cfg(test)]
mod tests {
    use pm_cli::{Exit, Trial};
    use pm_store::StateFile;

    use super::*;
    use crate::args::Args;
    use crate::state::State;

    /// When counting began of the position that an export with these flags goes on from.
    fn since(folder: &Path, key: &str, now: i64, flags: &[&str]) -> i64 {
        let mut since = 0;
        let open = |args, io: &mut Streams| -> Result<Exit, Error> {
            let args = pm_cli::parse::<Args>(args, io)?.expect("arguments");
            let config = Config::new(args, now, &io.environment)?;
            let store = store(Some(folder), io)?;
            if flags.contains(&"former") {
                let name = format!("export-datadog-{}", place_name(&place(&config, io), &config));
                StateFile::of(&store, &name)?
                    .lock()?
                    .replace(&State::new(config.fingerprint(), now).to_bytes())?;
            } else {
                let mut backlog = backlog(store, &config, io)?;
                since = backlog.state.since;
                if config.dry {
                    backlog.forget();
                }
                backlog.write_down()?;
            }
            Ok(Exit::Done)
        };
        let given = flags.iter().copied().filter(|flag| flag.starts_with('-'));
        let args: Vec<_> = ["--to", "datadog", "--store"].into_iter().chain(given).collect();
        let trial = Trial::new().variable("DD_API_KEY", key).now(now);
        let outcome = trial.run(crate::TOOL, open, &args);
        assert_eq!((outcome.exit, outcome.stderr.as_str()), (Exit::Done, ""));
        since
    }

    #[test]
    fn two_accounts_at_an_address_have_positions_of_their_own_and_one_goes_on_where_both_were() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        since(folder, "one", 1, &["former"]);
        // A dry run takes nothing away.
        assert_eq!(since(folder, "two", 2, &["--dry-run"]), 1);
        assert_eq!(since(folder, "one", 3, &[]), 1);
        assert_eq!(since(folder, "two", 4, &[]), 4);
        assert_eq!([since(folder, "one", 5, &[]), since(folder, "two", 6, &[])], [1, 4]);
    }

    #[test]
    fn what_changes_by_the_hour_is_no_part_of_an_account() {
        let part =
            |key: &str| lasting_part(&Secret::header(key.to_owned())).map(|part| part.reveal().to_owned());
        assert_eq!([part("Bearer eyJh"), part("bearer x")], [None, None]);
        // user:one, and user:two
        assert_eq!(part("Basic dXNlcjpvbmU="), part("basic dXNlcjp0d28="));
        assert_eq!(part("Basic dXNlcjpvbmU=").as_deref(), Some("user"));
        assert_eq!(part("0123456789abcdef").as_deref(), Some("0123456789abcdef"));
    }

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
