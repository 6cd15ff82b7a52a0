//! Runs commands in turn and takes the time of each.
//!
//! No shell is in the timed path: a process is started, waited for by `wait4`, and the clock is read just
//! before and just after. The peak memory is the kernel's. It is never under this program's own, because a
//! new process is born in its starter's memory and the kernel counts that; where it says no more than that,
//! it is an upper bound.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{self, Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

use wait4::Wait4;

use super::{Error, machine};

/// A command, and what it is called in tables.
#[derive(Debug, Clone)]
pub(super) struct CommandLine {
    pub(super) name: String,
    program: PathBuf,
    args: Vec<OsString>,
    /// Where it runs, if not where this program does.
    folder: Option<PathBuf>,
}

/// What one run cost.
#[derive(Debug, Clone, Copy)]
struct Cost {
    wall_ms: f64,
    cpu_ms: f64,
    peak_mib: f64,
}

/// A command that runs beside this program, and not longer than it is wanted.
#[derive(Debug)]
pub(super) struct Running(Option<Child>);

impl Running {
    pub(super) fn pid(&self) -> u32 {
        self.0.as_ref().map_or(0, Child::id)
    }

    /// How long its threads have been on a processor, in nanoseconds, as the scheduler counts it. A thread that has
    /// ended is not counted any more.
    pub(super) fn on_processor_ns(&self) -> Result<u64, Error> {
        let threads = format!("/proc/{}/task", self.pid());
        let of_thread = |entry: io::Result<fs::DirEntry>| {
            let text = fs::read_to_string(entry?.path().join("schedstat"))?;
            let first = text.split_whitespace().next().and_then(|number| number.parse::<u64>().ok());
            first.ok_or_else(|| io::Error::other("it has no number"))
        };
        let all = fs::read_dir(&threads).and_then(|entries| entries.map(of_thread).sum::<io::Result<u64>>());
        all.map_err(|source| Error::file(Path::new(&threads), source))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// All runs of one command.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) name: String,
    /// The first run, which pays for cold caches and counts for nothing.
    pub(super) first_ms: f64,
    /// Wall time by round; never empty.
    pub(super) wall_ms: Vec<f64>,
    /// Processor time by round, in the kernel and outside.
    pub(super) cpu_ms: Vec<f64>,
    /// The most memory of any run.
    pub(super) peak_mib: f64,
    /// What a process that needs nothing would seem to need.
    pub(super) floor_mib: f64,
}

/// Runs every command once and then, `rounds` times, each in its turn. Every second round goes backwards,
/// so that no command always runs in the wake of the same other.
pub(super) fn in_turn(commands: &[&CommandLine], rounds: u32) -> Result<Vec<Measured>, Error> {
    let mut all = Vec::with_capacity(commands.len());
    for command in commands {
        let first = command.time()?;
        all.push(Measured {
            name: command.name.clone(),
            first_ms: first.wall_ms,
            wall_ms: Vec::new(),
            cpu_ms: Vec::new(),
            peak_mib: first.peak_mib,
            floor_mib: 0.0,
        });
    }
    for round in 0..rounds {
        for index in order(commands.len(), round) {
            let cost = commands[index].time()?;
            all[index].wall_ms.push(cost.wall_ms);
            all[index].cpu_ms.push(cost.cpu_ms);
            all[index].peak_mib = all[index].peak_mib.max(cost.peak_mib);
        }
    }
    // Read last: it only ever grows.
    let floor_mib = machine::own_peak_mib();
    for one in &mut all {
        one.floor_mib = floor_mib;
    }
    Ok(all)
}

/// The places of `count` commands in the order in which a round runs them.
fn order(count: usize, round: u32) -> impl Iterator<Item = usize> {
    (0..count).map(move |index| if round.is_multiple_of(2) { index } else { count - 1 - index })
}

impl CommandLine {
    pub(super) fn new(
        name: impl Into<String>,
        program: impl Into<PathBuf>,
        args: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        Self { name: name.into(), program: program.into(), args, folder: None }
    }

    /// This command with more arguments.
    pub(super) fn with(mut self, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// This command, called otherwise in tables.
    pub(super) fn named(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    /// This command, run in `folder`.
    pub(super) fn within(self, folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()), ..self }
    }

    /// This command with more arguments, of which the last are another command.
    pub(super) fn around(
        &self,
        args: impl IntoIterator<Item = impl AsRef<OsStr>>,
        command: &CommandLine,
    ) -> Self {
        let mut whole = self.clone();
        whole.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        whole.args.push(command.program.clone().into_os_string());
        whole.args.extend_from_slice(&command.args);
        whole
    }

    /// Runs it once, untimed, for what it writes.
    pub(super) fn answer(&self) -> Result<Vec<u8>, Error> {
        let output =
            self.command().stdin(Stdio::null()).output().map_err(|source| self.cannot_start(source))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.trim_end().lines().last().map(|line| format!(": {line}"));
        Err(self.failed(output.status, said.unwrap_or_default()))
    }

    /// Runs it once, untimed, and looks at each line that it writes as it comes; what it says goes to
    /// standard error.
    pub(super) fn each_line(&self, mut look: impl FnMut(&[u8]) -> Result<(), String>) -> Result<(), Error> {
        let mut command = self.command();
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|source| self.cannot_start(source))?;
        let output = child.stdout.take().map(BufReader::new).into_iter();
        // A look that fails lets go of the pipe, and the program ends.
        let looked = output.flat_map(|output| output.split(b'\n')).try_for_each(|line| {
            look(&line.map_err(|source| self.cannot_start(source))?).map_err(|reason| self.wrong(reason))
        });
        let status = child.wait().map_err(|source| self.cannot_start(source))?;
        looked?;
        if status.success() { Ok(()) } else { Err(self.failed(status, String::new())) }
    }

    /// Starts it with pipes at both ends, for a conversation.
    pub(super) fn start(&self) -> Result<Child, Error> {
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.spawn().map_err(|source| self.cannot_start(source))
    }

    /// The same; what it says goes nowhere.
    pub(super) fn start_unheard(&self) -> Result<Child, Error> {
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().map_err(|source| self.cannot_start(source))
    }

    /// Starts it and lets it run beside this program; what it says goes nowhere.
    pub(super) fn run(&self) -> Result<Running, Error> {
        let mut command = self.command();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().map_err(|source| self.cannot_start(source))?;
        Ok(Running(Some(child)))
    }

    /// An error about how it ended.
    pub(super) fn failed(&self, status: ExitStatus, said: String) -> Error {
        Error::Failed { command: self.to_string(), status, said }
    }

    /// An error about what it wrote.
    pub(super) fn wrong(&self, reason: impl Into<String>) -> Error {
        Error::Wrong { command: self.to_string(), reason: reason.into() }
    }

    /// Runs it once, for the CPU time of it and of every process that it waited for, in milliseconds.
    pub(super) fn cpu_ms(&self) -> Result<f64, Error> {
        Ok(self.time()?.cpu_ms)
    }

    fn time(&self) -> Result<Cost, Error> {
        let mut command = self.command();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let start = Instant::now();
        let ended = command.spawn().and_then(|mut child| child.wait4());
        let wall = start.elapsed();
        let ended = ended.map_err(|source| self.cannot_start(source))?;
        if !ended.status.success() {
            return Err(self.failed(ended.status, String::new()));
        }
        let peak_mib = ended.rusage.maxrss as f64 / f64::from(1 << 20);
        let cpu = ended.rusage.utime + ended.rusage.stime;
        let [wall_ms, cpu_ms] = [wall, cpu].map(|time| time.as_secs_f64() * 1000.0);
        Ok(Cost { wall_ms, cpu_ms, peak_mib })
    }

    #[expect(clippy::disallowed_methods, reason = "starting programs is this module's job")]
    fn command(&self) -> Command {
        let Some(folder) = &self.folder else {
            let mut command = Command::new(&self.program);
            command.args(&self.args);
            return command;
        };
        // A path from here would lead elsewhere from there.
        let mut command =
            Command::new(path::absolute(&self.program).unwrap_or_else(|_| self.program.clone()));
        command.args(&self.args).current_dir(folder);
        command
    }

    fn cannot_start(&self, source: std::io::Error) -> Error {
        Error::Start { command: self.to_string(), source }
    }
}

/// As it can be pasted into a shell.
impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(folder) = &self.folder {
            let here = if self.program.is_absolute() { "" } else { "\"$OLDPWD\"/" };
            write!(f, "(cd {} && {here}", quoted(&folder.to_string_lossy()))?;
        }
        f.write_str(&quoted(&self.program.to_string_lossy()))?;
        self.args.iter().try_for_each(|arg| write!(f, " {}", quoted(&arg.to_string_lossy())))?;
        if self.folder.is_some() { f.write_str(")") } else { Ok(()) }
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_second_round_goes_backwards() {
        assert_eq!(order(3, 0).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(order(3, 1).collect::<Vec<_>>(), [2, 1, 0]);
    }

    #[test]
    fn each_command_is_timed_once_a_round_and_once_before() {
        let quick = CommandLine::new("quick", "/bin/sh", ["-c", ":"]);
        let slow = CommandLine::new("slow", "/bin/sh", ["-c", "sleep 0.02"]);
        let measured = in_turn(&[&quick, &slow], 3).expect("a shell");
        assert_eq!(measured.iter().map(|one| one.wall_ms.len()).collect::<Vec<_>>(), [3, 3]);
        assert!(measured[1].wall_ms.iter().all(|&wall| wall >= 20.0), "{measured:?}");
        assert!(measured[1].first_ms >= 20.0 && measured[1].peak_mib > 0.1, "{measured:?}");
    }

    #[test]
    fn a_command_that_fails_is_not_timed_but_reported() {
        let failing = CommandLine::new("x", "/bin/sh", ["-c", "echo why >&2; exit 3"]);
        let answer = failing.answer().expect_err("a failure").to_string();
        assert_eq!(answer, r"'/bin/sh -c 'echo why >&2; exit 3'' failed: exit status: 3: why");
        assert!(matches!(in_turn(&[&failing], 1), Err(Error::Failed { .. })));
        let missing = CommandLine::new("x", "/no/such/program", [] as [&str; 0]);
        assert!(matches!(missing.answer(), Err(Error::Start { .. })));
    }

    #[test]
    fn every_line_is_looked_at_until_one_is_wrong() {
        let two = CommandLine::new("x", "/bin/sh", ["-c", "echo one; echo two"]);
        let mut seen = Vec::new();
        two.each_line(|line| {
            seen.push(line.to_vec());
            Ok(())
        })
        .expect("two lines");
        assert_eq!(seen, [b"one", b"two"]);
        let refused = two.each_line(|line| Err(format!("no {}", line.len())));
        assert!(matches!(refused, Err(Error::Wrong { reason, .. }) if reason == "no 3"));
        let failing = CommandLine::new("x", "/bin/sh", ["-c", "exit 3"]);
        assert!(matches!(failing.each_line(|_| Ok(())), Err(Error::Failed { .. })));
    }

    #[test]
    fn a_command_runs_where_it_is_told_to() {
        let there = CommandLine::new("x", "/bin/sh", ["-c", "pwd"]).within("/");
        assert_eq!(there.answer().expect("a shell"), b"/\n");
    }

    #[test]
    fn a_command_around_another_has_the_other_s_words_at_its_end() {
        let (inner, outer) =
            (CommandLine::new("x", "sh", ["-c", ":"]), CommandLine::new("y", "time", ["-v"]));
        let whole = outer.around(["-o", "file"], &inner);
        assert_eq!((whole.to_string().as_str(), whole.name.as_str()), ("time -v -o file sh -c :", "y"));
    }

    #[test]
    fn a_command_is_shown_as_a_shell_takes_it() {
        let command = CommandLine::new("x", "/a b/jq", ["-n", "it's", ""]);
        assert_eq!(command.to_string(), r"'/a b/jq' -n 'it'\''s' ''");
        let there = CommandLine::new("x", "bin/tool", ["-n"]).within("a/b");
        assert_eq!(there.to_string(), r#"(cd a/b && "$OLDPWD"/bin/tool -n)"#);
    }
}
