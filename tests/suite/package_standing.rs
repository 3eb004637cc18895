//! What `tidegate packages` says of advisories and ages, and who has to move for a fix that lies deep.

use serde_json::{Value as Json, json};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::package_facts::{lockfile, mended_in, published, vulnerable};
use crate::program::{tidegate, write};
use crate::registry_runs::project;

#[test]
fn the_fix_of_what_lies_deep_is_the_release_that_a_workspace_has_to_take() {
    let locked = |name: &str, version: &str, needs: Json| {
        json!({
            "version": version,
            "resolved": format!("https://registry.npmjs.org/{name}/-/{name}-{version}.tgz"),
            "integrity": format!("sha512-{}==", "a".repeat(86)),
            "dependencies": needs,
        })
    };
    let asking = |documents: &mut Json, version: &str, needs: Json| {
        documents["versions"][version]["dependencies"] = needs;
    };
    let mut express = published(
        "express",
        &[("4.18.0", "2022-01-01"), ("4.19.2", "2024-01-01")],
    );
    asking(&mut express, "4.18.0", json!({"body-parser": "1.20.0"}));
    asking(&mut express, "4.19.2", json!({"body-parser": "1.20.2"}));
    let mut parser = published(
        "body-parser",
        &[("1.20.0", "2022-01-01"), ("1.20.2", "2023-01-01")],
    );
    asking(&mut parser, "1.20.0", json!({"qs": "6.10.3"}));
    asking(&mut parser, "1.20.2", json!({"qs": "6.11.0"}));
    let qs = published("qs", &[("6.10.3", "2022-01-01"), ("6.11.0", "2022-06-01")]);
    let told = |folder: &str, express_range: &str, parser_range: &str, documents: &[Json]| {
        let manifest =
            json!({"name": "cart", "dependencies": {"express": express_range}}).to_string();
        let root = if folder.is_empty() {
            json!({})
        } else {
            json!({"workspaces": ["*"]})
        };
        let mut packages = json!({
            "node_modules/express": locked("express", "4.18.0", json!({"body-parser": parser_range})),
            "node_modules/body-parser": locked("body-parser", "1.20.0", json!({"qs": "6.10.3"})),
            "node_modules/qs": locked("qs", "6.10.3", json!({})),
        });
        packages[""] = root.clone();
        packages[folder] = json!({"name": "cart", "dependencies": {"express": express_range}});
        let lockfile = json!({"lockfileVersion": 3, "packages": packages}).to_string();
        let place = format!("{folder}/package.json");
        let root = root.to_string();
        let mut files = vec![
            (place.trim_start_matches('/'), manifest.as_str()),
            ("package-lock.json", lockfile.as_str()),
        ];
        if !folder.is_empty() {
            files.push(("package.json", &root));
        }
        let mut told = vulnerable(&files, &mended_in("qs", "6.11.0"), documents);
        assert_eq!(told.len(), 1, "{told:?}");
        let message = told.remove(0);
        message.rsplit("; ").next().unwrap().to_owned()
    };
    let all = [express, parser, qs];
    assert_eq!(
        told("", "4.18.0", "1.20.0", &all),
        "update `express` to 4.19.2, which takes `body-parser` 1.20.2 and with it `qs` 6.11.0: `npm install express@4.19.2`"
    );
    assert_eq!(
        told("cart", "4.18.0", "1.20.0", &all),
        "update `express` to 4.19.2, which takes `body-parser` 1.20.2 and with it `qs` 6.11.0: `npm install express@4.19.2 -w cart`"
    );
    assert_eq!(
        told("", "^4.18.0", "1.20.0", &all),
        "update `express` to 4.19.2, which takes `body-parser` 1.20.2 and with it `qs` 6.11.0 and which its range takes: `npm update express`"
    );
    assert_eq!(
        told("", "4.18.0", "^1.20.0", &all),
        "update `body-parser` to 1.20.2, which takes `qs` 6.11.0 and which its range takes: `npm update body-parser`"
    );
    // Where the registry does not know what stands above, nothing of it is promised.
    assert_eq!(
        told("", "4.18.0", "1.20.0", &all[1..]),
        "update `body-parser` to 1.20.2, which takes `qs` 6.11.0"
    );
}

/// A folder of one package that is behind and of one that it brings, with entries about that one.
fn project_with_advisories() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let lockfile = lockfile(&[("a", "1.0.0")], &[("b", "1.0.0")]);
    let entry = |id: &str, word: &str| {
        let mut affected = mended_in("b", "1.1.0");
        affected["package"]["ecosystem"] = json!("npm");
        json!({"id": id, "modified": "2026-01-01T00:00:00Z", "affected": [affected],
            "database_specific": {"severity": word}})
    };
    let entries = format!(
        "{}\n{}\n",
        entry("GHSA-aaaa-aaaa-aaaa", "LOW"),
        entry("GHSA-bbbb-bbbb-bbbb", "HIGH")
    );
    write(
        folder.path(),
        &[
            ("own.jsonl", &entries),
            ("base/package.json", "{}"),
            ("head/package.json", r#"{"dependencies": {"a": "^1.0.0"}}"#),
            ("head/package-lock.json", &lockfile),
        ],
    );
    folder
}

#[tokio::test]
async fn packages_tells_what_is_vulnerable_and_what_is_stale() {
    let server = MockServer::start().await;
    let a = published("a", &[("1.0.0", "2020-01-01"), ("2.0.0", "2021-01-01")]);
    Mock::given(path("/a"))
        .respond_with(ResponseTemplate::new(200).set_body_json(&a))
        .mount(&server)
        .await;
    let folder = project_with_advisories();
    let update = [
        "advisories",
        "update",
        "--source",
        "own.jsonl",
        "--database",
        "own.db",
    ];
    let made = tidegate(folder.path(), &update, &[]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let cache = folder.path().join(".cache");
    let uri = server.uri();
    let packages = |offline: &str, more: &[&str]| {
        let variables = [
            ("TIDEGATE_OFFLINE", offline),
            ("npm_config_registry", uri.as_str()),
            ("TIDEGATE_CACHE_DIR", cache.to_str().unwrap()),
            ("NO_PROXY", "127.0.0.1"),
        ];
        let arguments = [
            &["packages", "--head", "head", "--database", "own.db"],
            more,
        ]
        .concat();
        tidegate(folder.path(), &arguments, &variables)
    };
    let text = packages("0", &[]).stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("b 1.0.0, production in ., through a@1.0.0, vulnerable: GHSA-bbbb-bbbb-bbbb (high) and 1 more"),
        "{text}"
    );
    assert!(
        lines[1].contains(", 2.0.0 is newest, ") && lines[1].contains(" days old"),
        "{text}"
    );
    assert!(!lines[1].contains("vulnerable"), "{text}");

    let json = packages("0", &["--format", "json"]).stdout;
    let json: Json = serde_json::from_str(&json).unwrap();
    let rows = &json["packages"];
    assert_eq!(rows[0]["vulnerable"], Json::Null);
    assert!(rows[0].as_object().unwrap().contains_key("vulnerable"));
    assert_eq!(rows[0]["newest"], "2.0.0");
    assert!(rows[0]["age_days"].as_u64().unwrap() > 2_000);
    assert_eq!(
        rows[1]["vulnerable"],
        json!({"id": "GHSA-bbbb-bbbb-bbbb", "severity": "high", "advisories": 2})
    );

    let markdown = packages("0", &["--format", "markdown"]).stdout;
    assert!(
        markdown.contains("| Place | Vulnerable | Newest | Age |"),
        "{markdown}"
    );
    assert!(
        markdown.contains("| `GHSA-bbbb-bbbb-bbbb (high) and 1 more` |"),
        "{markdown}"
    );
    let changes = packages("0", &["--base", "base"]).stdout;
    assert!(
        changes.contains("vulnerable: GHSA-bbbb-bbbb-bbbb (high) and 1 more"),
        "{changes}"
    );

    // The database is here, the registry is not.
    let offline = packages("1", &[]).stdout;
    assert!(
        offline.contains("vulnerable: GHSA-bbbb-bbbb-bbbb"),
        "{offline}"
    );
    assert!(
        offline.contains("not looked at: newer versions and ages, as the run is offline"),
        "{offline}"
    );
    let json = packages("1", &["--format", "json"]).stdout;
    let json: Json = serde_json::from_str(&json).unwrap();
    assert!(json["packages"][0].get("newest").is_none());
    assert_eq!(
        json["not_looked_at"][0],
        "newer versions and ages, as the run is offline"
    );
}

#[test]
fn a_database_that_packages_was_told_of_and_is_not_there_is_no_clean_answer() {
    let folder = project();
    let answer = tidegate(folder.path(), &["packages", "--database", "none.db"], &[]);
    // The configuration of the project names no source, and whoever runs it names one.
    assert_eq!(answer.code, 3, "{}", answer.stdout);
    std::fs::remove_file(folder.path().join(".tidegate.yaml")).unwrap();
    let answer = tidegate(folder.path(), &["packages", "--database", "none.db"], &[]);
    assert_eq!(answer.code, 3, "{}", answer.stdout);
    assert!(
        answer
            .stdout
            .contains("not looked at: advisories from database"),
        "{}",
        answer.stdout
    );
}
