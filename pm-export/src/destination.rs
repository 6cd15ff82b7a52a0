//! Where a receiver is, and the key for it: flags first, then files, then the variables that its own tools read.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use http::Uri;
use pm_cli::{Environment, Usage};
use pm_github::Secret;

use crate::args::{Args, Compress, Signal, To, WriteVersion};
use crate::client::Way;
use crate::packing::Packing;
use crate::receivers::{Datadog, Endpoint, NewRelic, Otlp, Pushgateway, Receiver, RemoteWrite};

/// A receiver, if there is one.
#[derive(Debug)]
pub(crate) struct Destination {
    pub(crate) receiver: Option<Receiver>,
    /// The variable that should hold the key that was typed.
    pub(crate) seen: Option<&'static str>,
}

impl Destination {
    /// What was meant.
    pub(crate) fn new(args: &Args, environment: &Environment) -> Result<Self, Usage> {
        let receiver = match args.to {
            To::Datadog => Some(Receiver::Datadog(datadog(args, environment)?)),
            To::Newrelic => Some(Receiver::NewRelic(newrelic(args, environment)?)),
            To::Otlp => otlp(args, environment)?.map(Receiver::Otlp),
            To::Pushgateway => Some(Receiver::Pushgateway(pushgateway(args, environment)?)),
            To::RemoteWrite => Some(Receiver::RemoteWrite(remote_write(args, environment)?)),
            _ => None,
        };
        let seen = match args.to {
            To::Datadog if args.api_key.is_some() => Some("DD_API_KEY"),
            To::Newrelic if args.license_key.is_some() => Some("NR_LICENSE_KEY"),
            _ => None,
        };
        Ok(Self { receiver, seen })
    }
}

/// A key from a flag, the file of `--key-file`, or the first variable that has one.
fn key(
    typed: Option<&String>,
    variables: &[&str],
    args: &Args,
    environment: &Environment,
) -> Result<Option<String>, Usage> {
    let of_file = |path: &PathBuf| {
        let path = environment.current_dir().join(path);
        std::fs::read_to_string(&path).map_err(|error| {
            let message = format!("cannot read the key in '{}': {error}", path.display());
            Usage::new(message, "name a file that holds nothing but the key")
        })
    };
    let found = match (typed, &args.key_file) {
        (Some(typed), _) => Some(typed.clone()),
        (None, Some(path)) => Some(of_file(path)?),
        (None, None) => variables.iter().find_map(|name| environment.text(name)).map(str::to_owned),
    };
    let found = found.map(|key| key.trim().to_owned());
    let is_none = |key: &String| key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic());
    if found.as_ref().is_some_and(is_none) {
        let message = "the key is empty, or has letters that no key has";
        return Err(Usage::new(message, "look at it where it comes from"));
    }
    Ok(found)
}

fn demanded(key: Option<String>, what: &str, hint: &str) -> Result<String, Usage> {
    key.ok_or_else(|| Usage::new(format!("there is no key for {what}"), hint))
}

/// Refuses to send a key for everybody on the way to read, and an address that holds one: addresses are printed.
/// `place` is what to do with the key instead.
fn guarded(url: String, has_key: bool, place: &str) -> Result<String, Usage> {
    if holds_secret(&url) {
        let message = "the receiver's address holds a password or a key, and addresses are printed";
        return Err(Usage::new(message, place));
    }
    // What is no address is told when it is used.
    let Ok(address) = url.parse::<Uri>() else { return Ok(url) };
    if !has_key || is_here(&url) || address.scheme_str() == Some("https") {
        return Ok(url);
    }
    let message = format!("the key would be sent to '{url}' for everybody on the way to read");
    Err(Usage::new(message, "write it as `--url https://…`"))
}

/// Whether an address, or what was meant to be one, has a login, or a parameter that is called like a key.
fn holds_secret(url: &str) -> bool {
    let (address, parameters) = url.split_once('?').unwrap_or((url, ""));
    // Where there is no telling which part of it is the host, any part may be a login.
    let login = match url.parse::<Uri>() {
        Ok(uri) => uri.authority().is_some_and(|authority| authority.as_str().contains('@')),
        Err(_) => address.contains('@'),
    };
    let is_secret = |parameter: &str| {
        let name = parameter.split('=').next().unwrap_or_default();
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        let name: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
        SECRETS.iter().any(|ending| name.ends_with(ending))
    };
    login || parameters.split(['&', ';']).any(is_secret)
}

/// How the names of parameters end that hold keys: `api_key`, `Api-Key`, `access_token` and so on.
const SECRETS: [&str; 12] = [
    "key",
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "auth",
    "authorization",
    "credential",
    "signature",
    "sig",
];

/// How bodies are packed for a receiver that takes gzip, and no zstd.
fn gzip_or_none(args: &Args, receiver: &str, usual: Packing) -> Result<Packing, Usage> {
    if args.compression == Some(Compress::Zstd) {
        let message = format!("{receiver} takes no zstd");
        return Err(Usage::new(message, "leave --compression out, or write `--compression gzip`"));
    }
    Ok(Packing::wanted(&[usual, Packing::Gzip, Packing::None], args.compression))
}

/// Where keys belong.
const INTO_A_FILE: &str = "write the key into a file, and add `--key-file FILE`";
const INTO_HEADERS: &str =
    "set OTEL_EXPORTER_OTLP_HEADERS='authorization=Bearer%20KEY', or what the receiver calls it";

/// The header for a receiver that takes tokens.
#[expect(clippy::needless_pass_by_value, reason = "the key is not to stay anywhere else")]
fn bearer(key: String) -> Secret {
    Secret::header(format!("Bearer {key}"))
}

/// Whether an address is one of this machine.
fn is_here(url: &str) -> bool {
    let Ok(address) = url.parse::<Uri>() else { return false };
    let name = address.host().unwrap_or_default();
    let number = name.trim_matches(['[', ']']).parse::<IpAddr>();
    name == "localhost" || number.is_ok_and(|number| number.is_loopback())
}

fn trimmed(url: &str) -> String {
    url.trim_end_matches('/').to_owned()
}

fn datadog(args: &Args, environment: &Environment) -> Result<Datadog, Usage> {
    let key = key(args.api_key.as_ref(), &["DD_API_KEY"], args, environment)?;
    let key = demanded(key, "Datadog", "set DD_API_KEY")?;
    let site = environment.text("DD_SITE").unwrap_or("datadoghq.com");
    let url = args.url.as_deref().map_or_else(|| format!("https://api.{site}"), trimmed);
    let mut tags = Vec::new();
    for (name, variable) in [("env", "DD_ENV"), ("service", "DD_SERVICE"), ("version", "DD_VERSION")] {
        tags.extend(environment.text(variable).map(|value| format!("{name}:{value}")));
    }
    let more = environment.text("DD_TAGS").unwrap_or_default();
    tags.extend(more.split([',', ' ']).filter(|tag| !tag.is_empty()).map(str::to_owned));
    Ok(Datadog {
        url: guarded(url, true, "set DD_API_KEY")?,
        key: Secret::header(key),
        tags,
        compression: args.compression,
    })
}

fn newrelic(args: &Args, environment: &Environment) -> Result<NewRelic, Usage> {
    let variables = ["NR_LICENSE_KEY", "NEW_RELIC_LICENSE_KEY"];
    let key = key(args.license_key.as_ref(), &variables, args, environment)?;
    let key = demanded(key, "New Relic", "set NR_LICENSE_KEY")?;
    // Keys say for which region they are.
    let region = if key.starts_with("eu") { "eu." } else { "" };
    let usual = format!("https://metric-api.{region}newrelic.com/metric/v1");
    let url = args.url.clone().unwrap_or(usual);
    Ok(NewRelic {
        url: guarded(url, true, "set NR_LICENSE_KEY")?,
        key: Secret::header(key),
        packing: gzip_or_none(args, "New Relic", Packing::Gzip)?,
    })
}

fn pushgateway(args: &Args, environment: &Environment) -> Result<Pushgateway, Usage> {
    let key = key(None, &[], args, environment)?;
    let url = trimmed(args.url.as_deref().unwrap_or("http://127.0.0.1:9091"));
    let url = if url.contains("/metrics/job") { url } else { format!("{url}/metrics/job/github_pm") };
    Ok(Pushgateway {
        url: guarded(url, key.is_some(), INTO_A_FILE)?,
        key: key.map(bearer),
        packing: gzip_or_none(args, "a Pushgateway", Packing::Gzip)?,
    })
}

fn remote_write(args: &Args, environment: &Environment) -> Result<RemoteWrite, Usage> {
    let key = key(None, &[], args, environment)?;
    let Some(url) = args.url.clone() else {
        let hint = "add `--url http://127.0.0.1:9090/api/v1/write`";
        return Err(Usage::new("nobody says where to write to", hint));
    };
    Ok(RemoteWrite {
        url: guarded(url, key.is_some(), INTO_A_FILE)?,
        key: key.map(bearer),
        instance: pm_cli::host(),
        second: args.remote_write_version == WriteVersion::Two,
        native: args.native_histograms,
    })
}

/// None if the user has switched it off.
fn otlp(args: &Args, environment: &Environment) -> Result<Option<Otlp>, Usage> {
    if environment.text("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Ok(None);
    }
    let setting = |signal: &str, name: &str| {
        let own = environment.text(&format!("OTEL_EXPORTER_OTLP_{signal}_{name}"));
        own.or_else(|| environment.text(&format!("OTEL_EXPORTER_OTLP_{name}")))
    };
    let base = args.url.as_deref().or_else(|| environment.text("OTEL_EXPORTER_OTLP_ENDPOINT"));
    let base = trimmed(base.unwrap_or("http://127.0.0.1:4318"));
    let address = |signal: &str, path: &str| {
        // Used as it is; what was typed comes before it.
        let own = environment.text(&format!("OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"));
        own.filter(|_| args.url.is_none()).map_or_else(|| format!("{base}/v1/{path}"), str::to_owned)
    };
    let endpoint = |signal: &str, path: &str| {
        let json = match setting(signal, "PROTOCOL") {
            None | Some("http/protobuf") => false,
            Some("http/json") => true,
            Some(other) => {
                let message =
                    format!("OTEL_EXPORTER_OTLP_PROTOCOL is '{other}', which cannot be spoken here");
                return Err(Usage::new(message, "set it to http/protobuf or http/json"));
            }
        };
        let headers = pairs(setting(signal, "HEADERS").unwrap_or_default());
        let url = guarded(address(signal, path), !headers.is_empty(), INTO_HEADERS)?;
        let usual = match setting(signal, "COMPRESSION") {
            // Packing takes longer than anything else here, and is for the way to other machines.
            None | Some("") if is_here(&url) => Packing::None,
            None | Some("" | "gzip") => Packing::Gzip,
            Some("none") => Packing::None,
            Some(other) => {
                let message =
                    format!("OTEL_EXPORTER_OTLP_COMPRESSION is '{other}', which cannot be done here");
                return Err(Usage::new(message, "set it to gzip or none"));
            }
        };
        let packing = gzip_or_none(args, "OpenTelemetry's protocol", usual)?;
        let headers = headers.into_iter().map(|(name, value)| (name, Secret::header(value))).collect();
        let way = Way {
            timeout: setting(signal, "TIMEOUT").map(milliseconds).transpose()?,
            certificate: CERTIFICATES
                .iter()
                .filter(|(of, _)| of.is_none_or(|of| of == signal))
                .find_map(|(_, name)| Some((*name, environment.text(name)?)))
                .map(|(name, path)| certificate(name, path, environment))
                .transpose()?,
        };
        Ok(Endpoint { url, json, packing, way, headers })
    };
    let wants = |signal| args.signals.contains(&signal);
    Ok(Some(Otlp {
        metrics: wants(Signal::Metrics).then(|| endpoint("METRICS", "metrics")).transpose()?,
        traces: wants(Signal::Traces).then(|| endpoint("TRACES", "traces")).transpose()?,
        attributes: resource(environment),
    }))
}

/// A limit as OpenTelemetry's variables have it; 0 is none, and so as long as anything may take.
fn milliseconds(text: &str) -> Result<Duration, Usage> {
    let millis: u64 = text.trim().parse().map_err(|_| {
        let message = format!("OTEL_EXPORTER_OTLP_TIMEOUT is '{text}', which is no number of milliseconds");
        Usage::new(message, "set it to 10000 for ten seconds")
    })?;
    Ok(if millis == 0 { Duration::from_hours(1) } else { Duration::from_millis(millis) })
}

/// The variables that name certificates, those of a signal first.
const CERTIFICATES: [(Option<&str>, &str); 3] = [
    (Some("METRICS"), "OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE"),
    (Some("TRACES"), "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE"),
    (None, "OTEL_EXPORTER_OTLP_CERTIFICATE"),
];

/// A file of certificates, with the variable that names it.
fn certificate(
    variable: &'static str,
    path: &str,
    environment: &Environment,
) -> Result<(&'static str, PathBuf), Usage> {
    let path = environment.current_dir().join(path);
    if path.is_file() {
        return Ok((variable, path));
    }
    let message = format!("{variable} names '{}', which is no file", path.display());
    Err(Usage::new(message, format!("let it name certificates in PEM, or `unset {variable}`")))
}

/// What the resource is called: `service.name` first.
fn resource(environment: &Environment) -> Vec<(String, String)> {
    let mut attributes = pairs(environment.text("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default());
    let listed = attributes.iter().find(|(name, _)| name == "service.name").map(|(_, value)| value.clone());
    attributes.retain(|(name, _)| name != "service.name");
    let name = environment.text("OTEL_SERVICE_NAME").map(str::to_owned).or(listed);
    attributes.insert(0, ("service.name".to_owned(), name.unwrap_or_else(|| "github-pm".to_owned())));
    attributes
}

/// `name=value,…` with values percent-encoded.
fn pairs(text: &str) -> Vec<(String, String)> {
    let decoded =
        |text: &str| percent_encoding::percent_decode_str(text.trim()).decode_utf8_lossy().into_owned();
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    let pairs = pairs.map(|(name, value)| (name.trim().to_owned(), decoded(value)));
    pairs.filter(|(name, _)| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_goes_to_this_machine_or_through_tls_and_nowhere_else() {
        for url in
            ["https://api.datadoghq.com", "http://127.0.0.1:8080/x", "http://[::1]:1", "http://localhost"]
        {
            assert!(guarded(url.to_owned(), true, "").is_ok(), "{url}");
        }
        for url in [
            "http://api.datadoghq.com",
            "HTTP://host",
            "http://127.0.0.1.example:80",
            "http://localhost.example/",
        ] {
            assert!(
                guarded(url.to_owned(), true, "").is_err() && guarded(url.to_owned(), false, "").is_ok(),
                "{url}"
            );
        }
    }

    #[test]
    fn an_address_that_holds_a_key_is_refused_with_a_better_place_and_is_not_printed() {
        for url in [
            "https://user@host",
            "http://localhost:hunter2@api.datadoghq.com/",
            "http://127.0.0.1/x?api_key=hunter2",
            "https://host/x?a=b&Api-Key=hunter2",
            "https://host?access_token=hunter2",
            "https://host?license%5Fkey=hunter2",
            "https://host/?X-Amz-Signature=hunter2",
            // No addresses, and told all the same.
            "https://user:hunter2@ho st/",
            "https://user:hunt er2@host/",
            "user:hunter2@host with spaces",
            "https://ho st/?token=hunter2",
        ] {
            let refused = guarded(url.to_owned(), false, "set PLACE").expect_err(url);
            assert!(!refused.to_string().contains("hunt"), "{refused}");
            assert_eq!(pm_cli::Explain::hint(&refused).as_deref(), Some("set PLACE"), "{url}");
        }
        for url in ["https://host/x?extra_label=key=1", "http://127.0.0.1/a@b", "https://host/?db=a&keys=2"] {
            assert!(guarded(url.to_owned(), false, "").is_ok(), "{url}");
        }
    }

    #[test]
    fn pairs_are_decoded_and_what_is_none_is_left_out() {
        let expected = [("a".to_owned(), "b c".to_owned()), ("api-key".to_owned(), "x=y".to_owned())];
        assert_eq!(pairs("a=b%20c, api-key = x%3Dy ,nothing,=empty"), expected);
    }
}
