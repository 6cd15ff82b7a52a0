//! Starts `pm-alert` on the process's own streams.

fn main() -> std::process::ExitCode {
    pm_cli::start(pm_alert::TOOL, pm_alert::run)
}
