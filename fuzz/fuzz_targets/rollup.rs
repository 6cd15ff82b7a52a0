//! Of any text as a rollup just those lines are left out that are about another time or another metric, however it is
//! cut into frames and read; and no bytes in a rollup's place are too odd.
#![no_main]

use std::io::Read;

use libfuzzer_sys::fuzz_target;
use pm_record::{Record, Timestamp};
use pm_store::{Extract, Needed, Span};

const METRIC: &str = "duration.total_ms";

fn extract(rollup: &[u8], needed: Needed<'_>, piece: usize) -> std::io::Result<Vec<u8>> {
    let mut extract = Extract::new(rollup, needed)?;
    let (mut text, mut buffer) = (Vec::new(), vec![0; piece]);
    loop {
        match extract.read(&mut buffer)? {
            0 => return Ok(text),
            read => text.extend_from_slice(&buffer[..read]),
        }
    }
}

fuzz_target!(|input: (u8, bool, i64, &[u8])| {
    let (piece, is_text, since, bytes) = input;
    let since = Some(Timestamp::from_millis(since));
    let needed = Needed { span: Span { since, until: None }, metric: Some("github_api.requests_made") };
    let size = usize::from(piece) + 1;
    if !is_text {
        let _ = extract(bytes, needed, size);
        return;
    }
    // Frames end with a line, as those that we write.
    let texts: Vec<_> = bytes.split(|&byte| byte == 0).map(|frame| [frame, b"\n"].concat()).collect();
    let frames = texts.iter().map(|text| zstd::encode_all(&text[..], 1).expect("memory"));
    let frames: Vec<u8> = frames.collect::<Vec<_>>().concat();
    let all = extract(&frames, Needed::default(), size).expect("frames");
    assert_eq!(all, texts.concat(), "nothing is asked for, and so nothing is left out");
    for needed in [needed, Needed { metric: Some(METRIC), ..needed }] {
        let some = extract(&frames, needed, size).expect("frames");
        assert_eq!(some, extract(&frames, needed, 1 << 16).expect("frames"), "it depends on the buffer");
        // Of durations only the first frames are read; of anything else every line that is needed comes.
        if needed.metric == Some(METRIC) {
            continue;
        }
        let lines = texts.iter().flat_map(|text| text.split(|&byte| byte == b'\n'));
        for line in lines.filter(|line| is_needed(line, &needed)) {
            assert!(some.split(|&byte| byte == b'\n').any(|read| read == line), "{}", line.escape_ascii());
        }
    }
});

/// Whether the full parser sees a line that was asked for and is written as we write it.
fn is_needed(line: &[u8], needed: &Needed<'_>) -> bool {
    let Ok(record @ Record::Partial(_)) = Record::parse(line) else { return false };
    let is_ours = record.to_line().trim_ascii_end() == line;
    let Record::Partial(partial) = record else { return false };
    if !is_ours {
        return false;
    }
    let is_metric = partial.metric.as_deref().is_none_or(|metric| Some(metric) == needed.metric);
    is_metric && partial.window.is_none_or(|window| needed.span.holds(&window))
}
