//! Figures of the whole system, out of `/proc/stat`, `/proc/meminfo` and `/proc/net/snmp`.

use super::words::{behind, lines, number, words};

/// The time of all processors as of the look before, in ticks of the kernel.
#[derive(Debug, Default)]
pub(crate) struct Processors {
    before: Option<Time>,
}

/// What a look tells.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Use {
    /// The share of time that was neither idle nor spent waiting for a disk.
    pub(crate) share: Option<f64>,
    pub(crate) count: Option<f64>,
    /// How many processes and threads were ever started; none where the kernel does not count them.
    pub(crate) forks: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Time {
    busy: u64,
    idle: u64,
}

impl Processors {
    /// Reads `/proc/stat`.
    pub(crate) fn look(&mut self, text: &[u8]) -> Option<Use> {
        let now = time(text)?;
        let share = self.before.replace(now).and_then(|before| share(before, now));
        let count = lines(text).skip(1).take_while(|line| line.starts_with(b"cpu")).count();
        Some(Use { share, count: (count > 0).then_some(count as f64), forks: forks(text) })
    }
}

/// The first line: user, nice, system, idle, iowait, irq, softirq, steal. What guests use is in the first two.
fn time(text: &[u8]) -> Option<Time> {
    let line = text.strip_prefix(b"cpu ")?;
    let line = lines(line).next()?;
    let mut ticks = [0_u64; 8];
    for (place, word) in ticks.iter_mut().zip(words(line)) {
        *place = number(word)?;
    }
    let [user, nice, system, idle, iowait, irq, softirq, steal] = ticks;
    let sum = |parts: &[u64]| parts.iter().fold(0_u64, |sum, &part| sum.saturating_add(part));
    Some(Time { busy: sum(&[user, nice, system, irq, softirq, steal]), idle: sum(&[idle, iowait]) })
}

/// A system that has started no process at all is one that only looks like Linux.
fn forks(text: &[u8]) -> Option<u64> {
    let line = lines(text).find_map(|line| line.strip_prefix(b"processes "))?;
    number(words(line).next()?).filter(|&forks: &u64| forks > 0)
}

/// None when the kernel has not counted on. Its idle time may go back by a tick.
fn share(before: Time, now: Time) -> Option<f64> {
    let busy = now.busy.saturating_sub(before.busy) as f64;
    let idle = now.idle.saturating_sub(before.idle) as f64;
    (busy + idle > 0.0).then(|| busy / (busy + idle))
}

/// What could be given to programs without swapping, in bytes.
pub(crate) fn memory_available(text: &[u8]) -> Option<u64> {
    let kib: u64 = number(words(behind(text, "MemAvailable:")?).next()?)?;
    kib.checked_mul(1024)
}

/// How many TCP connections are open, of both versions of IP.
pub(crate) fn established(text: &[u8]) -> Option<u64> {
    let mut tcp = lines(text).filter_map(|line| line.strip_prefix(b"Tcp: "));
    let (names, values) = (tcp.next()?, tcp.next()?);
    let at = words(names).position(|name| name == b"CurrEstab")?;
    number(words(values).nth(at)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "cpu  100 20 30 800 50 1 2 3 9 9\ncpu0 50 10 15 400 25 1 1 1 9 0\ncpu1 50 10 15 400 25 0 1 2 0 9\nintr 7 0\nctxt 9\nprocesses 4711\nprocs_running 1\n";

    #[test]
    fn processors_are_busy_where_they_are_neither_idle_nor_wait_for_a_disk() {
        let mut processors = Processors::default();
        let first = processors.look(STAT.as_bytes()).expect("figures");
        assert_eq!(first, Use { share: None, count: Some(2.0), forks: Some(4711) });
        let later = STAT.replace("cpu  100 20 30 800 50 1 2 3", "cpu  110 20 40 840 90 1 2 3");
        let share = processors.look(later.as_bytes()).expect("figures").share;
        assert_eq!(share, Some(0.2));
    }

    #[test]
    fn forks_are_counted_or_not_known() {
        let forks = |text: &str| Processors::default().look(text.as_bytes()).expect("figures").forks;
        assert_eq!(forks(STAT), Some(4711));
        assert_eq!(forks(&STAT.replace("4711", "0")), None);
        assert_eq!(forks(&STAT.replace("processes", "others")), None);
    }

    #[test]
    fn a_counter_that_stands_or_goes_back_makes_no_figure_beyond_its_bounds() {
        let now = Time { busy: 10, idle: 90 };
        assert_eq!(share(now, now), None);
        assert_eq!(share(now, Time { busy: 11, idle: 89 }), Some(1.0));
        assert_eq!(share(Time { busy: u64::MAX, idle: 0 }, now), Some(0.0));
    }

    #[test]
    fn what_is_cut_off_or_of_another_kernel_is_not_guessed() {
        for text in ["", "cpu", "cpu  1 2 x", "cpu0 1 2 3 4"] {
            assert_eq!(Processors::default().look(text.as_bytes()), None, "{text}");
        }
        assert_eq!(memory_available(b"MemTotal: 12 kB\nMemFree: 3 kB\n"), None);
        assert_eq!(established(b"Tcp: A CurrEstab\n"), None);
        assert_eq!(established(b"Tcp: A B\nTcp: 1 2\n"), None);
    }

    #[test]
    fn memory_and_connections_stand_behind_their_names() {
        assert_eq!(memory_available(b"MemTotal: 12 kB\nMemAvailable:    8192 kB\n"), Some(8 << 20));
        let snmp = b"Ip: A\nIp: 1\nTcp: ActiveOpens CurrEstab InSegs\nTcp: 200 3 99\nUdp: A\nUdp: 1\n";
        assert_eq!(established(snmp), Some(3));
    }
}
