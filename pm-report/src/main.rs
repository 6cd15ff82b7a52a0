//! Starts `pm-report` on the process's own streams.

fn main() -> std::process::ExitCode {
    pm_cli::start(pm_report::TOOL, pm_report::run)
}
