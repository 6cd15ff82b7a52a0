//! Which requests go on with a list: what names a page after the first, or a place to go on from.

/// Whether the address of a request of REST asks for more of a list that has begun.
pub(crate) fn is_further(path: &str) -> bool {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    query.split('&').any(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "page" => value.parse::<u64>().is_ok_and(|page| page > 1),
            "after" | "before" | "cursor" => !value.is_empty(),
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_further_page_is_known_by_its_number_or_its_beginning() {
        for path in ["/x?per_page=100&page=2", "/x?after=Y3Vyc29y", "/x?a&before=Y3#frag"] {
            assert!(is_further(path), "{path}");
        }
        for path in
            ["/x", "/x?page=1", "/x?page=", "/x?per_page=2", "/x?since=2024-12-06", "/page=2", "/x?after="]
        {
            assert!(!is_further(path), "{path}");
        }
    }
}
