//! Which run of a workflow this is.

use crate::event::Environment;
use crate::report::review::marker::RunNumber;
use crate::report::summary::Links;

/// The number of the run and of the attempt; zeros where nothing says so.
#[must_use]
pub fn run_number(environment: &Environment) -> RunNumber {
    let number = |name| {
        let text = environment.get(name);
        text.and_then(|text| text.parse().ok()).unwrap_or_default()
    };
    RunNumber {
        run: number("GITHUB_RUN_NUMBER"),
        attempt: number("GITHUB_RUN_ATTEMPT"),
    }
}

/// Where the run can be looked at.
#[must_use]
pub fn run_url(environment: &Environment, links: &Links) -> Option<String> {
    let id: u64 = environment.get("GITHUB_RUN_ID")?.parse().ok()?;
    Some(format!("{}/actions/runs/{id}", links.repository()?))
}
