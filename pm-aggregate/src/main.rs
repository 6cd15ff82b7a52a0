//! Starts `pm-aggregate` on the process's own streams.

fn main() -> std::process::ExitCode {
    pm_cli::start(pm_aggregate::TOOL, pm_aggregate::run)
}
