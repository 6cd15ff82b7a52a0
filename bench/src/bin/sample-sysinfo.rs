//! Starts `sample-sysinfo` on the process's own streams.

fn main() -> std::process::ExitCode {
    pm_cli::start(pm_bench::sample_sysinfo::TOOL, pm_bench::sample_sysinfo::run)
}
