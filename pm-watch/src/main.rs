//! Starts `pm-watch` on the process's own streams.

fn main() -> std::process::ExitCode {
    pm_cli::start(pm_watch::TOOL, pm_watch::run)
}
