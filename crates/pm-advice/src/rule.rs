//! What every rule is: takes in runs and ticks, gives tips at the end.

use pm_record::SystemMetrics;

use crate::draft::Draft;
use crate::execution::Execution;
use crate::labels::Labels;

/// One rule.
pub(crate) trait Rule: std::fmt::Debug {
    /// Takes in a run of the user's own work.
    fn run(&mut self, _execution: &Execution) {}

    /// Takes in a run of the user's own work inside of another one. It is a run of its command like any other; its
    /// requests and processes stand in the log once more, as the outer one's.
    fn nested(&mut self, _execution: &Execution) {}

    /// Takes in any run, slow on purpose or not.
    fn any_run(&mut self, _execution: &Execution) {}

    /// Takes in a tick.
    fn tick(&mut self, _tick: &SystemMetrics) {}

    /// What there is to say.
    fn tips(&self, labels: &Labels) -> Vec<Draft>;
}

/// The rules by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each module of `rules` says what its rule is")]
pub enum RuleName {
    CacheHitRate,
    UnchangedAnswers,
    SlowerPolling,
    NPlusOne,
    CostlyConnections,
    SequentialRequests,
    WaitingForLimits,
    RetriedRequests,
    CollidingJobs,
    LargeProjectProcessing,
    DominantPhase,
    DominantProgram,
    ManyProcesses,
    MemoryGrowth,
}

/// What somebody wants to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Answers that could have been kept.
    Cache,
    /// Requests, points and limits.
    ApiUsage,
    /// Time, processes and memory of commands.
    Commands,
}

impl RuleName {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::CacheHitRate,
        Self::UnchangedAnswers,
        Self::SlowerPolling,
        Self::NPlusOne,
        Self::CostlyConnections,
        Self::SequentialRequests,
        Self::WaitingForLimits,
        Self::RetriedRequests,
        Self::CollidingJobs,
        Self::LargeProjectProcessing,
        Self::DominantPhase,
        Self::DominantProgram,
        Self::ManyProcesses,
        Self::MemoryGrowth,
    ];

    /// The rule whose tips have this `id`.
    #[must_use]
    pub fn of(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.id() == id)
    }

    /// Its name in records.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::CacheHitRate => "cache_hit_rate",
            Self::UnchangedAnswers => "unchanged_answers",
            Self::SlowerPolling => "slower_polling",
            Self::NPlusOne => "n_plus_one",
            Self::CostlyConnections => "costly_connections",
            Self::SequentialRequests => "sequential_requests",
            Self::WaitingForLimits => "waiting_for_limits",
            Self::RetriedRequests => "retried_requests",
            Self::CollidingJobs => "colliding_jobs",
            Self::LargeProjectProcessing => "large_project_processing",
            Self::DominantPhase => "dominant_phase",
            Self::DominantProgram => "dominant_program",
            Self::ManyProcesses => "many_processes",
            Self::MemoryGrowth => "memory_growth",
        }
    }

    /// Whether it is about a topic.
    #[must_use]
    pub fn is_about(self, topic: Topic) -> bool {
        match topic {
            Topic::Cache => matches!(self, Self::CacheHitRate | Self::UnchangedAnswers | Self::SlowerPolling),
            Topic::ApiUsage => matches!(
                self,
                Self::UnchangedAnswers
                    | Self::SlowerPolling
                    | Self::NPlusOne
                    | Self::CostlyConnections
                    | Self::SequentialRequests
                    | Self::WaitingForLimits
                    | Self::RetriedRequests
                    | Self::CollidingJobs
            ),
            Topic::Commands => matches!(
                self,
                Self::LargeProjectProcessing
                    | Self::DominantPhase
                    | Self::DominantProgram
                    | Self::ManyProcesses
                    | Self::MemoryGrowth
            ),
        }
    }

    /// What holds things up, as a dashboard names it.
    #[must_use]
    pub fn bottleneck(self) -> &'static str {
        match self {
            Self::CacheHitRate | Self::UnchangedAnswers => "repeated_requests",
            Self::SlowerPolling => "polling",
            Self::NPlusOne => "batch_operations",
            Self::CostlyConnections => "graphql_cost",
            Self::SequentialRequests => "sequential_requests",
            Self::WaitingForLimits | Self::CollidingJobs => "rate_limits",
            Self::RetriedRequests => "failed_requests",
            Self::LargeProjectProcessing => "large_project_processing",
            Self::DominantPhase => "dominant_phases",
            Self::DominantProgram => "dominant_programs",
            Self::ManyProcesses => "process_start_up",
            Self::MemoryGrowth => "memory_growth",
        }
    }

    /// What could be done about it, as a dashboard names it.
    #[must_use]
    pub fn opportunity(self) -> &'static str {
        match self {
            Self::CacheHitRate | Self::UnchangedAnswers => "caching_improvements",
            Self::SlowerPolling => "slower_polling",
            Self::NPlusOne => "query_batching",
            Self::CostlyConnections => "smaller_queries",
            Self::SequentialRequests => "parallel_processing",
            Self::WaitingForLimits => "slower_writing",
            Self::RetriedRequests => "fewer_failures",
            Self::CollidingJobs => "job_scheduling",
            Self::LargeProjectProcessing => "incremental_processing",
            Self::DominantPhase | Self::DominantProgram => "profiling",
            Self::ManyProcesses => "fewer_processes",
            Self::MemoryGrowth => "memory_leaks",
        }
    }
}
