//! What the relay knows beyond one request: how many are under way, what failed lately, what limits said; and where
//! records go.

use std::cell::{Cell, RefCell};
use std::time::Instant;

use pm_cli::Clock;
use pm_record::{ApiRequest, Record, Timestamp};

use crate::attempts::Attempts;
use crate::journal::Journal;
use crate::meter::Meter;

/// Shared by all requests.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) clock: Clock,
    execution_id: Option<String>,
    journal: Journal,
    /// For numbers that know a request again, within this process only.
    pub(crate) hashes: foldhash::quality::RandomState,
    pub(crate) meter: RefCell<Meter>,
    attempts: RefCell<Attempts>,
    in_flight: Cell<u32>,
    is_stopping: Cell<bool>,
}

impl Ledger {
    pub(crate) fn new(clock: Clock, execution_id: Option<String>, journal: Journal) -> Self {
        Self {
            clock,
            execution_id,
            journal,
            hashes: foldhash::quality::RandomState::default(),
            meter: RefCell::default(),
            attempts: RefCell::default(),
            in_flight: Cell::new(0),
            is_stopping: Cell::new(false),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.now_millis())
    }

    /// One more request is under way; says how many are.
    pub(crate) fn enter(&self) -> u32 {
        self.in_flight.set(self.in_flight.get() + 1);
        self.in_flight.get()
    }

    pub(crate) fn leave(&self) {
        self.in_flight.set(self.in_flight.get().saturating_sub(1));
    }

    /// From here on, what breaks off does so because the relay ends.
    pub(crate) fn stop(&self) {
        self.is_stopping.set(true);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.get()
    }

    /// Which attempt it was.
    pub(crate) fn attempt(&self, request: u64, failed: bool, began: Instant) -> u32 {
        self.attempts.borrow_mut().ended(request, failed, began, Instant::now())
    }

    /// Hands a record on.
    pub(crate) fn write(&self, mut record: ApiRequest) {
        record.execution_id.clone_from(&self.execution_id);
        self.journal.write(Record::Request(Box::new(record)).to_line());
    }
}
