//! What is done in place of judging: to say whether the rules can be meant, and to try a channel.

use std::path::PathBuf;

use indexmap::IndexMap;
use pm_cli::{Exit, Streams};
use pm_record::{AlertEvent, AlertState, PerformanceAlert, Schema, Severity, Timestamp};
use pm_store::{Alerts, ChannelSettings, Store};

use crate::alert::Alert;
use crate::channels::{Channels, Message, deliver_one};
use crate::config::Errand;
use crate::judge::Judge;
use crate::notice::Notice;
use crate::{Error, TOOL};

/// Does it. A channel of a store that is not trusted is not tried: its name says nothing of what it would do.
pub(crate) fn run(
    errand: &Errand,
    alerts: &Alerts,
    judge: &Judge,
    named: Option<PathBuf>,
    store: Option<&Store>,
    is_trusted: bool,
    io: &mut Streams,
) -> Result<Exit, Error> {
    match errand {
        Errand::Check => {
            if judge.watches_nothing() && !judge.watches_changes() {
                return Err(crate::nothing_watched(named, store));
            }
            let (rules, channels) = (alerts.written(), alerts.channels.len());
            let limits = if judge.has_benchmarks() { ", the limits of benchmarks.yml" } else { "" };
            let plural =
                |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
            io.tell(
                TOOL,
                &format!(
                    "the rules can be meant: {}{limits}, {}",
                    plural(rules, "rule"),
                    plural(channels, "channel")
                ),
            );
            Ok(Exit::Done)
        }
        Errand::Test(channel) => {
            let settings = alerts.channels.get(channel);
            if !is_trusted && settings.is_some_and(|settings| settings.kind.leaves_the_machine()) {
                io.complain(TOOL, &Error::Untrusted { channel: channel.clone() });
                return Ok(Exit::Usage);
            }
            test(channel, alerts, store, io)
        }
    }
}

fn test(channel: &str, alerts: &Alerts, store: Option<&Store>, io: &mut Streams) -> Result<Exit, Error> {
    let notice = notice(channel, io.clock.now_millis());
    if channel == ChannelSettings::CONSOLE {
        let _ = std::io::Write::write_all(&mut io.diagnostics, notice.text.as_bytes());
        return Ok(Exit::Done);
    }
    let mut message = Message::new(&notice.rule);
    message.push(&notice);
    let exit = match alerts.channels.get(channel) {
        Some(settings) if settings.kind != pm_store::ChannelKind::Github => {
            let failed = |reason| Error::NotTold { channel: channel.to_owned(), reason, count: 0 };
            deliver_one(settings, &io.environment, &message).map_err(failed)?;
            Exit::Done
        }
        _ => {
            let mut channels =
                Channels::new(alerts.channels.clone(), true, io.environment.clone(), store.cloned());
            if !channels.knows(channel) {
                let known = ChannelSettings::BUILT_IN.iter().map(|name| (*name).to_owned());
                let known = known.chain(alerts.channels.keys().cloned()).collect();
                return Err(Error::NoChannel { channel: channel.to_owned(), known });
            }
            channels.hand_over(&[&notice], io);
            channels.finish(io);
            if channels.has_trouble() { Exit::Environment } else { Exit::Done }
        }
    };
    if exit == Exit::Done {
        io.tell(TOOL, &format!("channel '{channel}' was told of a test"));
    }
    Ok(exit)
}

/// An alert about nothing.
fn notice(channel: &str, now: i64) -> Notice {
    let at = Some(Timestamp::from_millis(now));
    let record = PerformanceAlert {
        schema: Schema,
        kind: "test".to_owned(),
        command: None,
        threshold_exceeded: "test > 0".to_owned(),
        current_value: "1".to_owned(),
        baseline: None,
        severity: Severity::Info,
        state: AlertState::Firing,
        event: Some(AlertEvent::Began),
        timestamp: at,
        since: at,
        recommendation: None,
        evidence: IndexMap::new(),
    };
    let alert = Alert {
        rule: "test".to_owned(),
        channels: vec![channel.to_owned()],
        row: "test of channels".to_owned(),
        event: AlertEvent::Began,
        record,
        text: "🔔 TEST: this is what an alert of pm-alert looks like here\n   Nothing is wrong.\n".to_owned(),
    };
    Notice::new(0, now, vec![channel.to_owned()], alert)
}
