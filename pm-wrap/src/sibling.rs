//! Other programs of ours, which lie beside this one, or else on PATH; never in the folder that the user
//! happens to stand in.

use std::path::{Path, PathBuf};

use pm_cli::Environment;
use rustix::fs::Access;

/// The program `name`, if it is installed.
pub(crate) fn find(name: &str, environment: &Environment) -> Option<PathBuf> {
    let beside = std::env::current_exe().ok().map(|program| program.with_file_name(name));
    let on_path = environment.path().map(|folder| folder.join(name));
    beside.into_iter().chain(on_path).find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, Access::EXEC_OK).is_ok()
}
