//! The time limit: when the command is asked to end, and when it is ended.

use std::time::Duration;

/// How often a tree that was killed is looked at again, and how many times: new processes may have been made
/// meanwhile, and one that waits for a device cannot be ended at all.
const AGAIN: Duration = Duration::from_millis(10);
const ROUNDS: u32 = 200;

/// A limit on the command's time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    kill_after: Duration,
    next: Option<Duration>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Running,
    Asked,
    Killing { rounds: u32 },
}

/// What is to be done to the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Every process is asked to end.
    Ask,
    /// Every process is ended.
    Kill,
}

impl Limit {
    /// The whole tree is asked to end after `timeout`, if there is one, and killed `kill_after` later.
    pub(crate) fn new(timeout: Option<Duration>, kill_after: Duration) -> Self {
        Self { kill_after, next: timeout, stage: Stage::Running }
    }

    /// Whether the time was up.
    pub(crate) fn passed(&self) -> bool {
        self.stage != Stage::Running
    }

    /// When there is something to do next.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.next
    }

    /// What is to be done now.
    pub(crate) fn due(&mut self, now: Duration) -> Option<Measure> {
        if self.next.is_none_or(|next| now < next) {
            return None;
        }
        match self.stage {
            Stage::Running => {
                self.stage = Stage::Asked;
                self.next = Some(now.saturating_add(self.kill_after));
                Some(Measure::Ask)
            }
            Stage::Asked => Some(self.kill(now, 1)),
            Stage::Killing { rounds } => Some(self.kill(now, rounds + 1)),
        }
    }

    fn kill(&mut self, now: Duration, rounds: u32) -> Measure {
        self.stage = Stage::Killing { rounds };
        self.next = (rounds < ROUNDS).then_some(now.saturating_add(AGAIN));
        Measure::Kill
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[track_caller]
    fn check(times: &[u64], expected: &[Option<Measure>]) {
        let mut limit = Limit::new(Some(ms(100)), ms(50));
        let measures: Vec<_> = times.iter().map(|&at| limit.due(ms(at))).collect();
        assert_eq!(measures, expected);
        assert_eq!(limit.passed(), measures.iter().any(Option::is_some));
    }

    #[test]
    fn a_command_is_asked_first_and_killed_later() {
        let (ask, kill) = (Some(Measure::Ask), Some(Measure::Kill));
        check(&[99], &[None]);
        check(&[100, 120, 149, 150, 155, 160], &[ask, None, None, kill, None, kill]);
    }

    #[test]
    fn a_limit_that_comes_late_still_leaves_time_to_end() {
        check(&[500, 549, 550], &[Some(Measure::Ask), None, Some(Measure::Kill)]);
    }

    #[test]
    fn killing_ends_even_if_nothing_dies_of_it() {
        let mut limit = Limit::new(Some(ms(0)), ms(0));
        let rounds = (0..100_000).filter(|&at| limit.due(ms(at)).is_some()).count();
        assert_eq!((rounds, limit.next()), (1 + 200, None));
    }

    #[test]
    fn without_a_limit_nothing_is_ever_due() {
        let mut limit = Limit::new(None, ms(1));
        assert_eq!((limit.next(), limit.due(Duration::MAX), limit.passed()), (None, None, false));
    }
}
