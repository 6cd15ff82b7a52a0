//! Everything that changes while the fake runs, behind one lock.
//!
//! A request is answered in whole under the lock and only then delivered, so that concurrent requests
//! are counted one after the other while their delays and slow bodies overlap.

use super::answer::Answer;
use super::api;
use super::clock::Clock;
use super::control;
use super::data::Data;
use super::deliver::Delivery;
use super::fault::{self, Effect, Fault};
use super::faulty;
use super::quota::{Quota, QuotaChange, Quotas};
use super::record::Log;
use super::request::Request;
use super::setup::Setup;

/// The whole of it.
#[derive(Debug)]
pub(super) struct State {
    pub(super) setup: Setup,
    pub(super) clock: Clock,
    pub(super) data: Data,
    pub(super) faults: Vec<Fault>,
    pub(super) log: Log,
    pub(super) quotas: Quotas,
}

impl State {
    pub(super) fn new(setup: Setup) -> Self {
        State {
            clock: setup.clock,
            data: Data::new(setup.data.clone()),
            faults: Vec::new(),
            log: Log::default(),
            quotas: Quotas::start(&setup, setup.clock.epoch()),
            setup,
        }
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.epoch()
    }

    /// The login that stands for "the account", when a test names none.
    pub(super) fn default_login(&self) -> String {
        self.setup.accounts.first().map(|account| account.login.clone()).unwrap_or_default()
    }

    /// Applies a test's change; `None` when there is no such account.
    pub(super) fn change_quota(&mut self, change: &QuotaChange) -> Option<Quota> {
        let login = change.login.clone().unwrap_or_else(|| self.default_login());
        let now = self.now();
        self.quotas.change(&login, change, now)
    }

    /// Answers one request and says how to deliver the answer.
    pub(super) fn reply(&mut self, request: &Request) -> (Answer, Delivery) {
        if control::is_control(request) {
            return (control::answer(self, request), faulty::delivery(&fault::Plan::default()));
        }
        let plan = fault::take(&mut self.faults, request);
        let mut answer = api::answer(self, request, plan.effect.as_ref());
        if plan.effect == Some(Effect::MalformedJson) {
            faulty::malform(&mut answer);
        }
        let status = (plan.effect != Some(Effect::Drop)).then_some(answer.status);
        self.log.keep(request, status);
        (answer, faulty::delivery(&plan))
    }
}
