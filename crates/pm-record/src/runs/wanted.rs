//! The fields that a reader wants, and the tree of their paths.

use super::keys::Keys;
use super::schema::{RUN, Rule};
use crate::Field;

/// What to read of a run, beside its time, its duration, its phases, its end and its machine, which always are.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Fields that are read as numbers; what is none there counts as absent. At most [`Wanted::MOST`].
    pub numbers: Vec<Field>,
    /// Fields that are read as whatever they are. At most [`Wanted::MOST`].
    pub labels: Vec<Field>,
    /// Whether partial results are wanted too; else they are a kind like any other.
    pub partials: bool,
}

impl Wanted {
    /// How many numbers, and how many labels, one reader can be asked for.
    pub const MOST: usize = 48;
}

/// The fields that every reader needs, and their columns.
pub(super) mod own {
    use super::Column;

    pub(in crate::runs) const NUMBERS: [&str; 3] = ["duration.total_ms", "signal", "exit_code"];
    pub(in crate::runs) const TOTAL: Column = Column(0);
    pub(in crate::runs) const SIGNAL: Column = Column(1);
    pub(in crate::runs) const EXIT_CODE: Column = Column(2);

    pub(in crate::runs) const LABELS: [&str; 3] = ["status", "machine", "trace.parent_execution_id"];
    pub(in crate::runs) const STATUS: Column = Column(0);
    pub(in crate::runs) const MACHINE: Column = Column(1);
    pub(in crate::runs) const PARENT: Column = Column(2);
}

/// A column of a row. What nobody wants goes into the last one, which nobody reads: to write it costs less than
/// to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column(u8);

impl Column {
    /// How many there are: a bit of a word each.
    pub(super) const ALL: usize = 64;
    pub(super) const UNWANTED: Self = Self(63);

    #[inline]
    pub(super) fn index(self) -> usize {
        usize::from(self.0) % Self::ALL
    }
}

/// Where a value goes: into a column of numbers, into one of labels, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) number: Column,
    pub(super) label: Column,
}

impl Target {
    pub(super) const NOWHERE: Self = Self { number: Column::UNWANTED, label: Column::UNWANTED };

    /// Both columns as one number.
    pub(super) fn bits(self) -> u64 {
        u64::from(self.number.0) << 8 | u64::from(self.label.0)
    }
}

/// A step of a path: what its value has to be, where the value goes, and what may be inside of it.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) rule: Rule,
    pub(super) target: Target,
    /// The keys inside of it, and what is meant by each.
    keys: Keys,
    pub(super) children: Vec<Node>,
    /// Which of the children must be there, one bit each.
    pub(super) required: u128,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            rule: Rule::default(),
            target: Target::NOWHERE,
            keys: Keys::default(),
            children: Vec::new(),
            required: 0,
        }
    }
}

impl Node {
    /// The place among the children of the one with this key.
    #[inline]
    pub(super) fn place(&self, key: &[u8]) -> Option<usize> {
        self.keys.find(key)
    }

    /// The child with this key.
    pub(super) fn child(&self, key: &[u8]) -> Option<&Node> {
        self.place(key).map(|place| &self.children[place])
    }

    fn descend(&mut self, path: &str) -> &mut Node {
        let mut node = self;
        for step in path.split('.') {
            let place = node.place(step.as_bytes()).unwrap_or_else(|| node.add(step));
            node = &mut node.children[place];
        }
        node
    }

    fn add(&mut self, key: &str) -> usize {
        self.children.push(Node::default());
        self.keys.add(key.as_bytes()).expect("fewer fields than keys that can be held")
    }

    /// Notes which children must be there.
    fn require(&mut self, path: &str) {
        let (outer, key) = path.rsplit_once('.').unwrap_or(("", path));
        let node = if outer.is_empty() { self } else { self.descend(outer) };
        let place = node.place(key.as_bytes()).expect("what is required is known");
        node.required |= 1 << place;
    }
}

/// The wanted fields as a tree, and in which column each of them stands.
#[derive(Debug)]
pub(super) struct Paths {
    pub(super) root: Node,
    /// What stands for a value of which nothing is wanted.
    pub(super) nothing: Node,
    /// The columns of the wanted numbers, and those of the wanted labels.
    pub(super) numbers: Vec<Column>,
    pub(super) labels: Vec<Column>,
    /// For each column of numbers, the place of the first wanted number that stands there.
    pub(super) places: [u8; Column::ALL],
    /// Which columns that are, one bit each.
    pub(super) with_places: u64,
}

impl Paths {
    pub(super) fn new(wanted: &Wanted) -> Self {
        assert!(wanted.numbers.len() <= Wanted::MOST, "too many numbers are wanted");
        assert!(wanted.labels.len() <= Wanted::MOST, "too many labels are wanted");
        let mut root = Node { rule: Rule::Object, ..Node::default() };
        for known in RUN {
            root.descend(known.path).rule = known.rule;
            if known.required {
                root.require(known.path);
            }
        }
        let names =
            |fields: &[Field]| fields.iter().map(|field| field.as_str().to_owned()).collect::<Vec<_>>();
        let own = |names: [&str; 3]| names.map(str::to_owned).to_vec();
        let numbers = [own(own::NUMBERS), names(&wanted.numbers)].concat();
        let labels = [own(own::LABELS), names(&wanted.labels)].concat();
        let numbers = columns(&mut root, &numbers, |target| &mut target.number);
        let labels = columns(&mut root, &labels, |target| &mut target.label);
        let numbers = numbers[own::NUMBERS.len()..].to_vec();
        let (mut places, mut with_places) = ([0; Column::ALL], 0_u64);
        for (place, column) in numbers.iter().enumerate().rev() {
            places[column.index()] = u8::try_from(place).expect("fewer than 255 are wanted");
            with_places |= 1 << column.index();
        }
        Self {
            root,
            nothing: Node::default(),
            numbers,
            labels: labels[own::LABELS.len()..].to_vec(),
            places,
            with_places,
        }
    }
}

/// Gives each path a column, the same one to a path that comes twice.
fn columns(root: &mut Node, paths: &[String], of: fn(&mut Target) -> &mut Column) -> Vec<Column> {
    let mut next = 0;
    let mut place = |path: &String| {
        let column = of(&mut root.descend(path).target);
        if *column == Column::UNWANTED {
            *column = Column(next);
            next += 1;
        }
        *column
    };
    paths.iter().map(&mut place).collect()
}
