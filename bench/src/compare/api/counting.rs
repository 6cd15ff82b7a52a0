//! Whether every request of the real `gh` is counted: the records beside the server's own count.

use std::fs;
use std::path::Path;

use pm_cli::human;

use super::relay::Relay;
use super::upstream::Upstream;
use crate::compare::goal::Goal;
use crate::compare::measure::CommandLine;
use crate::compare::{Bench, Error};

/// How many processes of `gh` run at once.
const AT_ONCE: usize = 50;

/// How many requests are made at least.
const REQUESTS: u64 = 10_000;

/// What each process does, in turn: lists and queries with fifty pages, redirects, and errors.
const DEEDS: [&str; 10] = [
    "api --silent --paginate list",
    "api --silent --paginate list",
    "api --silent --paginate list",
    "api --silent --paginate graphql -f query='query($endCursor: String) { things(after: $endCursor) { nodes pageInfo { hasNextPage endCursor } } }'",
    "api --silent --paginate graphql -f query='query($endCursor: String) { things(after: $endCursor) { nodes pageInfo { hasNextPage endCursor } } }'",
    "api --silent moved",
    "api --silent status/404",
    "api --silent status/502",
    "api --silent status/403",
    "api --silent user -f name=x",
];

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    let Some(gh) = bench.on_path("gh") else { return bench.left_out("gh") };
    bench.progress("fifty commands of gh at once, ten thousand requests");
    let upstream = Upstream::start().map_err(Error::Talk)?;
    let relay = Relay::start(bench, &format!("http://{}", upstream.address), &[])?;
    let home = home(&bench.in_work("gh"), &relay.socket)?;
    let mut commands = 0_u64;
    while upstream.served() < REQUESTS {
        let before = upstream.served();
        let mut running = Vec::new();
        for number in 0..AT_ONCE {
            let deed = DEEDS[number % DEEDS.len()];
            let script = format!("exec '{}' {deed} >/dev/null 2>&1", gh.display());
            let shell = CommandLine::new("gh", "/usr/bin/env", &home).with(["/bin/sh", "-c"]).with([script]);
            running.push((shell.start()?, shell));
        }
        for (mut child, shell) in running {
            // Some are told of an error, and end with it.
            child.wait().map_err(|error| shell.wrong(error.to_string()))?;
            commands += 1;
        }
        if upstream.served() == before {
            return Err(Error::Talk(std::io::Error::other("no gh reached the server")));
        }
    }
    let (served, records) = (upstream.served(), relay.stop()?);
    bench.say(&format!(
        "\n  {} commands of gh, {AT_ONCE} at once: {} requests at the server, {} records\n",
        human::count(commands),
        human::count(served),
        human::count(records)
    ))?;
    let what = "requests of gh that the records and the server's count differ in";
    bench.judge(Goal::at_most(0.0, "", what).is(served.abs_diff(records) as f64))
}

/// The variables of a `gh` that goes through this socket.
pub(super) fn home(folder: &Path, socket: &Path) -> Result<Vec<String>, Error> {
    let socket = std::path::absolute(socket).map_err(|error| Error::file(socket, error))?;
    fs::create_dir_all(folder).map_err(|error| Error::file(folder, error))?;
    let folder = std::path::absolute(folder).map_err(|error| Error::file(folder, error))?;
    let config = folder.join("config.yml");
    let text = format!("version: \"1\"\nprompt: disabled\nhttp_unix_socket: {}\n", socket.display());
    fs::write(&config, text).map_err(|error| Error::file(&config, error))?;
    let of = |name: &str| format!("{name}={}", folder.display());
    Ok(vec![
        "-i".to_owned(),
        of("HOME"),
        of("GH_CONFIG_DIR"),
        "GH_TOKEN=x".to_owned(),
        "GH_ENTERPRISE_TOKEN=x".to_owned(),
        "GH_NO_UPDATE_NOTIFIER=1".to_owned(),
        "GH_NO_EXTENSION_UPDATE_NOTIFIER=1".to_owned(),
    ])
}
