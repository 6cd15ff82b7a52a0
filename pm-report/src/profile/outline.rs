//! The rows of a timeline: every process where there are few, and else processes of one program below the same
//! ancestors together.

use std::collections::HashMap;

use crate::profile::span::{Span, length, union};
use crate::profile::timeline::Timeline;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// How many rows are above it in the tree.
    pub(crate) depth: usize,
    pub(crate) program: String,
    /// How many processes it stands for.
    pub(crate) count: usize,
    /// When any of them was alive, and when it was on the critical path; each sorted and disjoint.
    pub(crate) alive: Vec<Span>,
    pub(crate) path: Vec<Span>,
    /// Whether any of them was still alive at the end of the run.
    pub(crate) is_open: bool,
}

/// The rows, each behind the one that it belongs below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outline {
    pub(crate) rows: Vec<Row>,
    /// How many processes have no row.
    pub(crate) left_out: usize,
}

/// A node of the tree of rows.
#[derive(Debug)]
struct Node {
    parent: Option<usize>,
    children: Vec<usize>,
    members: Vec<usize>,
}

/// At most `most` rows of a run; of a run of up to `few` processes each has its own. Where there is no room for all,
/// what was waited for longest has one, with all that is above it.
pub(crate) fn outline(run: &Timeline, few: usize, most: usize) -> Outline {
    let nodes = if run.processes.len() <= few { single(run) } else { grouped(run) };
    let mut paths = vec![Vec::new(); run.processes.len()];
    for part in &run.path {
        paths[part.process].push(part.span);
    }
    let rows: Vec<_> = nodes.iter().map(|node| row(run, node, &paths)).collect();
    let kept = longest(&nodes, &rows, most);
    let left_out =
        nodes.iter().zip(&kept).filter(|(_, kept)| !**kept).map(|(node, _)| node.members.len()).sum();
    let mut rows: Vec<_> = rows.into_iter().map(Some).collect();
    let mut ordered = Vec::new();
    let mut todo: Vec<_> = (!nodes.is_empty()).then_some((0, 0)).into_iter().collect();
    while let Some((node, depth)) = todo.pop() {
        if let Some(row) = rows[node].take().filter(|_| kept[node]) {
            ordered.push(Row { depth, ..row });
            todo.extend(nodes[node].children.iter().rev().map(|&child| (child, depth + 1)));
        }
    }
    Outline { rows: ordered, left_out }
}

fn single(run: &Timeline) -> Vec<Node> {
    let nodes = run.processes.iter().enumerate();
    joined(
        nodes
            .map(|(place, process)| Node { parent: process.parent, children: vec![], members: vec![place] })
            .collect(),
    )
}

fn grouped(run: &Timeline) -> Vec<Node> {
    let mut groups: HashMap<(Option<usize>, &str), usize> = HashMap::new();
    let mut group_of = Vec::with_capacity(run.processes.len());
    let mut nodes: Vec<Node> = Vec::new();
    for (place, process) in run.processes.iter().enumerate() {
        let parent = process.parent.map(|parent| group_of[parent]);
        let group = *groups.entry((parent, &process.program)).or_insert_with(|| {
            nodes.push(Node { parent, children: vec![], members: vec![] });
            nodes.len() - 1
        });
        nodes[group].members.push(place);
        group_of.push(group);
    }
    joined(nodes)
}

/// Tells parents of their children.
fn joined(mut nodes: Vec<Node>) -> Vec<Node> {
    for node in 0..nodes.len() {
        if let Some(parent) = nodes[node].parent {
            nodes[parent].children.push(node);
        }
    }
    nodes
}

fn row(run: &Timeline, node: &Node, paths: &[Vec<Span>]) -> Row {
    let members = || node.members.iter().map(|&member| &run.processes[member]);
    Row {
        depth: 0,
        program: members().next().map(|process| process.program.clone()).unwrap_or_default(),
        count: node.members.len(),
        alive: union(members().map(|process| process.span)),
        path: union(node.members.iter().flat_map(|&member| paths[member].iter().copied())),
        is_open: members().any(|process| process.is_open),
    }
}

/// Which nodes have a row.
fn longest(nodes: &[Node], rows: &[Row], most: usize) -> Vec<bool> {
    let mut kept = vec![false; nodes.len()];
    if nodes.len() <= most {
        kept.fill(true);
        return kept;
    }
    let mut order: Vec<_> = (0..nodes.len()).collect();
    let size = |node: usize| (length(&rows[node].path), length(&rows[node].alive));
    order.sort_by(|&one, &other| size(other).cmp(&size(one)).then(one.cmp(&other)));
    let mut room = most;
    for node in order {
        // Itself and whatever is above it and has no row yet, as far as that can be of use.
        let above = std::iter::successors(Some(node), |&node| nodes[node].parent);
        let missing: Vec<_> = above.take_while(|&node| !kept[node]).take(room + 1).collect();
        if missing.len() <= room {
            room -= missing.len();
            for node in missing {
                kept[node] = true;
            }
        }
        if room == 0 {
            break;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use pm_record::{PerformanceMetrics, Thousandths, Timestamp};

    use super::*;
    use crate::profile::tree::tests::record;

    #[track_caller]
    fn check(
        children: &[(u32, u32, &str, i64, i64)],
        [few, most]: [usize; 2],
        expected: &[&str],
        left_out: usize,
    ) {
        let run =
            PerformanceMetrics::new("x".into(), Timestamp::from_millis(0), Thousandths::from_units(100));
        let children = children
            .iter()
            .map(|&(pid, parent, program, start, end)| record(pid, Some(parent), program, start, Some(end)));
        let processes = std::iter::once(record(1, None, "sh", 0, Some(100))).chain(children).collect();
        let outline = outline(&Timeline::new(Some(&run), processes, &[]), few, most);
        let seen: Vec<_> = outline
            .rows
            .iter()
            .map(|row| {
                let [alive, path] = [&row.alive, &row.path].map(|spans| length(spans) / 1000);
                format!("{}{} x{} {alive}/{path}", "-".repeat(row.depth), row.program, row.count)
            })
            .collect();
        assert_eq!(
            (&seen[..], outline.left_out),
            (&expected.iter().map(|&row| row.to_owned()).collect::<Vec<_>>()[..], left_out)
        );
    }

    const LOOP: [(u32, u32, &str, i64, i64); 5] = [
        (2, 1, "gh", 0, 20),
        (3, 2, "git", 5, 10),
        (4, 1, "jq", 20, 30),
        (5, 1, "gh", 30, 60),
        (6, 5, "git", 40, 42),
    ];

    #[test]
    fn few_processes_have_a_row_each_in_the_order_of_the_tree() {
        check(
            &LOOP,
            [6, 6],
            &["sh x1 100/40", "-gh x1 20/15", "--git x1 5/5", "-jq x1 10/10", "-gh x1 30/28", "--git x1 2/2"],
            0,
        );
    }

    #[test]
    fn many_are_shown_by_program() {
        check(&LOOP, [5, 9], &["sh x1 100/40", "-gh x2 50/43", "--git x2 7/7", "-jq x1 10/10"], 0);
    }

    #[test]
    fn what_took_longest_comes_first_where_there_is_no_room_for_all() {
        check(&LOOP, [5, 2], &["sh x1 100/40", "-gh x2 50/43"], 3);
        check(&LOOP, [0, 0], &[], 6);
    }
}
