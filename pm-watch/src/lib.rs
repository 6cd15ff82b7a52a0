//! Shows a store in the terminal while it grows.
//!
//! It is a program of its own because a library that draws on terminals is several times as large as everything
//! else that `github-pm` is: a host command would start slower for it. It only reads the store, so it shows as
//! well what another machine writes.
//!
//! This library exists for the program and its tests and may change at any time; the command line is the
//! contract.

#![forbid(unsafe_code)]

pub mod args;
mod error;
mod model;
mod once;
mod screen;
mod series;
mod source;
mod view;

use std::ffi::OsString;
use std::io::Write;
use std::time::Duration;

use pm_cli::{Exit, Streams};
use pm_store::Store;

use crate::args::Args;
pub use crate::error::Error;
pub use crate::screen::Screen;
use crate::screen::{Wish, wish};
use crate::source::Source;
use crate::view::Theme;

/// The program's name.
pub const TOOL: &str = "pm-watch";

/// How long something new may take to be seen.
const REFRESH: Duration = Duration::from_millis(250);

/// The whole life of the tool: arguments and streams in, exit status out.
///
/// # Errors
///
/// Wrong usage, a store that cannot be read, a terminal that cannot be drawn on.
pub fn run(args: Vec<OsString>, io: &mut Streams) -> Result<Exit, Error> {
    let Some(args) = pm_cli::parse::<Args>(args, io)? else { return Ok(Exit::Done) };
    let directory = |name: &str| io.environment.absolute(name).map(Into::into);
    let store = Store::meant(args.store.flatten().as_deref(), io.environment.current_dir(), directory)?;
    let (source, model) = Source::open(store, io.clock.now_millis())?;
    let is_terminal = io.output.is_terminal();
    if args.once {
        let text = once::frame(&model, once::size(io));
        io.output.write_all(text.as_bytes()).map_err(Error::Write)?;
        return Ok(Exit::Done);
    }
    if !is_terminal {
        return Err(Error::NoTerminal);
    }
    let theme = Theme { color: args.color.decide(&io.environment, is_terminal) };
    watch(source, model, theme, io)
}

fn watch(mut source: Source, mut model: model::Model, theme: Theme, io: &mut Streams) -> Result<Exit, Error> {
    io.outlive_interrupts().map_err(Error::Watch)?;
    let mut screen = Screen::enter().map_err(Error::Draw)?;
    while io.interrupted().is_none() {
        screen.draw(|frame| view::draw(frame, &model, theme)).map_err(Error::Draw)?;
        match wish(REFRESH).map_err(Error::Draw)? {
            Some(Wish::End) => break,
            Some(Wish::Pause) => screen.pause().map_err(Error::Draw)?,
            None => {}
        }
        source.refresh(&mut model, io.clock.now_millis())?;
    }
    Ok(Exit::Done)
}
