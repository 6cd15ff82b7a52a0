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
    /// A child of ours that was started later, and is no part of the command.
    left_out: Option<Pid>,
}

impl Survivors {
    /// Takes in whatever outlives its parent from now on; none where a system does not offer this.
    pub(crate) fn adopt() -> Option<Self> {
        #[cfg(target_os = "linux")]
        {
            // Whoever started us by `exec` in its own place left us its children.
            let tree = Some(Tree::of_later_children(getpid())).filter(Tree::is_readable)?;
            rustix::process::set_child_subreaper(Some(getpid())).ok()?;
            Some(Self { tree, left_out: None })
        }
        #[cfg(not(target_os = "linux"))]
        None
    }

    /// Takes a child for none of those.
    pub(crate) fn leave_out(&mut self, pid: u32) {
        self.left_out = i32::try_from(pid).ok().and_then(Pid::from_raw);
    }

    /// Who lives below this process.
    pub(crate) fn living(&mut self) -> Vec<Pid> {
        let left_out = [Some(getpid()), self.left_out];
        self.tree.living().into_iter().filter(|&process| !left_out.contains(&Some(process))).collect()
    }

    /// Waits for adopted processes that have ended, but for those who are waited for elsewhere.
    pub(crate) fn bury(&self, elsewhere: impl Fn(Pid) -> bool, transfers: &mut TransferAccount) {
        for process in self.tree.children_of_root() {
            if elsewhere(process) || self.left_out == Some(process) {
                continue;
            }
            let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
            if matches!(waitid(WaitId::Pid(process), look | WaitIdOptions::NOWAIT), Ok(Some(_))) {
                let _ = transfers.around(|| waitid(WaitId::Pid(process), look));
            }
        }
    }
}
