//! The terminal while it is drawn on, left as it was: at the end, after an error, a panic or a signal.

use std::io::{self, Stdout};
use std::sync::Once;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use rustix::process::{Signal, getpid, kill_process};

/// The terminal, drawn on until it is dropped.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

/// What somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    End,
    /// To have the shell back for a while.
    Pause,
}

impl Screen {
    /// Takes the terminal over. From here on a panic gives it back before it is reported.
    ///
    /// # Errors
    ///
    /// If there is no terminal, or it refuses.
    pub fn enter() -> io::Result<Self> {
        restore_on_panic();
        enable_raw_mode()?;
        let screen = execute!(io::stdout(), EnterAlternateScreen)
            .and_then(|()| Terminal::new(CrosstermBackend::new(io::stdout())));
        screen.map(|terminal| Self { terminal }).inspect_err(|_| restore())
    }

    /// Draws one frame, as large as the terminal now is.
    ///
    /// # Errors
    ///
    /// If the terminal cannot be written to.
    pub fn draw(&mut self, draw: impl FnOnce(&mut ratatui::Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(draw).map(drop)
    }

    /// Gives the terminal back and stops this process, as ^Z does anywhere else, until it is continued.
    pub(crate) fn pause(&mut self) -> io::Result<()> {
        restore();
        kill_process(getpid(), Signal::TSTP)?;
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen)?;
        self.terminal.clear()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.terminal.show_cursor();
        restore();
    }
}

/// Waits for a key, for `limit` at most; a terminal that changes its size ends the wait too.
pub(crate) fn wish(limit: Duration) -> io::Result<Option<Wish>> {
    match event::poll(limit) {
        Ok(true) => {}
        Ok(false) => return Ok(None),
        // Whoever sent a signal is heard by the caller.
        Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(None),
        Err(error) => return Err(error),
    }
    let Event::Key(key) = event::read()? else { return Ok(None) };
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    Ok(match key.code {
        _ if key.kind == KeyEventKind::Release => None,
        KeyCode::Char('c' | 'd') if is_control => Some(Wish::End),
        KeyCode::Char('z') if is_control => Some(Wish::Pause),
        KeyCode::Char('q') | KeyCode::Esc => Some(Wish::End),
        _ => None,
    })
}

/// Whatever fails here, there is nothing left to do about it.
fn restore() {
    let _ = disable_raw_mode();
    let _ = execute!(io::stdout(), LeaveAlternateScreen, ratatui::crossterm::cursor::Show);
}

fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // The hook that was there ends the process.
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            report(panic);
        }));
    });
}
