//! GraphQL: what is asked is answered, and what does not exist is not.

use serde_json::{Value, json};

use super::asking::{post, run};
use super::{head_of, usual};
use crate::loopback_github::Github;
use crate::loopback_github::state::Access;

const THREADS: &str = "query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) {
    reviewThreads(first: 2, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { id isResolved isOutdated comments(first: 10) { nodes { ...Shown } } }
    } } }
}
fragment Shown on PullRequestReviewComment { id databaseId body isMinimized author { __typename login } }";

fn with_comments(count: usize) -> Github {
    let github = usual();
    let comment = json!({"path": "deploy/web.yaml", "line": 10, "body": "x"});
    let body = json!({"event": "COMMENT", "commit_id": head_of(&github), "comments": vec![comment; count]});
    post(&github, "/pulls/7/reviews", &body).is(200);
    github
}

fn threads(github: &Github, after: Option<&str>) -> Value {
    let variables = json!({"owner": "shop", "name": "deploy", "number": 7, "after": after});
    let answer = run(github, THREADS, &variables);
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    answer["data"]["repository"]["pullRequest"]["reviewThreads"].clone()
}

#[test]
fn threads_come_in_pages() {
    let github = with_comments(3);
    let first = threads(&github, None);
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    assert_eq!(first["nodes"].as_array().map(Vec::len), Some(2));
    let comment = &first["nodes"][0]["comments"]["nodes"][0];
    assert_eq!(
        comment["author"],
        json!({"__typename": "Bot", "login": "github-actions"})
    );
    let next = threads(&github, first["pageInfo"]["endCursor"].as_str());
    assert_eq!(next["pageInfo"]["hasNextPage"], false);
    assert_eq!(next["nodes"].as_array().map(Vec::len), Some(1));
}

#[test]
fn comments_are_minimised_and_shown_again() {
    let github = with_comments(1);
    let shown = || threads(&github, None)["nodes"][0]["comments"]["nodes"][0].clone();
    let id = shown()["id"].clone();
    let minimize = "mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: RESOLVED}) { minimizedComment { isMinimized minimizedReason } } }";
    let answer = run(&github, minimize, &json!({"id": id}));
    let wanted = json!({"isMinimized": true, "minimizedReason": "resolved"});
    assert_eq!(
        answer["data"]["minimizeComment"]["minimizedComment"],
        wanted
    );
    assert_eq!(shown()["isMinimized"], true);
    let unminimize = "mutation($id: ID!) { unminimizeComment(input: {subjectId: $id}) { unminimizedComment { isMinimized } } }";
    run(&github, unminimize, &json!({"id": id}));
    assert_eq!(shown()["isMinimized"], false);
    github.with(|state| state.withhold(&["pull_requests"]));
    let answer = run(&github, minimize, &json!({"id": id}));
    assert_eq!(answer["data"]["minimizeComment"], Value::Null);
    assert_eq!(answer["errors"][0]["type"], "FORBIDDEN");
    assert_eq!(shown()["isMinimized"], false);
}

#[test]
fn a_thread_is_resolved_by_who_may_push() {
    let github = with_comments(1);
    let id = threads(&github, None)["nodes"][0]["id"].clone();
    let resolve = "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }";
    let answer = run(&github, resolve, &json!({"id": id}));
    assert_eq!(
        answer["errors"][0]["message"],
        "Resource not accessible by integration"
    );
    github.with(|state| state.token.permissions.insert("contents", Access::Write));
    let answer = run(&github, resolve, &json!({"id": id}));
    assert_eq!(
        answer["data"]["resolveReviewThread"]["thread"]["isResolved"],
        true
    );
    let undo = "mutation($id: ID!) { unresolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }";
    run(&github, undo, &json!({"id": id}));
    assert_eq!(threads(&github, None)["nodes"][0]["isResolved"], false);
}

#[test]
fn blobs_come_in_batches_and_tell_what_they_lack() {
    let github = usual();
    let ids = github.with(|state| {
        let mut files = super::start_files();
        files.insert("picture".to_owned(), b"\0\x01".into());
        files.insert("long".to_owned(), "x".repeat(50).into());
        let head = state.push(7, &files);
        state.figures.blob_text = 40;
        let files = state.objects.files_of(&head);
        ["README.md", "picture", "long"].map(|path| files[path].id.clone())
    });
    let mut query = "query { repository(owner: \"shop\", name: \"deploy\") {".to_owned();
    for (at, id) in ids.iter().chain([&"0".repeat(40)]).enumerate() {
        query.push_str(&format!(" b{at}: object(oid: \"{id}\") {{ ... on Blob {{ oid byteSize isBinary isTruncated text }} }}"));
    }
    query.push_str("} }");
    let answer = run(&github, &query, &Value::Null);
    let found = &answer["data"]["repository"];
    assert_eq!(found["b0"]["text"], "hello\n");
    assert_eq!(
        (&found["b1"]["isBinary"], &found["b1"]["text"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(
        (&found["b2"]["isTruncated"], &found["b2"]["byteSize"]),
        (&json!(true), &json!(50))
    );
    assert_eq!(found["b3"], Value::Null);
}

#[test]
fn what_does_not_exist_is_not_answered() {
    let github = with_comments(1);
    for query in [
        "{ viewer { shoe } }",
        "{ viewer }",
        "{ repository(owner: \"shop\", name: \"deploy\") { pullRequest(number: 7) { reviewThreads(first: 101) { nodes { id } } } } }",
        "{ repository(owner: \"shop\", name: \"deploy\") { pullRequest(number: 7) { reviewThreads { nodes { id } } } } }",
        "mutation { minimizeComment(input: {subjectId: \"PRRC_1003\", classifier: FIXED}) { clientMutationId } }",
        "mutation { minimizeComment(input: {subjectId: \"PRRC_1003\", classifier: RESOLVED, why: 1}) { clientMutationId } }",
        "query($id: ID!) { node(id: $id) { id } }",
        "{ viewer { login }",
        "",
    ] {
        let answer = run(&github, query, &Value::Null);
        assert!(
            answer["errors"][0]["message"].is_string(),
            "{query}: {answer}"
        );
        assert_eq!(answer["data"], Value::Null, "{query}");
    }
    for query in [
        "{ repository(owner: \"shop\", name: \"other\") { isPrivate } }",
        "{ node(id: \"PRRC_1\") { id } }",
        "mutation { resolveReviewThread(input: {threadId: \"PRRT_99\"}) { clientMutationId } }",
    ] {
        let answer = run(&github, query, &Value::Null);
        assert_eq!(
            answer["errors"][0]["type"], "NOT_FOUND",
            "{query}: {answer}"
        );
    }
}
