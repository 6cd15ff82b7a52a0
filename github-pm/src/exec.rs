//! Decides how a plan is carried out: by printing, by becoming another program, or by starting some.

use std::io::Write;
use std::os::unix::process::CommandExt;

use pm_cli::{ColorChoice, Exit, Interrupts, Streams};

use crate::plan::{Become, Plan, Warning};
use crate::surroundings::Surroundings;
use crate::{Error, TOOL, doctor};

/// Does what was planned.
pub(crate) fn carry_out(plan: Plan, here: &Surroundings, io: &mut Streams) -> Result<Exit, Error> {
    match plan {
        Plan::Say(text) => say(&text, io),
        Plan::Become(become_it) => Err(turn_into(&become_it, io)),
        Plan::Pipe(pipeline) => {
            // The tools finish in their own way after a signal, we wait, and then end by it as they did.
            pipeline.run(&Interrupts::watch().map_err(Error::Watch)?)
        }
        Plan::Profile(profile) => profile.run(io),
        Plan::Benchmark(benchmark) => benchmark.run(here, io),
        Plan::Init(init) => say(&init.run()?, io),
        Plan::Trust(trust) => say(&trust.run()?, io),
        Plan::Store(upkeep) => {
            let mut text = String::new();
            let exit = upkeep.run(here, io, &mut text);
            say(&text, io)?;
            exit
        }
        Plan::Monitor(monitoring) => {
            let mut text = String::new();
            let exit = monitoring.run(here, io, &mut text);
            say(&text, io)?;
            exit
        }
        Plan::Tethered(tether) => Err(tether.become_it()),
        Plan::Doctor => {
            let color = ColorChoice::Auto.decide(&here.environment, io.output.is_terminal());
            let (text, exit) = doctor::examine(here, color);
            say(&text, io).map(|_| exit)
        }
    }
}

fn say(text: &str, io: &mut Streams) -> Result<Exit, Error> {
    io.output.write_all(text.as_bytes()).map_err(Error::Write)?;
    Ok(Exit::Done)
}

/// Lets the other program take this process's place; it returns only to say why that could not be.
fn turn_into(become_it: &Become, io: &mut Streams) -> Error {
    let program = &become_it.invocation.program;
    let source = become_it.invocation.command().exec();
    let Some(otherwise) = &become_it.otherwise else {
        return Error::CannotRun { program: program.clone(), source };
    };
    let message = format!("cannot start '{}': {source}; this run is not recorded", program.display());
    let hint = Some("see what is wrong with `github-pm performance doctor`".to_owned());
    io.complain(TOOL, &Warning { message, hint });
    let source = otherwise.command().exec();
    Error::CannotRun { program: otherwise.program.clone(), source }
}
