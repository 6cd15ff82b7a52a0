//! `pm-watch` in a real terminal: tmux is the terminal, and its screen is what is looked at.

use std::time::{Duration, Instant};

use pm_e2e::harness::Place;

/// No condition takes longer, on whatever machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A terminal with a shell in it.
struct Terminal {
    place: Place,
}

impl Terminal {
    fn new(variables: &str) -> Self {
        let place = Place::new();
        place.write(
            ".github-pm/benchmarks.yml",
            "benchmarks: { commands: { status: { baseline_ms: 100 } } }\n",
        );
        place.sh("pm-wrap --store --name status -- sleep 0.2").succeeds();
        let terminal = Self { place };
        let shell = format!("env {variables} PS1='shell> ' bash --noprofile --norc");
        terminal.tmux(&format!("-f /dev/null new-session -d -x 120 -y 30 \"{shell}\""));
        terminal.until("a prompt", |screen| screen.contains("shell>"));
        terminal
    }

    fn tmux(&self, words: &str) -> String {
        self.place.sh(&format!("tmux -S ../tmux {words}")).succeeds()
    }

    fn keys(&self, keys: &str) {
        self.tmux(&format!("send-keys {keys}"));
    }

    fn screen(&self) -> String {
        self.tmux("capture-pane -p")
    }

    /// Whether the screen is one that a program has for itself.
    fn is_taken(&self) -> bool {
        self.tmux("display-message -p '#{alternate_on}'").trim() == "1"
    }

    #[track_caller]
    fn until(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if is_so(&screen) {
                return screen;
            }
            assert!(Instant::now() < end, "never: {what}, but\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The shell has the screen, and shows and takes what is typed.
    #[track_caller]
    fn has_its_shell_back(&self) {
        self.until("the shell is back", |screen| !self.is_taken() && screen.contains("shell>"));
        self.keys("'clear; echo typed; stty -a | grep -c -- \" icanon\"' Enter");
        self.until("what was typed", |screen| screen.contains("typed\n1\n"));
        assert_eq!(self.tmux("display-message -p '#{cursor_flag}'").trim(), "1", "the cursor is seen");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.place.sh("tmux -S ../tmux kill-server");
    }
}

#[test]
fn it_shows_what_happens_while_it_happens_and_follows_the_size_of_the_terminal() {
    let terminal = Terminal::new("TERM=screen-256color");
    terminal.keys("pm-watch Enter");
    let screen = terminal.until("the frame", |screen| screen.contains("q quit"));
    for part in ["CPU not known", "no command runs", "status", "(baseline 100ms)", "no alert fires"] {
        assert!(screen.contains(part), "{part} is not in\n{screen}");
    }
    terminal.place.sh("pm-wrap --store --name later -- true").succeeds();
    terminal.until("the new run", |screen| screen.contains("later"));
    terminal.tmux("resize-window -x 60 -y 20");
    let is_as_wide = |screen: &str| {
        screen.lines().any(|line| line.starts_with('┌') && line.ends_with('┐') && line.chars().count() == 60)
    };
    terminal.until("the new size", is_as_wide);
    terminal.keys("q");
    terminal.has_its_shell_back();
}

#[test]
fn the_terminal_is_given_back_after_signals_and_keys() {
    let terminal = Terminal::new("TERM=screen-256color");
    for (start, end) in [("'pm-watch & wait_for=$!; fg' Enter", "C-c"), ("pm-watch Enter", "Escape")] {
        terminal.keys(start);
        terminal.until("the frame", |screen| screen.contains("q quit"));
        terminal.keys(end);
        terminal.has_its_shell_back();
    }
    terminal.keys("pm-watch Enter");
    terminal.until("the frame", |screen| screen.contains("q quit"));
    let shell = terminal.tmux("display-message -p '#{pane_pid}'");
    terminal.place.sh(&format!("pkill -TERM -P {} pm-watch", shell.trim())).succeeds();
    terminal.has_its_shell_back();
}

#[test]
fn it_stops_and_goes_on_as_anything_else_does() {
    let terminal = Terminal::new("TERM=screen-256color");
    terminal.keys("pm-watch Enter");
    terminal.until("the frame", |screen| screen.contains("q quit"));
    terminal.keys("C-z");
    terminal.has_its_shell_back();
    terminal.keys("fg Enter");
    terminal.until("the frame", |screen| screen.contains("q quit") && terminal.is_taken());
    terminal.keys("q");
    terminal.has_its_shell_back();
}

#[test]
fn without_color_there_is_none() {
    for (variables, has_color) in [("TERM=screen-256color", true), ("TERM=screen-256color NO_COLOR=1", false)]
    {
        let terminal = Terminal::new(variables);
        terminal.keys("pm-watch Enter");
        terminal.until("the frame", |screen| screen.contains("(baseline 100ms)"));
        let escapes = terminal.tmux("capture-pane -p -e");
        // Yellow, in either of the two ways to say it.
        let is_colored = ["\u{1b}[33m", "\u{1b}[38;5;3m"].iter().any(|yellow| escapes.contains(yellow));
        assert_eq!(is_colored, has_color, "{variables}: {escapes:?}");
        terminal.keys("q");
        terminal.has_its_shell_back();
    }
}
