//! Turns records into alerts
