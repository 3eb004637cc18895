//! Runs of the program with a registry on this machine: what it is asked, and what a run without its answers comes to.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value as Json, json};
use tempfile::TempDir;
use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::package_facts::{lockfile, published};
use crate::program::{Answer as Outcome, tidegate, write};

/// A folder with a dependency that is a major version behind, by the registry that its lockfile names.
fn project_of(registry: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let lockfile = lockfile(&[("a", "1.0.0")], &[]);
    let lockfile = lockfile.replace("https://registry.npmjs.org/", registry);
    let package = json!({"dependencies": {"a": "^1.0.0"}}).to_string();
    write(
        folder.path(),
        &[
            ("package.json", &package),
            ("package-lock.json", &lockfile),
            (
                ".tidegate.yaml",
                "packages:\n  sources: {advisories: []}\nrules: {package/foreign-host: off}\n",
            ),
        ],
    );
    folder
}

pub(crate) fn project() -> TempDir {
    project_of("https://registry.npmjs.org/")
}

fn check(folder: &Path, registry: &str, arguments: &[&str]) -> (Outcome, Json) {
    let arguments: Vec<&str> = [&["check", "--format", "json"], arguments].concat();
    let cache = folder.join(".cache");
    let variables = [
        ("TIDEGATE_OFFLINE", "0"),
        ("npm_config_registry", registry),
        ("TIDEGATE_CACHE_DIR", cache.to_str().unwrap()),
        ("NO_PROXY", "127.0.0.1"),
    ];
    let outcome = tidegate(folder, &arguments, &variables);
    let report = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|_| panic!("no report: {}", outcome.stderr));
    (outcome, report)
}

fn rules(report: &Json) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| finding["rule"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn the_program_asks_the_registry_that_the_environment_names() {
    let server = MockServer::start().await;
    let document = published("a", &[("1.0.0", "2020-01-01"), ("2.0.0", "2021-01-01")]);
    Mock::given(path("/a"))
        .respond_with(ResponseTemplate::new(200).set_body_json(&document))
        .expect(1)
        .mount(&server)
        .await;
    let folder = project();
    let (outcome, report) = check(folder.path(), &server.uri(), &[]);
    let told = rules(&report);
    assert!(told.contains(&"package/outdated"), "{told:?}");
    assert!(told.contains(&"package/unmaintained"), "{told:?}");
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    server.verify().await;
}

#[tokio::test]
async fn local_names_are_told_to_the_registry_by_those_alone_who_ask_for_it() {
    let folder = project();
    let own = |name: &str| format!(r#"{{"name": "{name}", "version": "1.0.0", "private": true}}"#);
    let manifest = json!({
        "private": true,
        "workspaces": ["packages/*"],
        "dependencies": {"a": "^1.0.0", "shop-pad": "^1.0.0", "@shop/lib": "^1.0.0"},
    });
    write(
        folder.path(),
        &[
            ("package.json", &manifest.to_string()),
            ("packages/pad/package.json", &own("shop-pad")),
            ("packages/lib/package.json", &own("@shop/lib")),
            (".npmrc", "@shop:registry=http://127.0.0.1:9/\n"),
        ],
    );
    let quiet = "packages: {sources: {advisories: []}}\nrules: {package/foreign-host: off";
    for (asks, told) in [
        ("", 0),
        (", package/public-name: medium", 1),
        (", \"package/*\": low", 0),
    ] {
        let server = MockServer::start().await;
        let document = published("a", &[("1.0.0", "2020-01-01")]);
        Mock::given(path("/a"))
            .respond_with(ResponseTemplate::new(200).set_body_json(&document))
            .mount(&server)
            .await;
        let document = published("shop-pad", &[("9.0.0", "2020-01-01")]);
        Mock::given(path("/shop-pad"))
            .respond_with(ResponseTemplate::new(200).set_body_json(&document))
            .expect(told)
            .mount(&server)
            .await;
        write(
            folder.path(),
            &[(".tidegate.yaml", &format!("{quiet}{asks}}}\n"))],
        );
        let (_, report) = check(folder.path(), &server.uri(), &[]);
        let found = rules(&report);
        let found = found.iter().filter(|rule| **rule == "package/public-name");
        assert_eq!(found.count() as u64, told, "{asks}");
        let asked = server.received_requests().await.unwrap();
        assert!(!asked.is_empty(), "{asks}");
        assert!(
            asked
                .iter()
                .all(|request| !request.url.path().contains("lib")),
            "{asks}"
        );
    }
}

#[test]
fn a_registry_that_does_not_answer_makes_the_run_incomplete_and_no_network_does_not() {
    let folder = project();
    // A port that nobody listens on any more.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let registry = format!("http://127.0.0.1:{port}/");
    let (outcome, report) = check(folder.path(), &registry, &[]);
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    let reasons = report["incomplete"].to_string();
    assert!(
        reasons.contains("the registry does not say what it was asked for"),
        "{reasons}"
    );
    assert!(!rules(&report).contains(&"package/outdated"));

    let (outcome, report) = check(folder.path(), &registry, &["--offline"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let skipped = report["coverage"]["rules_skipped"].to_string();
    assert!(skipped.contains("package/outdated"), "{skipped}");
}

#[tokio::test]
async fn a_registry_that_lets_nobody_in_or_answers_with_pages_makes_the_run_incomplete() {
    for answer in [
        ResponseTemplate::new(401),
        ResponseTemplate::new(200).set_body_raw("<!doctype html><p>Sign in", "text/html"),
        ResponseTemplate::new(200).set_body_json(json!({})),
    ] {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let folder = project();
        let (outcome, report) = check(folder.path(), &server.uri(), &[]);
        assert_eq!(outcome.code, 3, "{}", outcome.stderr);
        let reasons = report["incomplete"].to_string();
        assert!(
            reasons.contains("the registry does not say what it was asked for"),
            "{reasons}"
        );
    }
}

#[tokio::test]
async fn a_registry_that_cannot_be_understood_leaves_its_names_untold() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(404))
        .expect(0)
        .mount(&server)
        .await;
    for line in [
        "registry=https://user:word@npm.acme.example/",
        "registry=${ACME_REGISTRY}",
        "@acme:registry=https://user:word@npm.acme.example/",
        "@acme:registry=${ACME_REGISTRY}",
    ] {
        let folder = project();
        let scoped = line.starts_with('@');
        if scoped {
            let lockfile = lockfile(&[("@acme/a", "1.0.0")], &[]);
            let package = json!({"dependencies": {"@acme/a": "^1.0.0"}}).to_string();
            write(
                folder.path(),
                &[("package-lock.json", &lockfile), ("package.json", &package)],
            );
        }
        write(folder.path(), &[(".npmrc", line)]);
        let arguments = ["check", "--format", "json"];
        // Whatever left the machine would go through here.
        let uri = server.uri();
        let variables = [("TIDEGATE_OFFLINE", "0"), ("HTTPS_PROXY", uri.as_str())];
        let outcome = tidegate(folder.path(), &arguments, &variables);
        assert_eq!(outcome.code, 3, "{}", outcome.stderr);
        let report: Json = serde_json::from_str(&outcome.stdout).unwrap();
        let reasons = report["incomplete"].to_string();
        let whose = if scoped { "of the scope " } else { "" };
        let expected = format!("the registry {whose}that .npmrc names is not asked");
        assert!(reasons.contains(&expected), "{reasons}");
    }
    server.verify().await;
}

#[tokio::test]
async fn a_name_of_another_registry_is_told_to_nobody() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(404))
        .expect(0)
        .mount(&server)
        .await;
    let folder = project_of("https://npm.acme.example/");
    let (outcome, report) = check(folder.path(), &server.uri(), &[]);
    let sources = report["coverage"].to_string();
    assert!(sources.contains("npm.acme.example: not asked"), "{sources}");
    // As there was no other name, nobody was asked about anything.
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    server.verify().await;

    // Beside a name that was asked about, it is told and no more.
    let public = MockServer::start().await;
    let document = published("b", &[("1.0.0", "2025-01-01")]);
    Mock::given(path("/b"))
        .respond_with(ResponseTemplate::new(200).set_body_json(&document))
        .expect(1)
        .mount(&public)
        .await;
    let both = lockfile(&[("a", "1.0.0"), ("b", "1.0.0")], &[]);
    let own = "https://npm.acme.example/a/";
    let both = both.replace("https://registry.npmjs.org/a/", own);
    write(folder.path(), &[("package-lock.json", &both)]);
    let package = json!({"dependencies": {"a": "^1.0.0", "b": "^1.0.0"}}).to_string();
    write(folder.path(), &[("package.json", &package)]);
    let (outcome, report) = check(folder.path(), &public.uri(), &[]);
    assert_eq!(outcome.code, 0, "{report}");
    public.verify().await;
    let sources = report["coverage"]["sources"].as_array().unwrap();
    let registry = sources.iter().find(|source| source["source"] == "registry");
    let uri = public.uri();
    let host = uri.strip_prefix("http://").unwrap();
    assert_eq!(registry.unwrap()["place"], host);

    // Where the settings name that registry, it is asked.
    let own = MockServer::start().await;
    let document = published("a", &[("1.0.0", "2025-01-01"), ("2.0.0", "2025-02-01")]);
    Mock::given(path("/a"))
        .respond_with(ResponseTemplate::new(200).set_body_json(&document))
        .expect(1)
        .mount(&own)
        .await;
    let folder = project_of(&format!("{}/", own.uri()));
    let (_, report) = check(folder.path(), &own.uri(), &[]);
    assert!(rules(&report).contains(&"package/outdated"));
    own.verify().await;
}

#[tokio::test]
async fn without_dates_the_rules_that_need_them_are_told_as_skipped() {
    for time in [json!(null), json!({"1.0.0": "never"}), json!({})] {
        let server = MockServer::start().await;
        let mut document = published("a", &[("1.0.0", "2020-01-01"), ("2.0.0", "2021-01-01")]);
        document["time"] = time;
        Mock::given(path("/a"))
            .respond_with(ResponseTemplate::new(200).set_body_json(&document))
            .mount(&server)
            .await;
        let folder = project();
        let (_, report) = check(folder.path(), &server.uri(), &[]);
        assert!(rules(&report).contains(&"package/outdated"));
        let skipped = report["coverage"]["rules_skipped"].as_array().unwrap();
        let undated = skipped.iter().filter(|skipped| {
            skipped["reason"] == "as the registry keeps no dates that can be used"
        });
        let undated: BTreeSet<&str> = undated
            .map(|skipped| skipped["rule"].as_str().unwrap())
            .collect();
        assert!(undated.contains("package/too-new"), "{skipped:?}");
        assert!(undated.contains("package/unmaintained"), "{skipped:?}");
    }
}

#[tokio::test]
async fn a_package_without_dates_beside_one_that_has_them_is_named_in_the_coverage() {
    let server = MockServer::start().await;
    for name in ["a", "b"] {
        let mut document = published(name, &[("1.0.0", "2020-01-01")]);
        if name == "b" {
            document.as_object_mut().unwrap().remove("time");
        }
        Mock::given(path(format!("/{name}")))
            .respond_with(ResponseTemplate::new(200).set_body_json(&document))
            .mount(&server)
            .await;
    }
    let folder = project();
    let both = lockfile(&[("a", "1.0.0"), ("b", "1.0.0")], &[]);
    write(folder.path(), &[("package-lock.json", &both)]);
    let skipped = |settings: &str| {
        write(folder.path(), &[(".tidegate.yaml", settings)]);
        let (_, report) = check(folder.path(), &server.uri(), &[]);
        report["coverage"]["files"]["skipped"].to_string()
    };
    let told = skipped("packages: {sources: {advisories: []}}\n");
    assert!(told.contains("when `b@1.0.0` was published"), "{told}");
    assert!(!told.contains("a@1.0.0"), "{told}");
    for silent in [
        "packages: {sources: {advisories: []}, cooldown: 0d}\n",
        "packages: {sources: {advisories: []}}\nrules: {package/too-new: off}\n",
    ] {
        assert_eq!(skipped(silent), "[]");
    }
}

/// A registry on this machine that has these packages, and no other.
async fn registry_of(documents: &[Json]) -> MockServer {
    let server = MockServer::start().await;
    for document in documents {
        let name = document["name"].as_str().unwrap();
        Mock::given(path(format!("/{}", name.replace('/', "%2f"))))
            .respond_with(ResponseTemplate::new(200).set_body_json(document))
            .mount(&server)
            .await;
    }
    server
}

/// The names that a registry was asked for.
async fn asked(server: &MockServer) -> BTreeSet<String> {
    let requests = server.received_requests().await.unwrap();
    let paths = requests.iter().map(|request| request.url.path().to_owned());
    paths.collect()
}

#[tokio::test]
async fn what_the_head_maps_to_another_registry_is_told_to_nobody() {
    let quiet = "packages: {sources: {advisories: [npm]}}\nrules: {\"package/*\": off}\n";
    let scopes = [
        (".npmrc", "@corp:registry=https://npm.corp.example/\n"),
        (
            ".npmrc",
            "@corp:registry=${CORP_REGISTRY_THAT_NOBODY_SET}\n",
        ),
        (
            ".yarnrc.yml",
            "npmScopes:\n  corp:\n    npmRegistryServer: \"https://npm.corp.example\"\n",
        ),
        (
            "bunfig.toml",
            "[install.scopes]\ncorp = \"https://npm.corp.example\"\n",
        ),
        (
            "pnpm-workspace.yaml",
            "packages: []\nregistries:\n  https://npm.corp.example/:\n    scopes: [\"@corp\"]\n",
        ),
    ];
    for folder_of_project in ["", "svc/"] {
        for (file, text) in scopes {
            let known = published("a", &[("1.0.0", "2020-01-01")]);
            let server = registry_of(std::slice::from_ref(&known)).await;
            let folder = tempfile::tempdir().unwrap();
            let place = |side: &str, file: &str| format!("{side}/{folder_of_project}{file}");
            let manifest =
                json!({"dependencies": {"a": "^1.0.0", "@corp/secret": "^1.0.0"}}).to_string();
            let mut both = lockfile(&[("a", "1.0.0"), ("@corp/secret", "1.0.0")], &[]);
            // Nothing in the lockfile says where it comes from.
            both = both.replace(
                "\"resolved\":\"https://registry.npmjs.org/@corp/secret/-/@corp/secret-1.0.0.tgz\",",
                "",
            );
            both = both.replace(
                ",\"resolved\":\"https://registry.npmjs.org/@corp/secret/-/@corp/secret-1.0.0.tgz\"",
                "",
            );
            assert!(!both.contains("/@corp/secret-"), "{both}");
            write(
                folder.path(),
                &[
                    ("base/.tidegate.yaml", quiet),
                    ("base/package.json", "{}"),
                    ("head/.tidegate.yaml", quiet),
                    (&place("head", "package.json"), &manifest),
                    (&place("head", "package-lock.json"), &both),
                    (&place("head", file), text),
                ],
            );
            let arguments = ["--base", "base", "--head", "head"];
            let (_, report) = check(folder.path(), &server.uri(), &arguments);
            let told = asked(&server).await;
            assert!(told.contains("/a"), "{file}: {told:?}");
            let bodies = server.received_requests().await.unwrap();
            let bodies = bodies.iter().map(|request| {
                let body = request.body.clone();
                format!("{} {}", request.url, String::from_utf8_lossy(&body))
            });
            assert!(
                bodies.clone().all(|request| !request.contains("secret")),
                "{folder_of_project}{file}: {:?}",
                bodies.collect::<Vec<_>>()
            );
            let coverage = report["coverage"].to_string();
            assert!(coverage.contains("not asked"), "{coverage}");

            // What the base installs already is asked about, whatever the head would like.
            let server = registry_of(&[known]).await;
            write(
                folder.path(),
                &[
                    (&place("base", "package.json"), &manifest),
                    (&place("base", "package-lock.json"), &both),
                ],
            );
            check(folder.path(), &server.uri(), &arguments);
            let told = asked(&server).await;
            assert!(told.iter().any(|path| path.contains("secret")), "{told:?}");
            // A server that is dropped waits for its lock, which tokio gives to nobody who never yields.
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn what_the_registry_does_not_have_is_told() {
    let run = |asking: Json, packages: &[(&str, &str)], registry: &str| {
        let folder = project();
        let manifest = json!({"dependencies": asking}).to_string();
        write(
            folder.path(),
            &[
                ("package.json", &manifest),
                ("package-lock.json", &lockfile(packages, &[])),
            ],
        );
        let (outcome, report) = check(folder.path(), registry, &[]);
        let skipped = report["coverage"]["files"]["skipped"].to_string();
        (outcome.code, skipped)
    };
    let known = published("a", &[("1.0.0", "2020-01-01")]);
    let server = registry_of(&[known]).await;
    let (code, told) = run(
        json!({"a": "^1.0.0", "nowhere": "^1.0.0"}),
        &[("a", "1.0.0"), ("nowhere", "1.0.0")],
        &server.uri(),
    );
    assert!(
        told.contains("the registry has no `nowhere@1.0.0`"),
        "{told}"
    );
    assert!(!told.contains("a@1.0.0"), "{told}");
    assert_eq!(code, 0);
    // A version that was never published, or was taken back.
    let (code, told) = run(json!({"a": "^1.0.0"}), &[("a", "1.0.9")], &server.uri());
    assert!(told.contains("the registry has no `a@1.0.9`"), "{told}");
    assert_eq!(code, 0);
    let (code, told) = run(json!({"a": "^1.0.0"}), &[("a", "1.0.0")], &server.uri());
    assert_eq!((code, &*told), (0, "[]"));
    // One that has nothing at all is not the one that is installed from.
    let empty = registry_of(&[]).await;
    let (code, _) = run(json!({"a": "^1.0.0"}), &[("a", "1.0.0")], &empty.uri());
    assert_eq!(code, 3);
    // What is private is hidden from whom the registry does not know.
    let scoped = [("@corp/lib", "1.0.0")];
    let (code, told) = run(json!({"@corp/lib": "^1.0.0"}), &scoped, &empty.uri());
    assert!(told.contains("`@corp/lib@1.0.0`"), "{told}");
    assert_eq!(code, 0);
}
