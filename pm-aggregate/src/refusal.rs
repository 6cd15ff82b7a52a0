//! Why a partial result cannot be taken in.

use pm_record::{BadRecord, Contradiction};

/// What is wrong with it, for this question.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the figures of this partial result contradict each other")]
    Contradiction,
    #[error("this partial result is grouped by {by}, which does not tell {missing}")]
    OtherGroups { by: String, missing: String },
    #[error("this partial result covers more than one window")]
    SeveralWindows,
    #[error("this partial result is not cut where --since and --until cut")]
    HalfInPeriod,
    #[error("this partial result has no distribution of {0}")]
    NoDistribution(String),
}

impl From<Contradiction> for Refusal {
    fn from(_: Contradiction) -> Self {
        Self::Contradiction
    }
}

impl From<Refusal> for BadRecord {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.to_string())
    }
}
