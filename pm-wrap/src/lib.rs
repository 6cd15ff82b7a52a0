//! Runs one command and emits what it cost
