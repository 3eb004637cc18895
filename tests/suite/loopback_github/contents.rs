//! Commits, trees, blobs, comparisons and archives.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::answer::Answer;
use super::pulls::file;
use super::route::{Asked, need};
use super::state::{Access, State};

/// A commit by its id, or by a branch or another ref.
fn resolve(state: &State, name: &str) -> Option<String> {
    if state.objects.find_commit(name).is_some() {
        return Some(name.to_owned());
    }
    if let Some(id) = state.branches.get(name) {
        return Some(id.clone());
    }
    let refs = state.refs();
    refs.get(name)
        .or_else(|| refs.get(&format!("refs/{name}")))
        .cloned()
}

pub(crate) fn compare(state: &mut State, ends: &str, asked: &Asked<'_>) -> Result<Answer, Answer> {
    need(state, &["contents"], Access::Read)?;
    let ends = percent_decoded(ends);
    let (base, head) = ends.split_once("...").ok_or_else(Answer::not_found)?;
    let found = [base, head].map(|end| resolve(state, end));
    let [Some(base), Some(head)] = found else {
        return Err(Answer::not_found());
    };
    let Some(merge_base) = state.objects.merge_base(&base, &head) else {
        let message = format!("No common ancestor between {base} and {head}.");
        return Err(Answer::refused(404, &message));
    };
    let own = |tip: &str, other: &str| {
        let known = state.objects.ancestry(other);
        let mut all = state.objects.ancestry(tip);
        all.retain(|id| !known.contains(id));
        all
    };
    let (mut ahead, behind) = (own(&head, &base), own(&base, &head));
    ahead.reverse();
    let status = match (ahead.len(), behind.len()) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    let page = asked
        .parameter("page")
        .and_then(|page| page.parse::<usize>().ok())
        .unwrap_or(1);
    let changes = state.difference(&merge_base, &head);
    // The files are on the first page only, however many pages of commits there are.
    let most = if page == 1 {
        state.figures.compared_files
    } else {
        0
    };
    let files: Vec<Value> = changes
        .iter()
        .take(most)
        .map(|change| file(state, change))
        .collect();
    let commits: Vec<Value> = ahead.iter().map(|id| commit_json(state, id)).collect();
    Ok(Answer::json(
        200,
        json!({
            "status": status,
            "ahead_by": ahead.len(),
            "behind_by": behind.len(),
            "total_commits": ahead.len(),
            "base_commit": commit_json(state, &base),
            "merge_base_commit": commit_json(state, &merge_base),
            "commits": commits,
            "files": files,
        }),
    ))
}

/// Ends may be written as they stand in an address.
fn percent_decoded(text: &str) -> String {
    let url: Result<wiremock::http::Url, _> = format!("http://localhost/?x={text}").parse();
    let decoded = url.ok().and_then(|url| {
        let mut pairs = url.query_pairs();
        pairs.next().map(|(_, value)| value.into_owned())
    });
    decoded.unwrap_or_default()
}

fn commit_json(state: &State, id: &str) -> Value {
    let commit = state.objects.find_commit(id).expect("it was found before");
    let parents: Vec<Value> = commit.parents.iter().map(|id| json!({"sha": id})).collect();
    json!({
        "sha": id,
        "node_id": format!("C_{id}"),
        "commit": {"message": commit.message, "tree": {"sha": commit.tree}},
        "parents": parents,
    })
}

pub(crate) fn commit(state: &State, name: &str) -> Result<Answer, Answer> {
    need(state, &["contents"], Access::Read)?;
    let id = resolve(state, name)
        .ok_or_else(|| Answer::refused(422, &format!("No commit found for SHA: {name}")))?;
    Ok(Answer::json(200, commit_json(state, &id)))
}

pub(crate) fn git_commit(state: &State, id: &str) -> Result<Answer, Answer> {
    need(state, &["contents"], Access::Read)?;
    let commit = state
        .objects
        .find_commit(id)
        .ok_or_else(Answer::not_found)?;
    Ok(Answer::json(
        200,
        json!({"sha": id, "message": commit.message, "tree": {"sha": commit.tree}}),
    ))
}

pub(crate) fn tree(state: &State, name: &str, asked: &Asked<'_>) -> Result<Answer, Answer> {
    need(state, &["contents"], Access::Read)?;
    let id = match resolve(state, name) {
        Some(commit) => state.objects.find_commit(&commit).map(|it| it.tree.clone()),
        None => Some(name.to_owned()),
    };
    let id = id
        .filter(|id| state.objects.find_tree(id).is_some())
        .ok_or_else(Answer::not_found)?;
    // Any value turns it on, `0` and `false` as well.
    let mut entries = if asked.parameter("recursive").is_some() {
        state.objects.walk(&id)
    } else {
        state.objects.find_tree(&id).unwrap_or_default().to_vec()
    };
    let is_truncated = entries.len() > state.figures.tree_entries;
    entries.truncate(state.figures.tree_entries);
    let rows: Vec<Value> = entries
        .iter()
        .map(|entry| {
            let kind = match entry.mode {
                "40000" => "tree",
                "160000" => "commit",
                _ => "blob",
            };
            let mut row = json!({
                "path": entry.name,
                "mode": format!("{:0>6}", entry.mode),
                "type": kind,
                "sha": entry.id,
            });
            if let Some(bytes) = state.objects.find_blob(&entry.id) {
                row["size"] = bytes.len().into();
            }
            row
        })
        .collect();
    Ok(Answer::json(
        200,
        json!({"sha": id, "tree": rows, "truncated": is_truncated, "url": asked.url}),
    ))
}

pub(crate) fn blob(state: &State, id: &str, asked: &Asked<'_>) -> Result<Answer, Answer> {
    need(state, &["contents"], Access::Read)?;
    let bytes = state.objects.find_blob(id).ok_or_else(Answer::not_found)?;
    if asked.accept.contains("raw") {
        return Ok(Answer::bytes(
            "application/vnd.github.v3.raw; charset=utf-8",
            bytes.to_vec(),
        ));
    }
    // In lines of sixty characters, each of them ended.
    let mut content = String::new();
    for (at, letter) in STANDARD.encode(bytes).chars().enumerate() {
        if at > 0 && at % 60 == 0 {
            content.push('\n');
        }
        content.push(letter);
    }
    content.push('\n');
    Ok(Answer::json(
        200,
        json!({"sha": id, "node_id": format!("B_{id}"), "size": bytes.len(), "encoding": "base64", "content": content, "url": asked.url}),
    ))
}

/// Leads to another host, with a key in the address: the token must not go there.
pub(crate) fn tarball(state: &State, name: &str) -> Result<Answer, Answer> {
    need(state, &["contents"], Access::Read)?;
    let id = resolve(state, name).ok_or_else(Answer::not_found)?;
    let place = format!(
        "{}/{}/legacy.tar.gz/{id}?token=onlyforthis",
        state.archive_origin, state.repository
    );
    Ok(Answer::nothing(302).with("location", place))
}
