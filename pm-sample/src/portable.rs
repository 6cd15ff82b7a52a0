//! Where there is no `/proc`: what the crate `sysinfo` tells, which costs more and knows less.
//!
//! Traffic is the system's, connections and pressure are not known, and there are no control groups.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use sysinfo::{MemoryRefreshKind, Networks, Pid, Process, ProcessRefreshKind, ProcessesToUpdate, System};

use crate::accounting::{Account, Accounts, Ledger};
use crate::config::{Choice, MemoryKind};
use crate::reading::{Chosen, Reading, Scope, Traffic};

/// Everything that is read, with what the differences to the look before need.
pub(crate) struct Probe {
    choice: Choice,
    system: Option<System>,
    networks: Option<Networks>,
    /// Who is chosen, with the time of its start: for as long as it lives.
    members: HashMap<Pid, u64>,
    ledger: Ledger,
    /// The start of the youngest process at the look before.
    youngest: u64,
    is_first: bool,
}

impl Probe {
    /// A probe that looks at the system, and at the chosen processes if there is a choice. Proportional sizes are
    /// not known here.
    pub(crate) fn new(choice: Choice, _: MemoryKind) -> Self {
        Self {
            choice,
            system: System::new().ok(),
            networks: Networks::new_with_refreshed_list().ok(),
            members: HashMap::new(),
            ledger: Ledger::default(),
            youngest: u64::MAX,
            is_first: true,
        }
    }

    /// Looks, and says what was used since the look before.
    pub(crate) fn look(&mut self) -> Reading {
        let is_first = std::mem::replace(&mut self.is_first, false);
        let traffic = self.traffic();
        let Some(mut system) = self.system.take() else { return Reading { traffic, ..Reading::default() } };
        let chosen = (self.choice != Choice::System).then(|| self.census(&mut system));
        system.refresh_cpu_usage();
        system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
        let reading = Reading {
            chosen,
            system_share: (!is_first).then(|| f64::from(system.global_cpu_usage()) / 100.0),
            cores: Some(system.cpus().len() as f64).filter(|&count| count > 0.0),
            available_bytes: Some(system.available_memory()),
            load: System::load_average().ok().map(|load| [load.one, load.five, load.fifteen]),
            pressure: [].into(),
            traffic,
        };
        self.system = Some(system);
        reading
    }

    fn traffic(&mut self) -> Option<Traffic> {
        let networks = self.networks.as_mut()?;
        networks.refresh(true);
        let outside = networks.iter().filter(|(name, _)| !name.as_encoded_bytes().starts_with(b"lo"));
        let (sent, received) = outside.fold((0, 0), |(sent, received), (_, data)| {
            (sent + data.transmitted(), received + data.received())
        });
        Some(Traffic { scope: Scope::System, sent, received, connections: None })
    }

    fn census(&mut self, system: &mut System) -> Chosen {
        let kind = ProcessRefreshKind::nothing().with_cpu().with_memory();
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, kind);
        let processes = system.processes();
        self.members
            .retain(|pid, start| processes.get(pid).is_some_and(|process| process.start_time() == *start));
        let roots: Vec<Pid> = match &mut self.choice {
            Choice::Pids(pids) => std::mem::take(pids)
                .into_iter()
                .filter_map(|pid| Some(Pid::from_u32(pid.try_into().ok()?)))
                .collect(),
            Choice::Name(glob) => {
                let own = Pid::from_u32(std::process::id());
                let matches =
                    |process: &Process| fast_glob::glob_match(&*glob, process.name().as_encoded_bytes());
                processes
                    .iter()
                    .filter(|(pid, process)| **pid != own && matches(process))
                    .map(|(&pid, _)| pid)
                    .collect()
            }
            Choice::System | Choice::Cgroup(_) => Vec::new(),
        };
        choose(&mut self.members, roots, processes);
        let youngest = processes.values().map(Process::start_time).max().unwrap_or(0);
        let before = std::mem::replace(&mut self.youngest, youngest);
        let chosen = || self.members.keys().filter_map(|pid| processes.get(pid));
        let accounts: Accounts = chosen().map(|process| account(process, before)).collect();
        Chosen {
            processes: chosen().count() as u64,
            memory_bytes: chosen().map(Process::memory).sum(),
            cpu: Duration::from_nanos(self.ledger.settle(accounts)),
        }
    }
}

/// Takes in these processes and everybody whose parent is in.
fn choose(members: &mut HashMap<Pid, u64>, roots: Vec<Pid>, processes: &HashMap<Pid, Process>) {
    let mut children: HashMap<Pid, Vec<Pid>> = HashMap::new();
    for (&pid, process) in processes {
        children.entry(process.parent().unwrap_or(pid)).or_default().push(pid);
    }
    let mut queue: Vec<Pid> = members.keys().copied().chain(roots).collect();
    let mut seen = HashSet::new();
    while let Some(pid) = queue.pop() {
        let Some(process) = processes.get(&pid).filter(|_| seen.insert(pid)) else { continue };
        members.entry(pid).or_insert(process.start_time());
        queue.extend(children.remove(&pid).unwrap_or_default());
    }
}

/// The time of ended children is not known here.
fn account(process: &Process, before: u64) -> (i32, Account) {
    let number = |pid: Pid| i32::try_from(pid.as_u32()).unwrap_or(i32::MAX);
    let account = Account {
        start: process.start_time(),
        parent: process.parent().map_or(0, number),
        own: process.accumulated_cpu_time().saturating_mul(1_000_000),
        waited: 0,
        is_new: process.start_time() > before,
    };
    (number(process.pid()), account)
}
