//! The changes that GraphQL makes: editing and minimising comments, resolving threads.

use serde_json::{Map, Value};

use super::graphql::Complaint;
use super::nodes::{Found, Node, by_id, no_node};
use super::state::{Access, State};

/// Why a comment may be minimised.
const CLASSIFIERS: &[&str] = &[
    "ABUSE",
    "DUPLICATE",
    "LOW_QUALITY",
    "OFF_TOPIC",
    "OUTDATED",
    "RESOLVED",
    "SPAM",
];

pub(crate) fn run(
    state: &mut State,
    name: &str,
    arguments: &Map<String, Value>,
) -> Option<Result<Found, Complaint>> {
    let known: &[&str] = match name {
        "minimizeComment" => &["subjectId", "classifier", "clientMutationId"],
        "unminimizeComment" => &["subjectId", "clientMutationId"],
        "resolveReviewThread" | "unresolveReviewThread" => &["threadId", "clientMutationId"],
        "updatePullRequestReviewComment" => {
            &["pullRequestReviewCommentId", "body", "clientMutationId"]
        }
        _ => return None,
    };
    Some(checked(state, name, known, arguments))
}

fn edit(state: &mut State, id: &str, body: &str) -> Result<Found, Complaint> {
    let Some(Node::ReviewComment(number)) = by_id(state, id) else {
        return Err(no_node(id));
    };
    if !state.token.may("pull_requests", Access::Write) {
        return Err(Complaint::forbidden());
    }
    if body.trim().is_empty() || body.chars().count() > 65_536 {
        return Err(Complaint {
            kind: Some("UNPROCESSABLE"),
            message: "Body is too long (maximum is 65536 characters)".to_owned(),
        });
    }
    let mut all = state.review_comments.iter_mut();
    let comment = all.find(|comment| comment.id == number);
    let comment = comment.ok_or_else(|| no_node(id))?;
    body.clone_into(&mut comment.body);
    comment.edits += 1;
    Ok(Found::Node(Node::Payload(
        "UpdatePullRequestReviewCommentPayload",
        "pullRequestReviewComment",
        Box::new(Node::ReviewComment(number)),
    )))
}

fn checked(
    state: &mut State,
    name: &str,
    known: &[&str],
    arguments: &Map<String, Value>,
) -> Result<Found, Complaint> {
    let Some(Value::Object(input)) = arguments.get("input") else {
        let message = format!("Field '{name}' is missing required arguments: input");
        return Err(Complaint::wrong(message));
    };
    if let Some((other, _)) = input.iter().find(|(key, _)| !known.contains(&key.as_str())) {
        let message = format!("InputObject '{name}' doesn't accept argument '{other}'");
        return Err(Complaint::wrong(message));
    }
    let text = |key: &str| input.get(key).and_then(Value::as_str).unwrap_or_default();
    if name == "updatePullRequestReviewComment" {
        return edit(state, text("pullRequestReviewCommentId"), text("body"));
    }
    if name.ends_with("imizeComment") {
        let id = text("subjectId");
        let reason = if name == "minimizeComment" {
            let classifier = text("classifier");
            if !CLASSIFIERS.contains(&classifier) {
                let message = format!(
                    "Argument 'classifier' has an invalid value ({classifier}). Expected type 'ReportedContentClassifiers!'."
                );
                return Err(Complaint::wrong(message));
            }
            Some(classifier.to_owned())
        } else {
            None
        };
        let found = by_id(state, id).ok_or_else(|| no_node(id))?;
        if !state.token.may("pull_requests", Access::Write) {
            return Err(Complaint::forbidden());
        }
        let place = match found {
            Node::ReviewComment(id) => {
                let mut all = state.review_comments.iter_mut();
                all.find(|comment| comment.id == id)
                    .map(|it| &mut it.minimized)
            }
            Node::IssueComment(id) => {
                let mut all = state.issue_comments.iter_mut();
                all.find(|comment| comment.id == id)
                    .map(|it| &mut it.minimized)
            }
            _ => None,
        };
        *place.ok_or_else(|| no_node(id))? = reason;
        let (kind, field) = if name == "minimizeComment" {
            ("MinimizeCommentPayload", "minimizedComment")
        } else {
            ("UnminimizeCommentPayload", "unminimizedComment")
        };
        return Ok(Found::Node(Node::Payload(kind, field, Box::new(found))));
    }
    let id = text("threadId");
    let Some(Node::Thread(at)) = by_id(state, id) else {
        return Err(no_node(id));
    };
    // Threads are resolved by whoever may push, or opened the pull request.
    let both = ["contents", "pull_requests"];
    if !both.iter().all(|name| state.token.may(name, Access::Write)) {
        return Err(Complaint::forbidden());
    }
    let is_resolving = name == "resolveReviewThread";
    let login = state.token.login.clone();
    state.threads[at].resolved_by = is_resolving.then_some(login);
    let kind = if is_resolving {
        "ResolveReviewThreadPayload"
    } else {
        "UnresolveReviewThreadPayload"
    };
    Ok(Found::Node(Node::Payload(
        kind,
        "thread",
        Box::new(Node::Thread(at)),
    )))
}
