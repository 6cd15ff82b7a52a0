//! The machine: its name, and what makes its figures comparable with those of another.
//!
//! Two machines are the same if processor model, online cores, memory, operating system and architecture
//! are. What changes by itself does not count: clock rates, microcode, the version of the kernel. Nor do
//! small differences in memory, of which the kernel keeps a little more or less for itself in each version.
//!
//! It takes one small file and about 50 µs, because every wrapped command pays for it.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(target_os = "linux", test))]
mod traits;

/// The machine's name on the network; none if it is not Unicode.
#[must_use]
pub fn host() -> Option<String> {
    rustix::system::uname().nodename().to_str().ok().map(str::to_owned)
}

/// What makes the machine comparable: 12 hexadecimal digits, the same on every machine of its kind. None
/// where too little is known of it to tell two kinds apart, as everywhere but on Linux.
#[must_use]
pub fn machine() -> Option<String> {
    #[cfg(target_os = "linux")]
    return linux::traits().map(|traits| traits.identity());
    #[cfg(not(target_os = "linux"))]
    None
}

/// A machine as people know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The operating system: `linux`.
    pub os: &'static str,
    /// The processor's name; on ARM what Linux has in its place. None where it cannot be had cheaply.
    pub processor: Option<String>,
    /// How much memory it has, in GiB, rounded up.
    pub memory_gib: Option<u64>,
    /// How many cores are online.
    pub cores: Option<u64>,
}

/// What this machine is. Beyond the operating system, only Linux is asked.
#[must_use]
pub fn describe_machine() -> Description {
    let os = std::env::consts::OS;
    #[cfg(target_os = "linux")]
    if let Some(traits) = linux::traits() {
        return traits.description();
    }
    Description { os, processor: None, memory_gib: None, cores: None }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_name_and_stays_the_same() {
        assert!(host().is_some_and(|name| !name.is_empty()));
        let identity = machine().expect("an identity");
        assert!(identity.len() == 12 && identity.bytes().all(|byte| byte.is_ascii_hexdigit()), "{identity}");
        assert_eq!(machine(), Some(identity));
        let description = describe_machine();
        assert!(description.cores >= Some(1) && description.memory_gib >= Some(1), "{description:?}");
    }
}
