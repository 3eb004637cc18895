//! Pull requests and their files.

use serde_json::{Value, json};

use super::answer::{Answer, Body};
use super::difference::FileChange;
use super::route::{Asked, need, repository, user};
use super::state::{Access, Pull, State};

pub(crate) fn find(state: &State, number: u64) -> Result<&Pull, Answer> {
    state.pulls.get(&number).ok_or_else(Answer::not_found)
}

pub(crate) fn get(state: &mut State, number: u64, asked: &Asked<'_>) -> Result<Answer, Answer> {
    need(state, &["pull_requests"], Access::Read)?;
    find(state, number)?;
    let files = state.pull_files(number);
    if asked.accept.contains("diff") {
        return diff(&files);
    }
    let mut value = pull(state, &state.pulls[&number]);
    value["changed_files"] = files.len().into();
    value["additions"] = files
        .iter()
        .map(|file| file.additions)
        .sum::<usize>()
        .into();
    value["deletions"] = files
        .iter()
        .map(|file| file.deletions)
        .sum::<usize>()
        .into();
    value["commits"] = state.pulls[&number].heads.len().into();
    Ok(Answer::json(200, value))
}

fn diff(files: &[FileChange]) -> Result<Answer, Answer> {
    let lines: usize = files
        .iter()
        .filter_map(|file| file.patch.as_ref())
        .map(|patch| patch.lines().count())
        .sum();
    if files.len() > 300 || lines > 20_000 {
        let message = "Sorry, the diff exceeded the maximum number of files (300). Consider using 'List pull requests files' API or locally cloning the repository instead.";
        let mut answer = Answer::refused(406, message);
        if let Body::Json(body) = &mut answer.body {
            body["errors"] =
                json!([{"resource": "PullRequest", "field": "diff", "code": "too_large"}]);
        }
        return Err(answer);
    }
    let mut text = String::new();
    for file in files {
        let old = file.previous_path.as_ref().unwrap_or(&file.path);
        let patch = file.patch.as_deref().unwrap_or_default();
        text.push_str(&format!(
            "diff --git a/{old} b/{0}\n--- a/{old}\n+++ b/{0}\n{patch}\n",
            file.path
        ));
    }
    Ok(Answer::bytes(
        "application/vnd.github.v3.diff; charset=utf-8",
        text.into_bytes(),
    ))
}

fn pull(state: &State, pull: &Pull) -> Value {
    let head_repository = pull.head_repository.as_ref().map(|name| {
        let mut value = repository(state);
        value["fork"] = (*name != state.repository).into();
        value["full_name"] = name.as_str().into();
        value["owner"] = user(owner(pull));
        value
    });
    json!({
        "id": pull.number + 5_000,
        "node_id": format!("PR_{}", pull.number),
        "number": pull.number,
        "state": pull.state,
        "draft": pull.is_draft,
        "locked": false,
        "title": pull.title,
        "body": null,
        "user": user(&pull.author),
        "html_url": format!("https://github.example/{}/pull/{}", state.repository, pull.number),
        "merge_commit_sha": pull.merge,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "head": {
            "label": label(pull),
            "ref": pull.head_ref,
            "sha": pull.head,
            "repo": head_repository,
            "user": user(&pull.author),
        },
        "base": {
            "label": format!("shop:{}", pull.base_ref),
            "ref": pull.base_ref,
            "sha": pull.base,
            "repo": repository(state),
            "user": user("shop"),
        },
    })
}

pub(crate) fn files(state: &mut State, number: u64, asked: &Asked<'_>) -> Result<Answer, Answer> {
    need(state, &["pull_requests"], Access::Read)?;
    find(state, number)?;
    let files = state.pull_files(number);
    let most = state.figures.listed_files;
    let all = files
        .iter()
        .take(most)
        .map(|change| file(state, change))
        .collect();
    Ok(Answer::page(&asked.url, asked.query, all))
}

pub(crate) fn file(state: &State, change: &FileChange) -> Value {
    let head = "HEAD";
    let mut value = json!({
        "sha": change.blob,
        "filename": change.path,
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": format!("https://github.example/{}/blob/{head}/x", state.repository),
        "raw_url": format!("https://github.example/{}/raw/{head}/x", state.repository),
        "contents_url": format!("https://api.github.example/repos/{}/contents/x", state.repository),
    });
    if let Some(previous) = &change.previous_path {
        value["previous_filename"] = previous.as_str().into();
    }
    if let Some(patch) = &change.patch {
        value["patch"] = patch.as_str().into();
    }
    value
}

/// Pull requests by their state and by the head, which is `owner:branch`.
pub(crate) fn list(state: &State, asked: &Asked<'_>) -> Result<Answer, Answer> {
    need(state, &["pull_requests"], Access::Read)?;
    let wanted_state = asked.parameter("state").unwrap_or("open");
    let head = asked.parameter("head");
    let all = state
        .pulls
        .values()
        .filter(|pull| wanted_state == "all" || pull.state == wanted_state)
        .filter(|pull| head.is_none_or(|head| head == label(pull)))
        .map(|found| pull(state, found))
        .collect();
    Ok(Answer::page(&asked.url, asked.query, all))
}

/// Who owns the head, and its branch.
fn label(pull: &Pull) -> String {
    format!("{}:{}", owner(pull), pull.head_ref)
}

fn owner(pull: &Pull) -> &str {
    let repository = pull.head_repository.as_deref().unwrap_or_default();
    repository.split('/').next().unwrap_or_default()
}

/// A commit that only a fork has belongs to no pull request here, whatever can be read of it.
pub(crate) fn of_commit(state: &State, sha: &str, asked: &Asked<'_>) -> Result<Answer, Answer> {
    need(state, &["pull_requests"], Access::Read)?;
    if state.objects.find_commit(sha).is_none() {
        let message = format!("No commit found for SHA: {sha}");
        return Err(Answer::refused(422, &message));
    }
    let all = state
        .pulls
        .values()
        .filter(|pull| pull.head_repository.as_ref() == Some(&state.repository))
        .filter(|pull| pull.heads.iter().any(|head| head == sha))
        .map(|found| pull(state, found))
        .collect();
    Ok(Answer::page(&asked.url, asked.query, all))
}
