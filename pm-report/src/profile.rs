//! One command in detail: where its time went, seen from the processes and requests that it was made of.
//!
//! Records go in (a run, its `process_trace` and its `api_request` records), a [`Profile`] comes out, and each way
//! to show it is a function of that alone. All times are microseconds since the start of the run, which is what
//! thousandths of a millisecond are: integers, so that parts add up to their whole exactly.
//!
//! The surprising choice is that the critical path stands in the middle: a process that lives long costs nothing if
//! nobody waited for it. The price is that only waiting which shows in the tree is seen; `critical_path.rs` says more.

mod chrome;
mod costs;
mod critical_path;
mod figures;
mod gantt;
mod grid;
mod html;
mod intake;
mod lanes;
mod outline;
mod page;
mod path_list;
mod requests;
mod span;
mod speedscope;
mod svg;
mod timeline;
mod tree;
mod words;

pub(crate) use intake::Intake;

use crate::profile::figures::Figures;
use crate::profile::timeline::Timeline;

/// A command in detail.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) title: String,
    pub(crate) command: String,
    /// Every run, in the order of the input; never none.
    pub(crate) runs: Vec<Timeline>,
    /// Which of them is shown in detail: the one with the median duration.
    pub(crate) shown: usize,
    /// What programs and phases took, as medians over the runs.
    pub(crate) figures: Figures,
    /// What a reader has to know about it, in sentences.
    pub(crate) notes: Vec<String>,
}

/// How a profile is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Terminal {
        width: usize,
        color: bool,
    },
    Html,
    Svg,
    /// As the Trace Event Format has it.
    ChromeTrace,
    Speedscope,
}

impl Profile {
    /// The run that is shown in detail.
    pub(crate) fn shown(&self) -> &Timeline {
        &self.runs[self.shown]
    }

    pub(crate) fn render(&self, form: Form) -> String {
        match form {
            Form::Terminal { width, color } => page::render(self, width, color),
            Form::Html => html::render(self),
            Form::Svg => svg::render(self),
            Form::ChromeTrace => chrome::render(self),
            Form::Speedscope => speedscope::render(self),
        }
    }
}
