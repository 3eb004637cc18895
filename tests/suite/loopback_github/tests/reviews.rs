//! Reviews: where comments may stand, all or nothing, and what becomes of them.

use serde_json::{Value, json};

use super::asking::{ask, get, post};
use super::{head_of, numbered, start_files, usual};
use crate::loopback_github::Github;

const PATH: &str = "deploy/web.yaml";

fn review(github: &Github, comments: &Value) -> super::asking::Reply {
    let body = json!({"commit_id": head_of(github), "event": "COMMENT", "body": "hello", "comments": comments});
    post(github, "/pulls/7/reviews", &body)
}

#[track_caller]
fn refused(github: &Github, comment: &Value) -> String {
    let good = json!({"path": PATH, "line": 10, "body": "x"});
    let value = review(github, &json!([good, comment])).is(422);
    assert!(github.with(|state| state.review_comments.is_empty() && state.reviews.is_empty()));
    value["errors"][0].as_str().map_or_else(
        || value["message"].as_str().unwrap_or_default().to_owned(),
        str::to_owned,
    )
}

#[test]
fn a_review_is_stored_with_its_comments() {
    let github = usual();
    let comments = json!([
        {"path": PATH, "line": 10, "side": "RIGHT", "body": "here"},
        {"path": PATH, "line": 10, "side": "LEFT", "body": "there"},
        {"path": PATH, "line": 12, "start_line": 8, "side": "RIGHT", "start_side": "RIGHT", "body": "all of it"},
    ]);
    let value = review(&github, &comments).is(200);
    assert_eq!(value["state"], "COMMENTED");
    let value = get(&github, "/pulls/7/comments").is(200);
    let told: Vec<_> = value
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| {
            (
                it["line"].as_u64(),
                it["start_line"].as_u64(),
                it["side"].as_str(),
            )
        })
        .collect();
    let wanted = [
        (Some(10), None, Some("RIGHT")),
        (Some(10), None, Some("LEFT")),
        (Some(12), Some(8), Some("RIGHT")),
    ];
    assert_eq!(told, wanted);
    assert_eq!(value[0]["user"]["login"], "github-actions[bot]");
    assert_eq!(value[0]["user"]["type"], "Bot");
    let hunk = value[0]["diff_hunk"].as_str().expect("a text");
    assert!(hunk.ends_with("-line 10\n+changed"), "{hunk}");
    assert_eq!(github.with(|state| state.threads.len()), 3);
}

#[test]
fn one_bad_comment_is_the_end_of_all() {
    let github = usual();
    let no_hunk = "Pull request review thread diff hunk can't be blank";
    let at = |line: u64| json!({"path": PATH, "line": line, "body": "x"});
    let not_here =
        format!("Pull request review thread line must be part of the diff and {no_hunk}");
    // Three lines around line 10 belong to the hunk.
    for line in [0, 1, 6, 14, 20, 99] {
        assert_eq!(refused(&github, &at(line)), not_here, "{line}");
    }
    let no_line = json!({"path": PATH, "body": "x"});
    assert_eq!(refused(&github, &no_line), not_here);
    let elsewhere = json!({"path": "README.md", "line": 1, "body": "x"});
    let told = refused(&github, &elsewhere);
    assert_eq!(
        told,
        format!("Pull request review thread path is invalid and {no_hunk}")
    );
    for start in [10, 11] {
        let comment = json!({"path": PATH, "line": 10, "start_line": start, "body": "x"});
        let told = refused(&github, &comment);
        assert_eq!(
            told,
            "Pull request review thread start line must precede the end line."
        );
    }
    let comment = json!({"path": PATH, "line": 10, "start_line": 2, "body": "x"});
    let told = refused(&github, &comment);
    assert_eq!(
        told,
        "Pull request review thread start line must be part of the same hunk as the line."
    );
    for body in ["", " \n"] {
        let comment = json!({"path": PATH, "line": 10, "body": body});
        assert_eq!(refused(&github, &comment), "Body can't be blank");
    }
    let comment = json!({"path": PATH, "line": 10, "body": "x".repeat(65_537)});
    assert!(refused(&github, &comment).contains("maximum is 65536 characters"));
    let comment = json!({"path": PATH, "line": 10, "body": "x", "subject_type": "file"});
    assert!(refused(&github, &comment).contains("not a permitted key"));
}

#[test]
fn a_review_must_name_an_event_that_exists_and_a_commit_of_the_pull_request() {
    let github = usual();
    let body = json!({"event": "SHOUT", "body": "x"});
    post(&github, "/pulls/7/reviews", &body).is(422);
    let body = json!({"event": "COMMENT"});
    post(&github, "/pulls/7/reviews", &body).is(422);
    let base = github.with(|state| state.main());
    let body = json!({"event": "COMMENT", "body": "x", "commit_id": base});
    let value = post(&github, "/pulls/7/reviews", &body).is(422);
    assert_eq!(
        value["errors"][0],
        "The commitOID is not part of the pull request"
    );
    let body = json!({"event": "COMMENT", "body": "x".repeat(65_537)});
    post(&github, "/pulls/7/reviews", &body).is(422);
    post(
        &github,
        "/pulls/8/reviews",
        &json!({"event": "COMMENT", "body": "x"}),
    )
    .is(404);
    assert!(github.with(|state| state.reviews.is_empty()));
}

#[test]
fn a_review_without_an_event_waits_unseen_and_blocks_the_next() {
    let github = usual();
    let body = json!({"body": "x", "comments": [{"path": PATH, "line": 10, "body": "x"}]});
    let value = post(&github, "/pulls/7/reviews", &body).is(200);
    assert_eq!(value["state"], "PENDING");
    let value = post(&github, "/pulls/7/reviews", &body).is(422);
    assert!(
        value["errors"][0]
            .as_str()
            .is_some_and(|text| text.contains("one pending review"))
    );
    github.with(|state| state.token.login = "someone-else[bot]".to_owned());
    for list in ["/pulls/7/reviews", "/pulls/7/comments"] {
        assert_eq!(get(&github, list).is(200), json!([]), "{list}");
    }
}

#[test]
fn a_comment_on_a_file_needs_no_line() {
    let github = usual();
    let head = head_of(&github);
    let body = json!({"path": PATH, "commit_id": head, "subject_type": "file", "body": "x"});
    let value = post(&github, "/pulls/7/comments", &body).is(201);
    assert_eq!(value["subject_type"], "file");
    assert_eq!(value["line"], Value::Null);
    for (body, field) in [
        (
            json!({"path": "other", "commit_id": head, "subject_type": "file", "body": "x"}),
            "pull_request_review_thread.path",
        ),
        (
            json!({"path": PATH, "commit_id": head, "line": 1, "body": "x"}),
            "pull_request_review_thread.line",
        ),
        (
            json!({"path": PATH, "commit_id": "0".repeat(40), "line": 10, "body": "x"}),
            "commit_id",
        ),
        (
            json!({"path": PATH, "commit_id": head, "line": 10, "body": ""}),
            "body",
        ),
    ] {
        let value = post(&github, "/pulls/7/comments", &body).is(422);
        assert_eq!(value["message"], "Validation Failed");
        assert_eq!(value["errors"][0]["field"], field);
    }
    post(
        &github,
        "/pulls/7/comments",
        &json!({"path": PATH, "line": 10, "body": "x"}),
    )
    .is(422);
}

#[test]
fn comments_follow_their_lines_and_end_with_them() {
    let github = usual();
    let comments = json!([
        {"path": PATH, "line": 10, "body": "the change"},
        {"path": PATH, "line": 12, "body": "context"},
    ]);
    review(&github, &comments).is(200);
    let lines = || {
        let value = get(&github, "/pulls/7/comments").is(200);
        [&value[0], &value[1]].map(|it| (it["line"].as_u64(), it["original_line"].as_u64()))
    };
    let mut after = start_files();
    let text = format!("new first\n{}", numbered(10, "changed"));
    after.insert(PATH.to_owned(), text.clone().into());
    github.with(|state| state.push(7, &after));
    assert_eq!(lines(), [(Some(11), Some(10)), (Some(13), Some(12))]);
    after.insert(PATH.to_owned(), text.replace("changed", "again").into());
    github.with(|state| state.push(7, &after));
    assert_eq!(lines(), [(None, Some(10)), (Some(13), Some(12))]);
}

#[test]
fn comments_are_edited_answered_and_deleted() {
    let github = usual();
    review(&github, &json!([{"path": PATH, "line": 10, "body": "one"}])).is(200);
    let id = get(&github, "/pulls/7/comments").is(200)[0]["id"]
        .as_u64()
        .expect("an id");
    ask(
        &github,
        "PATCH",
        &format!("/pulls/comments/{id}"),
        &json!({"body": "two"}),
    )
    .is(200);
    let value = post(
        &github,
        &format!("/pulls/7/comments/{id}/replies"),
        &json!({"body": "well"}),
    )
    .is(201);
    assert_eq!(value["in_reply_to_id"], id);
    let value = get(&github, "/pulls/7/comments").is(200);
    assert_eq!(
        (&value[0]["body"], &value[1]["body"]),
        (&json!("two"), &json!("well"))
    );
    ask(
        &github,
        "DELETE",
        &format!("/pulls/comments/{id}"),
        &Value::Null,
    )
    .is(204);
    ask(
        &github,
        "DELETE",
        &format!("/pulls/comments/{id}"),
        &Value::Null,
    )
    .is(404);
    ask(
        &github,
        "PATCH",
        "/pulls/comments/1",
        &json!({"body": "two"}),
    )
    .is(404);
}

#[test]
fn summaries_are_listed_oldest_first_on_pages_that_lead_to_this_machine() {
    let github = usual();
    for number in 1..=5 {
        post(
            &github,
            "/issues/7/comments",
            &json!({"body": number.to_string()}),
        )
        .is(201);
    }
    let reply = get(&github, "/issues/7/comments?per_page=2&page=2");
    let link = reply.headers["link"].clone();
    let next = format!(
        "<{}/repos/shop/deploy/issues/7/comments?per_page=2&page=3>; rel=\"next\"",
        github.api_url()
    );
    assert!(link.contains(&next), "{link}");
    let value = reply.is(200);
    assert_eq!(
        (&value[0]["body"], &value[1]["body"]),
        (&json!("3"), &json!("4"))
    );
    let reply = get(&github, "/issues/7/comments?per_page=2&page=3");
    assert!(!reply.headers["link"].contains("rel=\"next\""));
    assert_eq!(reply.is(200).as_array().map(Vec::len), Some(1));
    let value = post(
        &github,
        "/issues/7/comments",
        &json!({"body": "x".repeat(70_000)}),
    )
    .is(422);
    assert_eq!(
        value["errors"][0]["message"],
        "body is too long (maximum is 65536 characters)"
    );
}
