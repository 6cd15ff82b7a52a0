//! `--where`: which runs count, by what their fields say.

use std::str::FromStr;

use pm_record::{Field, Label, Thousandths};

use crate::key::cut;

/// One condition: a field, and the value that it has to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub(crate) field: Field,
    value: String,
    // What the value is as a number, if it is one.
    number: Option<Thousandths>,
    asks: Asks,
}

/// What is asked of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    Is,
    IsNot,
    /// Nothing: the field is only read.
    Nothing,
}

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (field, value) = text
            .split_once('=')
            .ok_or_else(|| "no condition; write FIELD=VALUE, or FIELD= where there is none".to_owned())?;
        let field = field.parse().map_err(|error: pm_record::NoField| error.to_string())?;
        Ok(Self::new(field, value.to_owned()))
    }
}

/// A number as records have them.
fn number(text: &str) -> Option<Thousandths> {
    match text.parse::<i64>() {
        Ok(whole) => whole.checked_mul(1000).map(Thousandths),
        Err(_) => Thousandths::from_f64(text.parse().ok()?),
    }
}

impl Filter {
    /// A field has this value.
    pub(crate) fn new(field: Field, value: String) -> Self {
        Self { field, number: number(&value), value, asks: Asks::Is }
    }

    /// The opposite.
    pub(crate) fn negated(self) -> Self {
        Self { asks: Asks::IsNot, ..self }
    }

    /// A condition on the same field that always holds, so that both read the same.
    pub(crate) fn any(self) -> Self {
        Self { asks: Asks::Nothing, ..self }
    }

    /// Whether a value is one that is wanted.
    #[inline]
    pub(crate) fn agrees(&self, label: Label<'_>) -> bool {
        match self.asks {
            Asks::Is => self.is(label),
            Asks::IsNot => !self.is(label),
            Asks::Nothing => true,
        }
    }

    /// Whether a value is the one that was named. Numbers agree however they are written, no value agrees with
    /// no text, and of longer texts as much counts as of a label.
    #[inline]
    fn is(&self, label: Label<'_>) -> bool {
        match label {
            Label::Null => self.value.is_empty(),
            Label::Bool(truth) => self.value == if truth { "true" } else { "false" },
            Label::Number(number) => self.number == Some(number),
            Label::Text(text) => cut(text) == cut(&self.value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(condition: &str, agreeing: &[Label<'_>], others: &[Label<'_>]) {
        let filter: Filter = condition.parse().expect(condition);
        assert!(agreeing.iter().all(|&label| filter.agrees(label)), "{condition}");
        assert!(!others.iter().any(|&label| filter.agrees(label)), "{condition}");
    }

    #[test]
    fn a_value_is_compared_as_what_the_field_is() {
        let (one, text) = (Label::Number(Thousandths(1000)), Label::Text);
        check("exit_code=1", &[one, text("1")], &[Label::Number(Thousandths(1)), text("1.0"), Label::Null]);
        check("exit_code=1.0", &[one, text("1.0")], &[text("1")]);
        check("context.dry=true", &[Label::Bool(true), text("true")], &[Label::Bool(false), one]);
        check("a=b=c", &[text("b=c")], &[text("b")]);
    }

    #[test]
    fn an_empty_value_is_a_field_that_is_not_there() {
        check("host=", &[Label::Null, Label::Text("")], &[Label::Text("x"), Label::Bool(false)]);
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in ["", "command", "=x", "a..b=x"] {
            assert!(text.parse::<Filter>().is_err(), "{text}");
        }
    }
}
