//! The types of GitHub's GraphQL schema that have something to do with reviews and files, and their fields.

use serde_json::{Map, Value};

use super::difference::text;
use super::graphql::Complaint;
use super::mutations;
use super::state::{Access, ReviewComment, State};

type Arguments = Map<String, Value>;
type Answered = Result<Found, Complaint>;

/// What a field holds.
pub(crate) enum Found {
    Value(Value),
    Nothing,
    Node(Node),
    Nodes(Vec<Option<Node>>),
}

/// A thing that has fields.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Query,
    Mutation,
    /// Who asks. Its name has the suffix of an app, unlike an author's.
    Viewer,
    Account(String),
    Repository,
    Blob(String),
    Tree(String),
    Commit(String),
    Pull(u64),
    Thread(usize),
    ReviewComment(u64),
    IssueComment(u64),
    /// A page of a longer list: its type, the things, how many there are, where it starts.
    Connection(&'static str, Vec<Node>, usize, usize),
    PageInfo {
        end: usize,
        has_next: bool,
    },
    /// What a mutation answers: its type, the name of its field and the thing there.
    Payload(&'static str, &'static str, Box<Node>),
}

#[expect(clippy::unnecessary_wraps, reason = "fields answer so")]
fn value(value: impl Into<Value>) -> Answered {
    Ok(Found::Value(value.into()))
}

#[expect(clippy::unnecessary_wraps, reason = "fields answer so")]
fn node(node: Option<Node>) -> Answered {
    Ok(node.map_or(Found::Nothing, Found::Node))
}

impl Node {
    /// The name of the type.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Query => "Query",
            Self::Mutation => "Mutation",
            Self::Account(login) if login.ends_with("[bot]") => "Bot",
            Self::Account(_) | Self::Viewer => "User",
            Self::Repository => "Repository",
            Self::Blob(_) => "Blob",
            Self::Tree(_) => "Tree",
            Self::Commit(_) => "Commit",
            Self::Pull(_) => "PullRequest",
            Self::Thread(_) => "PullRequestReviewThread",
            Self::ReviewComment(_) => "PullRequestReviewComment",
            Self::IssueComment(_) => "IssueComment",
            Self::Connection(kind, ..) | Self::Payload(kind, ..) => kind,
            Self::PageInfo { .. } => "PageInfo",
        }
    }

    /// True for its own type, and for the interfaces that it has.
    pub(crate) fn is_a(&self, kind: &str) -> bool {
        let interfaces: &[&str] = match self {
            Self::Account(_) | Self::Viewer => &["Actor", "Node"],
            Self::Blob(_) | Self::Tree(_) | Self::Commit(_) => &["GitObject", "Node"],
            Self::ReviewComment(_) | Self::IssueComment(_) => {
                &["Comment", "Minimizable", "Node", "Updatable", "Deletable"]
            }
            Self::Pull(_) | Self::Repository | Self::Thread(_) => &["Node"],
            _ => &[],
        };
        self.kind() == kind || interfaces.contains(&kind)
    }

    pub(crate) fn field(&self, state: &mut State, name: &str, arguments: &Arguments) -> Answered {
        let found = match self {
            Self::Query => query(state, name, arguments),
            Self::Mutation => mutations::run(state, name, arguments),
            Self::Viewer => match name {
                "login" => Some(value(state.token.login.as_str())),
                _ => None,
            },
            Self::Account(login) => match name {
                // An actor that is an app goes without the suffix here.
                "login" => Some(value(login.trim_end_matches("[bot]"))),
                "id" => Some(value(format!("U_{login}"))),
                _ => None,
            },
            Self::Repository => repository(state, name, arguments),
            Self::Blob(id) => blob(state, id, name),
            Self::Tree(id) | Self::Commit(id) => match name {
                "oid" => Some(value(id.as_str())),
                _ => None,
            },
            Self::Pull(number) => pull(state, *number, name, arguments),
            Self::Thread(at) => thread(state, *at, name, arguments),
            Self::ReviewComment(id) => review_comment(state, *id, name),
            Self::IssueComment(id) => issue_comment(state, *id, name),
            Self::Connection(_, all, total, start) => match name {
                "nodes" => Some(Ok(Found::Nodes(all.iter().cloned().map(Some).collect()))),
                "totalCount" => Some(value(*total)),
                "pageInfo" => Some(node(Some(Self::PageInfo {
                    end: start + all.len(),
                    has_next: start + all.len() < *total,
                }))),
                _ => None,
            },
            Self::PageInfo { end, has_next } => match name {
                "hasNextPage" => Some(value(*has_next)),
                "endCursor" if *end == 0 => Some(value(Value::Null)),
                "endCursor" => Some(value(format!("cursor:{end}"))),
                _ => None,
            },
            Self::Payload(_, field, what) => match name {
                "clientMutationId" => Some(value(Value::Null)),
                _ if name == *field => Some(node(Some((**what).clone()))),
                _ => None,
            },
        };
        found.unwrap_or_else(|| {
            let message = format!("Field '{name}' doesn't exist on type '{}'", self.kind());
            Err(Complaint::wrong(message))
        })
    }
}

/// A page of a list. GitHub wants to know how much, and gives no more than a hundred.
fn page(kind: &'static str, all: Vec<Node>, arguments: &Arguments) -> Answered {
    let Some(first) = arguments.get("first").and_then(Value::as_u64) else {
        let message =
            "You must provide a `first` or `last` value to properly paginate the connection.";
        return Err(Complaint::wrong(message.to_owned()));
    };
    if !(1..=100).contains(&first) {
        let message = format!(
            "Requesting {first} records on the connection exceeds the `first` limit of 100 records."
        );
        return Err(Complaint::wrong(message));
    }
    let start = match arguments.get("after").and_then(Value::as_str) {
        Some(cursor) => cursor
            .strip_prefix("cursor:")
            .and_then(|at| at.parse().ok())
            .ok_or_else(|| {
                Complaint::wrong(format!("`{cursor}` does not appear to be a valid cursor."))
            })?,
        None => 0,
    };
    let total = all.len();
    let size = usize::try_from(first).unwrap_or(100);
    let shown = all.into_iter().skip(start).take(size).collect();
    node(Some(Node::Connection(kind, shown, total, start)))
}

/// The thing behind a node id.
pub(crate) fn by_id(state: &State, id: &str) -> Option<Node> {
    let (kind, number) = id.split_once('_')?;
    let number: u64 = number.parse().ok()?;
    match kind {
        "PRRC" => {
            let mut all = state.review_comments.iter();
            all.any(|comment| comment.id == number)
                .then_some(Node::ReviewComment(number))
        }
        "IC" => {
            let mut all = state.issue_comments.iter();
            all.any(|comment| comment.id == number)
                .then_some(Node::IssueComment(number))
        }
        "PRRT" => {
            let at = usize::try_from(number).ok()?;
            state.threads.get(at).map(|_| Node::Thread(at))
        }
        "PR" => state.pulls.get(&number).map(|_| Node::Pull(number)),
        _ => None,
    }
}

fn text_of<'a>(arguments: &'a Arguments, name: &str) -> &'a str {
    arguments
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn query(state: &State, name: &str, arguments: &Arguments) -> Option<Answered> {
    Some(match name {
        "viewer" => node(Some(Node::Viewer)),
        "repository" => {
            let named = format!(
                "{}/{}",
                text_of(arguments, "owner"),
                text_of(arguments, "name")
            );
            // A former name is followed.
            if named == state.repository || state.former_name.as_ref() == Some(&named) {
                node(Some(Node::Repository))
            } else {
                let message = format!("Could not resolve to a Repository with the name '{named}'.");
                Err(Complaint::not_found(&message))
            }
        }
        "node" => match by_id(state, text_of(arguments, "id")) {
            Some(found) => node(Some(found)),
            None => Err(no_node(text_of(arguments, "id"))),
        },
        "nodes" => {
            let ids = arguments.get("ids").and_then(Value::as_array);
            let found = ids.into_iter().flatten();
            Ok(Found::Nodes(
                found
                    .map(|id| by_id(state, id.as_str().unwrap_or_default()))
                    .collect(),
            ))
        }
        _ => return None,
    })
}

pub(crate) fn no_node(id: &str) -> Complaint {
    Complaint::not_found(&format!(
        "Could not resolve to a node with the global id of '{id}'."
    ))
}

fn repository(state: &State, name: &str, arguments: &Arguments) -> Option<Answered> {
    Some(match name {
        "nameWithOwner" => value(state.repository.as_str()),
        "isPrivate" => value(state.is_private),
        "pullRequest" => {
            let number = arguments
                .get("number")
                .and_then(Value::as_u64)
                .unwrap_or_default();
            if state.is_private && !state.token.may("pull_requests", Access::Read) {
                return Some(Err(Complaint::forbidden()));
            }
            match state.pulls.get(&number) {
                Some(_) => node(Some(Node::Pull(number))),
                None => Err(Complaint::not_found(&format!(
                    "Could not resolve to a PullRequest with the number of {number}."
                ))),
            }
        }
        "object" => {
            if state.is_private && !state.token.may("contents", Access::Read) {
                return Some(Err(Complaint::forbidden()));
            }
            node(object(state, arguments))
        }
        _ => return None,
    })
}

fn object(state: &State, arguments: &Arguments) -> Option<Node> {
    let id = text_of(arguments, "oid");
    if let Some((commit, path)) = text_of(arguments, "expression").split_once(':') {
        let files = state
            .objects
            .files_of(state.objects.find_commit(commit).map(|_| commit)?);
        return files.get(path).map(|entry| Node::Blob(entry.id.clone()));
    }
    if state.objects.find_blob(id).is_some() {
        return Some(Node::Blob(id.to_owned()));
    }
    if state.objects.find_tree(id).is_some() {
        return Some(Node::Tree(id.to_owned()));
    }
    state
        .objects
        .find_commit(id)
        .map(|_| Node::Commit(id.to_owned()))
}

fn blob(state: &State, id: &str, name: &str) -> Option<Answered> {
    let bytes = state.objects.find_blob(id).unwrap_or_default();
    let words = text(bytes);
    let most = state.figures.blob_text;
    Some(match name {
        "oid" => value(id),
        "id" => value(format!("B_{id}")),
        "byteSize" => value(bytes.len()),
        "isBinary" => value(words.is_none()),
        "isTruncated" => value(bytes.len() > most),
        "text" => value(words.map(|words| {
            let mut end = words.len().min(most);
            while !words.is_char_boundary(end) {
                end -= 1;
            }
            words[..end].to_owned()
        })),
        _ => return None,
    })
}

fn pull(state: &State, number: u64, name: &str, arguments: &Arguments) -> Option<Answered> {
    let pull = &state.pulls[&number];
    Some(match name {
        "id" => value(format!("PR_{number}")),
        "number" => value(number),
        "title" => value(pull.title.as_str()),
        "state" => value(pull.state.to_uppercase()),
        "isDraft" => value(pull.is_draft),
        "headRefOid" => value(pull.head.as_str()),
        "baseRefOid" => value(pull.base.as_str()),
        "author" => node(Some(Node::Account(pull.author.clone()))),
        "reviewThreads" => {
            let all = state.threads.iter().enumerate();
            let all = all
                .filter(|(at, thread)| {
                    // A thread whose comments were all deleted is gone.
                    thread.pull == number && first_of(state, *at).is_some()
                })
                .map(|(at, _)| Node::Thread(at))
                .collect();
            page("PullRequestReviewThreadConnection", all, arguments)
        }
        "comments" => {
            let all = state.issue_comments.iter();
            let all = all
                .filter(|comment| comment.pull == number)
                .map(|comment| Node::IssueComment(comment.id))
                .collect();
            page("IssueCommentConnection", all, arguments)
        }
        _ => return None,
    })
}

fn first_of(state: &State, thread: usize) -> Option<&ReviewComment> {
    state
        .review_comments
        .iter()
        .find(|comment| comment.thread == thread)
}

fn thread(state: &State, at: usize, name: &str, arguments: &Arguments) -> Option<Answered> {
    let thread = &state.threads[at];
    let first = first_of(state, at)?;
    Some(match name {
        "id" => value(format!("PRRT_{at}")),
        "isResolved" | "isCollapsed" => value(thread.resolved_by.is_some()),
        "resolvedBy" => node(thread.resolved_by.clone().map(Node::Account)),
        "isOutdated" => value(first.line.is_none() && !first.is_on_file),
        "path" => value(first.path.as_str()),
        "line" => value(first.line),
        "startLine" => value(first.start_line),
        "originalLine" => value(first.original_line),
        "diffSide" => value(first.side.name()),
        "subjectType" => value(if first.is_on_file { "FILE" } else { "LINE" }),
        "viewerCanResolve" | "viewerCanUnresolve" => {
            value(state.token.may("contents", Access::Write))
        }
        "comments" => {
            let all = state.review_comments.iter();
            let all = all
                .filter(|comment| comment.thread == at)
                .map(|comment| Node::ReviewComment(comment.id))
                .collect();
            page("PullRequestReviewCommentConnection", all, arguments)
        }
        _ => return None,
    })
}

/// What the two kinds of comments share.
fn comment(
    state: &State,
    name: &str,
    author: &str,
    body: &str,
    minimized: Option<&str>,
) -> Option<Answered> {
    Some(match name {
        "author" => node(Some(Node::Account(author.to_owned()))),
        "viewerDidAuthor" => value(author == state.token.login),
        "body" => value(body),
        "isMinimized" => value(minimized.is_some()),
        // In small letters, unlike the classifier that set it.
        "minimizedReason" => value(minimized.map(str::to_lowercase)),
        "viewerCanMinimize" => value(state.token.may("pull_requests", Access::Write)),
        _ => return None,
    })
}

fn review_comment(state: &State, id: u64, name: &str) -> Option<Answered> {
    let mut all = state.review_comments.iter();
    let it = all.find(|comment| comment.id == id)?;
    Some(match name {
        "id" => value(format!("PRRC_{id}")),
        "databaseId" | "fullDatabaseId" => value(id),
        "path" => value(it.path.as_str()),
        "line" => value(it.line),
        "originalLine" => value(it.original_line),
        "outdated" => value(it.line.is_none() && !it.is_on_file),
        "diffHunk" => value(it.hunk.as_str()),
        "commit" => node(Some(Node::Commit(it.commit.clone()))),
        "originalCommit" => node(Some(Node::Commit(it.original_commit.clone()))),
        "replyTo" => node(it.reply_to.map(Node::ReviewComment)),
        _ => return comment(state, name, &it.author, &it.body, it.minimized.as_deref()),
    })
}

fn issue_comment(state: &State, id: u64, name: &str) -> Option<Answered> {
    let mut all = state.issue_comments.iter();
    let it = all.find(|comment| comment.id == id)?;
    Some(match name {
        "id" => value(format!("IC_{id}")),
        "databaseId" | "fullDatabaseId" => value(id),
        _ => return comment(state, name, &it.author, &it.body, it.minimized.as_deref()),
    })
}
