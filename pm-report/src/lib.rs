//! Renders summaries for people
