//! Code scanning: handing over SARIF, and asking what became of it.
//!
//! Source: GitHub's REST API, "Upload an analysis as SARIF data", "Get information about a SARIF upload" and "List code
//! scanning analyses for a repository".

use serde::{Deserialize, Serialize};

use super::answer::Order;
use super::client::{Client, PAGE, object_id};
use super::failure::{Failure, said};
use super::pulls::escaped;

/// An analysis to be handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Upload {
    /// The commit that was analysed.
    pub commit_sha: String,
    /// Its ref: `refs/heads/…`, `refs/tags/…` or `refs/pull/…`.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The SARIF, packed with gzip and then in Base64; at most 10 MB packed.
    #[serde(rename = "sarif")]
    pub sarif_gzip_base64: String,
    /// What paths in it are relative to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkout_uri: Option<String>,
    /// When the analysis began, as RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_name: Option<String>,
}

/// An analysis that GitHub has taken in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Analysis {
    /// The commit that was analysed.
    pub commit_sha: String,
    /// What tells it apart from others of the same tool and commit.
    #[serde(default)]
    pub category: String,
}

/// The most reasons of GitHub's that are passed on.
const MOST_ERRORS: usize = 5;

/// How far an upload has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It waits.
    Pending,
    /// It was taken in.
    Complete,
    /// It was not.
    Failed,
    /// GitHub says something that this program does not know.
    #[serde(other)]
    Other,
}

/// What became of an upload.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Status {
    /// How far it has come.
    #[serde(rename = "processing_status")]
    pub state: State,
    /// Why it failed: the first reasons, each short.
    #[serde(default, deserialize_with = "none_is_empty")]
    pub errors: Vec<String>,
}

fn none_is_empty<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

impl Client {
    /// Hands an analysis over, and gives the id of the upload.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn upload(&self, upload: &Upload) -> Result<String, Failure> {
        #[derive(Deserialize)]
        struct Made {
            id: String,
        }
        object_id(&upload.commit_sha)?;
        let path = self.path("code-scanning/sarifs");
        let answer = self.write(Order::Post, &path, Some(upload)).await?;
        Ok(answer.json::<Made>()?.id)
    }

    /// The latest analyses of a ref by a tool: one page of them.
    ///
    /// # Errors
    /// See [`Failure`]; [`Failure::NotFound`] as well where there is none at all yet.
    pub async fn analyses(&self, reference: &str, tool: &str) -> Result<Vec<Analysis>, Failure> {
        let (reference, tool) = (escaped(reference), escaped(tool));
        let query = format!("ref={reference}&tool_name={tool}&per_page={PAGE}");
        self.get(&self.path(&format!("code-scanning/analyses?{query}")))
            .await
    }

    /// What became of an upload.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn status(&self, id: &str) -> Result<Status, Failure> {
        if id.is_empty()
            || !id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            return Err(Failure::Malformed {
                what: "the id of an upload is none".to_owned(),
            });
        }
        let path = self.path(&format!("code-scanning/sarifs/{id}"));
        let mut status: Status = self.get(&path).await?;
        let token = self.connection().token.as_ref();
        let errors = status.errors.iter().take(MOST_ERRORS);
        status.errors = errors.map(|error| said(error, token)).collect();
        Ok(status)
    }
}
