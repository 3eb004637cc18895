//! Permissions, limits, outages, and the two kinds of addresses.

use serde_json::{Value, json};

use super::asking::{ask, get, post, send};
use super::{head_of, usual, usual_state};
use crate::loopback_github::Github;
use crate::loopback_github::state::Access;
use crate::loopback_github::trouble::{Mishap, Trouble};

#[test]
fn each_permission_opens_its_own_doors() {
    let github = usual();
    let said = github.with(|state| state.say(7, "someone", "hello"));
    let head = head_of(&github);
    let review = json!({"event": "COMMENT", "body": "x"});
    let words = json!({"body": "x"});
    let upload = json!({"commit_sha": head, "ref": "refs/pull/7/head", "sarif": ""});
    let comment = format!("/issues/comments/{said}");
    let doors: [(&str, &str, &Value, &[&str]); 5] = [
        ("POST", "/pulls/7/reviews", &review, &["pull_requests"]),
        (
            "POST",
            "/issues/7/comments",
            &words,
            &["pull_requests", "issues"],
        ),
        ("PATCH", &comment, &words, &["pull_requests", "issues"]),
        ("POST", "/pulls/7/comments", &words, &["pull_requests"]),
        (
            "POST",
            "/code-scanning/sarifs",
            &upload,
            &["security_events"],
        ),
    ];
    for (method, path, body, keys) in doors {
        for key in ["contents", "issues", "pull_requests", "security_events"] {
            github.with(|state| state.token.permissions = [(key, Access::Write)].into());
            let reply = ask(&github, method, path, body);
            assert_eq!(reply.status != 403, keys.contains(&key), "{path} {key}");
            if reply.status == 403 {
                assert_eq!(
                    reply.json()["message"],
                    "Resource not accessible by integration"
                );
                assert!(reply.headers["x-accepted-github-permissions"].contains(keys[0]));
            }
        }
    }
    github.with(|state| state.token.permissions = [("pull_requests", Access::Read)].into());
    post(&github, "/pulls/7/reviews", &review).is(403);
}

#[test]
fn what_is_public_is_read_without_any_permission() {
    let github = usual();
    github.with(|state| state.token.permissions.clear());
    for path in [
        "",
        "/pulls/7",
        "/pulls/7/files",
        "/pulls/7/comments",
        "/issues/7/comments",
    ] {
        get(&github, path).is(200);
    }
    github.with(|state| state.is_private = true);
    for path in [
        "/pulls/7",
        "/pulls/7/files",
        "/pulls/7/comments",
        "/issues/7/comments",
    ] {
        get(&github, path).is(403);
    }
    get(&github, &format!("/git/trees/{}", head_of(&github))).is(403);
}

#[test]
fn who_cannot_be_known_is_refused_and_so_is_who_has_no_agent() {
    let github = usual();
    let url = format!("{}/repos/shop/deploy/pulls/7", github.api_url());
    let agent = ("user-agent", "test");
    let value = send(
        "GET",
        &url,
        &[agent, ("authorization", "Bearer wrong")],
        b"",
    )
    .is(401);
    assert_eq!(value["message"], "Bad credentials");
    send("GET", &url, &[agent], b"").is(200);
    send("GET", &url, &[], b"").is(403);
    send("POST", &github.graphql_url(), &[agent], b"{}").is(401);
    get(&github, "/../other/pulls/7").is(404);
    get(&github, "/nothing").is(404);
}

#[test]
fn limits_say_how_long_to_wait_or_do_not() {
    let github = usual();
    github.with(|state| {
        let limits = [
            Mishap::PrimaryLimit {
                status: 403,
                reset_in: 5,
            },
            Mishap::SecondaryLimit {
                status: 429,
                retry_after: Some(1),
            },
            Mishap::SecondaryLimit {
                status: 403,
                retry_after: None,
            },
            Mishap::Unavailable(503),
        ];
        state.troubles = limits.map(|it| Trouble::once("GET", "/pulls/7", it)).into();
    });
    let reply = get(&github, "/pulls/7");
    assert_eq!(
        (
            reply.status,
            reply.headers["x-ratelimit-remaining"].as_str()
        ),
        (403, "0")
    );
    let reply = get(&github, "/pulls/7");
    assert_eq!(
        (reply.status, reply.headers["retry-after"].as_str()),
        (429, "1")
    );
    let reply = get(&github, "/pulls/7");
    assert!(!reply.headers.contains_key("retry-after"));
    assert_ne!(reply.headers["x-ratelimit-remaining"], "0");
    let message = reply.is(403)["message"].as_str().map(str::to_owned);
    assert!(message.is_some_and(|text| text.contains("secondary rate limit")));
    get(&github, "/pulls/7").is(503);
    get(&github, "/pulls/7").is(200);
}

#[test]
fn an_answer_may_be_lost_after_the_change_was_made() {
    let github = usual();
    let lost = Trouble::once("POST", "/issues/7/comments", Mishap::LostAnswer);
    github.with(|state| state.troubles.push(lost));
    post(&github, "/issues/7/comments", &json!({"body": "x"})).is(502);
    assert_eq!(github.with(|state| state.issue_comments.len()), 1);
}

#[test]
fn something_else_may_happen_meanwhile() {
    let github = usual();
    let before = head_of(&github);
    let push = Mishap::Meanwhile(Box::new(|state| {
        state.push(7, &super::start_files());
    }));
    let trouble = Trouble {
        after: 1,
        ..Trouble::once("GET", "/pulls/7", push)
    };
    github.with(|state| state.troubles.push(trouble));
    assert_eq!(
        get(&github, "/pulls/7").is(200)["head"]["sha"],
        before.as_str()
    );
    assert_ne!(
        get(&github, "/pulls/7").is(200)["head"]["sha"],
        before.as_str()
    );
}

#[test]
fn too_much_is_too_much() {
    let github = usual();
    for _ in 0..80 {
        post(&github, "/issues/7/comments", &json!({"body": "x"})).is(201);
    }
    post(&github, "/issues/7/comments", &json!({"body": "x"})).is(403);
}

#[test]
fn an_enterprise_server_has_other_addresses_and_no_limits() {
    let mut state = usual_state();
    state.is_enterprise = true;
    let github = Github::start(state);
    assert!(github.api_url().ends_with("/api/v3"));
    let reply = get(&github, "/pulls/7/files?per_page=1");
    assert!(!reply.headers.contains_key("x-ratelimit-remaining"));
    reply.is(200);
    let found = super::asking::run(&github, "{ viewer { login } }", &Value::Null);
    assert_eq!(found["data"]["viewer"]["login"], "github-actions[bot]");
    let origin = github.api_url().replace("/api/v3", "");
    let agent = ("user-agent", "test");
    for path in [
        "/repos/shop/deploy/pulls/7",
        "/api/v3/api/graphql",
        "/api/repos/shop/deploy",
    ] {
        send("GET", &format!("{origin}{path}"), &[agent], b"").is(404);
    }
    send("POST", &format!("{origin}/api/v3/graphql"), &[agent], b"{}").is(404);
}

#[test]
#[should_panic(expected = "the token is in a body")]
fn a_token_that_got_out_is_seen() {
    let github = usual();
    let token = github.with(|state| state.token.value.clone());
    post(&github, "/issues/7/comments", &json!({"body": token})).is(201);
    github.assert_token_stayed();
}
