//! Starts `append-records` on the process's own streams.

fn main() -> std::process::ExitCode {
    pm_cli::start(pm_bench::append::TOOL, pm_bench::append::run)
}
