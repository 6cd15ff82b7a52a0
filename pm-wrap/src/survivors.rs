//! What outlives the process that started it: found again when a time limit has to end the whole tree.
//!
//! A process whose parent has ended is given to the next ancestor that asked for such, and else to the
//! system's first process, where nobody would find it again. So with a time limit, and only then, this
//! process asks for them. Without a limit they go where they would go without us.

use rustix::process::{Pid, WaitId, WaitIdOptions, getpid, waitid};

use crate::tree::Tree;
use crate::usage::TransferAccount;

/// Everybody below this process who was started after it adopted them.
#[derive(Debug)]
pub(crate) struct Survivors {
    tree: Tree,
}

impl Survivors {
    /// Takes in whatever outlives its parent from now on; none where a system does not offer this.
    pub(crate) fn adopt() -> Option<Self> {
        #[cfg(target_os = "linux")]
        {
            // Whoever started us by `exec` in its own place left us its children.
            let tree = Some(Tree::of_later_children(getpid())).filter(Tree::is_readable)?;
            rustix::process::set_child_subreaper(Some(getpid())).ok()?;
            Some(Self { tree })
        }
        #[cfg(not(target_os = "linux"))]
        None
    }

    /// Who lives below this process.
    pub(crate) fn living(&mut self) -> Vec<Pid> {
        self.tree.living().into_iter().filter(|&process| process != getpid()).collect()
    }

    /// Waits for adopted processes that have ended, but for those who are waited for elsewhere.
    pub(crate) fn bury(&self, elsewhere: impl Fn(Pid) -> bool, transfers: &mut TransferAccount) {
        for process in self.tree.children_of_root().into_iter().filter(|&process| !elsewhere(process)) {
            let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
            if matches!(waitid(WaitId::Pid(process), look | WaitIdOptions::NOWAIT), Ok(Some(_))) {
                let _ = transfers.around(|| waitid(WaitId::Pid(process), look));
            }
        }
    }
}
