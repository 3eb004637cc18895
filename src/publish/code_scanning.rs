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

/// An analysis.
#[derive(Clone, Copy, Debug)]
pub struct Analysis<'a> {
    /// The file.
    pub sarif: &'a [u8],
    /// The commit whose lines it names.
    pub commit: &'a str,
    /// The ref that this commit is the tip of.
    pub reference: &'a str,
}

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
        return why("the run belongs to no branch, tag or pull request");
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
        tool_name: Some("tidegate".to_owned()),
    };
    let mut uploaded = writes.once(|| client.upload(&upload)).await;
    // The same file twice is the same analysis, so that it may be sent again.
    if matches!(uploaded, Err(Failure::Unavailable { .. })) && writes.wait(writes.pace()).await {
        uploaded = writes.once(|| client.upload(&upload)).await;
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
