//! Metrics for Prometheus: printed once, kept in a file, or served.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pm_cli::{Exit, Input, Source, Streams, human};
use pm_record::{BadRecord, Reading, Wanted};
use pm_server::Server;

use crate::backlog::Backlog;
use crate::config::Config;
use crate::error::Warning;
use crate::intake::{self, Taker};
use crate::meter::Meter;
use crate::prometheus::{Text, expose};
use crate::publish::publish;
use crate::serve;
use crate::state::State;
use crate::waiting::{Never, follow};
use crate::{Error, TOOL, inputs};

/// A meter that a server reads too.
pub(crate) type Shared = Arc<Mutex<Meter>>;

/// Takes lines into a meter, and publishes what it says.
struct Metrics {
    meter: Shared,
    text: Text,
    output: Option<PathBuf>,
    served: bool,
    /// Whether the input was named, and not found in a store, which is expected to have runs of benchmarks.
    is_named: bool,
    interval: Duration,
    published: Option<Instant>,
    /// How many records had been read when it was published.
    then: Option<u64>,
}

/// The meter, also if a thread that held it has panicked: the process is about to end.
pub(crate) fn lock(meter: &Shared) -> MutexGuard<'_, Meter> {
    meter.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The whole run.
pub(crate) fn run(
    config: &Config,
    text: Text,
    listen: Option<SocketAddr>,
    io: &mut Streams,
) -> Result<Exit, Error> {
    let meter: Shared = Arc::new(Mutex::new(Meter::new(config)));
    let mut metrics = Metrics {
        meter: Arc::clone(&meter),
        text,
        output: config.output.clone(),
        served: listen.is_some(),
        is_named: matches!(config.source, Source::Named(_)),
        interval: config.interval,
        published: None,
        then: None,
    };
    if let (Source::Store(named), Some(_)) = (&config.source, &config.position) {
        let store = inputs::store(named.as_deref(), io)?;
        let mut backlog = inputs::backlog(store.clone(), config, io)?;
        restore(&mut backlog, config, &meter, io)?;
        // What was counted before is there from the first moment on.
        let _server = serve(listen, &meter, text, io)?;
        follow(config, &store, &mut backlog, &mut metrics, io)?;
    } else {
        let inputs = inputs::open(config, io)?;
        io.tell_of_typing(TOOL, &inputs);
        let _server = serve(listen, &meter, text, io)?;
        let read = intake::read(inputs, &mut metrics, config, io);
        intake::tell(&read?, io);
        metrics.tell(io);
        if listen.is_some() {
            wait(io)?;
        }
    }
    Ok(Exit::Done)
}

fn restore(backlog: &mut Backlog, config: &Config, meter: &Shared, io: &mut Streams) -> Result<(), Error> {
    match backlog.state.restore(config.shape.clone()) {
        Ok(model) => lock(meter).model = model,
        Err(reason) => backlog.begin_anew(reason, config, io)?,
    }
    Ok(())
}

fn serve(
    listen: Option<SocketAddr>,
    meter: &Shared,
    text: Text,
    io: &mut Streams,
) -> Result<Option<Server>, Error> {
    let Some(address) = listen else { return Ok(None) };
    let server =
        serve::start(address, Arc::clone(meter), text).map_err(|source| Error::Listen { address, source })?;
    if !server.address.ip().is_loopback() {
        io.complain(TOOL, &Warning::Public(server.address));
    }
    io.tell(TOOL, &format!("serving http://{}/metrics", server.address));
    Ok(Some(server))
}

/// Waits until a signal comes.
fn wait(io: &mut Streams) -> Result<(), Error> {
    let mut never = io.fed("nothing".as_ref(), Box::new(Never));
    while io.interrupted().is_none() {
        never.ready_within(Duration::from_hours(1)).map_err(Error::Read)?;
    }
    Ok(())
}

impl Metrics {
    fn publish(&mut self, io: &mut Streams) -> Result<(), Error> {
        if self.served {
            return Ok(());
        }
        let (text, records) = {
            let meter = lock(&self.meter);
            (expose(&meter.model, self.text), meter.records)
        };
        publish(text.as_bytes(), self.output.as_deref(), io)?;
        (self.published, self.then) = (Some(Instant::now()), Some(records));
        Ok(())
    }
}

impl Taker for Metrics {
    fn wanted(&self) -> Wanted {
        lock(&self.meter).wanted()
    }

    fn take(&mut self, reading: Reading<'_>) -> Result<(), BadRecord> {
        lock(&self.meter).take(reading)
    }

    fn settle(&mut self, io: &mut Streams) -> Result<(), Error> {
        self.publish(io)
    }

    /// Replaces the file, if there is one and something new to say, as often as it was asked for.
    fn idle(&mut self, input: &mut Input, io: &mut Streams) -> Result<(), Error> {
        if self.output.is_none() {
            return Ok(());
        }
        while self.then != Some(lock(&self.meter).records) {
            let due = self.published.map(|published| self.interval.saturating_sub(published.elapsed()));
            match due.filter(|due| !due.is_zero()) {
                Some(left) if input.ready_within(left).map_err(Error::Read)? => return Ok(()),
                Some(_) => {}
                None => self.publish(io)?,
            }
        }
        Ok(())
    }

    fn tell(&mut self, io: &mut Streams) {
        let mut meter = lock(&self.meter);
        let most = meter.model.shape.max_series;
        for (family, count) in meter.model.take_overflows() {
            let count = human::count(count);
            io.complain(TOOL, &Warning::Overflow { metric: family.base(), most, count });
        }
        let deliberate = std::mem::take(&mut meter.commands.deliberate);
        if deliberate > 0 && self.is_named {
            let count = human::count(deliberate);
            io.tell(
                TOOL,
                &format!("runs of benchmarks and profiles, left out: {count}; --deliberate counts them"),
            );
        }
    }

    fn keep(&self, state: &mut State) {
        state.keep(&lock(&self.meter).model);
    }
}
