//! Hands the SARIF file to code scanning.
//!
//! An analysis is the whole truth for its tool, category and ref: what it does not hold is taken for fixed. So only a run
//! that saw everything may hand one over ([`Situation`](super::capability::Situation)).

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::github::{Client, Failure, State, Upload};

use super::writes::Writes;

/// The most bytes of a packed file ("SARIF support for code scanning").
const LARGEST: usize = 10_000_000;

/// Paces between the questions what became of it: 75 in all, after which the answer is left to itself.
const POLLS: [u32; 4] = [5, 10, 20, 40];

/// Paces between the questions whether it has an analysis that it gave no answer for.
const POLLS_FOR_LOST: [u32; 3] = [5, 10, 20];

/// Who made it, as the file says as well.
const TOOL: &str = "tidegate";

/// An analysis.
#[derive(Clone, Copy, Debug)]
pub struct Analysis<'a> {
    /// The file.
    pub sarif: &'a [u8],
    /// The commit whose lines it names.
    pub commit: &'a str,
    /// The ref that this commit is the tip of.
    pub reference: &'a str,
    /// What tells it apart from others of the same commit, as the file says it.
    pub category: &'a str,
}

/// Said where there is no ref that an analysis could be of.
pub const NO_REFERENCE: &str = "the run belongs to no branch, tag or pull request";

/// Why a file is not handed over.
#[derive(Debug)]
pub(super) enum Refused {
    /// GitHub would not take it, or did not.
    Why(String),
    /// It could not be asked.
    Failure(Failure),
}

/// Uploads, and waits for what becomes of it. What is given is a note for the log, where there is one.
pub(super) async fn send(
    client: &Client,
    analysis: Analysis<'_>,
    writes: &mut Writes,
) -> Result<Option<String>, Refused> {
    let why = |text: &str| Err(Refused::Why(text.to_owned()));
    if !is_reference(analysis.reference) {
        return why(NO_REFERENCE);
    }
    let packed = pack(analysis.sarif).map_err(|error| Refused::Why(error.to_string()))?;
    if packed.len() > LARGEST {
        return why("the file is larger than the 10 MB that GitHub takes");
    }
    let upload = Upload {
        commit_sha: analysis.commit.to_owned(),
        reference: analysis.reference.to_owned(),
        sarif_gzip_base64: STANDARD.encode(packed),
        checkout_uri: None,
        started_at: None,
        tool_name: Some(TOOL.to_owned()),
    };
    let mut uploaded = writes.once(|| client.upload(&upload)).await;
    if matches!(uploaded, Err(Failure::Unavailable { .. })) {
        match was_kept(client, analysis, writes).await {
            Some(true) => return Ok(None),
            Some(false) => uploaded = writes.once(|| client.upload(&upload)).await,
            None => {
                return why(
                    "GitHub did not say whether it took the file, which is not sent twice; the next run hands over its own",
                );
            }
        }
    }
    let id = uploaded.map_err(Refused::Failure)?;
    for paces in POLLS {
        if !writes.wait(writes.pace() * paces).await {
            break;
        }
        match client.status(&id).await {
            Ok(status) => match status.state {
                State::Complete => return Ok(None),
                State::Failed => {
                    return Err(Refused::Why(format!(
                        "GitHub cannot read the file: {}",
                        status.errors.join("; ")
                    )));
                }
                State::Pending | State::Other => {}
            },
            // Not yet.
            Err(Failure::NotFound) => {}
            Err(failure) => {
                return Ok(Some(format!(
                    "the SARIF file is uploaded; what becomes of it is not known: {failure}"
                )));
            }
        }
    }
    Ok(Some(
        "the SARIF file is uploaded, and GitHub has not yet said what becomes of it".to_owned(),
    ))
}

/// Whether GitHub has taken in the analysis that it gave no answer for; none if that cannot be told.
async fn was_kept(client: &Client, analysis: Analysis<'_>, writes: &mut Writes) -> Option<bool> {
    for paces in POLLS_FOR_LOST {
        if !writes.wait(writes.pace() * paces).await {
            return None;
        }
        match client.analyses(analysis.reference, TOOL).await {
            // The same commit, seen by the same tool: as good as this one, whichever run it is of.
            Ok(found) if found.iter().any(|found| is_same(found, analysis)) => return Some(true),
            Ok(_) | Err(Failure::NotFound) => {}
            Err(_) => return None,
        }
    }
    Some(false)
}

fn is_same(found: &crate::github::Analysis, analysis: Analysis<'_>) -> bool {
    let category = |text: &str| text.trim_end_matches('/').to_owned();
    found.commit_sha == analysis.commit && category(&found.category) == category(analysis.category)
}

/// What the API takes for a ref.
fn is_reference(reference: &str) -> bool {
    let is_known = ["refs/heads/", "refs/tags/", "refs/pull/"]
        .iter()
        .any(|kind| {
            reference
                .strip_prefix(kind)
                .is_some_and(|name| !name.is_empty())
        });
    is_known && !reference.contains("gh-readonly-queue")
}

fn pack(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(bytes)?;
    packer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn what_is_packed_can_be_unpacked() {
        let mut text = String::new();
        let packed = pack(b"{}").unwrap();
        flate2::read::GzDecoder::new(packed.as_slice())
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "{}");
    }

    #[test]
    fn a_merge_queue_has_no_ref_for_an_analysis() {
        assert!(is_reference("refs/pull/7/head"));
        for other in [
            "refs/heads/gh-readonly-queue/main/pr-7-abc",
            "main",
            "refs/heads/",
            "",
            "refs/notes/x",
        ] {
            assert!(!is_reference(other), "{other}");
        }
    }
}
