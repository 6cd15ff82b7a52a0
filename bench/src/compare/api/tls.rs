//! Whether `gh` is slower through the relay where the server speaks TLS: the relay keeps its connection, and `gh`
//! shakes hands anew for each request.

use std::fs;
use std::io::{BufRead, BufReader};

use super::counting::home;
use super::relay::Relay;
use crate::compare::figures::median_ratio;
use crate::compare::goal::Goal;
use crate::compare::measure::{CommandLine, in_turn};
use crate::compare::table::{Baseline, table};
use crate::compare::{Bench, Error};

/// The fake GitHub of the tests, which is built with this program.
const FAKE: &str = "fake-github";

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    let Some(gh) = bench.on_path("gh") else { return bench.left_out("gh") };
    let fake = CommandLine::new(FAKE, bench.beside_this_program(FAKE)?, ["--tls", "127.0.0.1:0"]);
    let mut child = fake.start()?;
    let mut addresses = String::new();
    let output = child.stdout.take();
    output
        .map_or(Ok(0), |output| BufReader::new(output).read_line(&mut addresses))
        .map_err(|error| fake.wrong(error.to_string()))?;
    let addresses: serde_json::Value =
        serde_json::from_str(&addresses).map_err(|error| fake.wrong(error.to_string()))?;
    let text =
        |key: &str| addresses[key].as_str().map(str::to_owned).ok_or_else(|| fake.wrong(format!("no {key}")));
    let (url, authority, token) = (text("tls_url")?, text("authority")?, text("token")?);
    let trust = format!("SSL_CERT_FILE={authority}");
    let relay = Relay::start(bench, &url, std::slice::from_ref(&trust))?;
    let host = url.trim_start_matches("https://").to_owned();

    let through = variables(home(&bench.in_work("gh"), &relay.socket)?, &token, &host);
    let own = bench.in_work("gh-direct");
    let mut direct = variables(home(&own, &relay.socket)?, &token, &host);
    direct.push(trust);
    let config = own.join("config.yml");
    fs::write(&config, "version: \"1\"\nprompt: disabled\n").map_err(|error| Error::file(&config, error))?;

    let ask = |name: &str, variables: Vec<String>| {
        CommandLine::new(name, "/usr/bin/env", variables).with([&gh]).with(["api", "user"])
    };
    let commands = [ask("gh", direct), ask("through pm-relay", through)];
    let answers = [commands[0].answer()?, commands[1].answer()?];
    if answers[0] != answers[1] {
        return Err(commands[1].wrong("it is another than without the relay"));
    }
    let rounds = bench.args.middling_rounds();
    bench.progress(&format!("gh over TLS, with and without the relay, {rounds} rounds"));
    let measured = in_turn(&[&commands[0], &commands[1]], rounds)?;
    relay.stop()?;
    drop(child.stdin.take());
    child.wait().map_err(|error| fake.wrong(error.to_string()))?;
    bench.say(&format!(
        "\n  gh api user, TLS on loopback, {rounds} rounds\n{}",
        table(&measured, Baseline::None)
    ))?;
    let ratio = median_ratio(&measured[1].wall_ms, &measured[0].wall_ms);
    bench.judge(Goal::at_most(1.0, "", "gh through the relay over gh without it, TLS").is(ratio))
}

fn variables(home: Vec<String>, token: &str, host: &str) -> Vec<String> {
    let tokens = ["GH_TOKEN", "GH_ENTERPRISE_TOKEN"];
    let other =
        home.into_iter().filter(|one| !tokens.iter().any(|name| one.starts_with(&format!("{name}="))));
    let own = tokens.map(|name| format!("{name}={token}"));
    other.chain(own).chain([format!("GH_HOST={host}")]).collect()
}
