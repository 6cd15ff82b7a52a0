//! Benchmarks against peers, and the seeded generator of realistic records
