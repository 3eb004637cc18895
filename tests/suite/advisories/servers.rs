//! The servers that are asked, played by fakes on this machine: what they answer on good days, and on bad ones.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate::finding::Severity;
use tidegate::http::{Client, Failure, Kind, Limits, Proxies, Request as Question};
use tidegate::packages::advisory::answer::SourceAnswer;
use tidegate::packages::advisory::bulk::Bulk;
use tidegate::packages::advisory::fix;
use tidegate::packages::advisory::osv::Osv;
use tidegate::packages::advisory::{Source, gather};
use tidegate::packages::version::Version;
use wiremock::matchers::{any, method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::entry;

const BULK: &str = "/-/npm/v1/security/advisories/bulk";

/// No wait is longer than it must be.
fn hasty() -> Limits {
    Limits {
        attempt: Duration::from_secs(20),
        body: 1 << 20,
        retries: 2,
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(20),
        ..Limits::default()
    }
}

fn client(limits: Limits) -> Client {
    Client::new(limits, Proxies::None).expect("it can be made")
}

fn osv(server: &MockServer) -> Osv {
    Osv::new(client(hasty()), &server.uri(), None)
}

fn request(pairs: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    pairs
        .iter()
        .map(|(name, version)| ((*name).to_owned(), (*version).to_owned()))
        .collect()
}

async fn count(server: &MockServer, place: &str) -> usize {
    let requests = server.received_requests().await.expect("they are kept");
    requests
        .iter()
        .filter(|request| request.url.path().starts_with(place))
        .count()
}

/// Answers in turn, the last one for ever.
struct InTurn(Vec<ResponseTemplate>, AtomicUsize);

impl InTurn {
    fn new(answers: impl IntoIterator<Item = ResponseTemplate>) -> Self {
        Self(answers.into_iter().collect(), AtomicUsize::new(0))
    }
}

impl Respond for InTurn {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let at = self.1.fetch_add(1, Ordering::Relaxed);
        self.0[at.min(self.0.len() - 1)].clone()
    }
}

/// Plays OSV: knows entries by package, and gives one a page.
struct FakeOsv(BTreeMap<&'static str, Vec<&'static str>>);

impl Respond for FakeOsv {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let body: Value = serde_json::from_slice(&request.body).expect("it is JSON");
        let queries = body["queries"].as_array().expect("it is a list");
        assert!(queries.len() <= 1_000, "a batch is too long");
        let results: Vec<Value> = queries
            .iter()
            .map(|query| {
                assert_eq!(query["package"]["ecosystem"], "npm");
                let name = query["package"]["name"].as_str().expect("it has a name");
                let at: usize = query["page_token"]
                    .as_str()
                    .map_or(0, |token| token.parse().expect("it is ours"));
                let Some(known) = self.0.get(name) else {
                    return json!({});
                };
                let mut result = json!({});
                // A page may hold a token and nothing else.
                if at > 0 {
                    result["vulns"] =
                        json!([{"id": known[at - 1], "modified": "2026-01-02T03:04:05Z"}]);
                }
                if at < known.len() {
                    result["next_page_token"] = json!((at + 1).to_string());
                }
                result
            })
            .collect();
        ResponseTemplate::new(200).set_body_json(json!({"results": results}))
    }
}

async fn fake_osv() -> MockServer {
    let server = MockServer::start().await;
    let known = [
        ("lodash", vec!["GHSA-1", "GHSA-2"]),
        ("evil", vec!["MAL-1"]),
    ];
    Mock::given(method("POST"))
        .and(path("/v1/querybatch"))
        .respond_with(FakeOsv(known.into()))
        .mount(&server)
        .await;
    for (id, name, events) in [
        (
            "GHSA-1",
            "lodash",
            r#"{"introduced":"0"},{"fixed":"4.17.20"}"#,
        ),
        (
            "GHSA-2",
            "lodash",
            r#"{"introduced":"4.0.0"},{"fixed":"4.17.21"}"#,
        ),
        ("MAL-1", "evil", r#"{"introduced":"0"}"#),
    ] {
        Mock::given(method("GET"))
            .and(path(format!("/v1/vulns/{id}")))
            .respond_with(ResponseTemplate::new(200).set_body_string(entry(id, name, events)))
            .mount(&server)
            .await;
    }
    server
}

#[tokio::test]
async fn osv_is_asked_page_by_page_and_each_entry_once() {
    let server = fake_osv().await;
    let cache = TempDir::new().unwrap();
    let asked = request(&[
        ("lodash", "4.17.15"),
        ("lodash", "4.17.19"),
        ("evil", "1.0.0"),
        ("left-pad", "1.3.0"),
    ]);
    let source = || {
        Source::Osv(Osv::new(
            client(hasty()),
            &server.uri(),
            Some(cache.path().join("osv")),
        ))
    };
    let found = gather(&asked, &[source()]).await;
    assert!(found.is_complete(), "{:?}", found.sources());
    let ids = |name, version| -> Vec<String> {
        found
            .affecting(name, version)
            .map(|advisory| advisory.id.to_string())
            .collect()
    };
    assert_eq!(ids("lodash", "4.17.15"), ["GHSA-1", "GHSA-2"]);
    assert_eq!(ids("lodash", "4.17.20"), ["GHSA-2"]);
    assert_eq!(ids("evil", "1.0.0"), ["MAL-1"]);
    assert_eq!(ids("left-pad", "1.3.0"), [""; 0]);
    assert_eq!(
        found.of("evil")[0].rating.severity,
        Some(Severity::Critical)
    );
    assert_eq!(count(&server, "/v1/vulns/").await, 3);

    // What did not change is not fetched again; a cache that was spoilt is.
    gather(&asked, &[source()]).await;
    assert_eq!(count(&server, "/v1/vulns/").await, 3);
    std::fs::write(
        cache.path().join("osv/MAL-1.json"),
        "2026-01-02T03:04:05Z\n{\"id\":",
    )
    .unwrap();
    let found = gather(&asked, &[source()]).await;
    assert!(found.is_complete());
    assert_eq!(count(&server, "/v1/vulns/").await, 4);
}

#[tokio::test]
async fn osv_gets_batches_of_a_thousand_and_no_name_that_cannot_be() {
    let server = fake_osv().await;
    let mut asked: BTreeSet<(String, String)> = (0..1_001)
        .map(|at| (format!("package-{at}"), "1.0.0".to_owned()))
        .collect();
    asked.insert(("not a\nname".to_owned(), "1.0.0".to_owned()));
    asked.insert(("x".repeat(300), "1.0.0".to_owned()));
    let found = gather(&asked, &[Source::Osv(osv(&server))]).await;
    assert!(found.is_complete(), "{:?}", found.sources());
    assert_eq!(count(&server, "/v1/querybatch").await, 2);
    for request in server.received_requests().await.unwrap() {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        assert!(!body.contains("not a") && !body.contains("xxxx"));
    }
}

/// What becomes of OSV as a source that answers every question in turn like this.
async fn osv_after(answers: Vec<ResponseTemplate>) -> (Result<(), String>, usize) {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(InTurn::new(answers))
        .mount(&server)
        .await;
    let found = gather(&request(&[("a", "1.0.0")]), &[Source::Osv(osv(&server))]).await;
    let answer = match &found.sources()[0].answer {
        SourceAnswer::Answered { .. } => Ok(()),
        SourceAnswer::Unavailable { reason } => Err(reason.split_once(": ").unwrap().1.to_owned()),
    };
    (answer, count(&server, "/").await)
}

fn status(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status)
}

fn nothing() -> ResponseTemplate {
    status(200).set_body_json(json!({"results": [{}]}))
}

#[tokio::test]
async fn an_answer_of_osv_that_says_less_than_it_announced_is_none() {
    let batch = |result: Value| status(200).set_body_json(json!({"results": [result]}));
    let named = || batch(json!({"vulns": [{"id": "GHSA-1", "modified": "2026-01-02T03:04:05Z"}]}));
    let about = |name: &str| entry("GHSA-1", name, r#"{"introduced":"0"}"#);
    let text = |text: String| status(200).set_body_string(text);
    let after = |entry: ResponseTemplate| osv_after(vec![named(), named(), entry]);
    assert_eq!(after(text(about("a"))).await.0, Ok(()));
    let taken_back = json!({"id": "GHSA-1", "withdrawn": "2026-01-03T00:00:00Z"});
    assert_eq!(after(text(taken_back.to_string())).await.0, Ok(()));
    let other_id = about("a").replace("GHSA-1", "GHSA-2");
    for entry in [
        other_id,
        about("b"),
        json!({"id": "GHSA-1", "modified": "2026-01-02T03:04:05Z"}).to_string(),
        json!({"id": "GHSA-1", "affected": []}).to_string(),
    ] {
        let refused = "answered with no entry for GHSA-1".to_owned();
        assert_eq!(after(text(entry.clone())).await.0, Err(refused), "{entry}");
    }
    assert_eq!(osv_after(vec![nothing()]).await.0, Ok(()));
    for result in [
        json!(null),
        json!({"error": "timed out"}),
        json!({"code": 13, "message": "internal"}),
    ] {
        let refused = "did not answer all questions".to_owned();
        assert_eq!(
            osv_after(vec![batch(result.clone())]).await.0,
            Err(refused),
            "{result}"
        );
    }
}

#[tokio::test]
async fn what_passes_is_asked_again_and_what_stays_is_not() {
    let asked = |seconds: &str| status(429).insert_header("retry-after", seconds);
    assert_eq!(
        osv_after(vec![status(503), status(500), nothing()]).await,
        (Ok(()), 3)
    );
    assert_eq!(osv_after(vec![asked("0"), nothing()]).await, (Ok(()), 2));
    let failed = |text: &str, times| (Err(text.to_owned()), times);
    assert_eq!(
        osv_after(vec![status(502)]).await,
        failed("answered with status 502", 3)
    );
    // Nobody waits for an hour.
    assert_eq!(
        osv_after(vec![asked("3600"), nothing()]).await,
        failed("answered with status 429", 1)
    );
    for stays in [400, 401, 403, 404, 408, 501] {
        let text = format!("answered with status {stays}");
        assert_eq!(
            osv_after(vec![status(stays), nothing()]).await,
            failed(&text, 1)
        );
    }
}

#[tokio::test]
async fn an_answer_that_is_none_makes_the_source_unavailable() {
    let body = |text: &str| vec![status(200).set_body_string(text)];
    for text in [
        "<html>",
        "",
        "{}",
        r#"{"results":[]}"#,
        r#"{"results":[{},{}]}"#,
        r#"{"results":[{"vulns":[{"id":"../../admin"}]}]}"#,
        r#"{"results":[{"vulns":[{"id":7}]}]}"#,
        r#"{"results":[{"next_page_token":"again"}]}"#,
    ] {
        let (answer, _) = osv_after(body(text)).await;
        assert!(answer.is_err(), "{text}");
    }
    // An entry that cannot be had: half an answer is none.
    let found = status(200)
        .set_body_json(json!({"results": [{"vulns": [{"id": "GHSA-1", "modified": "x"}]}]}));
    let (answer, _) = osv_after(vec![found.clone(), found, status(404)]).await;
    assert_eq!(answer, Err("answered with status 404".to_owned()));
}

async fn failure(server: &MockServer, limits: Limits) -> Kind {
    let question = Question::get(&server.uri()).unwrap();
    client(limits)
        .send(&question)
        .await
        .expect_err("it fails")
        .kind
}

#[tokio::test]
async fn a_server_that_is_slow_or_talks_too_much_is_cut_off() {
    let server = MockServer::start().await;
    let slow = status(200).set_delay(Duration::from_mins(1));
    let guard = Mock::given(any())
        .respond_with(slow)
        .mount_as_scoped(&server)
        .await;
    let limits = Limits {
        attempt: Duration::from_millis(50),
        retries: 1,
        ..hasty()
    };
    assert_eq!(failure(&server, limits).await, Kind::Timeout);
    // All attempts together have an end as well, however many are left.
    let limits = Limits {
        patience: Duration::from_millis(50),
        retries: 1_000,
        ..hasty()
    };
    let late = failure(&server, limits).await;
    assert_eq!(late, Kind::Late(Duration::from_millis(50)));
    assert_eq!(
        Kind::Late(Duration::from_secs(30)).to_string(),
        "gave no answer within 30 seconds"
    );
    let asked = server.received_requests().await.unwrap().len();
    assert!(asked < 1_000, "{asked} attempts");
    drop(guard);

    let limits = Limits {
        body: 10_000,
        ..hasty()
    };
    let long = status(200).set_body_bytes(vec![0; 10_001]);
    let guard = Mock::given(any())
        .respond_with(long)
        .mount_as_scoped(&server)
        .await;
    assert_eq!(failure(&server, limits).await, Kind::TooLarge(10_000));
    drop(guard);

    // Small on the way, large when it is unpacked.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![0; 1 << 20]).unwrap();
    let zipped = encoder.finish().unwrap();
    assert!(zipped.len() < 5_000);
    let bomb = status(200)
        .insert_header("content-encoding", "gzip")
        .set_body_bytes(zipped);
    let guard = Mock::given(any())
        .respond_with(bomb)
        .mount_as_scoped(&server)
        .await;
    assert_eq!(failure(&server, limits).await, Kind::TooLarge(10_000));
    drop(guard);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        for _ in 0..3 {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1024]);
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"results\":")
                .unwrap();
        }
    });
    let question = Question::get(&format!("http://{address}/")).unwrap();
    let error = client(hasty())
        .send(&question)
        .await
        .expect_err("it breaks off");
    assert!(matches!(error.kind, Kind::Broken(_)), "{error}");
    server.join().expect("it was asked three times");
    // Now nobody listens.
    let error = client(hasty())
        .send(&question)
        .await
        .expect_err("nobody listens");
    assert!(matches!(error.kind, Kind::Connect(_)), "{error}");
    assert_eq!(error.host, address.to_string());
}

#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed_and_carries_no_token() {
    let (server, other) = (MockServer::start().await, MockServer::start().await);
    for (from, to) in [
        (BULK.to_owned(), other.uri()),
        ("/moved".to_owned(), "/here".to_owned()),
    ] {
        Mock::given(path(from))
            .respond_with(status(307).insert_header("location", to.as_str()))
            .mount(&server)
            .await;
    }
    Mock::given(path("/here"))
        .respond_with(status(200).set_body_string("found"))
        .mount(&server)
        .await;
    let registry =
        Bulk::new(client(hasty()), &server.uri()).with_authorization("Bearer secret".to_owned());
    let found = gather(&request(&[("a", "1.0.0")]), &[Source::Npm(registry)]).await;
    let SourceAnswer::Unavailable { reason } = &found.sources()[0].answer else {
        panic!("it was followed")
    };
    let port = other.address().port();
    assert!(
        reason.ends_with(&format!(
            "redirects to 127.0.0.1:{port}, which is not followed"
        )),
        "{reason}"
    );
    assert_eq!(count(&other, "/").await, 0);
    let question = Question::get(&format!("{}/moved", server.uri())).unwrap();
    let answer = client(hasty()).send(&question).await.unwrap();
    assert_eq!(answer.success().unwrap(), b"found");
}

#[test]
fn no_message_repeats_an_address_or_a_token() {
    let question =
        Question::get("https://user:hunter2@registry.example.com:8443/secret?token=hunter2")
            .unwrap();
    assert_eq!(question.host(), "registry.example.com:8443");
    let question = question
        .with_header("authorization", "Bearer hunter3")
        .unwrap();
    assert!(
        !format!(
            "{:?}",
            question.clone().with_header("a", "b\n").unwrap_err()
        )
        .contains('\n')
    );
    assert!(!format!("{question:?}").contains("hunter3"));
    for wrong in ["file:///etc/passwd", "registry", "", "data:,x"] {
        let Err(Failure {
            kind: Kind::Request(_),
            ..
        }) = Question::get(wrong)
        else {
            panic!("{wrong} is no address");
        };
    }
}

/// Plays a registry: tells what is about the versions that are asked for.
struct FakeRegistry;

impl Respond for FakeRegistry {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        assert_eq!(request.headers["content-encoding"], "gzip");
        let mut text = String::new();
        GzDecoder::new(request.body.as_slice())
            .read_to_string(&mut text)
            .expect("it is gzip");
        let asked: BTreeMap<String, Vec<String>> = serde_json::from_str(&text).expect("it is JSON");
        let all = [
            (
                "1.0.0",
                json!({"id": 1, "url": "https://github.com/advisories/GHSA-1", "title": "First", "severity": "moderate", "vulnerable_versions": "<1.2.0", "cwe": ["CWE-79"], "cvss": {"score": 0, "vectorString": null}}),
            ),
            (
                "1.2.0",
                json!({"id": 2, "url": "https://github.com/advisories/GHSA-2", "title": "Second", "severity": "high", "vulnerable_versions": ">=1.2.0, <1.2.3"}),
            ),
            (
                "6.6.6",
                json!({"id": 3, "title": "Malware", "severity": "low", "vulnerable_versions": "=6.6.6", "cwe": ["CWE-506"]}),
            ),
        ];
        let mut answer: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for (name, versions) in &asked {
            for (version, told) in &all {
                if name == "bad" && versions.iter().any(|asked| asked == version) {
                    answer.entry(name).or_default().push(told.clone());
                }
            }
        }
        answer.insert("unasked", vec![all[0].1.clone()]);
        ResponseTemplate::new(200).set_body_json(answer)
    }
}

#[tokio::test]
async fn a_registry_is_asked_for_installed_versions_and_then_for_their_fixes() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(BULK))
        .respond_with(FakeRegistry)
        .mount(&server)
        .await;
    let asked = request(&[
        ("bad", "1.0.0"),
        ("bad", "6.6.6"),
        ("good", "1.0.0"),
        ("@private/x", "1.0.0"),
        ("bad", "latest"),
    ]);
    let ours = ["bad", "good"].map(str::to_owned).into();
    let registry = Bulk::new(client(hasty()), &format!("{}/", server.uri())).only(ours);
    let found = gather(&asked, &[Source::Npm(registry)]).await;
    assert!(found.is_complete(), "{:?}", found.sources());
    let told: Vec<(&str, Option<Severity>, bool)> = found
        .of("bad")
        .iter()
        .map(|advisory| {
            (
                advisory.id.as_ref(),
                advisory.rating.severity,
                advisory.is_malware,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("GHSA-1", Some(Severity::Medium), false),
            ("GHSA-2", Some(Severity::High), false),
            ("NPM-3", Some(Severity::Critical), true),
        ]
    );
    assert_eq!(found.packages().count(), 1);
    let current = Version::parse("1.0.0").unwrap();
    let remedy = fix::remedy(&found.of("bad")[0], found.of("bad"), &current);
    assert_eq!(remedy.fixes, [Version::parse("1.2.3").unwrap()]);
    // The installed ones, 1.2.0, then 1.2.3.
    assert_eq!(count(&server, BULK).await, 3);
    for request in server.received_requests().await.unwrap() {
        let mut text = String::new();
        GzDecoder::new(request.body.as_slice())
            .read_to_string(&mut text)
            .unwrap();
        assert!(!text.contains("@private"), "{text}");
    }
}

#[tokio::test]
async fn sources_are_merged_and_a_silent_one_is_told() {
    let server = fake_osv().await;
    let nobody = Osv::new(client(hasty()), "http://127.0.0.1:9", None);
    let missing = TempDir::new().unwrap().path().join("advisories.db");
    let sources = [
        Source::Database(Some(missing)),
        Source::Osv(osv(&server)),
        Source::Osv(nobody),
        Source::Database(None),
    ];
    let found = gather(&request(&[("evil", "1.0.0")]), &sources).await;
    assert!(!found.is_complete());
    assert_eq!(found.affecting("evil", "1.0.0").count(), 1);
    let answered: Vec<bool> = found
        .sources()
        .iter()
        .map(|state| matches!(state.answer, SourceAnswer::Answered { records: 1, .. }))
        .collect();
    assert_eq!(answered, [false, true, false, false]);
}
