//! The outside world of a tool: its streams, environment and clock.

use std::io::{self, Write};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use crate::{Clock, Environment, Exit, Explain, Feed, Input, Interrupts, Opener, Output};

/// Everything that a tool may touch. A test makes its own.
pub struct Streams {
    stdin: Option<Input>,
    /// Standard output: data.
    pub output: Output,
    /// Standard error: words for people, unbuffered.
    pub diagnostics: Box<dyn Write + Send>,
    diagnostics_terminal: bool,
    /// Variables and working directory.
    pub environment: Environment,
    /// The time of day.
    pub clock: Clock,
    interrupts: Option<Interrupts>,
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streams")
            .field("output", &self.output)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

/// A file that was named as input and is not there or may not be read.
#[derive(Debug)]
pub struct MissingInput {
    typed: String,
    reason: io::Error,
}

impl std::fmt::Display for MissingInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot read '{}'", self.typed)
    }
}

impl std::error::Error for MissingInput {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.reason)
    }
}

impl Explain for MissingInput {
    fn exit(&self) -> Exit {
        Exit::Environment
    }

    fn hint(&self) -> Option<String> {
        let parent = Path::new(&self.typed).parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = parent.unwrap_or_else(|| Path::new("."));
        Some(format!("see what there is with `ls {}`", crate::quote(&directory.display().to_string())))
    }
}

impl Streams {
    /// The process's own streams, environment and clock.
    ///
    /// # Errors
    ///
    /// If the process has no descriptor left.
    pub fn of_process() -> io::Result<Self> {
        let output = own(rustix::stdio::stdout())?;
        let terminal = rustix::termios::isatty(&output);
        Ok(Self {
            stdin: None,
            output: Output::new(std::fs::File::from(output), terminal),
            diagnostics: Box::new(io::stderr()),
            diagnostics_terminal: rustix::termios::isatty(rustix::stdio::stderr()),
            environment: Environment::of_process(),
            clock: Clock::System,
            interrupts: None,
        })
    }

    /// Streams for a test: `input` in place of standard input.
    #[must_use]
    pub fn for_test(
        input: Input,
        output: Output,
        diagnostics: Box<dyn Write + Send>,
        environment: Environment,
        clock: Clock,
    ) -> Self {
        let diagnostics_terminal = false;
        let stdin = Some(input);
        Self { stdin, output, diagnostics, diagnostics_terminal, environment, clock, interrupts: None }
    }

    /// Reads on for two seconds after the first ^C, as a filter should; [`crate::start`] then ends the
    /// process by that signal.
    ///
    /// # Errors
    ///
    /// If the process has no descriptor left.
    pub fn outlive_interrupts(&mut self) -> io::Result<()> {
        self.interrupts = Some(Interrupts::watch()?);
        Ok(())
    }

    /// The signal that asked for an end, if one did.
    #[must_use]
    pub fn interrupted(&self) -> Option<i32> {
        self.interrupts.as_ref().and_then(Interrupts::signal)
    }

    /// The inputs that the user named, in order: files, `-` for standard input, or standard input alone
    /// when nothing was named.
    ///
    /// Each file is looked at now, so that a misspelled one is known before the first record is read,
    /// and opened when its turn comes.
    ///
    /// # Errors
    ///
    /// [`MissingInput`] for the first that cannot be read.
    pub fn inputs(&mut self, files: &[PathBuf]) -> Result<Vec<Input>, MissingInput> {
        if files.is_empty() { Ok(vec![self.stdin()?]) } else { self.files(files) }
    }

    /// The same for files that were found rather than named: none are none, and not standard input.
    ///
    /// # Errors
    ///
    /// [`MissingInput`] for the first that cannot be read.
    pub fn files(&mut self, files: &[PathBuf]) -> Result<Vec<Input>, MissingInput> {
        files.iter().map(|file| self.input(file)).collect()
    }

    /// A regular file that was found rather than named, and that `opener` opens when its turn comes.
    #[must_use]
    pub fn found(&self, name: &Path, opener: Opener) -> Input {
        Input::closed(opener, name.display().to_string(), self.interrupts.clone())
    }

    /// What `feed` brings, until a signal comes: an input that was found rather than named.
    #[must_use]
    pub fn fed(&self, name: &Path, feed: Box<dyn Feed>) -> Input {
        Input::fed(feed, name.display().to_string(), self.interrupts.clone())
    }

    fn input(&mut self, file: &Path) -> Result<Input, MissingInput> {
        if file.as_os_str() == "-" {
            return self.stdin();
        }
        let typed = file.display().to_string();
        let path = self.environment.current_dir().join(file);
        let reason = match std::fs::metadata(&path) {
            Ok(status) if status.is_dir() => io::Error::from(io::ErrorKind::IsADirectory),
            Ok(_) => return Ok(Input::file(path, &typed, self.interrupts.clone())),
            Err(error) => error,
        };
        Err(MissingInput { typed, reason })
    }

    fn stdin(&mut self) -> Result<Input, MissingInput> {
        if let Some(input) = self.stdin.take() {
            return Ok(input);
        }
        let descriptor =
            own(rustix::stdio::stdin()).map_err(|reason| MissingInput { typed: "-".to_owned(), reason })?;
        Ok(Input::stdin(descriptor, self.interrupts.clone()))
    }

    /// Whether a person sees standard error.
    #[must_use]
    pub fn diagnostics_are_terminal(&self) -> bool {
        self.diagnostics_terminal
    }

    /// Tells people of an error that does not end the tool, in the form of those that do.
    pub fn complain(&mut self, tool: &str, error: &dyn Explain) {
        let _ = self.diagnostics.write_all(crate::explain::message(tool, error).as_bytes());
    }

    /// Tells whoever would have to type an input that this is what the tool waits for.
    pub fn tell_of_typing<'a>(&mut self, tool: &str, inputs: impl IntoIterator<Item = &'a Input>) {
        if inputs.into_iter().any(Input::is_terminal) {
            self.tell(tool, "reading records from the terminal; end with ^D");
        }
    }

    /// Tells people something, as `<tool>: <text>`; a closed standard error is not our trouble.
    pub fn tell(&mut self, tool: &str, text: &str) {
        let _ = writeln!(self.diagnostics, "{tool}: {}", crate::printable(text));
    }
}

/// A descriptor of our own for one of the standard streams; a program that we start does not inherit it.
fn own(stream: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    Ok(rustix::io::fcntl_dupfd_cloexec(stream, 3)?)
}
