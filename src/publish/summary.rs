//! Sends the summary of a pull request.

use crate::github::{Client, Failure};
use crate::report::review::sticky::{SummaryPlan, SummaryStep, Writer, plan};

use super::standing::{self, Myself};
use super::writes::Writes;

/// The summary that is wanted.
pub(super) struct Wanted<'w> {
    pub(super) text: &'w str,
    /// True if one is made where none is.
    pub(super) is_made: bool,
    pub(super) writer: Writer<'w>,
}

/// Said where a newer run was there first.
pub(super) const NEWER: &str =
    "a newer run has written the summary of this commit: it stays as it is";

/// What became of the summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// It says what is wanted.
    Yes,
    /// It says what a newer run found out about the same commit, which may be something else.
    ByNewer,
}

/// Brings the summary up to date.
pub(super) async fn send(
    client: &Client,
    number: u64,
    myself: &Myself,
    wanted: &Wanted<'_>,
    writes: &mut Writes,
) -> Result<Told, Failure> {
    for is_last in [false, true] {
        let standing = standing::summaries(client, number, myself).await?;
        let SummaryPlan { step, duplicates } =
            plan(wanted.text, wanted.is_made, &standing, wanted.writer);
        let done = match &step {
            SummaryStep::Nothing => Ok(()),
            SummaryStep::Newer => return Ok(Told::ByNewer),
            SummaryStep::Create { body } => {
                let create = || client.create_comment(number, body);
                writes.once(create).await.map(|_| ())
            }
            SummaryStep::Edit { id, body } => writes.once(|| client.edit_comment(*id, body)).await,
        };
        match done {
            // GitHub may have kept what it did not answer for: what stands there decides what is done.
            Err(Failure::Unavailable { .. }) if !is_last && writes.wait(writes.pace()).await => {}
            Err(failure) => return Err(failure),
            Ok(()) => {
                for id in duplicates {
                    match writes.once(|| client.delete_comment(id)).await {
                        // The run that wrote at the same time deleted it.
                        Ok(()) | Err(Failure::NotFound) => {}
                        Err(failure) => return Err(failure),
                    }
                }
                return Ok(Told::Yes);
            }
        }
    }
    Ok(Told::Yes)
}
