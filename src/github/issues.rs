//! Comments on the pull request as a whole.
//!
//! Source: GitHub's REST API, "Issue comments".

use serde::Deserialize;

use super::answer::Order;
use super::client::Client;
use super::failure::Failure;
use super::reviews::{Text, User, author, created};

/// A comment on the pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueComment {
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
}

#[derive(Debug, Deserialize)]
struct Wire {
    id: u64,
    node_id: String,
    #[serde(default)]
    user: Option<User>,
    #[serde(default)]
    body: Option<String>,
}

impl From<Wire> for IssueComment {
    fn from(wire: Wire) -> Self {
        let (author, author_is_bot) = author(wire.user);
        Self {
            id: wire.id,
            node_id: wire.node_id,
            author,
            author_is_bot,
            body: wire.body.unwrap_or_default(),
        }
    }
}

impl Client {
    /// All comments on a pull request as a whole, oldest first.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn comments(&self, number: u64) -> Result<Vec<IssueComment>, Failure> {
        let path = self.path(&format!("issues/{number}/comments"));
        let comments: Vec<Wire> = self.pages(&path).await?;
        Ok(comments.into_iter().map(IssueComment::from).collect())
    }

    /// Comments on a pull request as a whole, and gives the comment's number.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn create_comment(&self, number: u64, body: &str) -> Result<u64, Failure> {
        let path = self.path(&format!("issues/{number}/comments"));
        created(&self.write(Order::Post, &path, Some(&Text { body })).await?)
    }

    /// Replaces what a comment says. Nobody is notified.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn edit_comment(&self, id: u64, body: &str) -> Result<(), Failure> {
        let path = self.path(&format!("issues/comments/{id}"));
        self.write(Order::Patch, &path, Some(&Text { body }))
            .await?;
        Ok(())
    }

    /// Takes a comment away.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn delete_comment(&self, id: u64) -> Result<(), Failure> {
        let path = self.path(&format!("issues/comments/{id}"));
        self.write(Order::Delete, &path, None::<&()>).await?;
        Ok(())
    }
}
