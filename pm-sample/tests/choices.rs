//! Who is looked at: names, numbers, and nobody.

use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command};

use pm_cli::{Exit, Trial};
use pm_record::SystemMetrics;

use crate::sampler::{Load, Sampler, ticks};

/// Runs the tool in this process, with a home in which there is no store.
fn run(args: &[&str]) -> Vec<SystemMetrics> {
    let home = tempfile::tempdir().expect("a folder");
    let outcome = Trial::new().variable("HOME", home.path()).run(pm_sample::TOOL, pm_sample::run, args);
    assert_eq!((outcome.stderr.as_str(), outcome.exit), ("", Exit::Done));
    ticks(&outcome.stdout)
}

#[test]
fn a_choice_that_nothing_matches_is_nothing_and_no_error() {
    let ticks = run(&["--name", "no program has this name", "--count", "2", "--interval", "20ms"]);
    assert_eq!(ticks.len(), 2);
    for tick in ticks {
        let figures = [tick.processes, tick.memory.process_memory_mb, tick.cpu.process_cpu_percentage];
        assert!(figures.iter().all(|figure| figure.is_some_and(|figure| figure.0 == 0)), "{tick:?}");
    }
}

#[test]
fn without_a_choice_there_is_nothing_of_processes() {
    let ticks = run(&["--once"]);
    let [tick] = ticks.as_slice() else { panic!("{ticks:?}") };
    let figures = [tick.processes, tick.memory.process_memory_mb, tick.cpu.process_cpu_percentage];
    assert_eq!(figures, [None; 3]);
    assert!(tick.memory.system_memory_available_mb.is_some() && tick.cpu.cpu_cores.is_some(), "{tick:?}");
    assert!(tick.load_average.as_ref().is_some_and(|load| load.len() == 3), "{tick:?}");
}

fn count(tick: &SystemMetrics) -> i64 {
    tick.processes.expect("a count").0 / 1000
}

fn end(children: Vec<Child>) {
    for mut child in children {
        child.kill().expect("it lives");
        child.wait().expect("it ends");
    }
}

#[test]
fn ten_processes_of_a_name_are_counted_as_they_come_and_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = format!("blip{}", std::process::id());
    let start = |number: usize| {
        let program = folder.path().join(format!("{name}-{number}"));
        std::fs::copy("/bin/sleep", &program).expect("a program");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("permissions");
        Command::new(program).arg("600").spawn().expect("a process")
    };
    let mut sampler = Sampler::start(&["--name", &format!("{name}-*"), "--interval", "20ms"]);
    assert_eq!(count(&sampler.next()), 0);
    let mut children: Vec<_> = (0..10).map(start).collect();
    let all = sampler.until(|tick| count(tick) == 10);
    assert!(all.memory.process_memory_mb.is_some_and(|memory| memory.0 > 0), "{all:?}");
    end(children.split_off(4));
    sampler.until(|tick| count(tick) == 4);
    children.extend((10..13).map(start));
    sampler.until(|tick| count(tick) == 7);
    end(children);
    sampler.until(|tick| count(tick) == 0);
}

#[test]
fn what_a_process_starts_counts_with_it_also_when_it_is_left_behind() {
    let program =
        "import subprocess; print('ready'); input(); print(subprocess.Popen(['sleep', '600']).pid); input()";
    let mut load = Load::start(program);
    assert_eq!(load.done(), "ready");
    let mut sampler = Sampler::start(&["--pid", &load.pid(), "--interval", "20ms"]);
    assert_eq!(count(&sampler.next()), 1);
    load.order();
    let child = load.done();
    sampler.until(|tick| count(tick) == 2);
    drop(load);
    sampler.until(|tick| count(tick) == 1);
    assert_eq!(count(&sampler.next()), 1);
    assert!(Command::new("kill").arg(child).status().expect("kill").success());
    sampler.until(|tick| count(tick) == 0);
}

/// Inside of a namespace of its own a test can choose the next number.
const REUSE: &str = r#"
sleep 600 & first=$!
"$1" --pid $first --interval 20ms > ticks & sampler=$!
until grep -q '"processes":1' ticks; do sleep 0.02; done
kill $first; wait $first 2> /dev/null
until tail -n 1 ticks | grep -q '"processes":0'; do sleep 0.02; done
for try in 1 2 3 4 5 6 7 8 9; do
    echo $((first - 1)) > /proc/sys/kernel/ns_last_pid
    sleep 600 & second=$!
    [ $second = $first ] && break
    kill $second
done
before=$(wc -l < ticks)
until [ $(wc -l < ticks) -gt $((before + 5)) ]; do sleep 0.02; done
kill $sampler $second
echo "$first $second"
tail -n 4 ticks | grep -c '"processes":0'
"#;

#[test]
fn another_process_of_the_same_number_is_not_meant() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new("unshare")
        .args(["-Ur", "--pid", "--fork", "--mount-proc", "--kill-child", "bash", "-c", REUSE, "bash"])
        .arg(env!("CARGO_BIN_EXE_pm-sample"))
        .current_dir(folder.path())
        .output()
        .expect("unshare");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut lines = text.lines();
    let (first, second) = lines.next().and_then(|line| line.split_once(' ')).expect("two numbers");
    assert_eq!(first, second, "the number was not used again");
    assert_eq!(lines.next(), Some("4"), "{}", String::from_utf8_lossy(&output.stderr));
}
