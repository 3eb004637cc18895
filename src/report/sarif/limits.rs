//! What code scanning takes, and what to leave out where a run has more to say.
//!
//! From "SARIF support for code scanning" and "SARIF results exceed one or more limits" of GitHub's documentation.
//! The 10 MB of the compressed file are the business of whoever uploads it.

use std::cmp::Reverse;

use crate::finding::{Finding, Status};

/// Results of a run. A file with more is refused whole; of these, the 5,000 gravest are shown.
pub const RESULTS: usize = 25_000;
/// Related locations of a result that are kept.
pub const RELATED_LOCATIONS: usize = 100;
/// Tags of a rule that are shown; 20 are the most that are taken.
pub const TAGS: usize = 10;
/// Characters of a rule's short and full description.
pub const DESCRIPTION: usize = 1_024;
/// Notifications of a run. GitHub names no limit: this is our own, so that a pull request cannot fill the file
/// with what is no result.
pub const NOTIFICATIONS: usize = 1_000;

/// The results that a file can hold, in the order of the findings, and how many were left out. The least urgent
/// go first, of equally urgent ones those that the base has already, then the last. What a waiver covers is no
/// result: GitHub does not look at suppressions.
#[must_use]
pub fn results(findings: &[Finding], most: usize) -> (Vec<&Finding>, usize) {
    let mut kept: Vec<(usize, &Finding)> = findings
        .iter()
        .filter(|finding| finding.status != Status::Fixed && finding.waived.is_none())
        .enumerate()
        .collect();
    let dropped = kept.len().saturating_sub(most);
    if dropped > 0 {
        kept.sort_by_key(|(index, finding)| (Reverse(finding.severity), finding.status, *index));
        kept.truncate(most);
        kept.sort_by_key(|(index, _)| *index);
    }
    (
        kept.into_iter().map(|(_, finding)| finding).collect(),
        dropped,
    )
}

/// How many findings the file of a run has no room for.
#[must_use]
pub fn left_out(findings: &[Finding]) -> usize {
    results(findings, RESULTS).1
}

/// A description that is not longer than it may be.
#[must_use]
pub fn description(text: &str) -> String {
    if text.chars().nth(DESCRIPTION).is_none() {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(DESCRIPTION - 1).collect();
    cut.push('…');
    cut
}
