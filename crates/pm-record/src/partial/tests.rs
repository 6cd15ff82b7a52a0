use super::*;

#[track_caller]
fn check_round_trip(distribution: &Distribution) {
    let written = PartialMetric::from_distribution(distribution).expect("there are values");
    let json = serde_json::to_string(&written).expect("a partial");
    let read: PartialMetric = serde_json::from_str(&json).expect("what was written");
    assert_eq!(read.restore(), Ok(MetricState::Distribution(distribution.clone())));
}

#[test]
fn a_distribution_survives_a_round_trip_before_and_after_64_values() {
    check_round_trip(&[5, -3, 0].into_iter().collect());
    check_round_trip(&(-40..60).map(|value| value * 70_001).collect());
}

#[test]
fn the_fullest_histogram_of_durations_leaves_room_on_a_line_of_256_kib() {
    let mut histogram = Histogram::default();
    let buckets = Buckets::RANGE.count() as u64;
    for index in Buckets::RANGE {
        histogram.positive.add(index, u64::MAX / buckets);
    }
    let json = serde_json::to_string(&PartialHistogram::from(&histogram)).expect("a histogram");
    assert!(json.len() < 208 << 10, "{} bytes", json.len());
}

#[test]
fn counts_that_no_runs_have_left_are_refused() {
    let (first, last) = (Timestamp::from_millis(0), Timestamp::from_millis(1));
    let failed = |values: &[i64]| {
        let mut moments = Moments::default();
        moments.extend(values.iter().copied());
        PartialMoments::new(&moments)
    };
    let good = PartialGroup {
        count: 2,
        failures: 2,
        failed_duration: failed(&[5]),
        first,
        last,
        machines: BTreeSet::new(),
    };
    assert_eq!(good.check(), Ok(()));
    let bad = [
        PartialGroup { count: 0, failures: 0, ..good.clone() },
        PartialGroup { count: (1 << 53) + 1, ..good.clone() },
        PartialGroup { failures: 3, ..good.clone() },
        PartialGroup { failures: 1, failed_duration: failed(&[5, 6]), ..good.clone() },
        PartialGroup { failed_duration: failed(&[-5]), ..good.clone() },
        PartialGroup { first: last, last: first, ..good },
    ];
    for group in bad {
        assert_eq!(group.check(), Err(Contradiction), "{group:?}");
    }
}

#[test]
fn figures_that_contradict_each_other_are_refused() {
    let good = PartialMetric::from_distribution(&[5, 6].into_iter().collect()).expect("values");
    let bad = [
        PartialMetric { count: 3, ..good.clone() },
        PartialMetric { sum: "12".into(), ..good.clone() },
        PartialMetric { sum_of_squares: "-1".into(), ..good.clone() },
        PartialMetric { min: 7, ..good.clone() },
        PartialMetric { sum_of_squares: "60".into(), values: None, ..good.clone() },
    ];
    for partial in bad {
        assert_eq!(partial.restore(), Err(Contradiction), "{partial:?}");
    }
    let buckets = vec![(100_000, 2)];
    let histogram = Some(PartialHistogram { scale: 7, zero: 0, positive: buckets, negative: vec![] });
    assert_eq!(PartialMetric { values: None, histogram, ..good }.restore(), Err(Contradiction));
}
