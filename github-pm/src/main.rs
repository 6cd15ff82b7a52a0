//! Starts `github-pm` on the process's own streams.

fn main() -> std::process::ExitCode {
    pm_cli::start(github_pm::TOOL, github_pm::run)
}
