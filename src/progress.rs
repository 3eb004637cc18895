//! What a run is doing, for someone who waits at a terminal.
//!
//! Nothing is drawn where nobody looks: not in a pipe, not in continuous integration, not with `--quiet`, and not before
//! one stage has taken a second. The run only sends a word from time to time; the drawing has a thread of its own.

use std::io::{self, IsTerminal};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::report::count;
use crate::run::Stage;

/// How long a stage may take without a word.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the spinner moves.
const TICK: Duration = Duration::from_millis(100);

/// A line on standard error that goes away when this is dropped.
#[derive(Debug, Default)]
pub struct Progress {
    drawing: Option<(Sender<Stage>, JoinHandle<()>)>,
}

impl Progress {
    /// Progress on standard error, if somebody looks at it.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        if quiet || is_unattended() || !io::stderr().is_terminal() {
            return Self::default();
        }
        let (sender, receiver) = channel();
        let thread = std::thread::Builder::new().spawn(move || draw(&receiver));
        Self {
            // Without a thread there is no progress to see, and no harm done.
            drawing: thread.ok().map(|thread| (sender, thread)),
        }
    }

    /// Says what starts now.
    pub fn stage(&self, stage: Stage) {
        if let Some((sender, _)) = &self.drawing {
            // A drawing that is gone misses nothing.
            let _ = sender.send(stage);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.drawing.take() {
            drop(sender);
            // The line must be gone before the report is printed.
            let _ = thread.join();
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge: who looks at standard error"
)]
fn is_unattended() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    is_set("CI")
        || is_set("GITHUB_ACTIONS")
        || std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

fn draw(stages: &Receiver<Stage>) {
    let mut now = Stage::Listing;
    loop {
        match stages.recv_timeout(PATIENCE) {
            Ok(stage) => now = stage,
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.set_message(describe(now));
    bar.enable_steady_tick(TICK);
    while let Ok(stage) = stages.recv() {
        bar.set_message(describe(stage));
    }
    bar.finish_and_clear();
}

fn describe(stage: Stage) -> String {
    match stage {
        Stage::Listing => "looking for files".to_owned(),
        Stage::Reading(files) => format!("reading {}", count(files, "file")),
        Stage::Asking(packages) => format!("asking about {}", count(packages, "package")),
        Stage::Judging(files) => format!("judging {}", count(files, "manifest")),
        Stage::Comparing => "comparing base and head".to_owned(),
        Stage::NothingBefore => "reading".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_ends_at_once_draws_nothing_and_waits_for_nothing() {
        let (sender, receiver) = channel();
        sender.send(Stage::Reading(3)).unwrap();
        drop(sender);
        draw(&receiver);
        let progress = Progress::new(true);
        progress.stage(Stage::Comparing);
        assert!(progress.drawing.is_none());
    }
}
