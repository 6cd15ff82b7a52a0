//! Refuses fragments that spread themselves, which would never end.

use super::error::Error;
use graphql_parser::query::{FragmentDefinition, Selection, SelectionSet};
use std::collections::{BTreeMap, BTreeSet};

type Fragments = BTreeMap<String, FragmentDefinition<'static, String>>;

/// No query that somebody meant spreads fragments so deep, and a thread's stack ends somewhere.
const MAX_DEPTH: usize = 60;

pub(super) fn refuse(fragments: &Fragments) -> Result<(), Error> {
    let mut finite = BTreeSet::new();
    for name in fragments.keys() {
        follow(fragments, name, &mut Vec::new(), &mut finite)?;
    }
    Ok(())
}

/// Follows a fragment to its end, unless it is among those that are known to have one.
fn follow(
    fragments: &Fragments,
    name: &str,
    open: &mut Vec<String>,
    finite: &mut BTreeSet<String>,
) -> Result<(), Error> {
    let Some(fragment) = fragments.get(name).filter(|_| !finite.contains(name)) else { return Ok(()) };
    if open.len() >= MAX_DEPTH || open.iter().any(|known| known == name) {
        return Err(Error::plain(format!("Fragment {name} contains an infinite loop")));
    }
    open.push(name.to_owned());
    for spread in spreads(&fragment.selection_set) {
        follow(fragments, spread, open, finite)?;
    }
    open.pop();
    finite.insert(name.to_owned());
    Ok(())
}

/// The fragments that a selection spreads at any depth of fields, whose number the parser bounds.
fn spreads<'a>(set: &'a SelectionSet<'static, String>) -> Vec<&'a str> {
    let of = |selection: &'a Selection<'static, String>| match selection {
        Selection::Field(field) => spreads(&field.selection_set),
        Selection::InlineFragment(inline) => spreads(&inline.selection_set),
        Selection::FragmentSpread(spread) => vec![spread.fragment_name.as_str()],
    };
    set.items.iter().flat_map(of).collect()
}
