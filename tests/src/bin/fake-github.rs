//! Starts the fake GitHub on the process's own arguments.
fn main() -> std::process::ExitCode {
    pm_e2e::fake_github::serve::main(std::env::args_os())
}
