//! What Linux tells of processes in `/proc`. Elsewhere every answer is "unknown".

use rustix::process::Pid;

/// Read and write system calls of a process and of the descendants it has waited for.
///
/// It still answers for a process that has ended and was not yet waited for; the descendants' part is
/// complete only then. Unknown for a program of another user.
pub(crate) fn io_operations(pid: Pid) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{}/io", pid.as_raw_nonzero())).ok()?;
    Some(field(&text, "syscr:")? + field(&text, "syscw:")?)
}

/// The most memory this process has held so far, in KiB.
pub(crate) fn own_peak_kib() -> Option<u64> {
    field(&std::fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

/// The first number behind `name` at the start of a line.
fn field(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    value.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_the_number_behind_its_name() {
        let text = "Name:\tVmHWM: 7\nVmHWM:\t    1768 kB\nsyscr: 12\n";
        assert_eq!(
            (field(text, "VmHWM:"), field(text, "syscr:"), field(text, "syscw:")),
            (Some(1768), Some(12), None)
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_holds_memory_and_has_read_something() {
        assert!(own_peak_kib().expect("a peak") > 100);
        assert!(io_operations(rustix::process::getpid()).expect("operations") > 0);
    }
}
