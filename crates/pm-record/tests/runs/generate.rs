//! Lines as logs have them, and as nobody should write them: a few layouts with ever new values, and what
//! happens to them by accident or on purpose.

use crate::choices::Choices;

/// A run as text: its fields in order, each a key with its quotation marks and a value.
#[derive(Clone)]
struct Object(Vec<(String, Member)>);

#[derive(Clone)]
enum Member {
    Text(String),
    Number(String),
    /// Anything else, as it stands.
    Raw(String),
    Object(Object),
}

/// The fields of a whole run, nested by indentation; what stands behind the colon is its type and a plain value.
const WHOLE: [&str; 50] = [
    "schema:raw 1",
    "command:text batch",
    "execution_id:text exec_0123456789ab",
    "timestamp:time 2024-12-06T10:30:15.123Z",
    "duration:",
    " total_ms:number 2450.5",
    " phases:",
    "  initialization_ms:number 120",
    "  fetch_ms:number 1200.125",
    "  other_ms:number 1130.375",
    "resource_usage:",
    " peak_memory_mb:number 78",
    " average_memory_mb:number 45.125",
    " cpu_time_ms:number 1890",
    " io_operations:number 245",
    " user_ms:number 1600.25",
    " system_ms:number 289.75",
    " peak_memory_source:text tree",
    " memory_samples:number 24",
    " read_bytes:number 1048576",
    " processes:number 3",
    "github_api:",
    " requests_made:number 15",
    " rate_limit_remaining:number 4975",
    " waited_ms:number 0.5",
    " quota_delta:",
    "  value:number 25",
    "  confidence:text exclusive",
    "context:",
    " project_size:text large",
    " task_count:number 87",
    " a b:any 3",
    " größe:text ß",
    "exit_code:whole 0",
    "signal:raw null",
    "status:status success",
    "program:text github-pm",
    "host:text ci-1",
    "machine:text 9f86d081884c",
    "trace:",
    " trace_id:text 4bf92f3577b34da6a3ce929d0e0e4736",
    " span_id:text 53995c3f42cd8ad8",
    " parent_execution_id:text exec_799a5d73ffdb",
    "trace_degraded:raw false",
    "stopped_ms:number 0.25",
    r#"args:raw ["batch","--all",""]"#,
    "truncated:raw true",
    "extra:",
    " text:any 7",
    " number:any 0.5",
];

const NUMBERS: [&str; 44] = [
    "0",
    "-0",
    "-0.0",
    "0.0",
    "0.001",
    "0.0005",
    "-0.0005",
    "0.0004999",
    "1.0",
    "1.000",
    "1.0000",
    "1.1255",
    "1e3",
    "1E+2",
    "1e-3",
    "12.5e1",
    "9007199254740991",
    "9007199254740.991",
    "9223372036854775",
    "-9223372036854775",
    "9223372036854776",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e300",
    "1e999",
    "999999999999999999999999",
    "01",
    "-01",
    "00",
    ".5",
    "5.",
    "-",
    "+1",
    "1.5.5",
    "1-",
    "--1",
    "0x1",
    "NaN",
    "1e",
    "281474976710.6565",
    "12345678.9",
    "1234567.1235",
];

const TEXTS: [&str; 30] = [
    "",
    "a",
    "batch",
    "a longer one, with blanks",
    r#"\""#,
    r"\\",
    r"\/",
    r"\n",
    r"\u0041",
    r"\u00e9",
    r"\ud83d\ude00",
    r"\ud800",
    r"\udc00",
    r"\u12",
    r"\x",
    "größe",
    "日本語",
    "😀",
    "a\tb",
    "a\u{0}b",
    "\u{7f}",
    r"a\\",
    r"\\\",
    "{",
    "}}",
    r"},\u0022command\u0022:\u0022no",
    "\u{feff}",
    "success",
    "performance_metrics",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\\n",
];

const STATUSES: [&str; 8] = [
    r#""success""#,
    r#""failure""#,
    r#""signaled""#,
    r#""timeout""#,
    r#""not_started""#,
    r#""melted""#,
    "null",
    r#"{"success":null}"#,
];

const TIMES: [&str; 14] = [
    "2024-12-06T10:30:15Z",
    "2024-12-06T10:30:15.1Z",
    "2024-12-06T10:30:15.1239Z",
    "2024-12-06T11:30:15.123+01:00",
    "2024-12-06t10:30:15.123z",
    "2024-02-29T23:59:60.999Z",
    "2023-02-29T00:00:00.000Z",
    "0000-01-01T00:00:00.000Z",
    "9999-12-31T23:59:59.999Z",
    "2024-13-06T10:30:15.123Z",
    "2024-12-06T24:00:00.000Z",
    "yesterday",
    r"2024-12-06T10:30:15.123\u005a",
    "2024-12-06 10:30:15.123Z",
];

const RAW: [&str; 16] = [
    "null",
    "true",
    "false",
    "[]",
    "{}",
    "[[[1]]]",
    r#"{"command":"no","duration":{"total_ms":9}}"#,
    r#"["a",1,null]"#,
    "1",
    "\"1\"",
    r#"[1,{"fetch_ms":2}]"#,
    "nul",
    "truee",
    "[1,]",
    r#"{"a":1,"a":2}"#,
    r#"{"a""#,
];

const OTHERS: [&str; 10] = [
    r#"{"system_metrics":{"timestamp":"2024-12-06T10:30:15.123Z","memory":{"process_memory_mb":45}}}"#,
    r#"{"process_trace":{"schema":1,"pid":4711,"program":"git","start_ms":0}}"#,
    r#"{"performance_partial":{"by":{"command":"batch"},"metric":"x","state":{"count":1,"sum":"1","sum_of_squares":"1","min":1,"max":1}}}"#,
    r#"{"performance_partial":{}}"#,
    r#"{"moon_phase":{"x":[1]}}"#,
    r#"{"moon_phase":{"x":[1]}"#,
    "{}",
    "",
    "null",
    r#"{"performance_metrics":[1,"x"]}"#,
];

/// Up to twenty lines as one log might have them.
pub(crate) fn lines(choices: &mut Choices<'_>) -> Vec<Vec<u8>> {
    let mut layout = layout(choices);
    let mut lines: Vec<Vec<u8>> = Vec::new();
    while lines.len() < 20 && (lines.len() < 3 || !choices.is_empty()) {
        let line = match choices.below(12) {
            0..6 => render(&with_other_values(&layout, choices), "", choices),
            6 => {
                layout = self::layout(choices);
                render(&layout, "", choices)
            }
            7 => render(&rearranged(&layout, choices), "", choices),
            8 => render(
                &with_other_values(&rearranged(&layout, choices), choices),
                choices.pick(&[" ", "\t", "\r"]),
                choices,
            ),
            9 => choices.pick(&OTHERS).as_bytes().to_vec(),
            10 if !lines.is_empty() => lines[choices.below(lines.len())].clone(),
            _ => damaged(&render(&layout, "", choices), choices),
        };
        let line = if choices.one_in(5) { damaged(&line, choices) } else { line };
        lines.extend(line.split(|&byte| byte == b'\n').map(<[u8]>::to_vec));
    }
    lines
}

/// Some of the fields of a run.
fn layout(choices: &mut Choices<'_>) -> Object {
    let sparse = choices.below(4);
    let needed = ["command", "timestamp", "duration", "total_ms"];
    let mut fields = Vec::new();
    let mut left_out = None;
    for field in WHOLE {
        let depth = field.len() - field.trim_start().len();
        let key = field.trim_start().split(':').next().expect("a key");
        if left_out.is_some_and(|left_out| depth > left_out) {
            continue;
        }
        let leave = sparse > 0 && !needed.contains(&key) && choices.below(sparse + 1) > 0;
        left_out = leave.then_some(depth);
        if !leave {
            fields.push(field);
        }
    }
    object(&fields, 0)
}

/// The object that these fields are, of which the first stands at `depth`.
fn object(fields: &[&str], depth: usize) -> Object {
    let mut object = Object(Vec::new());
    let inside = |field: &&str| field.len() - field.trim_start().len() > depth;
    let mut rest = fields;
    while let Some((field, after)) = rest.split_first() {
        let (key, value) = field.trim_start().split_once(':').expect("a key");
        let length = after.iter().take_while(|field| inside(field)).count();
        let member = match value.split_once(' ') {
            None => Member::Object(self::object(&after[..length], depth + 1)),
            Some(("number" | "whole", value)) => Member::Number(value.to_owned()),
            Some(("text" | "time", value)) => Member::Text(value.to_owned()),
            Some(("status", value)) => Member::Raw(format!("\"{value}\"")),
            Some((_, value)) => Member::Raw(value.to_owned()),
        };
        object.0.push((format!("\"{key}\""), member));
        rest = &after[length..];
    }
    object
}

/// The same keys with new values; now and then of another type.
fn with_other_values(layout: &Object, choices: &mut Choices<'_>) -> Object {
    let member = |(key, member): &(String, Member)| {
        let member = match member {
            member if choices.one_in(60) => any(member, choices),
            Member::Object(object) => Member::Object(with_other_values(object, choices)),
            Member::Raw(raw) if key == "\"status\"" && !raw.is_empty() => {
                Member::Raw(choices.pick(&STATUSES).to_owned())
            }
            Member::Raw(raw) => Member::Raw(raw.clone()),
            Member::Number(plain) => Member::Number(number(plain, choices)),
            Member::Text(_) if key == "\"timestamp\"" => Member::Text(time(choices)),
            Member::Text(plain) => Member::Text(text(plain, choices)),
        };
        (key.clone(), member)
    };
    Object(layout.0.iter().map(member).collect())
}

fn any(plain: &Member, choices: &mut Choices<'_>) -> Member {
    match choices.below(4) {
        0 => Member::Raw(choices.pick(&RAW).to_owned()),
        1 => Member::Number(choices.pick(&NUMBERS).to_owned()),
        2 => Member::Text(choices.pick(&TEXTS).to_owned()),
        _ => plain.clone(),
    }
}

fn number(plain: &str, choices: &mut Choices<'_>) -> String {
    match choices.below(16) {
        0..4 => plain.to_owned(),
        4..8 => choices.below(1 << 16).to_string(),
        8..12 => format!("{}.{}", choices.below(1 << 16), choices.below(1000)),
        12 => format!("{}.{:04}", choices.below(256), choices.below(10000)),
        13 => format!("{}{:05}", choices.below(1 << 16), choices.below(1 << 16)),
        14 => format!("-{}", choices.below(256)),
        _ => choices.pick(&NUMBERS).to_owned(),
    }
}

fn text(plain: &str, choices: &mut Choices<'_>) -> String {
    match choices.below(16) {
        0..8 => plain.to_owned(),
        8..14 => {
            let letters = b"abcdefghijklmnopqrstuvwxyz0123456789 .-_/:,{}[]";
            (0..choices.below(40)).map(|_| char::from(choices.pick(letters))).collect()
        }
        14 => plain.repeat(choices.below(4)) + choices.pick(&TEXTS),
        _ => choices.pick(&TEXTS).to_owned(),
    }
}

fn time(choices: &mut Choices<'_>) -> String {
    if choices.one_in(8) {
        return choices.pick(&TIMES).to_owned();
    }
    let mut two = |limit| choices.below(limit);
    let (month, day, hour, minute) = (two(12) + 1, two(31) + 1, two(24), two(60));
    let (second, millis, year) = (two(61), two(1000), two(300) + 1900);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// The same fields in another order, some of them left out, doubled, renamed or written with an escape.
fn rearranged(layout: &Object, choices: &mut Choices<'_>) -> Object {
    let mut fields = layout.0.clone();
    for _ in 0..=choices.below(4) {
        if fields.is_empty() {
            break;
        }
        let (one, other) = (choices.below(fields.len()), choices.below(fields.len()));
        match choices.below(8) {
            0 | 1 => fields.swap(one, other),
            2 => drop(fields.remove(one)),
            3 => fields.insert(other, fields[one].clone()),
            4 => fields[one].0 = escaped(&fields[one].0, choices),
            5 => fields.insert(
                other,
                (format!("\"{}\"", choices.pick(&TEXTS)), any(&Member::Raw("1".into()), choices)),
            ),
            6 => fields.rotate_left(one),
            _ => {
                if let Member::Object(inner) = &fields[one].1 {
                    fields[one].1 = Member::Object(rearranged(inner, choices));
                }
            }
        }
    }
    Object(fields)
}

/// A key or a text with one of its characters as an escape.
fn escaped(key: &str, choices: &mut Choices<'_>) -> String {
    let inner: Vec<char> = key.trim_matches('"').chars().collect();
    let place = choices.below(inner.len());
    let write = |(at, letter): (usize, &char)| match *letter {
        letter if at == place => format!("\\u{:04x}", u32::from(letter) & 0xffff),
        letter => letter.to_string(),
    };
    format!("\"{}\"", inner.iter().enumerate().map(write).collect::<String>())
}

/// The line, with white space between its parts here and there, if any is given.
fn render(run: &Object, space: &str, choices: &mut Choices<'_>) -> Vec<u8> {
    let mut line = String::new();
    let everywhere = choices.one_in(2);
    let mut gap = |line: &mut String| {
        if !space.is_empty() && (everywhere || choices.one_in(8)) {
            line.push_str(space);
        }
    };
    gap(&mut line);
    line.push_str("{\"performance_metrics\":");
    gap(&mut line);
    write_object(run, &mut line, &mut gap);
    line.push('}');
    gap(&mut line);
    line.into_bytes()
}

fn write_object(object: &Object, line: &mut String, gap: &mut impl FnMut(&mut String)) {
    line.push('{');
    for (place, (key, member)) in object.0.iter().enumerate() {
        if place > 0 {
            line.push(',');
        }
        gap(line);
        line.push_str(key);
        gap(line);
        line.push(':');
        gap(line);
        match member {
            Member::Text(text) => line.extend(["\"", text, "\""]),
            Member::Number(text) | Member::Raw(text) => line.push_str(text),
            Member::Object(inner) => write_object(inner, line, gap),
        }
        gap(line);
    }
    line.push('}');
}

/// Bytes that mean something in JSON or in UTF-8, or nothing anywhere.
const BYTES: &[u8] =
    b"\"\\{}[]:,0123456789-+.eE truefalsn/u\t\r\x00\x01\x1f\x7f\x80\xbf\xc2\xc3\xe2\xed\xa0\xf0\xf4\xff";

/// A line after a few accidents.
fn damaged(line: &[u8], choices: &mut Choices<'_>) -> Vec<u8> {
    let mut line = line.to_vec();
    for _ in 0..=choices.below(3) {
        let (one, other) = (choices.place(line.len()), choices.place(line.len()));
        let (start, end) =
            (one.min(other), one.max(other).min(one.min(other) + 1 + choices.below(64)).min(line.len()));
        match choices.below(10) {
            0 if one < line.len() => line[one] ^= 1 << choices.below(8),
            1 if one < line.len() => drop(line.remove(one)),
            2 => line.insert(one, choices.pick(BYTES)),
            3 if one < line.len() => line[one] = choices.pick(BYTES),
            4 => drop(line.drain(start..end)),
            5 => drop(line.splice(start..start, line[start..end].to_vec())),
            6 => line.truncate(one),
            7 => {
                let moved = line[start..end].to_vec();
                let place = choices.place(line.len());
                drop(line.splice(place..place, moved));
            }
            8 => {
                let digits: Vec<_> = (0..line.len()).filter(|&at| line[at].is_ascii_digit()).collect();
                if !digits.is_empty() {
                    line[choices.pick(&digits)] = choices.pick(b"0123456789");
                }
            }
            _ => line.insert(one, choices.pick(b" \t\r\n")),
        }
    }
    line
}
