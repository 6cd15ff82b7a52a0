//! The porcelain: pipelines over the tools, and any host command, timed and recorded.
//!
//! Only `performance` and `monitor` are words of ours; every other one belongs to the host command. No
//! tool is linked: each is a program that lies beside this one or on PATH, and a plan says which
//! of them run and how they are joined. What is planned is plain data, so `--explain` can print it as
//! shell and a test can look at it; only carrying it out touches processes.
//!
//! This library exists for the program and its tests and may change at any time; the command line is the
//! contract.

#![forbid(unsafe_code)]

mod analyze;
pub mod args;
mod benchmark;
mod children;
mod command_list;
mod command_tree;
mod compare;
mod dashboard;
mod doctor;
mod error;
mod exec;
mod explain;
mod export;
mod find;
mod host;
mod init;
mod invocation;
mod monitor;
mod naming;
mod optimize;
mod pipeline;
mod plan;
mod profile;
mod report;
mod sharing;
mod side_by_side;
mod store;
mod surroundings;
mod timeframe;
mod trust;
mod wrap;

use std::ffi::OsString;
use std::io::Write;

use pm_cli::{Exit, Streams};

use crate::args::Typed;
pub use crate::command_tree::command;
pub use crate::error::Error;
use crate::surroundings::Surroundings;

/// The program's name.
pub const TOOL: &str = "github-pm";

/// The whole life of the program: arguments and streams in, exit status out. A host command takes the
/// place of this process, and then nothing returns.
///
/// # Errors
///
/// Wrong usage or settings, a host command or tool that cannot be found or started, files that cannot be
/// written.
pub fn run(args: Vec<OsString>, io: &mut Streams) -> Result<Exit, Error> {
    let here = Surroundings::of_process(io);
    let typed = Typed::read(args.into_iter().skip(1))?;
    let Some(plan) = plan::plan(typed.request, &here, io)? else { return Ok(Exit::Done) };
    plan.warnings().iter().for_each(|warning| io.complain(TOOL, warning));
    if typed.explain {
        io.output.write_all(&explain::plan(&plan, &here)).map_err(Error::Write)?;
        return Ok(Exit::Done);
    }
    exec::carry_out(plan, &here, io)
}
