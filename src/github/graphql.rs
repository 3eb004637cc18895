//! GraphQL: a document, its variables, and answers that may say no with status 200.
//!
//! The documents are constants or made of ids that were looked at; whatever comes from elsewhere is a variable.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::client::Client;
use super::connection::Token;
use super::failure::{Failure, GraphqlError};

#[derive(Debug, Serialize)]
pub(super) struct Question<'a, V> {
    pub(super) query: &'a str,
    pub(super) variables: V,
}

#[derive(Deserialize)]
struct Said<T> {
    data: Option<T>,
}

/// What an answer says of errors.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Told {
    pub(super) errors: Vec<GraphqlError>,
}

/// A failure if the answer is nothing but errors, or if a limit is among them. Where a part of what was asked for is
/// not there, the rest still counts.
pub(super) fn refuse(answer: &Answer, token: Option<&Token>) -> Result<(), Failure> {
    #[derive(Deserialize)]
    struct Any {
        #[serde(default)]
        data: Option<serde::de::IgnoredAny>,
    }
    let Told { errors } = answer.json()?;
    if errors.is_empty() {
        return Ok(());
    }
    let has_data = answer.json::<Any>().is_ok_and(|any| any.data.is_some());
    let is_missing = |error: &GraphqlError| error.kind.as_deref() == Some("NOT_FOUND");
    if has_data && errors.iter().all(is_missing) {
        return Ok(());
    }
    Err(Failure::of_graphql(&errors, &answer.headers, token))
}

fn data<T: DeserializeOwned>(answer: &Answer) -> Result<T, Failure> {
    answer
        .json::<Said<T>>()?
        .data
        .ok_or_else(|| Failure::Malformed {
            what: "the answer holds no data".to_owned(),
        })
}

impl Client {
    /// Asks, as often as it may help.
    pub(super) async fn query<T: DeserializeOwned>(
        &self,
        document: &str,
        variables: impl Serialize,
    ) -> Result<T, Failure> {
        let question = Question {
            query: document,
            variables,
        };
        data(&self.ask(&question).await?)
    }
}
