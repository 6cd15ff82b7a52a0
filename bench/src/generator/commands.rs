//! The commands that runs are made of: a catalogue of numbers.

/// What the runs of one command are like.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) name: &'static str,
    /// How often it is run, against the others.
    pub(super) weight: u32,
    /// About half of the runs are shorter, warm and cold caches together.
    pub(super) median_ms: f64,
    /// The deviation of the duration's natural logarithm.
    pub(super) spread: f64,
    /// Shares of the phases; they need not sum to anything.
    pub(super) phases: [f64; 5],
    pub(super) memory_mb: f64,
    /// Answers needed from the API or its cache.
    pub(super) requests: f64,
    /// How many runs find a warm cache, 0 to 1.
    pub(super) warm: f64,
    /// How many runs fail, 0 to 1.
    pub(super) failing: f64,
    /// Tasks in the project it is run on.
    pub(super) tasks: f64,
}

/// Shares of the phases, from initialization to output.
const LOCAL: [f64; 5] = [3.0, 1.0, 2.0, 5.0, 2.0];
const READING: [f64; 5] = [1.0, 2.0, 8.0, 3.0, 1.0];
const WRITING: [f64; 5] = [1.0, 2.0, 5.0, 6.0, 1.0];

#[rustfmt::skip]
pub(super) const COMMANDS: [Profile; 20] = [
    // Local, quick, run all the time.
    Profile { name: "version",        weight: 40,  median_ms: 92.0,   spread: 0.15, phases: LOCAL,   memory_mb: 12.0,  requests: 1.0,   warm: 0.9,  failing: 0.020, tasks: 20.0 },
    Profile { name: "config",         weight: 30,  median_ms: 105.0,  spread: 0.2,  phases: LOCAL,   memory_mb: 14.0,  requests: 1.0,   warm: 0.8,  failing: 0.025, tasks: 20.0 },
    Profile { name: "next",           weight: 90,  median_ms: 140.0,  spread: 0.3,  phases: LOCAL,   memory_mb: 20.0,  requests: 2.0,   warm: 0.8,  failing: 0.020, tasks: 45.0 },
    // Reading.
    Profile { name: "status",         weight: 200, median_ms: 240.0,  spread: 0.35, phases: READING, memory_mb: 28.0,  requests: 4.0,   warm: 0.7,  failing: 0.020, tasks: 60.0 },
    Profile { name: "show",           weight: 110, median_ms: 260.0,  spread: 0.3,  phases: READING, memory_mb: 26.0,  requests: 3.0,   warm: 0.65, failing: 0.025, tasks: 60.0 },
    Profile { name: "list",           weight: 150, median_ms: 320.0,  spread: 0.4,  phases: READING, memory_mb: 34.0,  requests: 6.0,   warm: 0.6,  failing: 0.020, tasks: 80.0 },
    Profile { name: "search",         weight: 60,  median_ms: 450.0,  spread: 0.5,  phases: READING, memory_mb: 40.0,  requests: 8.0,   warm: 0.3,  failing: 0.035, tasks: 90.0 },
    Profile { name: "board",          weight: 50,  median_ms: 620.0,  spread: 0.35, phases: READING, memory_mb: 52.0,  requests: 10.0,  warm: 0.55, failing: 0.025, tasks: 90.0 },
    Profile { name: "dependencies",   weight: 35,  median_ms: 900.0,  spread: 0.6,  phases: READING, memory_mb: 70.0,  requests: 14.0,  warm: 0.5,  failing: 0.030, tasks: 120.0 },
    Profile { name: "critical-path",  weight: 20,  median_ms: 1100.0, spread: 0.5,  phases: LOCAL,   memory_mb: 84.0,  requests: 14.0,  warm: 0.5,  failing: 0.030, tasks: 140.0 },
    // Writing.
    Profile { name: "move",           weight: 120, median_ms: 380.0,  spread: 0.3,  phases: WRITING, memory_mb: 24.0,  requests: 3.0,   warm: 0.4,  failing: 0.030, tasks: 60.0 },
    Profile { name: "assign",         weight: 70,  median_ms: 410.0,  spread: 0.3,  phases: WRITING, memory_mb: 24.0,  requests: 3.0,   warm: 0.4,  failing: 0.030, tasks: 60.0 },
    Profile { name: "comment",        weight: 60,  median_ms: 430.0,  spread: 0.35, phases: WRITING, memory_mb: 22.0,  requests: 2.0,   warm: 0.2,  failing: 0.030, tasks: 50.0 },
    Profile { name: "create",         weight: 65,  median_ms: 560.0,  spread: 0.35, phases: WRITING, memory_mb: 26.0,  requests: 5.0,   warm: 0.35, failing: 0.040, tasks: 60.0 },
    Profile { name: "batch",          weight: 45,  median_ms: 1800.0, spread: 0.55, phases: WRITING, memory_mb: 78.0,  requests: 22.0,  warm: 0.45, failing: 0.050, tasks: 90.0 },
    // Long work, by cron or in CI.
    Profile { name: "sync",           weight: 55,  median_ms: 2300.0, spread: 0.5,  phases: READING, memory_mb: 90.0,  requests: 30.0,  warm: 0.6,  failing: 0.035, tasks: 110.0 },
    Profile { name: "report",         weight: 25,  median_ms: 2700.0, spread: 0.4,  phases: READING, memory_mb: 110.0, requests: 24.0,  warm: 0.5,  failing: 0.025, tasks: 120.0 },
    Profile { name: "setup-complete", weight: 15,  median_ms: 3000.0, spread: 0.3,  phases: WRITING, memory_mb: 64.0,  requests: 35.0,  warm: 0.1,  failing: 0.045, tasks: 30.0 },
    Profile { name: "import",         weight: 10,  median_ms: 5200.0, spread: 0.6,  phases: WRITING, memory_mb: 130.0, requests: 60.0,  warm: 0.1,  failing: 0.050, tasks: 160.0 },
    Profile { name: "migrate",        weight: 5,   median_ms: 8000.0, spread: 0.7,  phases: WRITING, memory_mb: 160.0, requests: 90.0,  warm: 0.1,  failing: 0.050, tasks: 200.0 },
];
