//! Tests of the whole tool, most of them with the real program beside processes that do known things.
#![expect(clippy::disallowed_methods, reason = "these tests start the program that they are about")]

mod choices;
mod endings;
mod loads;
mod sampler;
