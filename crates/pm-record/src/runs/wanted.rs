//! The fields that a reader wants, and the tree of their paths.

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

/// Where the fields stand that every reader needs.
pub(super) mod own {
    /// The columns of numbers.
    pub(in crate::runs) const NUMBERS: [&str; 3] = ["duration.total_ms", "signal", "exit_code"];
    pub(in crate::runs) const TOTAL: u8 = 0;
    pub(in crate::runs) const SIGNAL: u8 = 1;
    pub(in crate::runs) const EXIT_CODE: u8 = 2;
    /// The columns of labels.
    pub(in crate::runs) const LABELS: [&str; 3] = ["status", "machine", "trace.parent_execution_id"];
    pub(in crate::runs) const STATUS: u8 = 0;
    pub(in crate::runs) const MACHINE: u8 = 1;
    pub(in crate::runs) const PARENT: u8 = 2;
}

/// Where a value goes: into a column of numbers, into one of labels, into both or nowhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) number: Option<u8>,
    pub(super) label: Option<u8>,
}

/// A step of a path: a key, what is wanted of its value, and what is wanted inside of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    pub(super) key: String,
    pub(super) target: Target,
    pub(super) children: Vec<Node>,
}

impl Node {
    /// The child of this key, if anything is wanted of it.
    pub(super) fn child(&self, key: &[u8]) -> Option<&Node> {
        self.children.iter().find(|child| child.key.as_bytes() == key)
    }

    fn descend(&mut self, path: &str) -> &mut Node {
        let mut node = self;
        for step in path.split('.') {
            let place = node.children.iter().position(|child| child.key == step).unwrap_or_else(|| {
                node.children.push(Node { key: step.to_owned(), ..Node::default() });
                node.children.len() - 1
            });
            node = &mut node.children[place];
        }
        node
    }
}

/// The wanted fields as a tree, and in which column each of them stands.
#[derive(Debug)]
pub(super) struct Paths {
    pub(super) root: Node,
    /// The column of each wanted number, and how many columns there are.
    pub(super) numbers: Vec<u8>,
    pub(super) number_columns: usize,
    /// The same for labels.
    pub(super) labels: Vec<u8>,
    pub(super) label_columns: usize,
}

impl Paths {
    pub(super) fn new(wanted: &Wanted) -> Self {
        assert!(wanted.numbers.len() <= Wanted::MOST, "too many numbers are wanted");
        assert!(wanted.labels.len() <= Wanted::MOST, "too many labels are wanted");
        let mut root = Node::default();
        let mut place = |path: &str, column: fn(&mut Target) -> &mut Option<u8>, next: &mut u8| {
            let kept = column(&mut root.descend(path).target);
            *kept.get_or_insert_with(|| {
                *next += 1;
                *next - 1
            })
        };
        let (mut number_columns, mut label_columns) = (0, 0);
        let number: fn(&mut Target) -> &mut Option<u8> = |target| &mut target.number;
        let label: fn(&mut Target) -> &mut Option<u8> = |target| &mut target.label;
        for path in own::NUMBERS {
            place(path, number, &mut number_columns);
        }
        for path in own::LABELS {
            place(path, label, &mut label_columns);
        }
        let numbers =
            wanted.numbers.iter().map(|field| place(field.as_str(), number, &mut number_columns)).collect();
        let labels =
            wanted.labels.iter().map(|field| place(field.as_str(), label, &mut label_columns)).collect();
        Self {
            root,
            numbers,
            number_columns: number_columns.into(),
            labels,
            label_columns: label_columns.into(),
        }
    }
}
