//! The shape of a GraphQL document: operations, fragments, fields, and how much each connection asks for.
//!
//! Values, types and directives are stepped over. A document that breaks off or is none is read as far as it goes:
//! GitHub says what is wrong with it, and this reader only wants to know what it was about.

use std::collections::HashMap;

/// Deeper than any query that GitHub would run.
const DEEPEST: usize = 128;

/// What a document holds.
#[derive(Debug, Default)]
pub(super) struct Document<'a> {
    operations: Vec<Operation<'a>>,
    pub(super) fragments: HashMap<&'a str, Selection<'a>>,
    /// Whether it was read to its end.
    pub(super) is_whole: bool,
    /// The variables that say where a list goes on, and whether such a place is written out.
    pub(super) cursors: Vec<&'a str>,
    pub(super) continues: bool,
}

/// One operation.
#[derive(Debug)]
pub(super) struct Operation<'a> {
    pub(super) name: Option<&'a str>,
    /// Whole numbers that variables have when nothing is said about them.
    pub(super) defaults: HashMap<&'a str, u64>,
    pub(super) selection: Selection<'a>,
}

/// What is between two braces.
#[derive(Debug, Default)]
pub(super) struct Selection<'a>(pub(super) Vec<Selected<'a>>);

#[derive(Debug)]
pub(super) enum Selected<'a> {
    Field { name: &'a str, first: Option<Count<'a>>, inside: Selection<'a> },
    Inline(Selection<'a>),
    Spread(&'a str),
}

/// How many nodes a connection asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count<'a> {
    Number(u64),
    Variable(&'a str),
}

impl<'a> Selection<'a> {
    /// The names of the fields at the top, those of fragments that are written in place among them.
    pub(super) fn fields(&self) -> Box<dyn Iterator<Item = &'a str> + '_> {
        Box::new(self.0.iter().flat_map(|selected| match selected {
            Selected::Field { name, .. } => Box::new(std::iter::once(*name)),
            Selected::Inline(inside) => inside.fields(),
            Selected::Spread(_) => Box::new(std::iter::empty()) as Box<dyn Iterator<Item = &'a str>>,
        }))
    }
}

impl<'a> Document<'a> {
    pub(super) fn read(text: &'a str) -> Self {
        let mut document = Self::default();
        let mut reader = Reader { rest: text, depth: 0, cursors: Vec::new(), continues: false };
        document.is_whole = reader.definitions(&mut document).is_some();
        (document.cursors, document.continues) = (reader.cursors, reader.continues);
        document
    }

    /// The operation of that name, else the first.
    pub(super) fn operation(&self, name: Option<&str>) -> Option<&Operation<'a>> {
        let named = self.operations.iter().find(|operation| name.is_some() && operation.name == name);
        named.or_else(|| self.operations.first())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Name(&'a str),
    Number(&'a str),
    Text,
    Mark(char),
    Dots,
    End,
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
    cursors: Vec<&'a str>,
    continues: bool,
}

/// Every method is `None` where the document breaks off or is none; what was read up to there stays.
impl<'a> Reader<'a> {
    fn definitions(&mut self, document: &mut Document<'a>) -> Option<()> {
        loop {
            match self.next()? {
                Token::End => return Some(()),
                Token::Mark('{') => self.operation(None, HashMap::new(), document)?,
                Token::Name("fragment") => {
                    let Token::Name(name) = self.next()? else { return None };
                    self.until_brace()?;
                    let mut selection = Selection::default();
                    let ended = self.selection(&mut selection);
                    document.fragments.insert(name, selection);
                    ended?;
                }
                Token::Name("query" | "mutation" | "subscription") => {
                    let name = match self.peek()? {
                        Token::Name(name) => {
                            self.next()?;
                            Some(name)
                        }
                        _ => None,
                    };
                    let defaults = self.until_brace()?;
                    self.operation(name, defaults, document)?;
                }
                _ => return None,
            }
        }
    }

    fn operation(
        &mut self,
        name: Option<&'a str>,
        defaults: HashMap<&'a str, u64>,
        document: &mut Document<'a>,
    ) -> Option<()> {
        let mut selection = Selection::default();
        let ended = self.selection(&mut selection);
        document.operations.push(Operation { name, defaults, selection });
        ended
    }

    /// Everything up to the brace that opens a selection: variables and directives.
    fn until_brace(&mut self) -> Option<HashMap<&'a str, u64>> {
        let mut defaults = HashMap::new();
        let (mut depth, mut variable, mut is_default) = (0_usize, None, false);
        loop {
            match self.next()? {
                Token::Mark('{') if depth == 0 => return Some(defaults),
                Token::Mark('(' | '[' | '{') => depth += 1,
                Token::Mark(')' | ']' | '}') => depth = depth.checked_sub(1)?,
                Token::Mark('$') => {
                    variable = self.name();
                    is_default = false;
                }
                Token::Mark('=') => is_default = true,
                Token::Number(number) if is_default && depth == 1 => {
                    if let (Some(variable), Ok(number)) = (variable.take(), number.parse()) {
                        defaults.insert(variable, number);
                    }
                }
                Token::End => return None,
                _ => {}
            }
        }
    }

    fn name(&mut self) -> Option<&'a str> {
        match self.next()? {
            Token::Name(name) => Some(name),
            _ => None,
        }
    }

    /// Behind the brace that opens a selection, up to and with the one that closes it.
    fn selection(&mut self, into: &mut Selection<'a>) -> Option<()> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        loop {
            match self.next()? {
                Token::Mark('}') => break,
                Token::Name(name) => self.field(name, into)?,
                Token::Dots => self.fragment(into)?,
                _ => return None,
            }
        }
        self.depth -= 1;
        Some(())
    }

    fn field(&mut self, name: &'a str, into: &mut Selection<'a>) -> Option<()> {
        let mut name = name;
        if self.peek()? == Token::Mark(':') {
            self.next()?;
            // Without its name, what is there is only an alias, which is the user's own.
            name = self.name()?;
        }
        into.0.push(Selected::Field { name, first: None, inside: Selection::default() });
        let (mut count, mut inside) = (None, Selection::default());
        let ended = self.rest_of_field(&mut count, &mut inside);
        if let Some(Selected::Field { first, inside: place, .. }) = into.0.last_mut() {
            (*first, *place) = (count, inside);
        }
        ended
    }

    fn rest_of_field(&mut self, count: &mut Option<Count<'a>>, inside: &mut Selection<'a>) -> Option<()> {
        if self.peek()? == Token::Mark('(') {
            self.next()?;
            self.arguments(count)?;
        }
        self.directives()?;
        if self.peek()? == Token::Mark('{') {
            self.next()?;
            self.selection(inside)?;
        }
        Some(())
    }

    /// Behind the opening parenthesis, up to and with the closing one.
    fn arguments(&mut self, count: &mut Option<Count<'a>>) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.next()? {
                Token::Name("first" | "last") if depth == 0 && self.peek()? == Token::Mark(':') => {
                    self.next()?;
                    match self.next()? {
                        Token::Number(number) => *count = number.parse().ok().map(Count::Number).or(*count),
                        Token::Mark('$') => *count = self.name().map(Count::Variable).or(*count),
                        _ => {}
                    }
                }
                Token::Name("after" | "before") if depth == 0 && self.peek()? == Token::Mark(':') => {
                    self.next()?;
                    match self.next()? {
                        Token::Text => self.continues = true,
                        Token::Mark('$') => {
                            let name = self.name();
                            self.cursors.extend(name);
                        }
                        _ => {}
                    }
                }
                Token::Mark('(' | '[' | '{') => depth += 1,
                Token::Mark(')') if depth == 0 => return Some(()),
                Token::Mark(')' | ']' | '}') => depth = depth.checked_sub(1)?,
                Token::End => return None,
                _ => {}
            }
        }
    }

    fn directives(&mut self) -> Option<()> {
        while self.peek()? == Token::Mark('@') {
            self.next()?;
            self.name()?;
            if self.peek()? == Token::Mark('(') {
                self.next()?;
                self.arguments(&mut None)?;
            }
        }
        Some(())
    }

    /// Behind the three dots.
    fn fragment(&mut self, into: &mut Selection<'a>) -> Option<()> {
        match self.peek()? {
            Token::Name("on") => {
                self.next()?;
                self.name()?;
            }
            Token::Name(name) => {
                self.next()?;
                into.0.push(Selected::Spread(name));
                return self.directives();
            }
            _ => {}
        }
        self.directives()?;
        if self.next()? != Token::Mark('{') {
            return None;
        }
        let mut inside = Selection::default();
        let ended = self.selection(&mut inside);
        into.0.push(Selected::Inline(inside));
        ended
    }

    fn peek(&self) -> Option<Token<'a>> {
        Reader { rest: self.rest, depth: 0, cursors: Vec::new(), continues: false }.next()
    }

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_ignored();
        let Some(first) = self.rest.chars().next() else { return Some(Token::End) };
        if first.is_ascii_alphabetic() || first == '_' {
            return Some(Token::Name(self.take(|c| c.is_ascii_alphanumeric() || c == '_')));
        }
        if first.is_ascii_digit() || first == '-' {
            return Some(Token::Number(self.take(|c| c.is_ascii_alphanumeric() || "-+.".contains(c))));
        }
        if first == '"' {
            return self.text();
        }
        if let Some(rest) = self.rest.strip_prefix("...") {
            self.rest = rest;
            return Some(Token::Dots);
        }
        self.rest = &self.rest[first.len_utf8()..];
        Some(Token::Mark(first))
    }

    fn skip_ignored(&mut self) {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r', ',', '\u{feff}']);
            let Some(comment) = self.rest.strip_prefix('#') else { return };
            self.rest = comment.find(['\n', '\r']).map_or("", |end| &comment[end..]);
        }
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn text(&mut self) -> Option<Token<'a>> {
        if let Some(block) = self.rest.strip_prefix("\"\"\"") {
            let mut from = 0;
            loop {
                let end = from + block[from..].find("\"\"\"")?;
                self.rest = &block[end + 3..];
                if !block[..end].ends_with('\\') {
                    return Some(Token::Text);
                }
                from = end + 3;
            }
        }
        let inside = &self.rest[1..];
        let mut is_escaped = false;
        let end = inside.find(|c| match c {
            _ if is_escaped => {
                is_escaped = false;
                false
            }
            '\\' => {
                is_escaped = true;
                false
            }
            c => c == '"' || c == '\n',
        })?;
        self.rest = &inside[end + 1..];
        Some(Token::Text)
    }
}
