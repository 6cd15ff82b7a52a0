//! Brings together what belongs to one run.
//!
//! `pm-wrap` writes a run's record with its processes and requests behind it, but the runs of several terminals stand
//! among each other, and a long run's requests come before its record. So a run is gathered until enough others have
//! come, the one that was quiet for longest first.

use indexmap::IndexMap;
use pm_record::{ApiRequest, PerformanceMetrics, ProcessTrace};

use crate::call::Call;
use crate::execution::{Execution, Process};
use crate::labels::Labels;

/// How many runs are gathered at a time.
pub const MOST_OPEN: usize = 256;

/// How many requests and processes of all of them.
pub const MOST_HELD: usize = 200_000;

/// Requests without a run belong together up to a silence of so many milliseconds.
const SILENCE: i64 = 60_000;

/// And up to so many of them.
const MOST_LOOSE: usize = 5_000;

/// The runs that are being gathered.
#[derive(Debug, Default)]
pub(crate) struct Join {
    /// The one that something came for last is the last.
    open: IndexMap<String, Execution>,
    loose: Execution,
    held: usize,
    /// Runs of which all is there.
    done: Vec<Execution>,
}

impl Join {
    pub(crate) fn run(&mut self, run: Box<PerformanceMetrics>, labels: &mut Labels) {
        let command = labels.of(&run.command);
        let machine = run.machine.as_deref().and_then(|machine| labels.of(machine));
        match run.execution_id.clone() {
            Some(id) => {
                let execution = self.of(&id);
                (execution.command, execution.machine, execution.run) = (command, machine, Some(run));
            }
            None => self.done.push(Execution { run: Some(run), command, machine, ..Execution::default() }),
        }
        self.make_room();
    }

    pub(crate) fn request(&mut self, request: &ApiRequest, labels: &mut Labels) {
        let call = Call::new(request, labels);
        match &request.execution_id {
            Some(id) => {
                self.of(id).calls.push(call);
                self.held += 1;
            }
            None => self.loose(call),
        }
        self.make_room();
    }

    /// A request that nobody asked about says only that its run made some.
    pub(crate) fn request_of_others(&mut self, request: &ApiRequest) {
        if let Some(id) = &request.execution_id {
            self.of(id).has_others = true;
            self.make_room();
        }
    }

    pub(crate) fn process(&mut self, process: &ProcessTrace, labels: &mut Labels) {
        let Some(id) = &process.execution_id else { return };
        let process = Process::new(process, labels);
        self.of(id).processes.push(process);
        self.held += 1;
        self.make_room();
    }

    /// What is complete by now.
    pub(crate) fn done(&mut self) -> Vec<Execution> {
        std::mem::take(&mut self.done)
    }

    /// Everything that is left.
    pub(crate) fn finish(mut self) -> Vec<Execution> {
        let open = self.open.into_values();
        self.done.extend(open.chain(Some(self.loose).filter(|loose| loose.size() > 0)));
        self.done
    }

    fn of(&mut self, id: &str) -> &mut Execution {
        let last = self.open.len().saturating_sub(1);
        match self.open.get_index_of(id) {
            Some(place) => {
                self.open.move_index(place, last);
                &mut self.open[last]
            }
            None => self.open.entry(id.to_owned()).or_default(),
        }
    }

    fn loose(&mut self, call: Call) {
        let end = self.loose.calls.last().map(Call::end);
        let is_another = end.is_some_and(|end| call.start > end.saturating_add(SILENCE));
        if is_another || self.loose.calls.len() >= MOST_LOOSE {
            self.done.push(std::mem::take(&mut self.loose));
        }
        self.loose.calls.push(call);
    }

    fn make_room(&mut self) {
        while self.open.len() > MOST_OPEN || self.held > MOST_HELD {
            let Some((_, execution)) = self.open.shift_remove_index(0) else { return };
            self.held -= execution.size();
            self.done.push(execution);
        }
    }
}

#[cfg(test)]
mod tests {
    use pm_record::{Thousandths, Timestamp};

    use super::*;

    fn request(id: Option<&str>, at: i64) -> ApiRequest {
        let mut request = ApiRequest::new(Timestamp::from_millis(at), "GET".to_owned(), "/user".to_owned());
        request.execution_id = id.map(str::to_owned);
        request
    }

    fn run(id: &str) -> Box<PerformanceMetrics> {
        let mut run =
            PerformanceMetrics::new("batch".to_owned(), Timestamp::from_millis(0), Thousandths(1000));
        run.execution_id = Some(id.to_owned());
        Box::new(run)
    }

    #[test]
    fn runs_that_stand_among_each_other_are_told_apart_whatever_comes_first() {
        let (mut join, mut labels) = (Join::default(), Labels::default());
        join.request(&request(Some("a"), 1), &mut labels);
        join.run(run("b"), &mut labels);
        join.request(&request(Some("b"), 2), &mut labels);
        join.run(run("a"), &mut labels);
        join.request(&request(Some("a"), 3), &mut labels);
        assert!(join.done().is_empty());
        let all = join.finish();
        let sizes: Vec<_> = all.iter().map(|one| (one.run.is_some(), one.calls.len())).collect();
        assert_eq!(sizes, [(true, 1), (true, 2)]);
    }

    #[test]
    fn no_more_is_held_than_there_is_room_for() {
        let (mut join, mut labels) = (Join::default(), Labels::default());
        let mut done = 0;
        for number in 0..3 * MOST_OPEN {
            join.run(run(&number.to_string()), &mut labels);
            done += join.done().len();
            assert!(join.open.len() <= MOST_OPEN);
        }
        for at in 0..i64::try_from(MOST_HELD + 10).expect("small") {
            join.request(&request(Some("long"), at), &mut labels);
            assert!(join.held <= MOST_HELD);
        }
        done += join.done().iter().filter(|one| one.run.is_some()).count();
        assert_eq!(done + join.finish().iter().filter(|one| one.run.is_some()).count(), 3 * MOST_OPEN);
    }

    #[test]
    fn requests_of_nobody_belong_together_up_to_a_silence() {
        let (mut join, mut labels) = (Join::default(), Labels::default());
        for at in [0, 100, 59_000, 59_000 + SILENCE + 1, 200_000] {
            join.request(&request(None, at), &mut labels);
        }
        let sizes: Vec<_> = join.finish().iter().map(|one| one.calls.len()).collect();
        assert_eq!(sizes, [3, 1, 1]);
    }
}
