//! Threads of comments: who wrote in them, and whether they are resolved.
//!
//! Source: GitHub's GraphQL API: `PullRequestReviewThread`.

use serde::Deserialize;
use serde_json::json;

use super::client::{Client, PAGE};
use super::connection::owner_and_name;
use super::failure::Failure;

/// The documents, for whoever holds them against GitHub's schema.
pub mod documents {
    /// Who the token speaks as.
    pub const VIEWER: &str = "query { viewer { login } }";
    /// The threads of a pull request.
    pub const THREADS: &str = "query($owner: String!, $name: String!, $number: Int!, $after: String) { \
        repository(owner: $owner, name: $name) { pullRequest(number: $number) { \
        reviewThreads(first: 100, after: $after) { pageInfo { hasNextPage endCursor } nodes { \
        id isResolved isOutdated path subjectType diffSide startLine line comments(first: 50) { totalCount nodes { \
        databaseId id author { login __typename } body isMinimized } } } } } } }";
}

/// How many pages of threads are looked at.
const MOST_PAGES: usize = 50;

/// A thread on a line or on a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// Its id.
    pub id: String,
    /// True if somebody said that it is settled.
    pub is_resolved: bool,
    /// True if the diff no longer has its line.
    pub is_outdated: bool,
    /// The file that it is about, where GitHub says it.
    pub path: Option<String>,
    /// True if it is about the file as a whole, and not about lines of it.
    pub is_on_file: bool,
    /// The lines that it is on in the diff as it is now, and their side: `LEFT` for those of the base. None where it is
    /// outdated or about the file as a whole.
    pub lines: Option<ThreadLines>,
    /// Its comments, oldest first; at most 50.
    pub comments: Vec<ThreadComment>,
    /// How many comments it has.
    pub total: u64,
}

/// The lines of a thread, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadLines {
    /// True if they are lines of the base.
    pub is_left: bool,
    /// The first.
    pub first: u32,
    /// The last.
    pub last: u32,
}

/// A comment of a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadComment {
    /// Its number, which REST goes by.
    pub database_id: Option<u64>,
    /// Its id, which GraphQL goes by.
    pub node_id: String,
    /// The login of whoever wrote it, of an app *without* `[bot]`. Empty if the account is gone.
    pub author: String,
    /// True if an app wrote it.
    pub author_is_bot: bool,
    /// What it says.
    pub body: String,
    /// True if it is folded away.
    pub is_minimized: bool,
}

#[derive(Deserialize)]
struct Viewer {
    viewer: Login,
}

#[derive(Deserialize)]
struct Login {
    login: String,
    #[serde(rename = "__typename", default)]
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Root {
    repository: Option<InRepository>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InRepository {
    pull_request: Option<InPull>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InPull {
    review_threads: Page,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    page_info: PageInfo,
    nodes: Vec<Option<WireThread>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireThread {
    id: String,
    is_resolved: bool,
    is_outdated: bool,
    path: Option<String>,
    subject_type: Option<String>,
    #[serde(default)]
    diff_side: Option<String>,
    #[serde(default)]
    start_line: Option<u32>,
    #[serde(default)]
    line: Option<u32>,
    comments: WireComments,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireComments {
    #[serde(default)]
    total_count: u64,
    nodes: Vec<Option<WireComment>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireComment {
    database_id: Option<u64>,
    id: String,
    author: Option<Login>,
    body: String,
    #[serde(default)]
    is_minimized: bool,
}

impl From<WireThread> for Thread {
    fn from(wire: WireThread) -> Self {
        let comments = wire.comments.nodes.into_iter().flatten();
        let is_on_file = wire.subject_type.as_deref() == Some("FILE");
        let last = wire.line.filter(|_| !is_on_file && !wire.is_outdated);
        Self {
            lines: last.map(|last| ThreadLines {
                is_left: wire.diff_side.as_deref() == Some("LEFT"),
                first: wire.start_line.unwrap_or(last).min(last),
                last,
            }),
            id: wire.id,
            is_resolved: wire.is_resolved,
            is_outdated: wire.is_outdated,
            path: wire.path,
            is_on_file,
            comments: comments.map(ThreadComment::from).collect(),
            total: wire.comments.total_count,
        }
    }
}

impl From<WireComment> for ThreadComment {
    fn from(wire: WireComment) -> Self {
        let (author, author_is_bot) = wire.author.map_or_else(Default::default, |author| {
            (author.login, author.kind == "Bot")
        });
        Self {
            database_id: wire.database_id,
            node_id: wire.id,
            author,
            author_is_bot,
            body: wire.body,
            is_minimized: wire.is_minimized,
        }
    }
}

impl Client {
    /// The login that the token speaks as; that of a workflow is `github-actions[bot]`.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn viewer(&self) -> Result<String, Failure> {
        let Viewer { viewer } = self.query(documents::VIEWER, json!({})).await?;
        Ok(viewer.login)
    }

    /// All threads of a pull request.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn threads(&self, number: u64) -> Result<Vec<Thread>, Failure> {
        let (owner, name) = owner_and_name(&self.connection().repository)?;
        let mut after: Option<String> = None;
        let mut all = Vec::new();
        for _ in 0..MOST_PAGES {
            let variables = json!({"owner": owner, "name": name, "number": number, "after": after});
            let root: Root = self.query(documents::THREADS, variables).await?;
            let pull = root.repository.and_then(|found| found.pull_request);
            let Page { page_info, nodes } = pull.ok_or(Failure::NotFound)?.review_threads;
            all.extend(nodes.into_iter().flatten().map(Thread::from));
            match page_info.end_cursor.filter(|_| page_info.has_next_page) {
                Some(cursor) => after = Some(cursor),
                None => return Ok(all),
            }
        }
        Err(Failure::TooLarge)
    }
}

const _: () = assert!(PAGE == 100, "the documents ask for as many");
