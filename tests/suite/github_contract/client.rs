//! The client says nothing that GitHub does not describe, and understands what it is answered: each call of it, on
//! github.com and on a server of one's own.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use tidegate::github::{
    Change, Client, Connection, NewComment, NewReview, Patience, ReviewComment, Token, Upload,
};
use tidegate::http::Proxies;

use super::assert_kept;
use crate::loopback_github::Github;
use crate::loopback_github::objects::files;
use crate::loopback_github::state::{Access, State};

fn client(github: &Github) -> Client {
    let token = github.with(|state| state.token.value.clone());
    let connection = Connection {
        api_url: github.api_url(),
        graphql_url: github.graphql_url(),
        server_url: "https://github.example".to_owned(),
        repository: "shop/deploy".to_owned(),
        token: Token::new(&token),
    };
    let patience = Patience {
        pace: Duration::from_millis(1),
        ..Patience::default()
    };
    Client::patient(connection, patience, Proxies::None).expect("it can be made")
}

fn state() -> State {
    let mut state = State::new(&files([("a.yaml", "one\ntwo\n"), ("b.yaml", "b\n")]));
    let after = files([("a.yaml", "one\nthree\n"), ("b.yaml", "b\nc\n")]);
    state.open_pull(7, &after);
    state.token.permissions.insert("contents", Access::Write);
    state
}

fn packed(text: &str) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    std::io::Write::write_all(&mut encoder, text.as_bytes()).expect("memory");
    STANDARD.encode(encoder.finish().expect("memory"))
}

/// Edits, folds and resolves, several at once and one at a time.
async fn changes(client: &Client, comments: &[ReviewComment]) {
    let node = |at: usize| comments[at].node_id.as_str();
    let change = async |change: Change<'_>| {
        let results = client.change(&[change]).await.expect("changed");
        assert_eq!(results, [Ok(())]);
    };
    let edit = |at, body| Change::Edit {
        comment: node(at),
        body,
    };
    let fold = |at| Change::Minimize { comment: node(at) };
    let all = [edit(0, "again"), fold(0), edit(1, "as well"), fold(1)];
    let results = client.change(&all).await.expect("changed");
    assert_eq!(results, [const { Ok(()) }; 4]);
    change(Change::Unminimize { comment: node(0) }).await;
    let comments = client.review_comments(7).await.expect("comments");
    assert_eq!(
        (&*comments[0].body, &*comments[1].body),
        ("again", "as well")
    );
    let threads = client.threads(7).await.expect("threads");
    let folded: Vec<bool> = threads
        .iter()
        .map(|thread| thread.comments[0].is_minimized)
        .collect();
    assert_eq!(folded, [false, true, false]);
    let is_on_file: Vec<bool> = threads.iter().map(|thread| thread.is_on_file).collect();
    assert_eq!(is_on_file, [false, false, true]);
    for thread in &threads[..2] {
        change(Change::Resolve { thread: &thread.id }).await;
    }
    change(Change::Unresolve {
        thread: &threads[1].id,
    })
    .await;
    let threads = client.threads(7).await.expect("threads");
    assert_eq!(
        (threads[0].is_resolved, threads[1].is_resolved),
        (true, false)
    );
}

async fn everything(github: &Github) {
    let client = client(github);
    let (main, head) = github.with(|state| (state.main(), state.pulls[&7].head.clone()));
    assert_eq!(
        client.viewer().await.expect("a name"),
        "github-actions[bot]"
    );
    let pull = client.pull(7).await.expect("a pull request");
    assert_eq!(
        (pull.head_sha.as_str(), pull.changed_files),
        (head.as_str(), Some(2))
    );
    let listed = client.files(7).await.expect("files");
    assert!(listed.iter().all(|file| file.patch.is_some()));
    assert_eq!(client.pulls_of_commit(&head).await.expect("pulls").len(), 1);
    let from = client.pulls_from("shop", "feature").await.expect("pulls");
    assert_eq!((from.len(), from[0].head_sha.as_str()), (1, head.as_str()));
    let compared = client.compare(&main, &head).await.expect("a comparison");
    assert_eq!((compared.merge_base, compared.files.len()), (main, 2));
    let tree = client.tree(&head).await.expect("a tree");
    let ids: Vec<String> = tree.entries.iter().map(|entry| entry.id.clone()).collect();
    assert_eq!(client.blobs(&ids).await.expect("blobs").len(), 2);

    let comment = |line, start: Option<u64>, side: &str| NewComment {
        path: "a.yaml".to_owned(),
        body: "here".to_owned(),
        line,
        side: side.to_owned(),
        start_line: start,
        start_side: start.map(|_| side.to_owned()),
    };
    let review = NewReview {
        commit_id: head.clone(),
        body: "hello".to_owned(),
        comments: vec![comment(2, Some(1), "RIGHT"), comment(2, None, "LEFT")],
    };
    client.create_review(7, &review).await.expect("a review");
    client
        .create_file_comment(7, &head, "b.yaml", "on it")
        .await
        .expect("a comment");
    let comments = client.review_comments(7).await.expect("comments");
    assert_eq!(comments.len(), 3);
    changes(&client, &comments).await;

    let id = client
        .create_comment(7, "summary")
        .await
        .expect("a comment");
    client
        .edit_comment(id, "summary, again")
        .await
        .expect("an edit");
    let told = client.comments(7).await.expect("comments");
    assert_eq!((told.len(), told[0].body.as_str()), (1, "summary, again"));
    client.delete_comment(id).await.expect("gone");

    let sarif =
        r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"tidegate"}},"results":[]}]}"#;
    let upload = Upload {
        commit_sha: head,
        reference: "refs/pull/7/head".to_owned(),
        sarif_gzip_base64: packed(sarif),
        checkout_uri: None,
        started_at: Some("2026-01-01T00:00:00Z".to_owned()),
        tool_name: Some("tidegate".to_owned()),
    };
    let id = client.upload(&upload).await.expect("an upload");
    client.status(&id).await.expect("a status");
}

#[tokio::test]
async fn every_call_is_as_github_describes_it() {
    for (name, is_enterprise) in [("client", false), ("client-enterprise", true)] {
        let mut state = state();
        state.is_enterprise = is_enterprise;
        // The double has a runtime of its own to start with.
        let github = tokio::task::spawn_blocking(|| Github::start(state))
            .await
            .expect("it starts");
        everything(&github).await;
        assert_kept(&github, name);
        github.assert_token_stayed();
        let refused: Vec<_> = github
            .requests()
            .into_iter()
            .filter(|it| it.status >= 400)
            .collect();
        assert!(refused.is_empty(), "{refused:?}");
    }
}
