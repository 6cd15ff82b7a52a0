//! Starts `pm-export` on the process's own streams.

/// The C library's own takes a system call for nearly every new size.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> std::process::ExitCode {
    pm_cli::start(pm_export::TOOL, pm_export::run)
}
