//! The program as a function where that is enough, and as a process where it becomes another one.

mod doctor;
mod host;
mod monitor;
mod place;
mod verbs;
mod words;
