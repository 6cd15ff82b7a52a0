//! Starts `pm-wrap` on the process's own streams.

fn main() -> std::process::ExitCode {
    pm_cli::start(pm_wrap::TOOL, pm_wrap::run)
}
