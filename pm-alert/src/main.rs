//! Starts `pm-alert` on the process's own streams.

/// The C library's own takes a system call for nearly every new size.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> std::process::ExitCode {
    pm_cli::start(pm_alert::TOOL, pm_alert::run)
}
