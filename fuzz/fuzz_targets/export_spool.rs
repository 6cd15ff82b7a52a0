//! Any bytes in a spool are a request whose hash is right, or none.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if pm_export::is_kept_request(bytes) {
        // One bit of what is sent makes it another.
        let mut other = bytes.to_vec();
        if let Some(last) = other.last_mut().filter(|last| **last != b'\n') {
            *last ^= 1;
            assert!(!pm_export::is_kept_request(&other));
        }
    }
});
