//! The comments below a pull request.

use serde_json::{Value, json};

use super::answer::Answer;
use super::pulls::find;
use super::reviews::LONGEST_BODY;
use super::route::{Asked, need, user};
use super::state::{Access, IssueComment, State};

/// Either of them will do for a pull request.
const ANY_OF: &[&str] = &["issues", "pull_requests"];

fn comment_json(comment: &IssueComment) -> Value {
    json!({
        "id": comment.id,
        "node_id": format!("IC_{}", comment.id),
        "user": user(&comment.author),
        "body": comment.body,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "html_url": format!("https://github.example/shop/deploy/pull/{}#issuecomment-{}", comment.pull, comment.id),
        "issue_url": format!("https://api.github.example/repos/shop/deploy/issues/{}", comment.pull),
        "author_association": "NONE",
    })
}

/// The oldest first.
pub(crate) fn list(state: &State, number: u64, asked: &Asked<'_>) -> Result<Answer, Answer> {
    need(state, ANY_OF, Access::Read)?;
    find(state, number)?;
    let all = state.issue_comments.iter();
    let all = all
        .filter(|comment| comment.pull == number)
        .map(comment_json)
        .collect();
    Ok(Answer::page(&asked.url, asked.query, all))
}

fn words(asked: &Asked<'_>) -> Result<String, Answer> {
    let body = asked.json()?;
    let words = body["body"].as_str().unwrap_or_default();
    if words.trim().is_empty() {
        return Err(Answer::invalid(
            "IssueComment",
            "body",
            "body can't be blank",
        ));
    }
    if words.chars().count() > LONGEST_BODY {
        let message = "body is too long (maximum is 65536 characters)";
        return Err(Answer::invalid("IssueComment", "body", message));
    }
    Ok(words.to_owned())
}

pub(crate) fn create(state: &mut State, number: u64, asked: &Asked<'_>) -> Result<Answer, Answer> {
    need(state, ANY_OF, Access::Write)?;
    find(state, number)?;
    let words = words(asked)?;
    let author = state.token.login.clone();
    let id = state.say(number, &author, &words);
    let found = state.issue_comments.iter().find(|comment| comment.id == id);
    Ok(Answer::json(
        201,
        comment_json(found.expect("it was just stored")),
    ))
}

pub(crate) fn edit(state: &mut State, id: u64, asked: &Asked<'_>) -> Result<Answer, Answer> {
    need(state, ANY_OF, Access::Write)?;
    let words = words(asked)?;
    let mut comments = state.issue_comments.iter_mut();
    let comment = comments
        .find(|comment| comment.id == id)
        .ok_or_else(Answer::not_found)?;
    comment.body = words;
    comment.edits += 1;
    Ok(Answer::json(200, comment_json(comment)))
}

pub(crate) fn delete(state: &mut State, id: u64) -> Result<Answer, Answer> {
    need(state, ANY_OF, Access::Write)?;
    let before = state.issue_comments.len();
    state.issue_comments.retain(|comment| comment.id != id);
    if state.issue_comments.len() == before {
        return Err(Answer::not_found());
    }
    Ok(Answer::nothing(204))
}
