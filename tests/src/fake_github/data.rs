//! The repository, its issues and its project, computed from a handful of numbers.
//!
//! Issue `n` is always the same issue for the same [`DataSet`], whatever was asked before. Nothing is
//! stored but the issues that a test creates.

use std::ops::RangeInclusive;

/// What exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSet {
    /// The owner of the repository and the project, both a user and an organization.
    pub owner: String,
    /// The repository's name.
    pub repository: String,
    /// The issues that are open: the later numbers.
    pub open_issues: u32,
    /// The issues that are closed: numbers 1 and up.
    pub closed_issues: u32,
    /// The project's number.
    pub project_number: u32,
    /// The items of the project.
    pub project_items: u32,
    /// Changes authors, labels and field values, but no count.
    pub seed: u64,
}

impl Default for DataSet {
    fn default() -> Self {
        DataSet {
            owner: "octo".to_owned(),
            repository: "tools".to_owned(),
            open_issues: 45,
            closed_issues: 5,
            project_number: 1,
            project_items: 30,
            seed: 1,
        }
    }
}

/// The first issue was opened in November 2023, each later one an hour after.
const FIRST_CREATED: u64 = 1_700_000_000;
const HOUR: u64 = 3600;
const LABELS: [&str; 4] = ["bug", "documentation", "performance", "question"];
const STATUSES: [&str; 3] = ["Todo", "In Progress", "Done"];

/// One issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Issue {
    pub(super) number: u32,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) is_open: bool,
    pub(super) author: String,
    pub(super) labels: Vec<String>,
    pub(super) comments: u64,
    pub(super) created: u64,
    pub(super) updated: u64,
}

/// One item of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) number: u32,
    /// The issue it stands for; without one it is a draft.
    pub(super) issue: Option<Issue>,
    pub(super) status: &'static str,
    pub(super) estimate: u64,
    pub(super) due: u64,
    pub(super) updated: u64,
}

/// The data set and what was added to it.
#[derive(Debug)]
pub(super) struct Data {
    pub(super) set: DataSet,
    created: Vec<Issue>,
}

impl Data {
    pub(super) fn new(set: DataSet) -> Self {
        Data { set, created: Vec::new() }
    }

    pub(super) fn is_repository(&self, owner: &str, name: &str) -> bool {
        self.is_owner(owner) && self.set.repository.eq_ignore_ascii_case(name)
    }

    pub(super) fn is_owner(&self, login: &str) -> bool {
        self.set.owner.eq_ignore_ascii_case(login)
    }

    /// The numbers of all issues, oldest first.
    pub(super) fn numbers(&self) -> RangeInclusive<u32> {
        let created = u32::try_from(self.created.len()).expect("a test creates few issues");
        1..=self.set.closed_issues + self.set.open_issues + created
    }

    pub(super) fn is_open(&self, number: u32) -> bool {
        number > self.set.closed_issues
    }

    pub(super) fn issue(&self, number: u32) -> Option<Issue> {
        let computed = self.set.closed_issues + self.set.open_issues;
        match number {
            0 => None,
            _ if number <= computed => Some(self.computed_issue(number)),
            _ => self.created.get(usize::try_from(number - computed - 1).ok()?).cloned(),
        }
    }

    fn computed_issue(&self, number: u32) -> Issue {
        let draw = self.draw(number);
        let created = FIRST_CREATED + u64::from(number) * HOUR;
        Issue {
            number,
            title: format!("Issue {number} is slow"),
            body: format!("It takes {} ms.", draw % 5000),
            is_open: self.is_open(number),
            author: format!("octo-{}", draw % 7),
            labels: vec![pick(&LABELS, draw).to_owned()],
            comments: draw % 4,
            created,
            updated: created + HOUR / 2,
        }
    }

    pub(super) fn create(
        &mut self,
        author: &str,
        title: &str,
        body: &str,
        labels: Vec<String>,
        now: u64,
    ) -> Issue {
        let issue = Issue {
            number: self.numbers().end() + 1,
            title: title.to_owned(),
            body: body.to_owned(),
            is_open: true,
            author: author.to_owned(),
            labels,
            comments: 0,
            created: now,
            updated: now,
        };
        self.created.push(issue.clone());
        issue
    }

    /// Item `number` of the project, counted from 1. Every seventh is a draft.
    pub(super) fn item(&self, number: u32) -> Option<Item> {
        if number == 0 || number > self.set.project_items {
            return None;
        }
        let draw = self.draw(number.wrapping_add(1 << 24));
        let issues = *self.numbers().end();
        let issue = if number.is_multiple_of(7) || issues == 0 {
            None
        } else {
            self.issue((number - 1) % issues + 1)
        };
        let updated = FIRST_CREATED + u64::from(number) * HOUR;
        Some(Item {
            number,
            issue,
            status: pick(&STATUSES, draw),
            estimate: draw % 8 + 1,
            due: updated + 14 * 24 * HOUR,
            updated,
        })
    }

    /// A number that looks random and is not: the output step of `SplitMix64`.
    fn draw(&self, number: u32) -> u64 {
        let mut mixed = self.set.seed.wrapping_add(u64::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// The names that a status field offers, in order.
pub(super) fn statuses() -> [&'static str; 3] {
    STATUSES
}

fn pick(from: &[&'static str], draw: u64) -> &'static str {
    let count = from.len() as u64;
    from[usize::try_from((draw >> 8) % count).expect("an index below a short length")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_numbers_give_the_same_issues() {
        let set = DataSet { open_issues: 3, closed_issues: 2, ..DataSet::default() };
        let (one, other) = (Data::new(set.clone()), Data::new(set));
        for number in 1..=5 {
            assert_eq!(one.issue(number), other.issue(number));
            assert_eq!(one.issue(number).map(|issue| issue.is_open), Some(number > 2));
        }
        assert_eq!(one.issue(0), None);
        assert_eq!(one.issue(6), None);
    }

    #[test]
    fn another_seed_gives_other_issues_in_the_same_number() {
        let of = |seed| Data::new(DataSet { seed, ..DataSet::default() });
        let authors =
            |data: &Data| data.numbers().filter_map(|n| data.issue(n)).map(|i| i.author).collect::<Vec<_>>();
        let (one, other) = (of(1), of(2));
        assert_eq!(one.numbers(), other.numbers());
        assert_ne!(authors(&one), authors(&other));
    }
}
