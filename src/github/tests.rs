//! What the client does with GitHub's answers, against a server on this machine.

use std::time::Duration;

use serde_json::json;
use wiremock::matchers::{body_partial_json, header, method, path, query_param};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::*;
use crate::http::Proxies;

const SHA: &str = "2222222222222222222222222222222222222222";

/// A GitHub Enterprise Server: its API has a path, and GraphQL another.
async fn server() -> (MockServer, Client) {
    let server = MockServer::start().await;
    let client = client(
        &server,
        Patience {
            pace: Duration::from_millis(1),
            budget: Duration::from_secs(5),
        },
    );
    (server, client)
}

fn client(server: &MockServer, patience: Patience) -> Client {
    let connection = Connection {
        api_url: format!("{}/api/v3", server.uri()),
        graphql_url: format!("{}/api/graphql", server.uri()),
        server_url: server.uri(),
        repository: "shop/deploy".to_owned(),
        token: Token::new("ghs_secret"),
    };
    Client::patient(connection, patience, Proxies::None).unwrap()
}

fn json_body(request: &Request) -> serde_json::Value {
    serde_json::from_slice(&request.body).unwrap()
}

fn pull_body() -> serde_json::Value {
    json!({"number": 7, "state": "open", "draft": true, "changed_files": 2,
        "head": {"sha": SHA, "repo": null}, "base": {"sha": "1".repeat(40), "repo": {"full_name": "shop/deploy"}}})
}

#[tokio::test]
async fn the_path_of_a_server_of_ones_own_and_the_token_go_with_every_question() {
    let (server, client) = server().await;
    Mock::given(method("GET"))
        .and(path("/api/v3/repos/shop/deploy/pulls/7"))
        .and(header("authorization", "Bearer ghs_secret"))
        .and(header("accept", "application/vnd.github+json"))
        .and(header("x-github-api-version", "2022-11-28"))
        .respond_with(ResponseTemplate::new(200).set_body_json(pull_body()))
        .expect(1)
        .mount(&server)
        .await;
    let pull = client.pull(7).await.unwrap();
    assert_eq!((pull.head_sha.as_str(), pull.is_draft), (SHA, true));
    assert_eq!((pull.head_repository, pull.changed_files), (None, Some(2)));
    Mock::given(method("POST"))
        .and(path("/api/graphql"))
        .and(header("authorization", "Bearer ghs_secret"))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_json(json!({"data": {"viewer": {"login": "github-actions[bot]"}}})),
        )
        .mount(&server)
        .await;
    assert_eq!(client.viewer().await.unwrap(), "github-actions[bot]");
}

#[tokio::test]
async fn a_question_is_asked_again_and_an_order_is_not() {
    let (server, client) = server().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(502))
        .up_to_n_times(2)
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(pull_body()))
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(502))
        .expect(2)
        .mount(&server)
        .await;
    assert!(client.pull(7).await.is_ok());
    let failure = client.create_comment(7, "body").await.unwrap_err();
    assert!(matches!(failure, Failure::Unavailable { .. }), "{failure}");
    let failure = client.change(&[Change::Minimize { comment: "IC_1" }]).await;
    assert!(matches!(failure, Err(Failure::Unavailable { .. })));
}

#[tokio::test]
async fn a_limit_is_waited_for_where_the_budget_allows_it() {
    let (server, client) = server().await;
    let limited = |seconds: &str| {
        ResponseTemplate::new(429)
            .insert_header("retry-after", seconds)
            .set_body_json(json!({"message": "You have exceeded a secondary rate limit"}))
    };
    Mock::given(method("GET"))
        .respond_with(limited("0"))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path("/api/v3/repos/shop/deploy/pulls/7"))
        .respond_with(ResponseTemplate::new(200).set_body_json(pull_body()))
        .mount(&server)
        .await;
    assert!(client.pull(7).await.is_ok());
    Mock::given(method("GET"))
        .and(path("/api/v3/repos/shop/deploy/pulls/8"))
        .respond_with(limited("3600"))
        .expect(1)
        .mount(&server)
        .await;
    assert_eq!(
        client.pull(8).await,
        Err(Failure::Limited {
            wait: Some(Duration::from_hours(1)),
            secondary: true
        })
    );
}

#[tokio::test]
async fn pages_are_turned_on_the_api_and_nowhere_else() {
    let (server, client) = server().await;
    let files = "/api/v3/repos/shop/deploy/pulls/7/files";
    let file = |name: &str| json!([{"filename": name, "status": "modified", "changes": 1}]);
    let next = |link: &str| format!("<{link}>; rel=\"next\"");
    Mock::given(path(files))
        .and(query_param("page", "2"))
        .respond_with(ResponseTemplate::new(200).set_body_json(file("b")))
        .mount(&server)
        .await;
    Mock::given(path(files))
        .and(query_param("per_page", "100"))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_json(file("a"))
                .insert_header("link", next(&format!("{}{files}?page=2", server.uri()))),
        )
        .mount(&server)
        .await;
    let found = client.files(7).await.unwrap();
    let paths: Vec<&str> = found.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["a", "b"]);

    let elsewhere = MockServer::start().await;
    for link in [
        format!("{}/api/v3/repos/shop/deploy/pulls/8/files", elsewhere.uri()),
        format!("{}.example/api/v3/x", server.uri()),
        format!("{}/login", server.uri()),
    ] {
        Mock::given(path("/api/v3/repos/shop/deploy/pulls/8/files"))
            .respond_with(
                ResponseTemplate::new(200)
                    .set_body_json(json!([]))
                    .insert_header("link", next(&link)),
            )
            .up_to_n_times(1)
            .mount(&server)
            .await;
        let failure = client.files(8).await.unwrap_err();
        assert!(matches!(failure, Failure::Malformed { .. }), "{link}");
    }
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_listing_without_an_end_is_an_error() {
    let (server, client) = server().await;
    let comments = "/api/v3/repos/shop/deploy/issues/7/comments";
    Mock::given(path(comments))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_json(json!([]))
                .insert_header(
                    "link",
                    format!("<{}{comments}?page=9>; rel=\"next\"", server.uri()),
                ),
        )
        .mount(&server)
        .await;
    assert_eq!(client.comments(7).await, Err(Failure::TooLarge));
    assert_eq!(server.received_requests().await.unwrap().len(), 100);
}

#[tokio::test]
async fn a_review_is_one_call_and_has_no_fields_that_say_nothing() {
    let (server, client) = server().await;
    Mock::given(method("POST"))
        .and(path("/api/v3/repos/shop/deploy/pulls/7/reviews"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"id": 80})))
        .mount(&server)
        .await;
    let comment = NewComment {
        path: "a.yaml".to_owned(),
        body: "text".to_owned(),
        line: 3,
        side: "RIGHT".to_owned(),
        start_line: None,
        start_side: None,
    };
    let review = NewReview {
        commit_id: SHA.to_owned(),
        body: "summary".to_owned(),
        comments: vec![comment],
    };
    assert_eq!(client.create_review(7, &review).await, Ok(80));
    let requests = server.received_requests().await.unwrap();
    assert_eq!(
        json_body(&requests[0]),
        json!({"commit_id": SHA, "body": "summary", "event": "COMMENT",
            "comments": [{"path": "a.yaml", "body": "text", "line": 3, "side": "RIGHT"}]})
    );
}

#[tokio::test]
async fn comments_are_listed_written_edited_and_deleted() {
    let (server, client) = server().await;
    let repository = "/api/v3/repos/shop/deploy";
    Mock::given(method("GET"))
        .and(path(format!("{repository}/issues/7/comments")))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!([
            {"id": 1, "node_id": "IC_1", "user": {"login": "ci[bot]", "type": "Bot"}, "body": "x"},
            {"id": 2, "node_id": "IC_2", "user": null},
        ])))
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path(format!("{repository}/pulls/7/comments")))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!([
            {"id": 3, "node_id": "PRRC_3", "user": {"login": "ann", "type": "User"}, "body": "y", "path": "a.yaml",
             "line": null, "side": "RIGHT", "original_line": 4, "commit_id": SHA, "in_reply_to_id": 1},
        ])))
        .mount(&server)
        .await;
    Mock::given(method("PATCH"))
        .and(path(format!("{repository}/issues/comments/1")))
        .and(body_partial_json(json!({"body": "new"})))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({})))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("DELETE"))
        .and(path(format!("{repository}/issues/comments/2")))
        .respond_with(ResponseTemplate::new(204))
        .expect(1)
        .mount(&server)
        .await;
    let comments = client.comments(7).await.unwrap();
    assert_eq!(comments[0].author, "ci[bot]");
    assert!(comments[0].author_is_bot && !comments[1].author_is_bot);
    let comments = client.review_comments(7).await.unwrap();
    assert_eq!(
        (
            comments[0].line,
            comments[0].original_line,
            comments[0].in_reply_to
        ),
        (None, Some(4), Some(1))
    );
    assert!(client.edit_comment(1, "new").await.is_ok());
    assert!(client.delete_comment(2).await.is_ok());
}

#[tokio::test]
async fn graphql_says_no_with_status_200() {
    let (server, client) = server().await;
    let says = |kind: &str, message: &str| {
        ResponseTemplate::new(200).set_body_json(
            json!({"data": {"resolveReviewThread": null}, "errors": [{"type": kind, "message": message}]}),
        )
    };
    for (kind, message, is) in [
        ("FORBIDDEN", "Resource not accessible by integration", 0),
        ("NOT_FOUND", "Could not resolve to a node", 1),
        ("UNPROCESSABLE", "no", 2),
    ] {
        Mock::given(method("POST"))
            .respond_with(says(kind, message))
            .up_to_n_times(1)
            .mount(&server)
            .await;
        let change = Change::Resolve { thread: "PRRT_1" };
        let failure = client.change(&[change]).await.unwrap_err();
        let is_it = match is {
            0 => matches!(failure, Failure::Denied { .. }),
            1 => failure == Failure::NotFound,
            _ => matches!(failure, Failure::Rejected { .. }),
        };
        assert!(is_it, "{failure:?}");
    }
}

#[tokio::test]
async fn a_part_that_fails_leaves_the_others() {
    let (server, client) = server().await;
    let error =
        |kind: &str, part: &str| json!({"type": kind, "message": "no", "path": [part, "x"]});
    let body = json!({"data": {"c0": {}, "c1": null, "c2": null, "c3": {}},
        "errors": [error("NOT_FOUND", "c1"), error("FORBIDDEN", "c2")]});
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .expect(1)
        .mount(&server)
        .await;
    let changes = ["a", "b", "c", "d"].map(|comment| Change::Minimize { comment });
    let denied = Failure::Denied {
        message: "no".to_owned(),
    };
    assert_eq!(
        client.change(&changes).await.unwrap(),
        [Ok(()), Err(Failure::NotFound), Err(denied), Ok(())]
    );
}

#[tokio::test]
async fn what_is_written_is_led_to_the_same_api_alone_and_once() {
    let (server, client) = server().await;
    let comments = "/api/v3/repos/shop/deploy/issues/7/comments";
    let led = |place: String| ResponseTemplate::new(307).insert_header("location", place);
    let new = format!("{}/api/v3/repositories/1/issues/7/comments", server.uri());
    for place in [
        "https://other.example/api/v3/x".to_owned(),
        format!("{}/elsewhere", server.uri()),
        format!("{}{comments}", server.uri()),
        new,
    ] {
        Mock::given(method("POST"))
            .and(path(comments))
            .respond_with(led(place.clone()))
            .up_to_n_times(if place.ends_with(comments) { 2 } else { 1 })
            .mount(&server)
            .await;
    }
    Mock::given(method("POST"))
        .and(path("/api/v3/repositories/1/issues/7/comments"))
        .and(header("authorization", "Bearer ghs_secret"))
        .and(body_partial_json(json!({"body": "words"})))
        .respond_with(ResponseTemplate::new(201).set_body_json(json!({"id": 9})))
        .expect(1)
        .mount(&server)
        .await;
    for _ in 0..3 {
        let failure = client.create_comment(7, "words").await.unwrap_err();
        assert!(matches!(failure, Failure::Rejected { .. }), "{failure}");
    }
    assert_eq!(client.create_comment(7, "words").await, Ok(9));
    assert_eq!(
        server.received_requests().await.map(|all| all.len()),
        Some(6)
    );
}

#[tokio::test]
async fn threads_come_in_pages_too() {
    let (server, client) = server().await;
    let page = |id: &str, next: Option<&str>| {
        json!({"data": {"repository": {"pullRequest": {"reviewThreads": {
            "pageInfo": {"hasNextPage": next.is_some(), "endCursor": next},
            "nodes": [{"id": id, "isResolved": true, "isOutdated": false, "comments": {"totalCount": 1, "nodes": [
                {"databaseId": 9, "id": "PRRC_9", "author": {"login": "ci", "__typename": "Bot"}, "body": "b",
                 "isMinimized": false}]}}]}}}}})
    };
    Mock::given(body_partial_json(json!({"variables": {"after": "CURSOR"}})))
        .respond_with(ResponseTemplate::new(200).set_body_json(page("PRRT_2", None)))
        .mount(&server)
        .await;
    Mock::given(body_partial_json(
        json!({"variables": {"number": 7, "owner": "shop", "name": "deploy"}}),
    ))
    .respond_with(ResponseTemplate::new(200).set_body_json(page("PRRT_1", Some("CURSOR"))))
    .mount(&server)
    .await;
    let threads = client.threads(7).await.unwrap();
    let ids: Vec<&str> = threads.iter().map(|thread| thread.id.as_str()).collect();
    assert_eq!(ids, ["PRRT_1", "PRRT_2"]);
    assert!(threads[0].is_resolved && threads[0].comments[0].author_is_bot);
}

#[tokio::test]
async fn contents_are_proven_and_fall_back_to_one_at_a_time() {
    let (server, client) = server().await;
    let hello = "ce013625030ba8dba906f756967f9e9ca394464a";
    let latin = "a50ad0bb1d4f77b4be6d59cbf5c24fd8a1dce2f2";
    let folder = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    let bytes: &[u8] = b"caf\xe9\n";
    let latin_id = gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::objs::Kind::Blob, bytes)
        .unwrap()
        .to_string();
    assert_ne!(latin_id, latin);
    Mock::given(method("POST"))
        .respond_with(
            ResponseTemplate::new(200).set_body_json(json!({"data": {"repository": {
                "b0": {"oid": hello, "text": "hello\n", "isTruncated": false},
                "b1": {"oid": latin_id, "text": "caf\u{fffd}\n", "isTruncated": false},
                "b2": {},
                "b3": null,
            }}})),
        )
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(path(format!(
        "/api/v3/repos/shop/deploy/git/blobs/{latin_id}"
    )))
    .respond_with(
        ResponseTemplate::new(200)
            .set_body_json(json!({"content": "Y2Fm\n6Qo=\n", "encoding": "base64"})),
    )
    .expect(1)
    .mount(&server)
    .await;
    let ids = [hello, &latin_id, folder, latin].map(str::to_owned);
    let found = client.blobs(&ids).await.unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[hello], b"hello\n");
    assert_eq!(found[&latin_id], bytes);
}

#[tokio::test]
async fn a_content_that_is_another_one_is_refused() {
    let (server, client) = server().await;
    let id = "ce013625030ba8dba906f756967f9e9ca394464a";
    Mock::given(method("POST"))
        .respond_with(
            ResponseTemplate::new(200).set_body_json(json!({"data": {"repository": {
            "b0": {"oid": id, "text": "forged\n", "isTruncated": false}}}})),
        )
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_json(json!({"content": "Zm9yZ2VkCg==", "encoding": "base64"})),
        )
        .mount(&server)
        .await;
    let failure = client.blobs(&[id.to_owned()]).await.unwrap_err();
    assert!(matches!(failure, Failure::Malformed { .. }), "{failure:?}");
}

#[tokio::test]
async fn an_archive_is_fetched_elsewhere_without_the_token() {
    let (server, client) = server().await;
    let elsewhere = MockServer::start().await;
    Mock::given(path(format!("/api/v3/repos/shop/deploy/tarball/{SHA}")))
        .and(header("authorization", "Bearer ghs_secret"))
        .respond_with(ResponseTemplate::new(302).insert_header(
            "location",
            format!("{}/legacy.tar.gz?token=p", elsewhere.uri()),
        ))
        .mount(&server)
        .await;
    Mock::given(path("/legacy.tar.gz"))
        .respond_with(ResponseTemplate::new(200).set_body_bytes(vec![7; 1000]))
        .mount(&elsewhere)
        .await;
    let mut bytes: Vec<u8> = Vec::new();
    client.tarball(SHA, &mut bytes, 1000).await.unwrap();
    assert_eq!(bytes, vec![7; 1000]);
    let requests = elsewhere.received_requests().await.unwrap();
    assert!(!requests[0].headers.contains_key("authorization"));
    let mut bytes: Vec<u8> = Vec::new();
    let failure = client.tarball(SHA, &mut bytes, 999).await;
    assert_eq!(failure, Err(Failure::TooLarge));
}

#[tokio::test]
async fn an_analysis_is_handed_over_and_asked_about() {
    let (server, client) = server().await;
    Mock::given(method("POST"))
        .and(path("/api/v3/repos/shop/deploy/code-scanning/sarifs"))
        .and(body_partial_json(
            json!({"ref": "refs/heads/main", "sarif": "H4sI"}),
        ))
        .respond_with(ResponseTemplate::new(202).set_body_json(json!({"id": "47177e22-5596"})))
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path(
            "/api/v3/repos/shop/deploy/code-scanning/sarifs/47177e22-5596",
        ))
        .respond_with(ResponseTemplate::new(200).set_body_json(
            json!({"processing_status": "complete", "errors": null, "analyses_url": "u"}),
        ))
        .mount(&server)
        .await;
    let upload = Upload {
        commit_sha: SHA.to_owned(),
        reference: "refs/heads/main".to_owned(),
        sarif_gzip_base64: "H4sI".to_owned(),
        checkout_uri: None,
        started_at: None,
        tool_name: Some("tidegate".to_owned()),
    };
    let id = client.upload(&upload).await.unwrap();
    let status = client.status(&id).await.unwrap();
    assert_eq!((status.state, status.errors.len()), (State::Complete, 0));
    assert!(client.status("../x").await.is_err());
}

#[tokio::test]
async fn no_text_of_a_failure_holds_the_token_or_an_address() {
    let connection = Connection {
        api_url: "http://127.0.0.1:1/api/v3".to_owned(),
        token: Token::new("ghs_secret"),
        ..Connection::public("shop/deploy")
    };
    let client = Client::patient(connection, Patience::default(), Proxies::None).unwrap();
    let failure = client.create_comment(7, "x").await.unwrap_err();
    let text = format!("{failure} {failure:?} {client:?}");
    assert!(!text.contains("ghs_secret"), "{text}");
    assert!(matches!(failure, Failure::Unavailable { .. }), "{text}");
    assert!(!failure.to_string().contains("127.0.0.1:1"), "{failure}");
}
