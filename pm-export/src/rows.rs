//! What is written record by record: tables, points, and lines of StatsD.

use std::net::UdpSocket;

use pm_cli::{Exit, Period, Source, Streams};
use pm_record::{BadRecord, Reading, Record, Wanted};

use crate::config::{Config, Form};
use crate::csv_table::Table;
use crate::intake::{self, Taker};
use crate::meter::Meter;
use crate::publish::Sheet;
use crate::statsd::{Dialect, datagrams};
use crate::waiting::follow;
use crate::{Error, TOOL, influx, inputs, statsd};

/// How much text is gathered before it is written.
const PIECE: usize = 64 << 10;

/// Writes as records come.
struct Rows<'a> {
    config: &'a Config,
    shape: Shape,
    period: Period,
    text: Vec<u8>,
    way: Way,
}

enum Shape {
    Table(Table),
    Points(Vec<String>),
    Statsd { meter: Box<Meter>, dialect: Dialect },
}

enum Way {
    Sheet(Sheet),
    Datagrams { socket: UdpSocket, address: String },
}

/// The whole run.
pub(crate) fn run(config: &Config, io: &mut Streams) -> Result<Exit, Error> {
    let shape = match &config.form {
        Form::Csv { kind, columns } => {
            let table = Table::new(kind, columns).unwrap_or_else(|| unreachable!("the columns were checked"));
            Shape::Table(table)
        }
        Form::Statsd { dialect, .. } => {
            Shape::Statsd { meter: Box::new(Meter::new(config)), dialect: *dialect }
        }
        _ => Shape::Points(config.by.iter().map(ToString::to_string).collect()),
    };
    let mut rows = Rows { config, shape, period: config.period, text: Vec::new(), way: way(config, io)? };
    rows.begin()?;
    if let (Source::Store(named), Some(_)) = (&config.source, &config.position) {
        let store = inputs::store(named.as_deref(), io)?;
        let mut backlog = inputs::backlog(store.clone(), config, io)?;
        follow(config, &store, &mut backlog, &mut rows, io)?;
    } else {
        let inputs = inputs::open(config, io)?;
        io.tell_of_typing(TOOL, &inputs);
        let skipped = intake::read(inputs, &mut rows, config, io)?;
        intake::tell(&skipped, io);
    }
    if let Way::Sheet(sheet) = rows.way {
        sheet.finish(io)?;
    }
    Ok(Exit::Done)
}

fn way(config: &Config, io: &Streams) -> Result<Way, Error> {
    if let Form::Statsd { address: Some(address), .. } = &config.form {
        let failed = |source| Error::Send { address: address.clone(), source };
        let found = std::net::ToSocketAddrs::to_socket_addrs(address.as_str()).map_err(failed)?.next();
        let found = found.ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))?;
        let any = if found.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(any).map_err(failed)?;
        socket.connect(found).map_err(failed)?;
        return Ok(Way::Datagrams { socket, address: address.clone() });
    }
    // What is only the newest is added to what is there.
    let append = config.position.is_some();
    Sheet::open(config.output.as_deref(), append, io).map(Way::Sheet)
}

impl Rows<'_> {
    fn begin(&mut self) -> Result<(), Error> {
        match &self.shape {
            Shape::Table(table) => table.write_head(&mut self.text).map_err(Error::Write),
            _ => Ok(()),
        }
    }

    /// Adds the text of a line that holds a record.
    fn add(&mut self, reading: Reading<'_>) -> Result<(), BadRecord> {
        let line = match &reading {
            Reading::Run(run) if !self.period.covers(run.timestamp().as_millis()) => return Ok(()),
            Reading::Run(run) => run.line(),
            Reading::Other(line) => {
                let time = Record::parse(line)?.timestamp();
                if time.is_some_and(|time| !self.period.covers(time.as_millis())) {
                    return Ok(());
                }
                line
            }
            Reading::Partial(_) => return Ok(()),
        };
        match &mut self.shape {
            Shape::Table(table) => {
                table.write(line, &mut self.text).map_err(|error| BadRecord::new(error.to_string()))
            }
            Shape::Points(by) => {
                let mut points = String::new();
                influx::points(line, by, &mut points);
                self.text.extend_from_slice(points.as_bytes());
                Ok(())
            }
            Shape::Statsd { meter, dialect } => {
                meter.take(reading)?;
                let mut lines = String::new();
                statsd::lines(&meter.model, *dialect, &mut lines);
                meter.clear(self.config);
                self.text.extend_from_slice(lines.as_bytes());
                Ok(())
            }
        }
    }
}

impl Taker for Rows<'_> {
    fn wanted(&self) -> Wanted {
        match &self.shape {
            Shape::Statsd { meter, .. } => meter.wanted(),
            _ => Wanted::default(),
        }
    }

    fn take(&mut self, reading: Reading<'_>) -> Result<(), BadRecord> {
        self.add(reading)
    }

    fn is_full(&self) -> bool {
        self.text.len() >= PIECE
    }

    fn settle(&mut self, io: &mut Streams) -> Result<(), Error> {
        match &mut self.way {
            Way::Sheet(sheet) => {
                sheet.write(&self.text, io)?;
                sheet.flush(io)?;
            }
            Way::Datagrams { socket, address } => {
                let text = String::from_utf8_lossy(&self.text);
                for datagram in datagrams(&text) {
                    match socket.send(datagram.as_bytes()) {
                        // That nobody listens is told of the datagram before, and loses nothing that was not lost.
                        Ok(_) => {}
                        Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {}
                        Err(source) => return Err(Error::Send { address: address.clone(), source }),
                    }
                }
            }
        }
        self.text.clear();
        Ok(())
    }
}
