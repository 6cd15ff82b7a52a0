//! Programs to be wrapped: one that uses known amounts, and one that is as small as a program gets.

use std::path::{Path, PathBuf};
use std::process::Command;

/// `consume`, which cargo builds beside the tests: they run in `target/<profile>/deps`.
pub(crate) fn consume() -> String {
    let program = folder().join("consume");
    assert!(
        program.is_file(),
        "{} is not there: run `cargo build -p pm-e2e --bin consume`",
        program.display()
    );
    text(&program)
}

/// A `PATH` with `consume` on it.
pub(crate) fn path() -> String {
    consume();
    format!("{}:/usr/bin:/bin", text(&folder()))
}

fn folder() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own program");
    test.ancestors().nth(2).expect("it lies two folders deep").to_owned()
}

/// Holds a quarter of a mebibyte besides itself for a while, and says at its end how much it held at most, in
/// KiB.
const SMALL: &str = r#"
fn main() {
    let held = std::hint::black_box(vec![1_u8; 256 << 10]);
    std::thread::sleep(std::time::Duration::from_millis(30));
    let status = std::fs::read_to_string("/proc/self/status").expect("a file of the kernel");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    eprintln!("{}", peak.trim().trim_end_matches(" kB"));
    std::hint::black_box(held);
}
"#;

/// A static program, so small that whatever starts it holds more.
pub(crate) fn small(folder: &Path) -> String {
    let (source, program) = (folder.join("small.rs"), folder.join("small"));
    std::fs::write(&source, SMALL).expect("a file of ours");
    let compiler = std::env::var_os("RUSTC").map_or_else(|| PathBuf::from("rustc"), PathBuf::from);
    let flags = ["--edition=2024", "-Copt-level=s", "-Cstrip=symbols", "-Ctarget-feature=+crt-static"];
    let built = Command::new(compiler).args(flags).arg("-o").args([&program, &source]).output();
    let built = built.expect("whoever runs these tests has a compiler");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    text(&program)
}

fn text(path: &Path) -> String {
    path.to_str().expect("a path that is text").to_owned()
}
