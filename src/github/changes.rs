//! What is changed of comments and threads, many of it in one request.
//!
//! GitHub counts requests, asks for a pause between two that write, and carries the parts of a document out one after the
//! other: one that fails leaves the others as they are.
//!
//! Source: GitHub's GraphQL API: `updatePullRequestReviewComment`, `minimizeComment`, `unminimizeComment`,
//! `resolveReviewThread`, `unresolveReviewThread`; GraphQL specification (October 2021), 6.2.2 and 7.1.2.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::client::Client;
use super::failure::{Failure, GraphqlError};
use super::graphql::{Question, Told};

/// A change of one comment or thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'c> {
    /// Replaces what a comment on a line or file says. Nobody is notified.
    Edit {
        /// The id of the comment, which GraphQL goes by.
        comment: &'c str,
        /// What it says from now on.
        body: &'c str,
    },
    /// Folds a comment away, as what it asks for was done.
    Minimize {
        /// The id of the comment.
        comment: &'c str,
    },
    /// Unfolds a comment.
    Unminimize {
        /// The id of the comment.
        comment: &'c str,
    },
    /// Resolves a thread, which takes more permissions than a comment does.
    Resolve {
        /// The id of the thread.
        thread: &'c str,
    },
    /// Opens a thread again.
    Unresolve {
        /// The id of the thread.
        thread: &'c str,
    },
}

impl<'c> Change<'c> {
    /// The id of what is changed, and the field of the document, with `N` for the number of the change.
    fn parts(self) -> (&'c str, &'static str) {
        match self {
            Self::Edit { comment, .. } => (
                comment,
                "updatePullRequestReviewComment(input: {pullRequestReviewCommentId: $iN, body: $bN})",
            ),
            Self::Minimize { comment } => (
                comment,
                "minimizeComment(input: {subjectId: $iN, classifier: RESOLVED})",
            ),
            Self::Unminimize { comment } => (comment, "unminimizeComment(input: {subjectId: $iN})"),
            Self::Resolve { thread } => (thread, "resolveReviewThread(input: {threadId: $iN})"),
            Self::Unresolve { thread } => (thread, "unresolveReviewThread(input: {threadId: $iN})"),
        }
    }
}

/// The document for some changes, and its variables.
fn document(changes: &[Change<'_>]) -> (String, Map<String, Value>) {
    let mut variables = Map::new();
    let (mut head, mut fields) = (String::new(), String::new());
    for (number, change) in changes.iter().enumerate() {
        let (id, field) = change.parts();
        let separator = if number == 0 { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = write!(head, "{separator}$i{number}: ID!");
        variables.insert(format!("i{number}"), id.into());
        if let Change::Edit { body, .. } = change {
            let _ = write!(head, ", $b{number}: String!");
            variables.insert(format!("b{number}"), (*body).into());
        }
        let field = field.replace('N', &number.to_string());
        let _ = write!(fields, "c{number}: {field} {{ clientMutationId }} ");
    }
    (format!("mutation({head}) {{ {fields}}}"), variables)
}

impl Client {
    /// Makes changes in one request, in their order, and says what became of each.
    ///
    /// # Errors
    /// See [`Failure`], where it is one of all of them; [`Failure::Unavailable`] does not say whether any was made.
    pub async fn change(
        &self,
        changes: &[Change<'_>],
    ) -> Result<Vec<Result<(), Failure>>, Failure> {
        let (query, variables) = document(changes);
        let question = Question {
            query: &query,
            variables,
        };
        let answer = self.order(&question).await?;
        let Told { errors } = answer.json()?;
        let token = self.connection().token.as_ref();
        let mut results = vec![Ok(()); changes.len()];
        for error in errors {
            let part = number(&error).and_then(|number| results.get_mut(number));
            let failure = Failure::of_graphql(&[error], &answer.headers, token);
            match part {
                Some(part) => *part = Err(failure),
                // It is about the document.
                None => return Err(failure),
            }
        }
        Ok(results)
    }
}

/// The number of the change that an error is about.
fn number(error: &GraphqlError) -> Option<usize> {
    let first = error.path.first()?.as_str()?;
    first.strip_prefix('c')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_elsewhere_is_a_variable() {
        let body = "\"}) { viewer }";
        let changes = [
            Change::Edit {
                comment: "PRRC_1",
                body,
            },
            Change::Resolve { thread: "PRRT_2" },
        ];
        let (document, variables) = document(&changes);
        assert_eq!(
            document,
            "mutation($i0: ID!, $b0: String!, $i1: ID!) { \
            c0: updatePullRequestReviewComment(input: {pullRequestReviewCommentId: $i0, body: $b0}) { clientMutationId } \
            c1: resolveReviewThread(input: {threadId: $i1}) { clientMutationId } }"
        );
        let expected = serde_json::json!({"i0": "PRRC_1", "b0": body, "i1": "PRRT_2"});
        assert_eq!(Value::Object(variables), expected);
    }
}
