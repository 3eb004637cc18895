//! What a repository holds: where two commits parted, listings of commits, and contents.
//!
//! Source: GitHub's REST API, "Compare two commits", "Get a tree", "Get a blob"; GraphQL: `Blob`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use base64::Engine as _;
use serde::Deserialize;
use serde_json::json;

use super::client::{Client, object_id};
use super::connection::owner_and_name;
use super::failure::Failure;

/// How many contents one question of GraphQL asks for.
pub(crate) const BATCH: usize = 100;

/// What lies between two commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The commit where the head parted from the base.
    pub merge_base: String,
    /// Paths that differ between the merge base and the head; not all of them if [`Self::is_truncated`].
    pub files: Vec<String>,
    /// True if GitHub may have left files out: it lists 300.
    pub is_truncated: bool,
}

/// What a commit holds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Tree {
    /// Its entries, those of its folders included.
    #[serde(rename = "tree")]
    pub entries: Vec<Entry>,
    /// True if GitHub left entries out: it lists 100,000, or 7 MB of them.
    #[serde(default)]
    pub truncated: bool,
}

/// An entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// Its path from the root.
    pub path: String,
    /// What git calls its mode: `100644` and `100755` are files, `120000` links, `160000` commits of other
    /// repositories, `040000` folders.
    pub mode: String,
    /// The id of what it holds.
    #[serde(rename = "sha")]
    pub id: String,
    /// The bytes of a file.
    #[serde(default)]
    pub size: Option<u64>,
}

/// GitHub lists no more files of a comparison.
const MOST_COMPARED: usize = 300;

#[derive(Deserialize)]
struct WireComparison {
    merge_base_commit: Commit,
    #[serde(default)]
    files: Vec<Changed>,
}

#[derive(Deserialize)]
struct Commit {
    sha: String,
}

#[derive(Deserialize)]
struct Changed {
    filename: String,
}

#[derive(Deserialize)]
struct Objects {
    repository: Option<BTreeMap<String, Option<Blob>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Blob {
    oid: Option<String>,
    text: Option<String>,
    #[serde(default)]
    is_truncated: bool,
}

#[derive(Deserialize)]
struct RestBlob {
    content: String,
    encoding: String,
}

impl Client {
    /// Where a head parted from a base.
    ///
    /// # Errors
    /// See [`Failure`]; [`Failure::NotFound`] also where the two have nothing in common.
    pub async fn compare(&self, base: &str, head: &str) -> Result<Comparison, Failure> {
        let (base, head) = (object_id(base)?, object_id(head)?);
        // The files are on the first page, however few commits it shows.
        let path = self.path(&format!("compare/{base}...{head}?per_page=1"));
        let wire: WireComparison = self.get(&path).await?;
        Ok(Comparison {
            merge_base: object_id(&wire.merge_base_commit.sha)?.to_ascii_lowercase(),
            is_truncated: wire.files.len() >= MOST_COMPARED,
            files: wire.files.into_iter().map(|file| file.filename).collect(),
        })
    }

    /// Everything that a commit or a tree holds.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn tree(&self, id: &str) -> Result<Tree, Failure> {
        let path = self.path(&format!("git/trees/{}?recursive=1", object_id(id)?));
        self.get(&path).await
    }

    /// Contents by their ids, each of them proven to have its id. What is no file is not in the answer.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn blobs(&self, ids: &[String]) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
        let ids: BTreeSet<&str> = ids
            .iter()
            .map(|id| object_id(id))
            .collect::<Result<_, _>>()?;
        let ids: Vec<&str> = ids.into_iter().collect();
        let mut all = BTreeMap::new();
        let mut batches: Vec<&[&str]> = ids.chunks(BATCH).rev().collect();
        while let Some(batch) = batches.pop() {
            match self.batch(batch, &mut all).await {
                Ok(()) => {}
                // Too much at once: GitHub gives up on a question after ten seconds.
                Err(Failure::Unavailable { .. } | Failure::TooLarge) if batch.len() > 1 => {
                    let (first, second) = batch.split_at(batch.len() / 2);
                    batches.extend([second, first]);
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(all)
    }

    async fn batch(
        &self,
        ids: &[&str],
        all: &mut BTreeMap<String, Vec<u8>>,
    ) -> Result<(), Failure> {
        let (owner, name) = owner_and_name(&self.connection().repository)?;
        let document = blobs_document(ids);
        let variables = json!({"owner": owner, "name": name});
        let Objects { repository } = self.query(&document, variables).await?;
        for blob in repository.ok_or(Failure::NotFound)?.into_values() {
            // What is there and is no file has no fields at all.
            let Some(Blob {
                oid: Some(id),
                text,
                is_truncated,
            }) = blob
            else {
                continue;
            };
            if !ids.contains(&id.as_str()) {
                continue;
            }
            // A text that is not UTF-8 was changed on the way, which its id shows.
            let whole = text
                .filter(|_| !is_truncated)
                .map(String::into_bytes)
                .filter(|bytes| has_id(bytes, &id));
            let bytes = match whole {
                Some(bytes) => bytes,
                None => self.blob(&id).await?,
            };
            all.insert(id, bytes);
        }
        Ok(())
    }

    /// One content, whatever it is.
    async fn blob(&self, id: &str) -> Result<Vec<u8>, Failure> {
        let path = self.path(&format!("git/blobs/{}", object_id(id)?));
        let RestBlob { content, encoding } = self.get(&path).await?;
        let malformed = |what: &str| Failure::Malformed {
            what: format!("the content of object {id} {what}"),
        };
        let bytes = match encoding.as_str() {
            "base64" => {
                let content: String = content.split_ascii_whitespace().collect();
                base64::engine::general_purpose::STANDARD
                    .decode(content)
                    .map_err(|_| malformed("is no Base64"))?
            }
            "utf-8" => content.into_bytes(),
            _ => return Err(malformed("is encoded in an unknown way")),
        };
        has_id(&bytes, id)
            .then_some(bytes)
            .ok_or_else(|| malformed("is another one"))
    }
}

/// The question for contents. The ids were looked at: they are hexadecimal.
fn blobs_document(ids: &[&str]) -> String {
    let mut document = String::from(
        "query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) {",
    );
    for (index, id) in ids.iter().enumerate() {
        let _ = write!(
            document,
            " b{index}: object(oid: \"{id}\") {{ ... on Blob {{ oid text isTruncated }} }}"
        );
    }
    document.push_str(" } }");
    document
}

/// Whether git gives these bytes this id.
fn has_id(bytes: &[u8], id: &str) -> bool {
    gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::objs::Kind::Blob, bytes)
        .is_ok_and(|found| gix::ObjectId::from_hex(id.as_bytes()).is_ok_and(|id| id == found))
}
