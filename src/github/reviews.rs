//! Reviews, and comments on lines.
//!
//! Source: GitHub's REST API, "Pull request reviews" and "Pull request review comments".

use serde::{Deserialize, Serialize};

use super::answer::Order;
use super::client::{Client, object_id};
use super::failure::Failure;

/// A comment on a line or on a file, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewComment {
    /// Its number, which REST goes by.
    pub id: u64,
    /// Its id, which GraphQL goes by.
    pub node_id: String,
    /// The login of whoever wrote it; of an app, with `[bot]`. Empty if the account is gone.
    pub author: String,
    /// True if an app wrote it.
    pub author_is_bot: bool,
    /// What it says.
    pub body: String,
    /// The file.
    pub path: String,
    /// The last line, 1-based; none if the diff no longer has it, or if it is about the file.
    pub line: Option<u64>,
    /// `RIGHT` for the head, `LEFT` for the base.
    pub side: Option<String>,
    /// The line where it was first.
    pub original_line: Option<u64>,
    /// The head that it stands on now.
    pub commit_id: String,
    /// The comment that it answers.
    pub in_reply_to: Option<u64>,
}

/// A review to be made, always as a comment: it neither approves nor blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReview {
    /// The head that the lines are lines of.
    pub commit_id: String,
    /// What it says beside the comments.
    pub body: String,
    /// The comments; GitHub takes all of them or none.
    pub comments: Vec<NewComment>,
}

/// A comment on lines of the diff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewComment {
    /// The file.
    pub path: String,
    /// What it says, in Markdown; at most 65,536 characters.
    pub body: String,
    /// The last line, 1-based.
    pub line: u64,
    /// `RIGHT` for the head, `LEFT` for the base.
    pub side: String,
    /// The first line of several; GitHub refuses one that is not before the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_line: Option<u64>,
    /// Its side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_side: Option<String>,
}

#[derive(Serialize)]
struct Review<'a> {
    commit_id: &'a str,
    body: &'a str,
    event: &'static str,
    comments: &'a [NewComment],
}

#[derive(Serialize)]
struct OnFile<'a> {
    commit_id: &'a str,
    path: &'a str,
    body: &'a str,
    subject_type: &'static str,
}

#[derive(Serialize)]
pub(super) struct Text<'a> {
    pub(super) body: &'a str,
}

/// Who wrote something.
#[derive(Debug, Deserialize)]
pub(super) struct User {
    login: String,
    #[serde(rename = "type", default)]
    kind: String,
}

/// Login and kind of an author; the account may be gone.
pub(super) fn author(user: Option<User>) -> (String, bool) {
    user.map_or_else(Default::default, |user| (user.login, user.kind == "Bot"))
}

#[derive(Debug, Deserialize)]
struct Wire {
    id: u64,
    node_id: String,
    #[serde(default)]
    user: Option<User>,
    #[serde(default)]
    body: Option<String>,
    path: String,
    #[serde(default)]
    line: Option<u64>,
    #[serde(default)]
    side: Option<String>,
    #[serde(default)]
    original_line: Option<u64>,
    #[serde(default)]
    commit_id: String,
    #[serde(default)]
    in_reply_to_id: Option<u64>,
}

impl From<Wire> for ReviewComment {
    fn from(wire: Wire) -> Self {
        let (author, author_is_bot) = author(wire.user);
        Self {
            id: wire.id,
            node_id: wire.node_id,
            author,
            author_is_bot,
            body: wire.body.unwrap_or_default(),
            path: wire.path,
            line: wire.line,
            side: wire.side,
            original_line: wire.original_line,
            commit_id: wire.commit_id,
            in_reply_to: wire.in_reply_to_id,
        }
    }
}

impl Client {
    /// All comments on lines and files of a pull request, oldest first.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn review_comments(&self, number: u64) -> Result<Vec<ReviewComment>, Failure> {
        let path = self.path(&format!("pulls/{number}/comments"));
        let comments: Vec<Wire> = self.pages(&path).await?;
        Ok(comments.into_iter().map(ReviewComment::from).collect())
    }

    /// Makes a review with all its comments at once, and gives its number.
    ///
    /// # Errors
    /// See [`Failure`]. [`Failure::Rejected`] says that one of the comments cannot stand, and not which.
    pub async fn create_review(&self, number: u64, review: &NewReview) -> Result<u64, Failure> {
        let body = Review {
            commit_id: object_id(&review.commit_id)?,
            body: &review.body,
            event: "COMMENT",
            comments: &review.comments,
        };
        let path = self.path(&format!("pulls/{number}/reviews"));
        created(&self.write(Order::Post, &path, Some(&body)).await?)
    }

    /// Comments on a file of the diff, and gives the comment's number.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn create_file_comment(
        &self,
        number: u64,
        commit_id: &str,
        path: &str,
        body: &str,
    ) -> Result<u64, Failure> {
        let body = OnFile {
            commit_id: object_id(commit_id)?,
            path,
            body,
            subject_type: "file",
        };
        let path = self.path(&format!("pulls/{number}/comments"));
        created(&self.write(Order::Post, &path, Some(&body)).await?)
    }
}

/// The number of what was made.
pub(super) fn created(answer: &super::answer::Answer) -> Result<u64, Failure> {
    #[derive(Deserialize)]
    struct Made {
        id: u64,
    }
    Ok(answer.json::<Made>()?.id)
}
