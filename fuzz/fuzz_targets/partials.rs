//! The quick reader of partial results gives the full parser's answer to every line, whatever it has read before.
//!
//! An input is lines, as they stand and, behind a zero, as the ends of lines of one group: such are read by their beginning.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pm_record::{Partial, Reading, Record, RunReader, State, Wanted};

const GROUP: &[u8] = br#"{"performance_partial":{"schema":1,"by":{"command":"batch"}"#;

fn reader() -> RunReader {
    RunReader::new(&Wanted { numbers: Vec::new(), labels: Vec::new(), partials: true })
}

fn check(reader: &mut RunReader, line: &[u8]) {
    let full = Record::parse(line);
    match (reader.read(line), &full) {
        (Ok(Reading::Partial(read)), Ok(Record::Partial(expected))) => {
            assert_eq!(read, &Partial::from(expected.as_ref().clone()), "{}", line.escape_ascii());
            if let Some((_, Ok(State::Distribution(distribution)))) = read.metric() {
                let quantiles = [0.0, 0.5, 1.0].map(|q| distribution.quantile(q));
                assert!(quantiles.is_sorted(), "{quantiles:?} of {}", line.escape_ascii());
            }
        }
        (Ok(Reading::Partial(_)), other) => panic!("{other:?} of {}", line.escape_ascii()),
        (_, Ok(Record::Partial(_))) => panic!("it was not seen: {}", line.escape_ascii()),
        _ => {}
    }
}

fuzz_target!(|input: &[u8]| {
    let mut lines: Vec<Vec<u8>> = match input.split_first() {
        Some((0, ends)) => ends.split(|&byte| byte == b'\n').map(|end| [GROUP, end].concat()).collect(),
        _ => input.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect(),
    };
    // What is read as we write it is met more often so.
    for line in lines.clone() {
        if let Ok(record @ Record::Partial(_)) = Record::parse(&line) {
            lines.push(record.to_line().trim_ascii_end().to_vec());
        }
    }
    let mut used = reader();
    for line in lines.iter().chain(lines.iter().rev()) {
        check(&mut used, line);
        check(&mut reader(), line);
    }
});
