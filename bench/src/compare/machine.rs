//! What the results were measured on, in a line.

/// Processor, cores, memory, system and how busy it already was; what is not known is left out.
pub(super) fn describe() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let processor = value(&read("/proc/cpuinfo"), "model name", ':');
    let cores = std::thread::available_parallelism().map(|cores| format!("{cores} cores")).ok();
    let memory = value(&read("/proc/meminfo"), "MemTotal", ':').and_then(|total| gibibytes(&total));
    let system = value(&read("/etc/os-release"), "PRETTY_NAME", '=');
    let kernel = Some(format!("Linux {}", read("/proc/sys/kernel/osrelease").trim()));
    let load = read("/proc/loadavg").split(' ').next().map(|load| format!("load {load}"));
    [processor, cores, memory, system, kernel, load].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The first value of a key in lines of `key<separator>value`.
fn value(text: &str, key: &str, separator: char) -> Option<String> {
    text.lines()
        .filter_map(|line| line.split_once(separator))
        .find(|(name, _)| name.trim() == key)
        .map(|(_, value)| value.trim().trim_matches('"').to_owned())
}

/// The most memory that this process has held, in MiB; 0 where the kernel does not say.
pub(super) fn own_peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    peak_mib(&status).unwrap_or_default()
}

/// The most memory that a process has held, in MiB, by its `/proc/PID/status`.
pub(super) fn peak_mib(status: &str) -> Option<f64> {
    Some(kibibytes(&value(status, "VmHWM", ':')?)? / 1024.0)
}

/// The CPU time that this program's first thread has had; 0 where the kernel does not say.
pub(super) fn cpu_seconds() -> f64 {
    let times = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds: f64 = times.split(' ').next().and_then(|time| time.parse().ok()).unwrap_or_default();
    nanoseconds / 1e9
}

/// `16307384 kB` as `15.6 GiB`.
fn gibibytes(text: &str) -> Option<String> {
    Some(format!("{:.1} GiB", kibibytes(text)? / f64::from(1 << 20)))
}

fn kibibytes(text: &str) -> Option<f64> {
    text.strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_from_the_files_of_proc_and_etc() {
        let cpu = "processor\t: 0\nmodel name\t: AMD EPYC\nprocessor\t: 1\nmodel name\t: other\n";
        assert_eq!(value(cpu, "model name", ':').as_deref(), Some("AMD EPYC"));
        assert_eq!(
            value("NAME=x\nPRETTY_NAME=\"Debian 12\"\n", "PRETTY_NAME", '=').as_deref(),
            Some("Debian 12")
        );
        assert_eq!(value("", "model name", ':'), None);
        assert_eq!(peak_mib("Name:\tx\nVmHWM:\t    1536 kB\n"), Some(1.5));
        assert_eq!(gibibytes("16307384 kB").as_deref(), Some("15.6 GiB"));
    }
}
