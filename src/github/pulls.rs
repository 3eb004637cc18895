//! Pull requests and their files.
//!
//! Source: GitHub's REST API, "Get a pull request", "List pull requests", "List pull requests files", "List pull requests
//! associated with a commit".

use std::fmt::Write as _;

use serde::Deserialize;

use super::client::{Client, object_id};
use super::failure::Failure;

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pull {
    /// Its number.
    pub number: u64,
    /// `open` or `closed`.
    pub state: String,
    /// True if it is not yet meant to be merged.
    pub is_draft: bool,
    /// The commit that it would merge, as it is now.
    pub head_sha: String,
    /// The tip of the branch that it would merge into.
    pub base_sha: String,
    /// `owner/name` of where the head comes from; none if that is gone.
    pub head_repository: Option<String>,
    /// How many files it changes; listings of pull requests do not say.
    pub changed_files: Option<u64>,
}

/// A file that a pull request changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct PullFile {
    /// Its path; of a file that is gone, what it was.
    #[serde(rename = "filename")]
    pub path: String,
    /// What its path was before.
    #[serde(rename = "previous_filename", default)]
    pub previous_path: Option<String>,
    /// `added`, `removed`, `modified`, `renamed`, `copied`, `changed` or `unchanged`.
    pub status: String,
    /// Lines that came.
    #[serde(default)]
    pub additions: u64,
    /// Lines that went.
    #[serde(default)]
    pub deletions: u64,
    /// Both.
    #[serde(default)]
    pub changes: u64,
    /// The hunks; none for what is binary or large, which is not to say that nothing changed.
    #[serde(default)]
    pub patch: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Wire {
    number: u64,
    #[serde(default)]
    state: String,
    #[serde(default)]
    draft: Option<bool>,
    head: End,
    base: End,
    #[serde(default)]
    changed_files: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct End {
    sha: String,
    #[serde(default)]
    repo: Option<Repo>,
}

#[derive(Debug, Deserialize)]
struct Repo {
    full_name: String,
}

impl From<Wire> for Pull {
    fn from(wire: Wire) -> Self {
        Self {
            number: wire.number,
            state: wire.state,
            is_draft: wire.draft.unwrap_or_default(),
            head_sha: wire.head.sha,
            base_sha: wire.base.sha,
            head_repository: wire.head.repo.map(|repo| repo.full_name),
            changed_files: wire.changed_files,
        }
    }
}

impl Client {
    /// A pull request as it is now.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn pull(&self, number: u64) -> Result<Pull, Failure> {
        let wire: Wire = self.get(&self.path(&format!("pulls/{number}"))).await?;
        Ok(wire.into())
    }

    /// The files that a pull request changes. GitHub lists at most 3,000: whoever needs all of them compares their
    /// number with [`Pull::changed_files`].
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn files(&self, number: u64) -> Result<Vec<PullFile>, Failure> {
        self.pages(&self.path(&format!("pulls/{number}/files")))
            .await
    }

    /// The open pull requests whose head is a branch of this name in a repository of this owner.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn pulls_from(&self, owner: &str, branch: &str) -> Result<Vec<Pull>, Failure> {
        let head = escaped(&format!("{owner}:{branch}"));
        let path = self.path(&format!("pulls?state=open&head={head}"));
        let pulls: Vec<Wire> = self.pages(&path).await?;
        Ok(pulls.into_iter().map(Pull::from).collect())
    }

    /// The pull requests that a commit belongs to, if this repository has it: a commit that only a fork has belongs to
    /// none.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn pulls_of_commit(&self, sha: &str) -> Result<Vec<Pull>, Failure> {
        let path = self.path(&format!("commits/{}/pulls", object_id(sha)?));
        let pulls: Vec<Wire> = self.pages(&path).await?;
        Ok(pulls.into_iter().map(Pull::from).collect())
    }
}

/// A value in a query (RFC 3986, 2.3).
pub(super) fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn a_branch_stays_one_value() {
        assert_eq!(
            escaped("eve:a&b=c/ü#1+2"),
            "eve%3Aa%26b%3Dc%2F%C3%BC%231%2B2"
        );
    }
}
