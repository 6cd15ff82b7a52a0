//! What outlives the process that started it: found again when a time limit has to end the whole tree.
//!
//! A process whose parent has ended is given to the next ancestor that asked for such, and else to the
//! system's first process, where nobody would find it again. So with a time limit, and only then, this
//! process asks for them. Without a limit they go where they would go without us.

use rustix::process::{Pid, WaitId, WaitIdOptions, getpid, waitid};

use crate::tree::Tree;
use crate::usage::TransferAccount;

/// Everybody below this process.
#[derive(Debug)]
pub(crate) struct Survivors {
    tree: Tree,
}

impl Survivors {
    /// Takes in whatever outlives its parent from now on; none where a system does not offer this.
    pub(crate) fn adopt() -> Option<Self> {
        #[cfg(target_os = "linux")]
        rustix::process::set_child_subreaper(Some(getpid())).ok()?;
        cfg!(target_os = "linux").then(|| Self { tree: Tree::of(getpid()) })
    }

    /// Who lives below this process.
    pub(crate) fn living(&mut self) -> Vec<Pid> {
        self.tree.living().into_iter().filter(|&process| process != getpid()).collect()
    }

    /// Waits for adopted processes that have ended; `command` is waited for elsewhere.
    pub(crate) fn bury(&mut self, command: Pid, transfers: &mut TransferAccount) {
        for process in self.tree.children_of_root().into_iter().filter(|&process| process != command) {
            let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
            if matches!(waitid(WaitId::Pid(process), look | WaitIdOptions::NOWAIT), Ok(Some(_))) {
                let _ = transfers.around(|| waitid(WaitId::Pid(process), look));
            }
        }
    }
}
