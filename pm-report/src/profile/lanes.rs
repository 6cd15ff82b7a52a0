//! Lanes for viewers in which bars that share a lane must stand inside of each other or beside each other.
//!
//! A process is drawn inside of its parent where that nests, so a script that starts one process after the other
//! needs one lane, whatever its depth; what runs beside it gets another one.

use std::collections::BTreeSet;

use crate::profile::span::Span;

/// Something that has a place in time, and perhaps one inside of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bar {
    pub(crate) span: Span,
    /// The place of the bar that it belongs into; it comes before.
    pub(crate) inside: Option<usize>,
}

/// An end of a bar, in the order in which a lane shows them: like brackets, and never back in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    /// The bar of this place begins, at this instant.
    Open(usize, i64),
    /// And ends.
    Close(usize, i64),
}

#[derive(Debug, Default)]
struct Lane {
    /// Bars that have not ended, each inside of the one before.
    open: Vec<usize>,
    edges: Vec<Edge>,
    /// When the lowest bar ends, so that the lane is free.
    free_at: i64,
}

/// Shares bars out to lanes. They must come in order of start.
pub(crate) fn lanes(bars: &[Bar]) -> Vec<Vec<Edge>> {
    let mut lanes: Vec<Lane> = Vec::new();
    let mut lane_of = Vec::with_capacity(bars.len());
    let mut free: BTreeSet<(i64, usize)> = BTreeSet::new();
    for (place, bar) in bars.iter().enumerate() {
        let above = bar
            .inside
            .map(|inside| lane_of[inside])
            .filter(|&lane: &usize| lanes[lane].takes(bar.span, bars));
        let lane = above
            .or_else(|| free.first().filter(|(at, _)| *at <= bar.span.start).map(|&(_, lane)| lane))
            .unwrap_or_else(|| {
                lanes.push(Lane::default());
                lanes.len() - 1
            });
        free.remove(&(lanes[lane].free_at, lane));
        lanes[lane].open(place, bars);
        free.insert((lanes[lane].free_at, lane));
        lane_of.push(lane);
    }
    lanes.into_iter().map(|lane| lane.finish(bars)).collect()
}

impl Lane {
    /// Whether the bar stands inside of what is open at its start, or beside it.
    fn takes(&self, span: Span, bars: &[Bar]) -> bool {
        let holds = self.open.iter().rev().find(|&&bar| bars[bar].span.end > span.start);
        holds.is_none_or(|&bar| bars[bar].span.end >= span.end)
    }

    fn open(&mut self, place: usize, bars: &[Bar]) {
        let span = bars[place].span;
        while let Some(&last) = self.open.last().filter(|&&last| bars[last].span.end <= span.start) {
            self.open.pop();
            self.edges.push(Edge::Close(last, bars[last].span.end));
        }
        if self.open.is_empty() {
            self.free_at = span.end;
        }
        self.open.push(place);
        self.edges.push(Edge::Open(place, span.start));
    }

    fn finish(mut self, bars: &[Bar]) -> Vec<Edge> {
        while let Some(last) = self.open.pop() {
            self.edges.push(Edge::Close(last, bars[last].span.end));
        }
        self.edges
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bars(spans: &[(i64, i64, Option<usize>)]) -> Vec<Bar> {
        spans.iter().map(|&(start, end, inside)| Bar { span: Span::new(start, end), inside }).collect()
    }

    #[track_caller]
    fn check(spans: &[(i64, i64, Option<usize>)], expected: &[&str]) {
        let drawn: Vec<String> = lanes(&bars(spans))
            .iter()
            .map(|lane| {
                let edge = |edge: &Edge| match edge {
                    Edge::Open(bar, at) => format!("({bar}@{at}"),
                    Edge::Close(bar, at) => format!("{bar}@{at})"),
                };
                lane.iter().map(edge).collect::<Vec<_>>().join(" ")
            })
            .collect();
        assert_eq!(drawn, expected);
    }

    #[test]
    fn children_one_after_the_other_share_the_lane_of_their_parent() {
        check(
            &[(0, 100, None), (10, 20, Some(0)), (12, 18, Some(1)), (20, 40, Some(0))],
            &["(0@0 (1@10 (2@12 2@18) 1@20) (3@20 3@40) 0@100)"],
        );
    }

    #[test]
    fn what_runs_at_the_same_time_has_another_lane_and_a_free_one_is_used_again() {
        check(
            &[(0, 100, None), (10, 50, Some(0)), (20, 60, Some(0)), (70, 120, Some(0))],
            &["(0@0 (1@10 1@50) 0@100)", "(2@20 2@60) (3@70 3@120)"],
        );
    }

    proptest! {
        #[test]
        fn every_bar_is_drawn_once_like_brackets_and_never_back_in_time(
            spans in prop::collection::vec((0..50_i64, 0..30_i64, prop::option::of(0..20_usize)), 0..60),
        ) {
            let mut spans: Vec<_> = spans.iter().map(|&(start, took, inside)| (start, start + took, inside)).collect();
            spans.sort_by_key(|span| span.0);
            let bars: Vec<_> = bars(&spans)
                .into_iter()
                .enumerate()
                .map(|(place, bar)| Bar { inside: bar.inside.filter(|&inside| inside < place), ..bar })
                .collect();
            let mut drawn = vec![0; bars.len()];
            for lane in lanes(&bars) {
                let (mut now, mut open) = (i64::MIN, Vec::new());
                for edge in lane {
                    let at = match edge {
                        Edge::Open(bar, at) => {
                            open.push(bar);
                            drawn[bar] += 1;
                            prop_assert_eq!(at, bars[bar].span.start);
                            at
                        }
                        Edge::Close(bar, at) => {
                            prop_assert_eq!(open.pop(), Some(bar));
                            prop_assert_eq!(at, bars[bar].span.end);
                            at
                        }
                    };
                    prop_assert!(at >= now);
                    now = at;
                }
                prop_assert!(open.is_empty());
            }
            prop_assert!(drawn.iter().all(|&times| times == 1));
        }
    }
}
