//! Starts `generate-records` on the process's own streams.

fn main() -> std::process::ExitCode {
    pm_cli::start(pm_bench::generate::TOOL, pm_bench::generate::run)
}
