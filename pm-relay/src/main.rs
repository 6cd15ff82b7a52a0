//! Starts `pm-relay` on the process's own streams.

/// The C library's own is slow, and keeps what it once had.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> std::process::ExitCode {
    pm_cli::start(pm_relay::TOOL, pm_relay::run)
}
