//! Starts `pm-manual` on the process's own streams.

fn main() -> std::process::ExitCode {
    pm_cli::start(pm_manual::TOOL, pm_manual::run)
}
