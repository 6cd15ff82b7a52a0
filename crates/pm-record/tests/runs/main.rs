//! The fast reader of runs, held against the full parser and a reference of its own: on a corpus of cases, in
//! every order, and on lines that are made up.

mod answer;
mod choices;
mod conformance;
mod corpus;
mod generate;
mod generated;
mod pieces;
mod sequences;
mod trial;
mod wanted;
