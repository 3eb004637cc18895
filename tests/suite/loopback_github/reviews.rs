//! Reviews and the comments on lines and files.

use serde_json::{Value, json};

use super::answer::Answer;
use super::placing::{Place, REASON_OF_COMMIT, place};
use super::pulls::find;
use super::route::{Asked, need, user};
use super::state::{Access, Review, ReviewComment, State, Thread};

/// The longest body of anything, in characters.
pub(crate) const LONGEST_BODY: usize = 65_536;

const KIND: &str = "PullRequestReviewComment";

pub(crate) fn list(state: &State, number: u64, asked: &Asked<'_>) -> Result<Answer, Answer> {
    need(state, &["pull_requests"], Access::Read)?;
    find(state, number)?;
    let all = state.reviews.iter();
    let all = all
        .filter(|review| review.pull == number)
        // Nobody else sees one that was not sent.
        .filter(|review| review.state != "PENDING" || review.author == state.token.login)
        .map(review_json)
        .collect();
    Ok(Answer::page(&asked.url, asked.query, all))
}

fn review_json(review: &Review) -> Value {
    json!({
        "id": review.id,
        "node_id": format!("PRR_{}", review.id),
        "user": user(&review.author),
        "body": review.body,
        "state": review.state,
        "commit_id": review.commit,
        "html_url": format!("https://github.example/shop/deploy/pull/{}#pullrequestreview-{}", review.pull, review.id),
        "pull_request_url": format!("https://api.github.example/repos/shop/deploy/pulls/{}", review.pull),
        "author_association": "NONE",
    })
}

/// Refuses fields that the body may not have.
fn only(value: &Value, known: &[&str]) -> Result<(), Answer> {
    let fields = value.as_object().into_iter().flatten();
    for (name, _) in fields {
        if !known.contains(&name.as_str()) {
            let message = format!("Invalid request.\n\n\"{name}\" is not a permitted key.");
            return Err(Answer::refused(422, &message));
        }
    }
    Ok(())
}

fn text<'a>(value: &'a Value, name: &str) -> Result<Option<&'a str>, Answer> {
    match &value[name] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        other => {
            let message =
                format!("Invalid request.\n\nFor 'properties/{name}', {other} is not a string.");
            Err(Answer::refused(422, &message))
        }
    }
}

/// All or nothing, and no word about which comment was wrong.
pub(crate) fn create(state: &mut State, number: u64, asked: &Asked<'_>) -> Result<Answer, Answer> {
    need(state, &["pull_requests"], Access::Write)?;
    find(state, number)?;
    let body = asked.json()?;
    only(&body, &["commit_id", "body", "event", "comments"])?;
    let (review_body, comments) = (
        text(&body, "body")?.unwrap_or_default(),
        body["comments"].as_array().cloned().unwrap_or_default(),
    );
    let author = state.token.login.clone();
    let review_state = match text(&body, "event")? {
        None => "PENDING",
        Some("COMMENT") if review_body.is_empty() && comments.is_empty() => {
            return Err(Answer::unprocessable(&["Body can't be blank"]));
        }
        Some("COMMENT") => "COMMENTED",
        Some("APPROVE") => "APPROVED",
        Some("REQUEST_CHANGES") => "CHANGES_REQUESTED",
        Some(other) => {
            let message = format!(
                "Invalid request.\n\n{other} is not a member of [\"APPROVE\", \"REQUEST_CHANGES\", \"COMMENT\"]."
            );
            return Err(Answer::refused(422, &message));
        }
    };
    let mut reviews = state.reviews.iter();
    if review_state == "PENDING"
        && reviews.any(|review| review.author == author && review.state == "PENDING")
    {
        let reason = "User can only have one pending review per pull request";
        return Err(Answer::unprocessable(&[reason]));
    }
    let head = state.pulls[&number].head.clone();
    let commit = text(&body, "commit_id")?.unwrap_or(&head).to_owned();
    if !state.pulls[&number].heads.contains(&commit) {
        return Err(Answer::unprocessable(&[REASON_OF_COMMIT]));
    }
    if review_body.chars().count() > LONGEST_BODY {
        return Err(Answer::unprocessable(&[
            "Body is too long (maximum is 65536 characters)",
        ]));
    }
    let mut placed = Vec::new();
    for comment in &comments {
        let known = [
            "path",
            "position",
            "body",
            "line",
            "side",
            "start_line",
            "start_side",
        ];
        only(comment, &known)?;
        let found = place(state, number, &commit, comment)
            .map_err(|reasons| Answer::unprocessable(&reasons))?;
        let body = text(comment, "body")?.unwrap_or_default().to_owned();
        placed.push((found, body));
    }
    let id = state.next_id();
    for (place, body) in placed {
        store(state, number, Some(id), place, body);
    }
    let review = Review {
        id,
        pull: number,
        author,
        body: review_body.to_owned(),
        state: review_state,
        commit,
    };
    let answer = Answer::json(200, review_json(&review));
    state.reviews.push(review);
    Ok(answer)
}

fn store(
    state: &mut State,
    pull: u64,
    review: Option<u64>,
    place: Place,
    body: String,
) -> ReviewComment {
    let thread = state.threads.len();
    state.threads.push(Thread {
        pull,
        resolved_by: None,
    });
    let head = state.pulls[&pull].head.clone();
    let comment = ReviewComment {
        id: state.next_id(),
        pull,
        review,
        thread,
        reply_to: None,
        author: state.token.login.clone(),
        body,
        edits: 0,
        minimized: None,
        path: place.path,
        side: place.side,
        start_side: place.start.map(|(side, _)| side),
        line: place.line,
        start_line: place.start.map(|(_, line)| line),
        original_line: place.line,
        original_start_line: place.start.map(|(_, line)| line),
        is_on_file: place.line.is_none(),
        commit: head,
        original_commit: place.commit,
        hunk: place.hunk,
    };
    state.review_comments.push(comment.clone());
    comment
}

fn is_visible(state: &State, comment: &ReviewComment) -> bool {
    let mut reviews = state.reviews.iter();
    let is_pending =
        reviews.any(|review| Some(review.id) == comment.review && review.state == "PENDING");
    !is_pending || comment.author == state.token.login
}

pub(crate) fn list_comments(
    state: &State,
    number: u64,
    asked: &Asked<'_>,
) -> Result<Answer, Answer> {
    need(state, &["pull_requests"], Access::Read)?;
    find(state, number)?;
    let all = state.review_comments.iter();
    let all = all
        .filter(|comment| comment.pull == number && is_visible(state, comment))
        .map(comment_json)
        .collect();
    Ok(Answer::page(&asked.url, asked.query, all))
}

fn comment_json(comment: &ReviewComment) -> Value {
    let mut value = json!({
        "id": comment.id,
        "node_id": format!("PRRC_{}", comment.id),
        "pull_request_review_id": comment.review,
        "user": user(&comment.author),
        "body": comment.body,
        "path": comment.path,
        "commit_id": comment.commit,
        "original_commit_id": comment.original_commit,
        "diff_hunk": comment.hunk,
        "subject_type": if comment.is_on_file { "file" } else { "line" },
        "side": comment.side.name(),
        "line": comment.line,
        "original_line": comment.original_line,
        "start_line": comment.start_line,
        "original_start_line": comment.original_start_line,
        "start_side": comment.start_side.map(super::anchors::Side::name),
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "html_url": format!("https://github.example/shop/deploy/pull/{}#discussion_r{}", comment.pull, comment.id),
        "pull_request_url": format!("https://api.github.example/repos/shop/deploy/pulls/{}", comment.pull),
        "author_association": "NONE",
    });
    if let Some(to) = comment.reply_to {
        value["in_reply_to_id"] = to.into();
    }
    if let Some(fields) = value.as_object_mut() {
        // A comment on a file has no lines at all; one that is outdated has lost its own.
        fields.retain(|name, _| !(comment.is_on_file && name.ends_with("line")));
    }
    value
}

pub(crate) fn create_comment(
    state: &mut State,
    number: u64,
    asked: &Asked<'_>,
) -> Result<Answer, Answer> {
    need(state, &["pull_requests"], Access::Write)?;
    find(state, number)?;
    let body = asked.json()?;
    let known = [
        "body",
        "commit_id",
        "path",
        "position",
        "side",
        "line",
        "start_line",
        "start_side",
        "in_reply_to",
        "subject_type",
    ];
    only(&body, &known)?;
    let words = comment_body(&body)?;
    let Some(commit) = text(&body, "commit_id")? else {
        return Err(Answer::refused(
            422,
            "Invalid request.\n\n\"commit_id\" wasn't supplied.",
        ));
    };
    if !state.pulls[&number].heads.iter().any(|head| head == commit) {
        return Err(Answer::invalid(
            KIND,
            "commit_id",
            "commit_id is not part of the pull request",
        ));
    }
    let place = place(state, number, commit, &body).map_err(|reasons| {
        let reason = reasons.first().copied().unwrap_or_default();
        let (field, message) = match reason.strip_prefix("Pull request review thread ") {
            Some(rest) => {
                let field = if rest.starts_with("path") {
                    "path"
                } else if rest.starts_with("start line") {
                    "start_line"
                } else {
                    "line"
                };
                let field = format!("pull_request_review_thread.{field}");
                let (_, message) = rest.split_once(" must").unwrap_or(("", " is invalid"));
                let message = format!("{field} must{message}");
                (field, message)
            }
            None => ("body".to_owned(), reason.to_owned()),
        };
        Answer::invalid(KIND, &field, &message)
    })?;
    let comment = store(state, number, None, place, words);
    Ok(Answer::json(201, comment_json(&comment)))
}

fn comment_body(body: &Value) -> Result<String, Answer> {
    let words = text(body, "body")?.unwrap_or_default();
    if words.trim().is_empty() {
        return Err(Answer::invalid(KIND, "body", "body can't be blank"));
    }
    if words.chars().count() > LONGEST_BODY {
        let message = "body is too long (maximum is 65536 characters)";
        return Err(Answer::invalid(KIND, "body", message));
    }
    Ok(words.to_owned())
}

pub(crate) fn reply(
    state: &mut State,
    number: u64,
    to: u64,
    asked: &Asked<'_>,
) -> Result<Answer, Answer> {
    need(state, &["pull_requests"], Access::Write)?;
    find(state, number)?;
    let body = asked.json()?;
    only(&body, &["body"])?;
    let words = comment_body(&body)?;
    if !state.review_comments.iter().any(|comment| comment.id == to) {
        return Err(Answer::not_found());
    }
    let author = state.token.login.clone();
    let id = state.reply(to, &author, &words);
    let found = state
        .review_comments
        .iter()
        .find(|comment| comment.id == id);
    Ok(Answer::json(
        201,
        comment_json(found.expect("it was just stored")),
    ))
}

pub(crate) fn edit_comment(
    state: &mut State,
    id: u64,
    asked: &Asked<'_>,
) -> Result<Answer, Answer> {
    need(state, &["pull_requests"], Access::Write)?;
    let body = asked.json()?;
    only(&body, &["body"])?;
    let words = comment_body(&body)?;
    let mut comments = state.review_comments.iter_mut();
    let comment = comments
        .find(|comment| comment.id == id)
        .ok_or_else(Answer::not_found)?;
    comment.body = words;
    comment.edits += 1;
    Ok(Answer::json(200, comment_json(comment)))
}

pub(crate) fn delete_comment(state: &mut State, id: u64) -> Result<Answer, Answer> {
    need(state, &["pull_requests"], Access::Write)?;
    let before = state.review_comments.len();
    state.review_comments.retain(|comment| comment.id != id);
    if state.review_comments.len() == before {
        return Err(Answer::not_found());
    }
    Ok(Answer::nothing(204))
}
