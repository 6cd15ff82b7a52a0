//! Which runs one side of a comparison is made of, as people type it.

use std::path::PathBuf;
use std::str::FromStr;

use pm_cli::{Instant, Period};
use pm_record::Field;

const DAY: i64 = 86_400_000;

/// What stands after `--compare`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Baseline {
    /// Some of the runs that are read anyway.
    Selection(Selection),
    /// What a file holds.
    File(PathBuf),
    /// The `baseline_ms` of a `benchmarks.yml`.
    Limits(PathBuf),
}

/// Some of the runs that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Those that started in a stretch of time.
    Time(Stretch),
    /// Those with this value of a field.
    Label {
        /// The field.
        field: Field,
        /// Its value, as it is typed.
        value: String,
    },
}

/// A stretch of time from an instant to another, or of the day of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    from: Instant,
    /// The end; a date is meant with all of its day.
    to: Instant,
    to_end_of_day: bool,
}

/// Fields of a run that stand at its top; any other plain name is a label of `context`.
const TOP: [&str; 8] =
    ["command", "host", "machine", "program", "status", "exit_code", "signal", "execution_id"];

impl FromStr for Baseline {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(selection) => Ok(Self::Selection(selection)),
            Err(error) if text.contains("..") && !text.contains('/') => Err(error),
            Err(_) if text.is_empty() => Err("nothing to compare with".to_owned()),
            Err(_) => {
                let path = PathBuf::from(text);
                let is_yaml =
                    path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml");
                Ok(if is_yaml { Self::Limits(path) } else { Self::File(path) })
            }
        }
    }
}

impl FromStr for Selection {
    type Err = String;

    /// A date, a range of two instants with `..` between them, or FIELD=VALUE.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.contains('/')) {
            let is_label = !name.contains('.') && !TOP.contains(&name);
            let path = if is_label { format!("context.{name}") } else { name.to_owned() };
            let field = path.parse().map_err(|error: pm_record::NoField| error.to_string())?;
            return Ok(Self::Label { field, value: value.to_owned() });
        }
        let instant = |text: &str| text.trim().parse::<Instant>().map_err(|error| error.to_string());
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        let to_end_of_day = is_date(to.trim());
        if from == to && !to_end_of_day {
            return Err("no stretch of time; write a date, or two times with '..' between them".to_owned());
        }
        Ok(Self::Time(Stretch { from: instant(from)?, to: instant(to)?, to_end_of_day }))
    }
}

fn is_date(text: &str) -> bool {
    text.len() == "2024-12-06".len() && text.parse::<Instant>().is_ok() && !text.contains(' ')
}

impl Stretch {
    /// The stretch at the time `now`; an error if nothing lies in it.
    pub(crate) fn period(self, now: i64) -> Result<Period, String> {
        let since = self.from.millis(now);
        let until = self.to.millis(now).saturating_add(if self.to_end_of_day { DAY } else { 0 });
        if since < until {
            Ok(Period { since: Some(since), until: Some(until) })
        } else {
            Err("the stretch of time ends before it begins".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(text: &str) -> (i64, i64) {
        let Ok(Baseline::Selection(Selection::Time(stretch))) = text.parse() else { panic!("{text}") };
        let period = stretch.period(10 * DAY).expect(text);
        (period.since.expect("a start"), period.until.expect("an end"))
    }

    #[test]
    fn a_date_is_its_day_and_a_range_ends_with_its_last_day() {
        assert_eq!(period("1970-01-02"), (DAY, 2 * DAY));
        assert_eq!(period("1970-01-02..1970-01-04"), (DAY, 4 * DAY));
        assert_eq!(period("1970-01-02..1970-01-02T12:00"), (DAY, DAY + DAY / 2));
        assert_eq!(period("2 days ago..now"), (8 * DAY, 10 * DAY));
    }

    #[test]
    fn a_name_is_a_label_unless_it_is_a_field_or_a_path() {
        let field = |text: &str| match text.parse() {
            Ok(Baseline::Selection(Selection::Label { field, .. })) => field.to_string(),
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(field("version=2.0.0"), "context.version");
        assert_eq!(field("machine=8f1c2a4b90de"), "machine");
        assert_eq!(field("context.size=large"), "context.size");
    }

    #[test]
    fn anything_else_is_a_file() {
        assert_eq!("old.ndjson".parse(), Ok(Baseline::File("old.ndjson".into())));
        assert_eq!("./a=b".parse(), Ok(Baseline::File("./a=b".into())));
        assert_eq!("../old.ndjson".parse(), Ok(Baseline::File("../old.ndjson".into())));
        assert_eq!("benchmarks.yml".parse(), Ok(Baseline::Limits("benchmarks.yml".into())));
        for text in ["", "2024-13-01..2024-12-01", "a..b"] {
            assert!(text.parse::<Baseline>().is_err(), "{text}");
        }
        let turned: Stretch = match "1970-01-05..1970-01-02".parse() {
            Ok(Selection::Time(stretch)) => stretch,
            other => panic!("{other:?}"),
        };
        assert!(turned.period(0).is_err());
    }
}
