//! Who can be told of alerts, and how they are reached.

use std::fmt;

use serde_saphyr::Spanned;
use sha2::{Digest as _, Sha256};

/// A way to tell somebody of alerts.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelSettings {
    /// What kind of way it is.
    pub kind: ChannelKind,
    /// How long one attempt may take, in milliseconds.
    pub timeout_millis: i64,
}

/// The kinds of ways.
#[derive(Debug, Clone, PartialEq)]
pub enum ChannelKind {
    /// A file of NDJSON, by its path.
    Log(String),
    /// A program that is started with the alerts on its standard input.
    Command(Vec<String>),
    /// An address that takes JSON.
    Webhook {
        /// The address.
        url: Secret,
        /// What is sent.
        format: Format,
        /// A header and its value to send along, such as a credential.
        header: Option<(String, Secret)>,
    },
    /// Alertmanagers, each of which is told.
    Alertmanager(Vec<Secret>),
    /// Annotations and the job summary of GitHub Actions.
    Github,
    /// Mail by the machine's own `sendmail`.
    Email {
        /// Who gets it.
        to: Vec<String>,
        /// Whom it is from.
        from: Option<String>,
        /// The program.
        sendmail: Vec<String>,
    },
}

/// What a webhook is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// The alerts themselves.
    Json,
    /// What Slack and those like it take.
    Slack,
    /// What Discord takes.
    Discord,
}

/// Where something secret stands. It is read when it is needed and never printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// In the settings: no secret any more.
    Plain(String),
    /// In a variable of the environment.
    Variable(String),
    /// In a file.
    File(String),
}

impl ChannelSettings {
    /// The person at the terminal.
    pub const CONSOLE: &str = "console";
    /// The store's log of alerts.
    pub const LOG: &str = "log";
    /// Annotations and the job summary of GitHub Actions.
    pub const GITHUB: &str = "github";
    /// Those that are there without being set up.
    pub const BUILT_IN: [&str; 3] = [Self::CONSOLE, Self::LOG, Self::GITHUB];
}

impl ChannelKind {
    /// Whether it starts a program, sends data, or writes where it was told to.
    #[must_use]
    pub fn leaves_the_machine(&self) -> bool {
        !matches!(self, Self::Github)
    }
}

impl fmt::Display for ChannelSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ChannelKind::Log(file) => write!(f, "appends to {file:?}"),
            ChannelKind::Command(words) => write!(f, "runs {words:?}"),
            ChannelKind::Webhook { url, format, header } => {
                write!(f, "sends {format:?} to {url}")?;
                header.as_ref().map_or(Ok(()), |(name, value)| write!(f, " with {name} {value}"))
            }
            ChannelKind::Alertmanager(urls) => {
                f.write_str("sends alerts to")?;
                urls.iter().try_for_each(|url| write!(f, " {url}"))
            }
            ChannelKind::Github => f.write_str("annotates the job"),
            ChannelKind::Email { to, from, sendmail } => {
                write!(f, "runs {sendmail:?} to send mail to {to:?} from {from:?}")
            }
        }
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(address) => {
                // The rest of an address is what lets one in; its hash tells that it has changed.
                let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
                let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
                let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
                // As many digits as nobody makes another address for.
                write!(f, "{scheme}://{host}/… (hash ")?;
                Sha256::digest(address).iter().take(16).try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str(")")
            }
            Self::Variable(name) => write!(f, "the address in ${name}"),
            Self::File(path) => write!(f, "the address in the file {path:?}"),
        }
    }
}

/// A channel as it stands in the file.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawChannel {
    #[serde(rename = "type")]
    kind: Option<Spanned<Kind>>,
    url: Option<OneOrMore>,
    url_env: Option<String>,
    url_file: Option<String>,
    format: Option<Format>,
    header: Option<String>,
    header_env: Option<String>,
    header_file: Option<String>,
    run: Option<Vec<String>>,
    path: Option<String>,
    to: Option<OneOrMore>,
    from: Option<String>,
    sendmail: Option<Vec<String>>,
    timeout: Option<super::span::Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Log,
    Command,
    Webhook,
    Slack,
    Discord,
    Alertmanager,
    Github,
    Email,
}

/// One text, or a list of them.
#[derive(Debug)]
struct OneOrMore(Vec<String>);

impl<'de> serde::Deserialize<'de> for OneOrMore {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> serde::de::Visitor<'de> for Texts {
            type Value = OneOrMore;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E>(self, text: &str) -> Result<OneOrMore, E> {
                Ok(OneOrMore(vec![text.to_owned()]))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMore, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                Ok(OneOrMore(texts))
            }
        }
        deserializer.deserialize_any(Texts)
    }
}

/// What is wrong with a channel: which key is missing or too much, and what to write.
pub(super) type Wrong = (String, String);

/// How long an attempt may take where the settings do not say.
const TIMEOUT_MILLIS: i64 = 10_000;

/// How long it may take at most.
pub const LONGEST_TIMEOUT_MILLIS: i64 = 25_000;

impl RawChannel {
    /// Checks it: each kind has keys of its own.
    pub(super) fn check(self) -> Result<ChannelSettings, Wrong> {
        let Some(kind) = self.kind.as_ref().map(|kind| kind.value) else {
            return Err(missing("type", "type: webhook"));
        };
        self.check_keys(kind)?;
        let timeout_millis = self.timeout.map_or(TIMEOUT_MILLIS, |timeout| timeout.0);
        if timeout_millis > LONGEST_TIMEOUT_MILLIS {
            return Err((
                "a timeout of more than 25s would keep alerts from others".to_owned(),
                "write `timeout: 10s`".to_owned(),
            ));
        }
        let kind = match kind {
            Kind::Log => {
                ChannelKind::Log(self.path.ok_or_else(|| missing("path", "path: /var/log/alerts.ndjson"))?)
            }
            Kind::Command => {
                let run = self.run.filter(|run| !run.is_empty());
                ChannelKind::Command(run.ok_or_else(|| missing("run", "run: [notify-send, alert]"))?)
            }
            Kind::Webhook => self.webhook(self.format.unwrap_or(Format::Json))?,
            Kind::Slack => self.webhook(Format::Slack)?,
            Kind::Discord => self.webhook(Format::Discord)?,
            Kind::Alertmanager => ChannelKind::Alertmanager(self.urls("http://127.0.0.1:9093")?),
            Kind::Github => ChannelKind::Github,
            Kind::Email => {
                let to = self.to.map(|to| to.0).filter(|to| !to.is_empty());
                let to = to.ok_or_else(|| missing("to", "to: [me@example.com]"))?;
                if let Some(odd) = to.iter().chain(&self.from).find(|address| is_odd(address)) {
                    return Err((
                        format!("'{odd}' is no address of mail"),
                        "write `to: [me@example.com]`".to_owned(),
                    ));
                }
                let sendmail = self.sendmail.unwrap_or_else(|| vec!["/usr/sbin/sendmail".to_owned()]);
                ChannelKind::Email { to, from: self.from, sendmail }
            }
        };
        Ok(ChannelSettings { kind, timeout_millis })
    }

    fn webhook(&self, format: Format) -> Result<ChannelKind, Wrong> {
        let mut urls = self.urls("https://example.com/hook")?;
        if urls.len() > 1 {
            return Err(("a webhook has one address".to_owned(), "make a channel for each".to_owned()));
        }
        let value = match (&self.header_env, &self.header_file) {
            (Some(name), None) => Some(Secret::Variable(name.clone())),
            (None, Some(file)) => Some(Secret::File(file.clone())),
            (None, None) => None,
            (Some(_), Some(_)) => {
                return Err((
                    "header_env and header_file are both set".to_owned(),
                    "leave one of them out".to_owned(),
                ));
            }
        };
        let header = match (self.header.clone(), value) {
            (Some(name), Some(value)) => Some((name, value)),
            (None, None) => None,
            (Some(_), None) => return Err(missing("header_env", "header_env: MY_TOKEN")),
            (None, Some(_)) => return Err(missing("header", "header: Authorization")),
        };
        Ok(ChannelKind::Webhook { url: urls.remove(0), format, header })
    }

    fn urls(&self, example: &str) -> Result<Vec<Secret>, Wrong> {
        let plain = self.url.iter().flat_map(|urls| &urls.0).cloned().map(Secret::Plain);
        let urls: Vec<_> = plain
            .chain(self.url_env.clone().map(Secret::Variable))
            .chain(self.url_file.clone().map(Secret::File))
            .collect();
        if urls.is_empty() { Err(missing("url", &format!("url: {example}"))) } else { Ok(urls) }
    }

    /// Refuses the first key that another kind of channel has.
    fn check_keys(&self, kind: Kind) -> Result<(), Wrong> {
        let is_sent = matches!(kind, Kind::Webhook | Kind::Slack | Kind::Discord | Kind::Alertmanager);
        let is_hook = is_sent && kind != Kind::Alertmanager;
        let keys = [
            ("url", self.url.is_some(), is_sent),
            ("url_env", self.url_env.is_some(), is_sent),
            ("url_file", self.url_file.is_some(), is_sent),
            ("format", self.format.is_some(), kind == Kind::Webhook),
            ("header", self.header.is_some(), is_hook),
            ("header_env", self.header_env.is_some(), is_hook),
            ("header_file", self.header_file.is_some(), is_hook),
            ("run", self.run.is_some(), kind == Kind::Command),
            ("path", self.path.is_some(), kind == Kind::Log),
            ("to", self.to.is_some(), kind == Kind::Email),
            ("from", self.from.is_some(), kind == Kind::Email),
            ("sendmail", self.sendmail.is_some(), kind == Kind::Email),
        ];
        match keys.iter().find(|(_, is_there, belongs)| *is_there && !belongs) {
            Some((key, ..)) => {
                let has = keys.iter().filter(|(.., belongs)| *belongs).map(|(key, ..)| *key);
                let has = has.chain(["timeout"]).collect::<Vec<_>>().join(", ");
                Err((format!("'{key}' is no key of such a channel"), format!("it has {has}")))
            }
            None => Ok(()),
        }
    }
}

/// Whether it cannot stand on a line of a mail's head, or would be an option of the program.
fn is_odd(address: &str) -> bool {
    address.is_empty() || address.starts_with('-') || address.chars().any(char::is_control)
}

fn missing(key: &str, example: &str) -> Wrong {
    (format!("missing key '{key}'"), format!("write one, such as `{example}`"))
}
