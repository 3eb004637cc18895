//! The files that the runner reads when a step is over: its outputs, and its part of the summary of the job.

use std::fs::OpenOptions;
use std::io::{self, Write as _};

use crate::event::Environment;
use crate::report::annotation::{self, Kind};

/// The variable with the file of the outputs.
pub const OUTPUTS: &str = "GITHUB_OUTPUT";

/// The variable with the file of the summary.
pub const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Adds to one of them; what is given is a warning for the runner if that is not possible.
#[must_use]
pub fn write(environment: &Environment, name: &str, what: &str, text: &str) -> String {
    let why = match environment.get(name).map(|path| append(path, text)) {
        Some(Ok(())) => return String::new(),
        Some(Err(error)) => error.to_string(),
        None => format!("{name} is not set"),
    };
    let title = format!("tidegate wrote no {what}");
    annotation::about_the_run(Kind::Warning, &title, &why)
}

/// Appends to a file that the runner made.
fn append(path: &str, text: &str) -> io::Result<()> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)?
        .write_all(text.as_bytes())
}
