//! Groups records and summarizes them
