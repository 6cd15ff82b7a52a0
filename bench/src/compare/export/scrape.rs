//! How long a scrape takes. A series is a sample: a line of the exposition that is no comment.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use pm_cli::human;

use super::{Bench, Error, TOOL};
use crate::compare::figures::median;
use crate::compare::goal::Goal;
use crate::compare::log::Log;
use crate::compare::table::command_lines;

const SCRAPES: usize = 200;
const MOST_MS: f64 = 5.0;

/// How long a server may take to have read its log.
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) fn compare(bench: &mut Bench<'_>, log: &Log) -> Result<(), Error> {
    bench.title("A scrape of pm-export --listen, from the request to the last byte, without compression")?;
    let few = scrape(bench, log, &[])?;
    bench.judge(
        Goal::at_most(MOST_MS, " ms", format!("a scrape of {} series, median", human::count(few.series)))
            .is(few.median_ms),
    )?;
    scrape(bench, log, &["--by", "command,context.task_count"]).map(drop)
}

/// What came of many scrapes.
struct Scraped {
    series: u64,
    median_ms: Option<f64>,
}

fn scrape(bench: &mut Bench<'_>, log: &Log, more: &[&str]) -> Result<Scraped, Error> {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let address = free.map_err(Error::Talk)?;
    let listen = address.to_string();
    let path = log.path.to_string_lossy().into_owned();
    let words = ["--listen", &listen].into_iter().chain(more.iter().copied()).chain([&*path]);
    let server = bench.tool(TOOL, words);
    let _running = server.run()?;
    let counted = format!("{} ", log.records);
    let begun = Instant::now();
    let text = loop {
        // Until the log is read, fewer runs are shown.
        if let Ok(text) = ask(address)
            && (shown(&text, "github_pm_command_duration_seconds_count") - f64::from(log.records)).abs() < 0.5
        {
            break text;
        }
        if begun.elapsed() > PATIENCE {
            return Err(server.wrong(format!("it does not show {counted}runs")));
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let series = text.lines().filter(|line| !line.starts_with('#')).count() as u64;
    let mut millis = Vec::with_capacity(SCRAPES);
    for _ in 0..SCRAPES {
        let begun = Instant::now();
        ask(address).map_err(Error::Talk)?;
        millis.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    millis.sort_by(f64::total_cmp);
    let worst = millis.get(SCRAPES * 99 / 100).copied().unwrap_or_default();
    let median_ms = median(millis);
    bench.say(&format!(
        "\n  {} series, {} KB: median {:.2} ms, p99 {worst:.2} ms of {SCRAPES} scrapes\n{}",
        human::count(series),
        human::count(text.len() as u64 / 1000),
        median_ms.unwrap_or_default(),
        command_lines(&[&server])
    ))?;
    Ok(Scraped { series, median_ms })
}

/// One scrape, on a connection of its own.
fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (_, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(body.to_owned())
}

/// The sum of all samples of a name.
fn shown(text: &str, name: &str) -> f64 {
    let of_name = text.lines().filter(|line| line.starts_with(name));
    of_name.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_a_name_are_added_up() {
        let text = "# TYPE a counter\na_count{x=\"1 2\"} 3\na_count{x=\"y\"} 4\na_sum 9\n";
        assert!((shown(text, "a_count") - 7.0).abs() < 1e-9);
    }
}
