//! What a pull request is told: comments on its lines, and one summary.
//!
//! All of it is planned here, from a report, from GitHub's own patches and from what already stands on the pull request;
//! nothing here asks or sends. A comment hangs on the lines that caused its findings ([`anchor`], [`patch`]), tells one
//! cause ([`group`], [`body`]), offers its fix where that is exact ([`suggestion`]), and is known again by the next run
//! ([`marker`], [`reconcile`]). What has no line stands in the summary ([`sticky`]).

pub mod anchor;
pub mod body;
pub mod digest;
pub mod group;
pub mod known;
pub mod marker;
mod moves;
mod ours;
pub mod patch;
pub mod placed;
pub mod reconcile;
pub mod standing;
pub mod sticky;
pub mod suggestion;

use anchor::ChangedFiles;
use body::draft;
use digest::Digest;
use group::groups;
use marker::Key;
use ours::OurComments;
use reconcile::Plan;
use standing::StandingComment;

/// Plans the comments on lines and files. `head` is the commit that was judged.
#[must_use]
pub fn plan(
    digest: &Digest,
    files: &ChangedFiles,
    standing: &[StandingComment],
    key: &Key,
    head: &str,
) -> Plan {
    let findings = digest.findings.iter();
    let told = findings.map(|one| (one.occurrence(), one.text.clone()));
    let told = told.collect();
    let ours = OurComments::new(standing, key, &told, &digest.known, files);
    let drafts = groups(&digest.findings, files, |one| ours.answer_to(one));
    let drafts = drafts
        .iter()
        .map(|group| draft(group, files, key))
        .collect();
    reconcile::plan(drafts, &ours, &digest.known, key, head)
}

#[cfg(test)]
mod tests;
