//! A program that uses known amounts of memory, CPU and I/O, for tests of what is measured.
//!
//! It touches what it holds and counts CPU time by its own thread's clock, so that the amounts do not depend
//! on how fast the machine is. Whatever it starts is itself again, and ends by itself.
#![expect(clippy::disallowed_methods, reason = "it starts itself")]

use std::fs::File;
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitCode, Stdio};
use std::str::FromStr;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

const USAGE: &str = "usage:
  consume memory MB MS              hold MB mebibytes for MS milliseconds
  consume hold MB PROGRAM ARG...    hold them until a program has ended
  consume cpu MS                    use MS milliseconds of CPU time
  consume threads N MS              the same in each of N threads
  consume write BYTES COUNT FILE    write BYTES bytes COUNT times
  consume read BYTES COUNT FILE     read them
  consume children N MB MS          N times `consume memory MB MS` at once
  consume fork N                    N processes, one after the other
  consume daemon MS                 leave behind a process that lives MS milliseconds; print its number";

fn main() -> ExitCode {
    let Err(error) = run() else { return ExitCode::SUCCESS };
    let _ = writeln!(io::stderr(), "consume: {error}");
    ExitCode::FAILURE
}

fn run() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["memory", mebibytes, millis] => {
            let held = touched(number(mebibytes)?);
            std::thread::sleep(Duration::from_millis(number(millis)?));
            black_box(held);
            Ok(())
        }
        ["hold", mebibytes, program, ref args @ ..] => {
            let held = touched(number(mebibytes)?);
            let ended = succeed(Command::new(program).args(args).spawn()?);
            black_box(held);
            ended
        }
        ["cpu", millis] => {
            burn(number(millis)?);
            Ok(())
        }
        ["threads", count, millis] => threads(number(count)?, number(millis)?),
        ["write", bytes, count, file] => {
            let (block, mut file) = (vec![b'x'; number(bytes)?], File::create(file)?);
            (0..number(count)?).try_for_each(|_| file.write_all(&block))
        }
        ["read", bytes, count, file] => {
            let (mut block, mut file) = (vec![0; number(bytes)?], File::open(file)?);
            (0..number(count)?).try_for_each(|_| file.read_exact(&mut block))
        }
        ["children", count, mebibytes, millis] => {
            let children = (0..number(count)?).map(|_| again(&["memory", mebibytes, millis])?.spawn());
            children.collect::<io::Result<Vec<Child>>>()?.into_iter().try_for_each(succeed)
        }
        ["fork", count] => {
            (0..number(count)?).try_for_each(|_| succeed(again(&["memory", "0", "0"])?.spawn()?))
        }
        ["daemon", millis] => succeed(again(&["leave", millis])?.spawn()?),
        ["leave", millis] => leave(millis),
        _ => Err(io::Error::other(USAGE)),
    }
}

fn number<T: FromStr>(word: &str) -> io::Result<T> {
    word.parse().map_err(|_| io::Error::other(format!("'{word}' is not a number\n{USAGE}")))
}

/// Memory that the kernel has had to give: every page of it was written to.
fn touched(mebibytes: usize) -> Vec<u8> {
    black_box(vec![1; mebibytes << 20])
}

/// Looking at the clock is a system call, so it is done only now and then: the time is to be the program's
/// own and not the kernel's.
fn burn(millis: i64) {
    let used = || {
        let used = clock_gettime(ClockId::ThreadCPUTime);
        used.tv_sec * 1_000_000 + used.tv_nsec / 1_000
    };
    let end = used() + millis * 1_000;
    while used() < end {
        (0..100_000).for_each(|step| {
            black_box(step);
        });
    }
}

fn threads(count: usize, millis: i64) -> io::Result<()> {
    let threads: Vec<_> = (0..count).map(|_| std::thread::spawn(move || burn(millis))).collect();
    let ended: Result<Vec<()>, _> = threads.into_iter().map(std::thread::JoinHandle::join).collect();
    ended.map(|_| ()).map_err(|_| io::Error::other("a thread panicked"))
}

/// This program with other arguments.
fn again(args: &[&str]) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(args);
    Ok(command)
}

fn succeed(mut child: Child) -> io::Result<()> {
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("a child ended with {status}"))) }
}

/// The middle of a double fork: what it starts has another session, and soon no parent and no streams.
fn leave(millis: &str) -> io::Result<()> {
    rustix::process::setsid()?;
    let mut command = again(&["memory", "1", millis])?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    writeln!(io::stdout(), "{}", command.spawn()?.id())
}
