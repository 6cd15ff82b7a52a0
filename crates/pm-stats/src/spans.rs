//! Stretches of time, and what they have in common.

/// From one instant up to another, in any unit; never backwards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Its first instant.
    pub start: i64,
    /// The first instant after it.
    pub end: i64,
}

impl Span {
    /// A stretch; empty where `end` is before `start`.
    #[must_use]
    pub fn new(start: i64, end: i64) -> Self {
        Self { start, end: end.max(start) }
    }

    /// How long it is.
    #[must_use]
    pub fn length(self) -> i64 {
        self.end - self.start
    }

    /// What of it lies inside of `bounds`; empty, at the nearest edge, if nothing does.
    #[must_use]
    pub fn within(self, bounds: Self) -> Self {
        let inside = |instant: i64| instant.clamp(bounds.start, bounds.end);
        Self { start: inside(self.start), end: inside(self.end) }
    }

    /// How much of it lies inside of `other`.
    #[must_use]
    pub fn overlap(self, other: Self) -> i64 {
        (self.end.min(other.end) - self.start.max(other.start)).max(0)
    }
}

/// The same instants, each once: sorted, and with a gap between any two. Spans that are empty keep their place.
#[must_use]
pub fn union(spans: impl IntoIterator<Item = Span>) -> Vec<Span> {
    let mut sorted: Vec<_> = spans.into_iter().collect();
    sorted.sort_unstable();
    let mut joined: Vec<Span> = Vec::with_capacity(sorted.len());
    for span in sorted {
        match joined.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => joined.push(span),
        }
    }
    joined
}

/// How long `spans` are together.
#[must_use]
pub fn length(spans: &[Span]) -> i64 {
    spans.iter().fold(0, |sum: i64, span| sum.saturating_add(span.length()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_union_counts_every_instant_once() {
        let spans = [(5, 9), (0, 2), (8, 12), (2, 3), (20, 20)].map(|(start, end)| Span::new(start, end));
        let joined = union(spans);
        assert_eq!(joined, [(0, 3), (5, 12), (20, 20)].map(|(start, end)| Span::new(start, end)));
        assert_eq!(length(&joined), 10);
    }

    #[test]
    fn what_is_outside_of_bounds_is_empty_at_their_edge() {
        let bounds = Span::new(10, 20);
        let cases = [((0, 15), (10, 15)), ((12, 99), (12, 20)), ((0, 5), (10, 10)), ((30, 40), (20, 20))];
        for ((start, end), (from, to)) in cases {
            assert_eq!(Span::new(start, end).within(bounds), Span::new(from, to));
        }
        assert_eq!((Span::new(0, 15).overlap(bounds), Span::new(0, 5).overlap(bounds)), (5, 0));
        assert_eq!(Span::new(9, 3), Span::new(9, 9));
    }
}
