//! A page of documentation, in parts: what is typed, what is said then, and everything else as it stands.

use std::fmt;

/// What begins a place of its own.
const FRESH: &str = "<!-- a fresh copy of the example store -->";

/// A part of a page.
pub(crate) enum Part {
    /// A line that nobody looks at.
    Prose(String),
    /// From here on, there is the example store and nothing else.
    Fresh,
    /// What is typed; in a terminal, if that makes a difference.
    Command { block: String, in_terminal: bool },
    /// What the command before it says.
    Output { text: String, is_measured: bool },
}

/// All parts in their order.
pub(crate) struct Page {
    pub(crate) parts: Vec<Part>,
}

impl Page {
    /// Takes a page apart.
    pub(crate) fn read(text: &str) -> Self {
        let mut lines = text.lines();
        let mut parts = Vec::new();
        while let Some(line) = lines.next() {
            let mut block = || {
                let within = lines.by_ref().take_while(|line| *line != "```");
                within.flat_map(|line| [line, "\n"]).collect()
            };
            parts.push(match line {
                FRESH => Part::Fresh,
                "```sh" => Part::Command { block: block(), in_terminal: false },
                "```sh terminal" => Part::Command { block: block(), in_terminal: true },
                "```text" => Part::Output { text: block(), is_measured: false },
                "```text measured" => Part::Output { text: block(), is_measured: true },
                line => Part::Prose(line.to_owned()),
            });
        }
        Self { parts }
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Prose(line) => writeln!(f, "{line}"),
            Part::Fresh => writeln!(f, "{FRESH}"),
            Part::Command { block, in_terminal } => {
                writeln!(f, "```sh{}\n{block}```", if *in_terminal { " terminal" } else { "" })
            }
            Part::Output { text, is_measured } => {
                writeln!(f, "```text{}\n{text}```", if *is_measured { " measured" } else { "" })
            }
        })
    }
}

#[test]
fn a_page_is_put_together_as_it_was_taken_apart() {
    let text = "# A\n\n```sh\nls\n```\n```sh terminal\nls\n```\n\n```text measured\n1 file\n```\n```yaml\na: 1\n```\n";
    assert_eq!(Page::read(text).to_string(), text);
}
