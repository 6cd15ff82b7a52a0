//! Starts `compare` on the process's own streams.

fn main() -> std::process::ExitCode {
    pm_cli::start(pm_bench::compare::TOOL, pm_bench::compare::run)
}
