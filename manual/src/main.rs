//! Starts [`pm_manual::main`].

fn main() -> std::process::ExitCode {
    pm_manual::main()
}
