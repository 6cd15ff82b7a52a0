//! The program `sample-sysinfo`: what anybody would write first with the crate `sysinfo`, as a peer of `pm-sample`.
//!
//! It refreshes no more than it prints: CPU and memory of one process and of the system.

use std::ffi::OsString;
use std::io::Write;
use std::thread;
use std::time::Duration;

use pm_cli::{Exit, Explain, Streams, Usage};
use sysinfo::{MemoryRefreshKind, Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// The program's name.
pub const TOOL: &str = "sample-sysinfo";

/// Print what a process and the system use, tick by tick
#[derive(Debug, clap::Parser)]
#[command(name = "sample-sysinfo", version)]
struct Args {
    /// Which process
    #[arg(long)]
    pid: u32,

    /// From tick to tick
    #[arg(long, value_name = "DURATION", value_parser = pm_cli::parse_duration, default_value = "1s")]
    interval: Duration,

    /// How many ticks
    #[arg(long, value_name = "N")]
    count: u32,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line cannot be meant.
    #[error(transparent)]
    Usage(#[from] Usage),
    /// The crate cannot read here.
    #[error("cannot read the system")]
    Read(#[source] sysinfo::Error),
    /// Standard output cannot be written.
    #[error("cannot write to standard output")]
    Write(#[source] std::io::Error),
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Usage(usage) => usage.exit(),
            Self::Read(_) | Self::Write(_) => Exit::Environment,
        }
    }
}

/// The whole life of the program.
///
/// # Errors
///
/// Wrong usage, a system that cannot be read, or a standard output that cannot be written.
pub fn run(args: Vec<OsString>, io: &mut Streams) -> Result<Exit, Error> {
    let Some(args) = pm_cli::parse::<Args>(args, io)? else { return Ok(Exit::Done) };
    let pid = Pid::from_u32(args.pid);
    let mut system = System::new().map_err(Error::Read)?;
    let kind = ProcessRefreshKind::nothing().with_cpu().with_memory();
    for tick in 0..=args.count {
        if tick > 0 {
            thread::sleep(args.interval);
        }
        system.refresh_cpu_usage();
        system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, kind);
        let process = system.process(pid);
        let (cpu, memory) = process.map_or((0.0, 0), |process| (process.cpu_usage(), process.memory()));
        let (used, available) = (system.global_cpu_usage(), system.available_memory());
        writeln!(
            io.output,
            "{{\"cpu\":{cpu},\"memory\":{memory},\"system\":{used},\"available\":{available}}}"
        )
        .and_then(|()| io.output.flush())
        .map_err(Error::Write)?;
    }
    Ok(Exit::Done)
}
