//! `email`, by the machine's own `sendmail`, which knows the way and keeps what it cannot deliver yet.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::courier::{Transport, Trouble};
use super::message::Message;
use super::program::Program;

/// So much of a headline is a subject; as base64 it is still one word of a head.
const LONGEST_SUBJECT: usize = 180;

/// Bytes of an encoded word: 45 are 60 letters, and with what stands around it fewer than the 75 that are allowed.
const WORD: usize = 45;

/// Longest text of a mail.
const TEXT_MOST: usize = 256 * 1024;

/// Somebody's mailbox.
#[derive(Debug)]
pub(super) struct Mail {
    pub(super) to: Vec<String>,
    pub(super) from: Option<String>,
    pub(super) program: Program,
}

impl Transport for Mail {
    fn deliver(&mut self, message: &Message) -> Result<(), Trouble> {
        let program = Program {
            words: self.program.words.iter().cloned().chain(["-oi".to_owned(), "-t".to_owned()]).collect(),
            environment: self.program.environment.clone(),
            timeout: self.program.timeout,
        };
        program.run(self.letter(message).into_bytes(), &[])
    }
}

impl Mail {
    fn letter(&self, message: &Message) -> String {
        let mut letter = format!("To: {}\n", self.to.join(", "));
        if let Some(from) = &self.from {
            let _ = writeln!(letter, "From: {from}");
        }
        let _ = write!(
            letter,
            "Subject: {}\nMessage-ID: <{}@{}>\nAuto-Submitted: auto-generated\nMIME-Version: 1.0\n\
             Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n",
            subject(&message.headline()),
            message.id(),
            crate::TOOL,
        );
        let body = STANDARD.encode(message.text(TEXT_MOST));
        for line in body.as_bytes().chunks(76) {
            letter += &String::from_utf8_lossy(line);
            letter.push('\n');
        }
        letter
    }
}

/// A line of the head, whatever letters it has.
fn subject(headline: &str) -> String {
    let line: String =
        headline.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let mut rest = &line[..line.floor_char_boundary(LONGEST_SUBJECT)];
    let mut words = Vec::new();
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.floor_char_boundary(WORD));
        words.push(format!("=?UTF-8?B?{}?=", STANDARD.encode(word)));
        rest = after;
    }
    words.join("\n ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_of_any_letters_stays_within_its_lines() {
        let text = subject(&"⚠️  Command 'ä\r\nBcc: x' exceeded ".repeat(9));
        assert!(text.lines().all(|line| line.len() <= 76), "{text}");
        let words = text.split("\n ").map(|word| &word[10..word.len() - 2]);
        let decoded: Vec<_> = words.flat_map(|word| STANDARD.decode(word).expect("base64")).collect();
        let decoded = String::from_utf8(decoded).expect("whole letters");
        assert!(decoded.starts_with("⚠️  Command 'ä  Bcc: x' exceeded "), "{decoded}");
    }
}
