//! Bytes chosen by chance, for names that must not be chosen twice.

use std::hash::{BuildHasher, RandomState};

/// The standard library's hashers are seeded by the system's randomness, which saves a dependency and
/// cannot fail. Nothing here is a secret.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    for piece in bytes.chunks_mut(8) {
        let word = RandomState::new().hash_one(std::process::id()).to_le_bytes();
        piece.copy_from_slice(&word[..piece.len()]);
    }
    bytes
}
