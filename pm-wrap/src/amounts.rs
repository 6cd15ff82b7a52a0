//! Amounts as records have them.

use std::time::Duration;

use pm_record::Thousandths;

/// A duration in milliseconds; a microsecond is a thousandth of one.
pub(crate) fn millis(duration: Duration) -> Thousandths {
    Thousandths(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}

/// KiB in MiB.
pub(crate) fn mebibytes(kib: u64) -> Thousandths {
    mebibytes_of_mean(u128::from(kib), 1)
}

/// A sum of KiB divided by `count`, in MiB.
pub(crate) fn mebibytes_of_mean(kib: u128, count: u128) -> Thousandths {
    let divisor = count * 1024;
    Thousandths(i64::try_from((kib * 1000 + divisor / 2) / divisor).unwrap_or(i64::MAX))
}
