use std::os::unix::fs::PermissionsExt;

use super::*;

/// A home with a configuration of `gh` in it, and the environment that leads there.
struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new(files: &[(&str, &str)]) -> Self {
        let home = Self { folder: tempfile::tempdir().expect("a folder") };
        if !files.is_empty() {
            fs::create_dir(home.path()).expect("a folder");
        }
        for (name, text) in files {
            fs::write(home.path().join(name), text).expect("written");
        }
        home
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("gh")
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap_or_else(|error| error.kind().to_string())
    }

    fn environment(&self) -> Environment {
        let folder = self.folder.path().to_str().expect("text");
        Environment::new([("XDG_CONFIG_HOME", folder), ("XDG_RUNTIME_DIR", folder)], folder)
    }

    fn overlay(&self) -> Overlay {
        Overlay::make(&self.environment(), &ExecutionId::random()).expect("an overlay")
    }
}

/// Changes a file as `gh` does: through whatever link leads to it.
fn change(overlay: &Overlay, name: &str, with: impl Fn(String) -> String) {
    let path = overlay.path().join(name);
    let text = fs::read_to_string(&path).unwrap_or_default();
    fs::write(path, with(text)).expect("written");
}

#[test]
fn a_copy_of_the_settings_names_the_socket_and_everything_else_is_the_user_s_own() {
    let home =
        Home::new(&[(SETTINGS, "editor: vim\n"), (LOGINS, "github.com:\n    user: octo\n"), ("x", "y")]);
    let overlay = home.overlay();
    let text = fs::read_to_string(overlay.path().join(SETTINGS)).expect("settings");
    assert_eq!(
        text,
        format!("editor: vim\nhttp_unix_socket: \"{}\"\nversion: \"1\"\n", overlay.socket().display())
    );
    for name in [LOGINS, "x"] {
        assert_eq!(fs::canonicalize(overlay.path().join(name)).expect("a link"), home.path().join(name));
    }
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(&overlay.folder), mode(&overlay.path().join(SETTINGS))), (0o700, 0o600));
    let folder = overlay.folder.clone();
    overlay.bring_home().expect("nothing to bring");
    drop(overlay);
    assert_eq!((home.read(SETTINGS), folder.exists()), ("editor: vim\n".to_owned(), false));
}

#[test]
fn what_the_command_changed_is_brought_home_without_what_was_added() {
    let home = Home::new(&[(SETTINGS, "# mine\neditor: vim\nversion: \"1\"\n")]);
    let overlay = home.overlay();
    change(&overlay, SETTINGS, |text| text.replace("vim", "nano") + "pager: less\n");
    change(&overlay, LOGINS, |_| "github.com:\n    oauth_token: x\n".to_owned());
    // Somebody else does so meanwhile.
    fs::write(home.path().join(SETTINGS), "# mine\neditor: vim\nversion: \"1\"\nbrowser: lynx\n")
        .expect("written");
    assert_eq!(home.read(LOGINS), "github.com:\n    oauth_token: x\n");
    overlay.bring_home().expect("brought home");
    let expected = "# mine\neditor: nano\nversion: \"1\"\nbrowser: lynx\npager: less\n";
    assert_eq!(home.read(SETTINGS), expected);
}

#[test]
fn whoever_has_no_configuration_gets_one_when_the_command_makes_it() {
    let home = Home::new(&[]);
    let overlay = home.overlay();
    overlay.bring_home().expect("nothing to bring");
    assert!(!home.path().exists());
    change(&overlay, SETTINGS, |text| text + "editor: vim\n");
    change(&overlay, LOGINS, |_| "github.com:\n".to_owned());
    overlay.bring_home().expect("brought home");
    assert_eq!(home.read(SETTINGS), format!("{WITHOUT_SETTINGS}editor: vim\n"));
    assert_eq!(home.read(LOGINS), "github.com:\n");
    let mode = fs::metadata(home.path().join(LOGINS)).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_socket_that_the_user_had_set_is_kept() {
    let home = Home::new(&[(SETTINGS, "http_unix_socket: /run/proxy.sock # the company's\n")]);
    let overlay = home.overlay();
    change(&overlay, SETTINGS, |text| text + "pager: less\n");
    overlay.bring_home().expect("brought home");
    assert_eq!(home.read(SETTINGS), "http_unix_socket: /run/proxy.sock # the company's\npager: less\n");
}

#[test]
fn settings_behind_a_link_are_changed_where_they_are() {
    let home = Home::new(&[("dotfile", "editor: vim\n")]);
    symlink("dotfile", home.path().join(SETTINGS)).expect("a link");
    let overlay = home.overlay();
    change(&overlay, SETTINGS, |text| text.replace("vim", "nano"));
    overlay.bring_home().expect("brought home");
    assert_eq!(home.read("dotfile"), "editor: nano\n");
    assert!(fs::symlink_metadata(home.path().join(SETTINGS)).expect("there").is_symlink());
}

#[test]
fn settings_that_are_not_understood_are_left_alone() {
    let home = Home::new(&[(SETTINGS, "{editor: vim}\n")]);
    let error = Overlay::make(&home.environment(), &ExecutionId::random()).expect_err("not understood");
    assert!(matches!(error, Trouble::Unclear { .. }), "{error}");
}

#[test]
fn when_nobody_serves_the_socket_any_more_the_settings_name_it_no_more() {
    let home = Home::new(&[(SETTINGS, "editor: vim\n")]);
    let mut overlay = home.overlay();
    overlay.give_up();
    assert_eq!(fs::read_to_string(overlay.path().join(SETTINGS)).expect("settings"), "editor: vim\n");
    change(&overlay, SETTINGS, |text| text + "pager: less\n");
    overlay.bring_home().expect("brought home");
    assert_eq!(home.read(SETTINGS), "editor: vim\npager: less\n");
}

#[test]
fn a_folder_is_swept_when_its_run_is_gone_and_not_before() {
    let home = Home::new(&[("x", "y")]);
    let mine = home.overlay();
    let place = mine.folder.parent().expect("a place").to_owned();
    let run = || make_in(&place, &ExecutionId::random()).expect("a folder");
    let ((living, _held), (killed, lock)) = (run(), run());
    drop(lock);
    symlink(home.path(), killed.join("link")).expect("a link out of it");
    let (early, other) = (place.join("exec_aaaaaaaaaaaa.api"), place.join("exec_bbbbbbbbbbbb.other"));
    for folder in [&early, &other] {
        fs::create_dir(folder).expect("a folder without a lock");
    }
    let are_there = || [&mine.folder, &living, &killed, &early, &other].map(|folder| folder.exists());
    mine.sweep(Duration::ZERO);
    assert_eq!(are_there(), [true, true, false, true, true]);
    mine.sweep(Duration::from_secs(u64::MAX / 2));
    assert_eq!(are_there(), [true, true, false, false, true]);
    assert_eq!(home.read("x"), "y");
}

#[test]
fn whatever_many_runs_changed_comes_home_though_they_end_at_once() {
    let home = Home::new(&[(SETTINGS, "editor: vim\n")]);
    let overlays: Vec<_> = (0..16).map(|_| home.overlay()).collect();
    for (number, overlay) in overlays.iter().enumerate() {
        change(overlay, SETTINGS, |text| format!("{text}own{number}: x\n"));
    }
    let all_are_there = std::sync::Barrier::new(overlays.len());
    std::thread::scope(|scope| {
        for overlay in &overlays {
            scope.spawn(|| {
                all_are_there.wait();
                overlay.bring_home().expect("brought home");
            });
        }
    });
    let text = home.read(SETTINGS);
    let missing: Vec<_> =
        (0..overlays.len()).filter(|number| !text.contains(&format!("own{number}:"))).collect();
    assert!(missing.is_empty(), "{missing:?} of\n{text}");
}
