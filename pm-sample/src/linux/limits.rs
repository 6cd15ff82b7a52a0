//! What the control groups around this process leave of the machine: in a container that is all there is.
//!
//! Only version 2 is asked, where one hierarchy holds every limit. A group's limit holds for everything below
//! it, so the tightest on the way up counts.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::mounts::{self, Mount};
use super::words::{behind, lines, number, words};

/// How often it is asked whether limits were changed.
const PERIOD: Duration = Duration::from_secs(10);

/// The groups around this process and their limits.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    /// The group of this process, then those above it.
    groups: Vec<PathBuf>,
    asked: Option<Duration>,
    memory: Vec<(PathBuf, u64)>,
    cores: Option<f64>,
}

/// What may be used.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Allowed {
    pub(crate) cores: Option<f64>,
    pub(crate) available_bytes: Option<u64>,
}

impl Limits {
    pub(crate) fn of_this_process() -> Self {
        let mounts = mounts::of_this_process();
        let own = fs::read("/proc/self/cgroup").unwrap_or_default();
        let unified = mounts.iter().find(|mount| mount.is_unified);
        let groups = unified.map(|mount| groups(&own, mount)).unwrap_or_default();
        Self { groups, ..Self::default() }
    }

    pub(crate) fn look(&mut self, now: Duration) -> Allowed {
        if self.asked.is_none_or(|asked| now.saturating_sub(asked) >= PERIOD) {
            self.asked = Some(now);
            let memory = |group: &PathBuf| Some((group.clone(), value(group, "memory.max")?));
            self.memory = self.groups.iter().filter_map(memory).collect();
            let quotas = self.groups.iter().filter_map(|group| quota(group));
            let set = self.groups.first().and_then(|group| processors(group));
            self.cores = quotas.chain(set).min_by(f64::total_cmp);
        }
        let available = self.memory.iter().filter_map(|(group, most)| available(group, *most)).min();
        Allowed { cores: self.cores, available_bytes: available }
    }
}

/// The folders of this process's group and of those above it, as far up as they can be seen.
fn groups(own: &[u8], mount: &Mount) -> Vec<PathBuf> {
    let Some(path) = behind(own, "0::").and_then(|path| std::str::from_utf8(path).ok()) else {
        return Vec::new();
    };
    // A group outside of what is mounted is shown as one above it; the mount point is the nearest then.
    let below = Path::new(path).strip_prefix(&mount.root).unwrap_or(Path::new(""));
    let is_plain = below.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    let own = if is_plain { mount.point.join(below) } else { mount.point.clone() };
    own.ancestors().take_while(|folder| folder.starts_with(&mount.point)).map(Path::to_owned).collect()
}

/// A file of one number; none if it says `max`, or is not there because nobody controls it.
fn value(group: &Path, file: &str) -> Option<u64> {
    number(fs::read(group.join(file)).ok()?.trim_ascii())
}

/// Processor time per time: `150000 100000` is one and a half.
fn quota(group: &Path) -> Option<f64> {
    let text = fs::read(group.join("cpu.max")).ok()?;
    let mut parts = words(&text);
    let (quota, period): (f64, f64) = (number(parts.next()?)?, number(parts.next()?)?);
    (quota > 0.0 && period > 0.0).then(|| quota / period)
}

/// How many processors a list such as `0-3,8` names.
fn processors(group: &Path) -> Option<f64> {
    let text = fs::read_to_string(group.join("cpuset.cpus.effective")).ok()?;
    let count = |range: &str| {
        let (low, high) = range.split_once('-').unwrap_or((range, range));
        let (low, high): (u32, u32) = (low.parse().ok()?, high.parse().ok()?);
        high.checked_sub(low)?.checked_add(1)
    };
    text.trim_end().split(',').map(count).sum::<Option<u32>>().filter(|&count| count > 0).map(f64::from)
}

/// What a group with this limit could still get: caches that nobody uses make room.
fn available(group: &Path, most: u64) -> Option<u64> {
    let used = value(group, "memory.current")?;
    let status = fs::read(group.join("memory.stat")).unwrap_or_default();
    let idle = lines(&status).find_map(|line| line.strip_prefix(b"inactive_file "));
    let idle: u64 = idle.and_then(number).unwrap_or(0);
    Some(most.saturating_sub(used.saturating_sub(idle)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(root: &str, point: &str) -> Mount {
        Mount { root: root.into(), point: point.into(), is_unified: true }
    }

    #[track_caller]
    fn check(own: &str, root: &str, expected: &[&str]) {
        let expected: Vec<_> = expected.iter().map(PathBuf::from).collect();
        assert_eq!(groups(own.as_bytes(), &mount(root, "/cg")), expected, "{own}");
    }

    #[test]
    fn the_groups_are_those_from_this_process_up_to_what_is_mounted() {
        check("9:name=systemd:/x\n0::/a/b\n", "/", &["/cg/a/b", "/cg/a", "/cg"]);
        check("0::/docker/1\n", "/docker/1", &["/cg"]);
        check("0::/docker/1/b\n", "/docker/1", &["/cg/b", "/cg"]);
        check("0::/../other\n", "/", &["/cg"]);
        check("0::/elsewhere\n", "/docker/1", &["/cg"]);
        check("4:memory:/a\n", "/", &[]);
    }

    #[test]
    fn the_tightest_limit_on_the_way_up_counts_and_idle_caches_make_room() {
        let place = tempfile::tempdir().expect("a folder");
        let inner = place.path().join("a");
        fs::create_dir(&inner).expect("a folder");
        let write =
            |folder: &Path, file: &str, text: &str| fs::write(folder.join(file), text).expect("written");
        let new = || Limits { groups: vec![inner.clone(), place.path().to_owned()], ..Limits::default() };
        assert_eq!(new().look(Duration::ZERO), Allowed::default());

        write(&inner, "memory.max", "max\n");
        write(&inner, "cpu.max", "max 100000\n");
        assert_eq!(new().look(Duration::ZERO), Allowed::default());

        write(&inner, "memory.max", "1000\n");
        write(&inner, "memory.current", "400\n");
        write(&inner, "cpu.max", "150000 100000\n");
        write(place.path(), "memory.max", "500\n");
        write(place.path(), "memory.current", "450\n");
        write(place.path(), "memory.stat", "file 90\ninactive_file 40\n");
        write(place.path(), "cpu.max", "800000 100000\n");
        let mut limits = new();
        assert_eq!(limits.look(Duration::ZERO), Allowed { cores: Some(1.5), available_bytes: Some(90) });
        write(&inner, "cpuset.cpus.effective", "3\n");
        write(place.path(), "memory.current", "460\n");
        let same = limits.look(Duration::from_secs(9));
        assert_eq!(same, Allowed { cores: Some(1.5), available_bytes: Some(80) });
        assert_eq!(limits.look(PERIOD).cores, Some(1.0));
    }

    #[test]
    fn a_list_of_processors_is_counted() {
        let place = tempfile::tempdir().expect("a folder");
        for (text, expected) in [("0-3,8\n", Some(5.0)), ("0\n", Some(1.0)), ("\n", None), ("3-1\n", None)] {
            fs::write(place.path().join("cpuset.cpus.effective"), text).expect("written");
            assert_eq!(processors(place.path()), expected, "{text}");
        }
    }
}
