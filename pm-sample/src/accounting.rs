//! How much processor time a changing set of processes has used between two looks.
//!
//! A process that ended between the looks cannot be asked any more. But whoever waited for it has its time, with
//! that of everything it had waited for itself: so the time of the living, and of those that they waited for, grows
//! by just what was used, once what the ended had used up to the look before is taken off again. What an ended
//! process used last is lost only where nobody in the set waited for it.

use std::collections::HashMap;

/// A process at a look. Times are in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    /// When it started, which tells it from another of the same number.
    pub(crate) start: u64,
    pub(crate) parent: i32,
    pub(crate) own: u64,
    /// Of descendants that have ended and were waited for.
    pub(crate) waited: u64,
    /// Whether it started after the look before: then all of its time counts.
    pub(crate) is_new: bool,
}

/// The set at a look, by number.
pub(crate) type Accounts = HashMap<i32, Account>;

/// The set as of the look before.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    accounts: Accounts,
    /// What had been counted of ended processes when whoever waits for them had been read a moment too early.
    owed: HashMap<i32, u64>,
}

impl Ledger {
    /// The set as it was taken last.
    pub(crate) fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// Takes the set as it is now. Returns the time used since the look before.
    pub(crate) fn settle(&mut self, now: Accounts) -> u64 {
        let before = std::mem::replace(&mut self.accounts, now);
        let owed = std::mem::take(&mut self.owed);
        let mut inherited = HashMap::new();
        let mut used = 0_u64;
        for (&pid, account) in &self.accounts {
            let earlier = before.get(&pid).filter(|earlier| earlier.start == account.start);
            let (own, waited) = match earlier {
                Some(earlier) => (earlier.own, earlier.waited),
                None if account.is_new => (0, 0),
                None => (account.own, account.waited),
            };
            used = used.saturating_add(account.own.saturating_sub(own));
            inherited.insert(pid, account.waited.saturating_sub(waited));
        }
        self.take_off(&before, &owed, &mut inherited);
        inherited.values().fold(used, |sum, &part| sum.saturating_add(part))
    }

    /// Takes what was counted of ended processes off what the living have inherited since.
    ///
    /// It was the parent who waited; or, if that one had ended first, an ancestor further up.
    fn take_off(&mut self, before: &Accounts, owed: &HashMap<i32, u64>, inherited: &mut HashMap<i32, u64>) {
        let lives = |pid: i32| {
            let start = |accounts: &Accounts| accounts.get(&pid).map(|account| account.start);
            start(before).is_some() && start(before) == start(&self.accounts)
        };
        let mut order: Vec<i32> = before.keys().copied().collect();
        order.sort_unstable();
        for pid in order {
            let mut rest = owed.get(&pid).copied().unwrap_or(0);
            let has_ended = !lives(pid);
            if let Some(account) = before.get(&pid).filter(|_| has_ended) {
                rest = rest.saturating_add(account.own).saturating_add(account.waited);
            }
            let mut nearest = None;
            let mut heir = pid;
            // No chain of parents is longer than there are processes.
            for _ in 0..before.len() {
                if rest == 0 {
                    break;
                }
                if lives(heir) {
                    nearest = nearest.or(Some(heir));
                    let part = inherited.entry(heir).or_default();
                    let taken = rest.min(*part);
                    *part -= taken;
                    rest -= taken;
                }
                let Some(account) = before.get(&heir) else { break };
                heir = account.parent;
            }
            // Once more at the next look, and then nobody has waited.
            if let Some(heir) = nearest.filter(|_| has_ended && rest > 0) {
                *self.owed.entry(heir).or_default() += rest;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A process: number, start, parent, own time, waited time.
    type Row = (i32, u64, i32, u64, u64);

    fn accounts(rows: &[Row]) -> Accounts {
        let account = |&(pid, start, parent, own, waited): &Row| {
            (pid, Account { start, parent, own, waited, is_new: start >= 100 })
        };
        rows.iter().map(account).collect()
    }

    #[track_caller]
    fn check(before: &[Row], now: &[Row], expected: u64) {
        let mut ledger = Ledger::default();
        ledger.settle(accounts(before));
        assert_eq!(ledger.settle(accounts(now)), expected);
    }

    #[test]
    fn the_living_have_used_the_difference() {
        check(&[(1, 5, 0, 100, 10), (2, 6, 1, 50, 0)], &[(1, 5, 0, 130, 10), (2, 6, 1, 55, 0)], 35);
    }

    #[test]
    fn who_started_since_counts_whole_and_who_was_there_before_it_was_seen_does_not() {
        check(&[(1, 5, 0, 100, 0)], &[(1, 5, 0, 100, 0), (2, 100, 1, 30, 2)], 32);
        check(&[], &[(7, 20, 1, 5_000, 900)], 0);
    }

    #[test]
    fn of_a_child_that_was_waited_for_only_the_last_part_counts() {
        check(&[(1, 5, 0, 100, 10), (2, 6, 1, 50, 0)], &[(1, 5, 0, 100, 80)], 20);
    }

    #[test]
    fn a_child_that_nobody_saw_counts_whole() {
        check(&[(1, 5, 0, 100, 10)], &[(1, 5, 0, 100, 80)], 70);
    }

    #[test]
    fn a_whole_branch_that_ended_is_inherited_by_who_waited_for_its_root() {
        let before = [(1, 5, 0, 100, 0), (2, 6, 1, 50, 5), (3, 7, 2, 40, 1)];
        check(&before, &[(1, 5, 0, 100, 110)], 14);
    }

    #[test]
    fn a_child_that_nobody_waited_for_takes_nothing_away() {
        check(&[(1, 5, 0, 100, 0), (2, 6, 1, 50, 0)], &[(1, 5, 0, 107, 0)], 7);
    }

    #[test]
    fn another_process_of_the_same_number_is_another_process() {
        check(&[(1, 5, 0, 100, 0), (2, 6, 1, 50, 0)], &[(1, 5, 0, 100, 60), (2, 100, 1, 3, 0)], 13);
    }

    #[test]
    fn an_orphan_is_inherited_by_who_took_it_in() {
        let before = [(1, 5, 0, 100, 0), (2, 6, 1, 50, 0), (3, 7, 2, 40, 0), (4, 8, 3, 900, 0)];
        check(&before, &[(1, 5, 0, 100, 905), (2, 6, 1, 50, 43)], 8);
    }

    #[test]
    fn who_was_read_just_before_it_waited_inherits_at_the_next_look() {
        let mut ledger = Ledger::default();
        ledger.settle(accounts(&[(1, 5, 0, 100, 0), (2, 6, 1, 50, 0)]));
        assert_eq!(ledger.settle(accounts(&[(1, 5, 0, 100, 0)])), 0);
        assert_eq!(ledger.settle(accounts(&[(1, 5, 0, 100, 57)])), 7);
        assert_eq!(ledger.settle(accounts(&[(1, 5, 0, 100, 60)])), 3);
    }

    #[test]
    fn a_child_that_nobody_waits_for_is_not_held_against_later_ones() {
        let mut ledger = Ledger::default();
        ledger.settle(accounts(&[(1, 5, 0, 100, 0), (2, 6, 1, 50, 0)]));
        let used = [(1, 5, 0, 100, 0), (1, 5, 0, 100, 0), (1, 5, 0, 100, 30)]
            .map(|row| ledger.settle(accounts(&[row])));
        assert_eq!(used, [0, 0, 30]);
    }

    proptest! {
        /// A tree in which everybody waits for its children: whatever ends, what was used is what is counted.
        #[test]
        fn nothing_is_lost_or_counted_twice_where_everybody_waits(
            parents in proptest::collection::vec(0_i32..20, 1..20),
            times in proptest::collection::vec((0_u64..1_000, 0_u64..1_000, any::<bool>()), 20),
        ) {
            // Number 1 is the root, and each other one's parent has a smaller number.
            let above = |pid: i32| usize::try_from(pid - 2).map_or(0, |place| parents[place] % (pid - 1) + 1);
            let all: Vec<_> = (1_i32..).zip(&times[..=parents.len()]).collect();
            let first = |(pid, &(own, ..)): (i32, &(u64, u64, bool))| {
                (pid, Account { start: 1, parent: above(pid), own, waited: 0, is_new: false })
            };
            let before: Accounts = all.iter().copied().map(first).collect();
            let (mut now, mut all_used) = (before.clone(), 0);
            for (pid, &(_, later, ends)) in all.into_iter().rev() {
                all_used += later;
                now.get_mut(&pid).expect("there").own += later;
                // Who still has children does not end, nor does the root.
                let has_children = now.values().any(|child| child.parent == pid);
                if ends && !has_children && pid > 1 {
                    let ended = now.remove(&pid).expect("there");
                    now.get_mut(&above(pid)).expect("there").waited += ended.own + ended.waited;
                }
            }
            let mut ledger = Ledger::default();
            ledger.settle(before);
            prop_assert_eq!(ledger.settle(now), all_used);
        }
    }
}
