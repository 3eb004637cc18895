//! The descriptions have teeth, and what the double answers has the types that GitHub's answers have.

use serde_json::{Value, json};

use super::description::{NAMES, description};
use crate::loopback_github::Github;
use crate::loopback_github::objects::files;
use crate::loopback_github::record::Recorded;
use crate::loopback_github::state::State;
use crate::loopback_github::tests::asking::ask;

fn request(method: &str, path: &str, body: &Value) -> Recorded {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    Recorded {
        method: method.to_owned(),
        host: String::new(),
        path: format!("/repos/shop/deploy{path}"),
        query: query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        authorization: None,
        accept: None,
        body: if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        },
        status: 200,
    }
}

#[test]
fn requests_that_github_does_not_describe_are_seen() {
    let sha = "a".repeat(40);
    let comment = json!({"path": "a", "body": "b", "line": 1, "side": "RIGHT"});
    let review = json!({"event": "COMMENT", "commit_id": sha, "comments": [comment]});
    let upload = json!({"commit_sha": sha, "ref": "refs/heads/main", "sarif": "x"});
    let with = |value: &Value, name: &str, other: Value| {
        let mut value = value.clone();
        value[name] = other;
        value
    };
    let good = [
        ("GET", "/pulls/7/files?per_page=100&page=2", Value::Null),
        ("POST", "/pulls/7/reviews", review.clone()),
        ("POST", "/code-scanning/sarifs", upload.clone()),
        ("GET", "/git/trees/main?recursive=1", Value::Null),
        ("DELETE", "/issues/comments/5", Value::Null),
        ("PATCH", "/pulls/comments/5", json!({"body": "x"})),
    ];
    let bad = [
        ("GET", "/pulls/seven/files", Value::Null),
        ("GET", "/pulls/7/files?size=100", Value::Null),
        ("GET", "/pulls/7/files?per_page=many", Value::Null),
        (
            "POST",
            "/pulls/7/reviews",
            with(&review, "event", json!("SHOUT")),
        ),
        (
            "POST",
            "/pulls/7/reviews",
            with(&review, "comments", json!([{"path": "a"}])),
        ),
        (
            "POST",
            "/pulls/7/reviews",
            with(
                &review,
                "comments",
                json!([with(&comment, "line", json!("1"))]),
            ),
        ),
        (
            "POST",
            "/code-scanning/sarifs",
            with(&upload, "commit_sha", json!("main")),
        ),
        (
            "POST",
            "/code-scanning/sarifs",
            with(&upload, "ref", json!("main")),
        ),
        (
            "POST",
            "/code-scanning/sarifs",
            with(&upload, "category", json!("x")),
        ),
        ("PATCH", "/pulls/comments/5", json!({})),
        ("PATCH", "/pulls/comments/5", Value::Null),
        ("DELETE", "/issues/comments/5", json!({"body": "x"})),
        ("PUT", "/pulls/7/reviews", Value::Null),
        ("GET", "/nothing", Value::Null),
    ];
    for name in NAMES {
        for (method, path, body) in &good {
            let problems = description(name).problems(&request(method, path, body));
            assert!(problems.is_empty(), "{name} {method} {path}: {problems:?}");
        }
        for (method, path, body) in &bad {
            let problems = description(name).problems(&request(method, path, body));
            assert!(!problems.is_empty(), "{name} {method} {path} {body}");
        }
    }
}

#[test]
fn the_double_answers_with_githubs_types() {
    let before = files([
        ("a.yaml", "one\ntwo\n"),
        ("gone.txt", "gone\n"),
        ("old.txt", "1\n2\n3\n"),
    ]);
    let after = files([
        ("a.yaml", "one\nthree\n"),
        ("new.txt", "x\ny\n"),
        ("name.txt", "1\n2\n3\n"),
    ]);
    let mut state = State::new(&before);
    let head = state.open_pull(7, &after).head.clone();
    let main = state.main();
    let said = state.say(7, "someone", "hello");
    let tree = state
        .objects
        .find_commit(&head)
        .expect("it is there")
        .tree
        .clone();
    let blob = state.objects.files_of(&head)["a.yaml"].id.clone();
    let github = Github::start(state);
    let comment = json!({"path": "a.yaml", "line": 2, "body": "x", "start_line": 1, "side": "RIGHT", "start_side": "RIGHT"});
    let review = json!({"event": "COMMENT", "commit_id": head, "body": "x", "comments": [comment]});
    let on_file = json!({"path": "a.yaml", "commit_id": head, "subject_type": "file", "body": "x"});
    let words = json!({"body": "y"});
    let nothing = Value::Null;
    let check = |method: &str, path: &str, body: &Value| {
        let reply = ask(&github, method, path, body);
        let (path, _) = path.split_once('?').unwrap_or((path, ""));
        let path = format!("/repos/shop/deploy{path}");
        for name in NAMES {
            let problems =
                description(name).problems_of_answer(method, &path, reply.status, &reply.json());
            assert!(
                problems.is_empty(),
                "{name} {method} {path}: {problems:?}\n{:#}",
                reply.json()
            );
        }
        reply.json()
    };
    check("GET", "", &nothing);
    check("GET", "/pulls/7", &nothing);
    assert_eq!(
        check("GET", "/pulls/7/files", &nothing)
            .as_array()
            .map(Vec::len),
        Some(4)
    );
    check("GET", &format!("/commits/{head}/pulls"), &nothing);
    check("GET", "/pulls?state=open&head=shop:feature", &nothing);
    check("GET", &format!("/commits/{head}"), &nothing);
    check("GET", &format!("/git/commits/{head}"), &nothing);
    check("GET", &format!("/git/trees/{tree}?recursive=1"), &nothing);
    check("GET", &format!("/git/blobs/{blob}"), &nothing);
    check("GET", &format!("/compare/{main}...{head}"), &nothing);
    check("GET", &format!("/tarball/{head}"), &nothing);
    check("POST", "/pulls/7/reviews", &review);
    check("POST", "/pulls/7/comments", &on_file);
    check("GET", "/pulls/7/reviews", &nothing);
    let comments = check("GET", "/pulls/7/comments", &nothing);
    let id = comments[0]["id"].as_u64().expect("an id");
    check("POST", &format!("/pulls/7/comments/{id}/replies"), &words);
    check("PATCH", &format!("/pulls/comments/{id}"), &words);
    check("GET", "/issues/7/comments", &nothing);
    check("POST", "/issues/7/comments", &words);
    check("PATCH", &format!("/issues/comments/{said}"), &words);
    check("DELETE", &format!("/issues/comments/{said}"), &nothing);
}
