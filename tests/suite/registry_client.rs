//! Asking registries: a loopback one stands in for all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use tidegate::http::{Client, Kind, Limits, Proxies};
use tidegate::packages::registry::document::{Malformed, Times};
use tidegate::packages::registry::settings::{Owner, SettingsKind};
use tidegate::packages::registry::{
    Answer, Cache, RegistryAnswers, Settings, SettingsFile, Unavailable, gather,
};
use wiremock::matchers::{any, header, header_exists, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::registry_documents::now;

fn client() -> Client {
    let limits = Limits {
        retries: 2,
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_secs(1),
        ..Limits::default()
    };
    Client::new(limits, Proxies::None).unwrap()
}

fn settings(npmrc: &str) -> Settings {
    let file = SettingsFile {
        kind: SettingsKind::Npm,
        owner: Owner::Repository,
        path: ".npmrc".into(),
        text: npmrc,
    };
    let environment = BTreeMap::from([("NPM_TOKEN".to_owned(), "t0k3n".to_owned())]);
    Settings::read(&[file], &environment)
}

fn at(address: &str) -> Settings {
    settings(&format!("registry={address}\n"))
}

fn names(names: &[&str]) -> BTreeSet<Arc<str>> {
    names.iter().map(|name| Arc::from(*name)).collect()
}

async fn ask(settings: &Settings, asked: &[&str]) -> RegistryAnswers {
    gather(&client(), settings, None, &names(asked), now()).await
}

fn why(answers: &RegistryAnswers, name: &str) -> Unavailable {
    match answers.get(name) {
        Some(Answer::Unavailable(why)) => why.clone(),
        other => panic!("{name}: {other:?}"),
    }
}

fn malformed(answers: &RegistryAnswers, name: &str) -> Malformed {
    match why(answers, name) {
        Unavailable::Malformed { why, .. } => why,
        other => panic!("{name}: {other:?}"),
    }
}

fn document(name: &str) -> String {
    format!(
        r#"{{"name": "{name}", "dist-tags": {{"latest": "1.0.0"}}, "time": {{"1.0.0": "2020-01-01T00:00:00Z"}},
        "versions": {{"1.0.0": {{"license": "MIT"}}}}}}"#
    )
}

fn json(body: impl Into<Vec<u8>>) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body, "application/json")
}

#[tokio::test]
async fn a_document_is_known_a_name_without_one_is_absent() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/@acme%2fa"))
        .respond_with(json(document("@acme/a")))
        .expect(1)
        .mount(&server)
        .await;
    let answers = ask(&at(&server.uri()), &["@acme/a", "nobody", "../etc"]).await;
    let known = answers.document("@acme/a").unwrap();
    assert_eq!(&*known.tag("latest").unwrap().text, "1.0.0");
    assert!(matches!(answers.get("nobody"), Some(Answer::Absent)));
    assert_eq!(why(&answers, "../etc"), Unavailable::Name);
    assert!(answers.get("unasked").is_none());
    assert_eq!(answers.unavailable().count(), 1);
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path().join("registry"));
    let server = MockServer::start().await;
    Mock::given(header("if-none-match", "\"one\""))
        .respond_with(ResponseTemplate::new(304))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(json(document("a")).insert_header("etag", "\"one\""))
        .expect(2)
        .with_priority(9)
        .mount(&server)
        .await;
    let (settings, client) = (at(&server.uri()), client());
    let ask = || gather(&client, &settings, Some(&cache), &BTREE, now());
    let first = ask().await.document("a").cloned().unwrap();
    let second = ask().await.document("a").cloned().unwrap();
    assert_eq!(first, second);
    // A cache that cannot be read is none: the whole document is asked for again.
    for entry in std::fs::read_dir(folder.path().join("registry")).unwrap() {
        std::fs::write(entry.unwrap().path(), "{").unwrap();
    }
    assert_eq!(ask().await.document("a"), Some(&first));
}

static BTREE: std::sync::LazyLock<BTreeSet<Arc<str>>> = std::sync::LazyLock::new(|| names(&["a"]));

#[tokio::test]
async fn a_registry_that_is_busy_is_asked_again() {
    let server = MockServer::start().await;
    for (name, status) in [("busy", 429), ("broken", 503)] {
        Mock::given(path(format!("/{name}")))
            .respond_with(ResponseTemplate::new(status).insert_header("retry-after", "0"))
            .up_to_n_times(2)
            .mount(&server)
            .await;
        Mock::given(path(format!("/{name}")))
            .respond_with(json(document(name)))
            .with_priority(9)
            .mount(&server)
            .await;
    }
    Mock::given(path("/down"))
        .respond_with(ResponseTemplate::new(502))
        .expect(3)
        .mount(&server)
        .await;
    Mock::given(path("/later"))
        .respond_with(ResponseTemplate::new(429).insert_header("retry-after", "3600"))
        .expect(1)
        .mount(&server)
        .await;
    let asked = ["busy", "broken", "down", "later"];
    let answers = ask(&at(&server.uri()), &asked).await;
    assert!(answers.document("busy").is_some());
    assert!(answers.document("broken").is_some());
    for (name, expected) in [("down", 502), ("later", 429)] {
        let Unavailable::Failed(failure) = why(&answers, name) else {
            panic!("{name} is no failure");
        };
        let told = matches!(failure.kind, Kind::Status { status, .. } if status == expected);
        assert!(told, "{failure}");
    }
}

#[tokio::test]
async fn a_registry_that_refuses_says_why() {
    let server = MockServer::start().await;
    for (name, status) in [("no", 401), ("never", 403)] {
        Mock::given(path(format!("/{name}")))
            .respond_with(ResponseTemplate::new(status))
            .expect(1)
            .mount(&server)
            .await;
    }
    let answers = ask(&at(&server.uri()), &["no", "never"]).await;
    for (name, expected) in [("no", 401), ("never", 403)] {
        let told = matches!(why(&answers, name), Unavailable::Refused { status, .. } if status == expected);
        assert!(told, "{name}");
    }
}

#[tokio::test]
async fn what_is_no_document_is_none() {
    let server = MockServer::start().await;
    let page = ResponseTemplate::new(200).set_body_raw("<!doctype html><p>Sign in", "text/html");
    for (name, answer) in [
        ("page", page),
        ("cut", json(r#"{"versions": {"1.0.0": {"#)),
        ("error", json(r#"{"error": "try again"}"#)),
        ("huge", json("x".repeat(1 << 20))),
        ("undated", json(r#"{"versions": {"1.0.0": {}}}"#)),
    ] {
        Mock::given(path(format!("/{name}")))
            .respond_with(answer)
            .mount(&server)
            .await;
    }
    let asked = ["page", "cut", "error", "huge", "undated"];
    let answers = ask(&at(&server.uri()), &asked).await;
    for (name, expected) in [
        ("page", Malformed::Foreign),
        ("cut", Malformed::Truncated),
        ("error", Malformed::Foreign),
        ("huge", Malformed::Foreign),
    ] {
        assert_eq!(malformed(&answers, name), expected, "{name}");
    }
    assert_eq!(answers.document("undated").unwrap().times, Times::Missing);
}

#[tokio::test]
async fn a_registry_that_does_not_answer_in_time_is_unavailable() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(json(document("a")).set_delay(Duration::from_mins(10)))
        .mount(&server)
        .await;
    let limits = Limits {
        attempt: Duration::from_millis(20),
        retries: 0,
        ..Limits::default()
    };
    let client = Client::new(limits, Proxies::None).unwrap();
    let answers = gather(&client, &at(&server.uri()), None, &names(&["a"]), now()).await;
    let Unavailable::Failed(failure) = why(&answers, "a") else {
        panic!("no failure");
    };
    assert_eq!(failure.kind, Kind::Timeout);
}

/// A server that sends the same bytes to everybody and hangs up.
fn blunt(answer: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}

#[tokio::test]
async fn bodies_that_break_off_or_never_end_are_given_up() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length:";
    let cut = blunt(format!("{head} 9999\r\n\r\n{}", document("a")));
    let answers = ask(&at(&cut), &["a"]).await;
    let Unavailable::Failed(failure) = why(&answers, "a") else {
        panic!("a body that broke off is a failure");
    };
    assert!(matches!(failure.kind, Kind::Broken(_)), "{failure}");
    let endless = blunt(format!("{head} 99999999999\r\n\r\n{{"));
    let answers = ask(&at(&endless), &["a"]).await;
    assert_eq!(malformed(&answers, "a"), Malformed::Oversized);
}

#[tokio::test]
async fn a_token_goes_to_its_registry_and_nowhere_else() {
    let (own, public, thief) = tokio::join!(
        MockServer::start(),
        MockServer::start(),
        MockServer::start()
    );
    let npmrc = format!(
        "registry={}\n@acme:registry={}/team\n//{}/team/:_authToken=${{NPM_TOKEN}}\n",
        public.uri(),
        own.uri(),
        own.address()
    );
    Mock::given(path("/team/@acme%2fa"))
        .and(header("authorization", "Bearer t0k3n"))
        .respond_with(json(document("@acme/a")))
        .expect(1)
        .mount(&own)
        .await;
    let elsewhere =
        ResponseTemplate::new(302).insert_header("location", format!("{}/x", thief.uri()));
    Mock::given(path("/team/@acme%2fmoved"))
        .respond_with(elsewhere)
        .expect(1)
        .mount(&own)
        .await;
    Mock::given(header_exists("authorization"))
        .respond_with(ResponseTemplate::new(500))
        .expect(0)
        .mount(&public)
        .await;
    Mock::given(path("/lodash"))
        .respond_with(json(document("lodash")))
        .expect(1)
        .with_priority(9)
        .mount(&public)
        .await;
    let asked = ["@acme/a", "@acme/moved", "lodash"];
    let answers = ask(&settings(&npmrc), &asked).await;
    assert!(answers.document("@acme/a").is_some());
    assert!(answers.document("lodash").is_some());
    let Unavailable::Failed(failure) = why(&answers, "@acme/moved") else {
        panic!("a redirect to another host is a failure");
    };
    let port = thief.address().port();
    assert_eq!(failure.kind, Kind::Redirect(format!("127.0.0.1:{port}")));
    assert!(!failure.to_string().contains("t0k3n"));
    assert_eq!(thief.received_requests().await.unwrap().len(), 0);
    let asked_in_public = public.received_requests().await.unwrap();
    assert_eq!(
        asked_in_public.len(),
        1,
        "the private scope is nobody else's business"
    );
}

#[tokio::test]
async fn three_hundred_packages_are_asked_for_at_once() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(|request: &Request| {
            let name = request.url.path().trim_start_matches('/').to_owned();
            let filler = "lorem ipsum ".repeat(2000);
            let body = document(&name).replacen('{', &format!("{{\"readme\": \"{filler}\","), 1);
            json(body)
        })
        .expect(300)
        .mount(&server)
        .await;
    let asked: BTreeSet<Arc<str>> = (0..300)
        .map(|number| format!("package-{number}").into())
        .collect();
    let answers = gather(&client(), &at(&server.uri()), None, &asked, now()).await;
    assert_eq!(answers.iter().count(), 300);
    for (name, answer) in answers.iter() {
        let Answer::Known(document) = answer else {
            panic!("{name}: {answer:?}");
        };
        assert_eq!(document.name, *name);
    }
}

#[tokio::test]
async fn a_registry_that_is_not_there_is_not_asked_for_everything() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", gone.local_addr().unwrap());
    drop(gone);
    let asked: BTreeSet<Arc<str>> = (0..100)
        .map(|number| format!("package-{number}").into())
        .collect();
    let answers = gather(&client(), &at(&address), None, &asked, now()).await;
    let given_up = answers
        .unavailable()
        .filter(|(_, why)| matches!(why, Unavailable::GivenUp { .. }));
    assert_eq!(answers.unavailable().count(), 100);
    assert!(given_up.count() > 50);
}

#[tokio::test]
async fn a_registry_that_keeps_no_dates_has_none_of_any_package() {
    let mirrored = |name: &str| {
        let times = [
            "2024-12-13",
            "2024-12-02",
            "2024-10-04",
            "2024-09-30",
            "2024-08-04",
        ];
        let numbered = times.iter().enumerate();
        let entries = numbered.map(|(patch, day)| format!("\"1.0.{patch}\": \"{day}T00:00:00Z\""));
        let entries: Vec<String> = entries.collect();
        let versions: Vec<String> = (0..5)
            .map(|patch| format!("\"1.0.{patch}\": {{}}"))
            .collect();
        format!(
            r#"{{"name": "{name}", "time": {{{}}}, "versions": {{{}}}}}"#,
            entries.join(", "),
            versions.join(", ")
        )
    };
    let (mirror, honest) = tokio::join!(MockServer::start(), MockServer::start());
    for name in ["a", "b", "c"] {
        let answer = json(mirrored(name));
        Mock::given(path(format!("/{name}")))
            .respond_with(answer)
            .mount(&mirror)
            .await;
    }
    Mock::given(path("/small"))
        .respond_with(json(document("small")))
        .mount(&mirror)
        .await;
    Mock::given(any())
        .respond_with(json(document("@acme/a")))
        .mount(&honest)
        .await;
    let npmrc = format!(
        "registry={}\n@acme:registry={}\n",
        mirror.uri(),
        honest.uri()
    );
    let answers = ask(&settings(&npmrc), &["a", "b", "c", "small", "@acme/a"]).await;
    let times = |name| answers.document(name).unwrap().times;
    assert_eq!(times("a"), Times::Nonsense);
    assert_eq!(times("small"), Times::Nonsense);
    assert_eq!(times("@acme/a"), Times::Known);
}
