//! What people are told of a store that several machines may write to.

/// What is the matter.
pub(crate) fn warning(kind: &str) -> String {
    format!(
        "the store lies on a shared file system ({kind}): records are lost when two machines write at once"
    )
}

/// What to do about it.
pub(crate) const ADVICE: &str = "give each machine a store on a disk of its own: `pm-wrap --store=DIR`";
