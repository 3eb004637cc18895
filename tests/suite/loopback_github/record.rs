//! What was asked, kept for assertions.

use serde_json::Value;

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) method: String,
    /// The host and port that it was sent to.
    pub(crate) host: String,
    /// The path below the API, without `/api/v3`.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) authorization: Option<String>,
    pub(crate) accept: Option<String>,
    pub(crate) body: Vec<u8>,
    /// What was answered.
    pub(crate) status: u16,
}

impl Recorded {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// True if it asks for a change.
    pub(crate) fn is_write(&self) -> bool {
        match self.path.as_str() {
            "/graphql" => self.json()["query"]
                .as_str()
                .is_some_and(|query| query.trim_start().starts_with("mutation")),
            _ => self.method != "GET",
        }
    }

    /// `POST /repos/shop/deploy/pulls/7/reviews`.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}
