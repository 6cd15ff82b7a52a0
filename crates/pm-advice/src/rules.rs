//! One module a rule.

mod cache_hit_rate;
mod colliding_jobs;
mod costly_connections;
mod dominant_phase;
mod dominant_program;
mod expensive_operations;
mod large_project_processing;
mod many_processes;
mod memory_growth;
mod n_plus_one;
mod objects;
mod retried_requests;
mod sequential_requests;
mod slower_polling;
mod unchanged_answers;
mod waiting_for_limits;

pub(crate) use expensive_operations::ExpensiveOperations;

use crate::rule::{Rule, RuleName};

/// A rule that has seen nothing.
pub(crate) fn make(name: RuleName) -> Box<dyn Rule> {
    match name {
        RuleName::CacheHitRate => Box::<cache_hit_rate::CacheHitRate>::default(),
        RuleName::UnchangedAnswers => Box::<unchanged_answers::UnchangedAnswers>::default(),
        RuleName::SlowerPolling => Box::<slower_polling::SlowerPolling>::default(),
        RuleName::NPlusOne => Box::<n_plus_one::NPlusOne>::default(),
        RuleName::CostlyConnections => Box::<costly_connections::CostlyConnections>::default(),
        RuleName::SequentialRequests => Box::<sequential_requests::SequentialRequests>::default(),
        RuleName::WaitingForLimits => Box::<waiting_for_limits::WaitingForLimits>::default(),
        RuleName::RetriedRequests => Box::<retried_requests::RetriedRequests>::default(),
        RuleName::CollidingJobs => Box::<colliding_jobs::CollidingJobs>::default(),
        RuleName::LargeProjectProcessing => {
            Box::<large_project_processing::LargeProjectProcessing>::default()
        }
        RuleName::DominantPhase => Box::<dominant_phase::DominantPhase>::default(),
        RuleName::DominantProgram => Box::<dominant_program::DominantProgram>::default(),
        RuleName::ManyProcesses => Box::<many_processes::ManyProcesses>::default(),
        RuleName::MemoryGrowth => Box::<memory_growth::MemoryGrowth>::default(),
    }
}
