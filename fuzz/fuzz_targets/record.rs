//! No line is too odd to be read, and what was read and written is read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pm_record::{Field, Record};

fuzz_target!(|line: &[u8]| {
    let fields = ["command", "context.task_count", "duration.phases.fetch_ms", "a.b.c"];
    for field in fields {
        let field: Field = field.parse().expect("a field");
        let _ = field.read(line);
    }
    let Ok(record) = Record::parse(line) else { return };
    if let Record::Partial(partial) = &record {
        let _ = pm_record::Partial::from(partial.as_ref().clone()).metric();
    }
    if !matches!(record, Record::Unknown(_)) {
        assert_eq!(Record::parse(&record.to_line()).as_ref(), Ok(&record));
    }
});
