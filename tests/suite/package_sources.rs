//! A local database of advisories, through the built program: made, asked without a network, and missed.

use std::path::Path;

use serde_json::{Value, json};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::program::{tidegate, write};

const ADVISORIES: &str = concat!(
    r#"{"id":"GHSA-aaaa-aaaa-aaaa","modified":"2026-01-01T00:00:00Z","summary":"Command injection","#,
    r#""affected":[{"package":{"ecosystem":"npm","name":"lodash"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"4.17.21"}]}]}],"#,
    r#""database_specific":{"severity":"HIGH"}}"#,
    "\n",
    r#"{"id":"MAL-2026-1","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"evil"},"versions":["1.0.0"]}]}"#,
    "\n",
);

fn lockfile(version: &str) -> String {
    format!(
        r#"{{"lockfileVersion": 3, "packages": {{
  "": {{"dependencies": {{"lodash": "^4.17.0"}}}},
  "node_modules/lodash": {{"version": "{version}", "resolved": "https://registry.npmjs.org/lodash/-/lodash-{version}.tgz", "integrity": "sha512-{version}=="}}
}}}}
"#
    )
}

fn change(folder: &Path) {
    let manifest = "{\"private\": true,\n \"dependencies\": {\n  \"lodash\": \"^4.17.0\"}}\n";
    let (old, new) = (lockfile("4.17.21"), lockfile("4.17.20"));
    write(
        folder,
        &[
            ("own.jsonl", ADVISORIES),
            ("base/package.json", manifest),
            ("base/package-lock.json", &old),
            ("head/package.json", manifest),
            ("head/package-lock.json", &new),
        ],
    );
}

#[test]
fn a_database_tells_what_a_change_brings_in_without_a_network() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    change(at);
    let update = [
        "advisories",
        "update",
        "--source",
        "own.jsonl",
        "--database",
        "own.db",
    ];
    let made = tidegate(at, &update, &[]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(
        made.stdout.contains("2 about 2 packages"),
        "{}",
        made.stdout
    );

    let check = |format: &str| {
        let arguments = [
            "check",
            "--base",
            "base",
            "--head",
            "head",
            "--offline",
            "--database",
            "own.db",
            "--format",
            format,
        ];
        tidegate(at, &arguments, &[])
    };
    let told = check("json");
    assert_eq!(told.code, 1, "{}{}", told.stdout, told.stderr);
    let report: Value = serde_json::from_str(&told.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("findings");
    let found = findings
        .iter()
        .find(|finding| finding["rule"] == "package/vulnerable")
        .expect("the vulnerable package");
    assert_eq!(found["status"], "introduced");
    assert_eq!(found["location"]["path"], "package.json");
    assert_eq!(found["location"]["start"]["line"], 3);
    assert_eq!(found["changed_at"]["path"], "package-lock.json");
    assert_eq!(found["package"]["purl"], "pkg:npm/lodash@4.17.20");
    let source = &report["coverage"]["sources"][0];
    assert_eq!(
        (&source["source"], &source["answers"]),
        (&"database".into(), &1.into())
    );

    // Code scanning reads the severity from the rule, and groups by it: one for each advisory.
    let sarif = check("sarif");
    assert!(
        sarif
            .stdout
            .contains(r#""package/vulnerable/GHSA-aaaa-aaaa-aaaa""#)
    );
}

#[test]
fn a_database_that_was_named_is_read_whatever_the_configuration_asks() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    change(at);
    let update = ["advisories", "update", "--source", "own.jsonl"];
    let made = tidegate(at, &[&update[..], &["--database", "own.db"]].concat(), &[]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let sources = |configured: &str, database: &[&str]| {
        let settings = format!("packages: {{sources: {{advisories: {configured}}}}}\n");
        write(at, &[("base/.tidegate.yaml", &settings)]);
        let check = ["check", "--base", "base", "--head", "head", "--offline"];
        let arguments = [&check[..], &["--format", "json"], database].concat();
        let told = tidegate(at, &arguments, &[]);
        let report: Value = serde_json::from_str(&told.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}{}", told.stdout, told.stderr));
        let sources = report["coverage"]["sources"].as_array().expect("sources");
        let mut named: Vec<String> = sources
            .iter()
            .filter_map(|source| Some(source["source"].as_str()?.to_owned()))
            .collect();
        named.retain(|source| source == "database");
        (told.code, named.len())
    };
    for configured in ["[osv]", "[npm, osv]", "[]", "[osv, database]"] {
        let named = sources(configured, &["--database", "own.db"]);
        assert_eq!(named, (1, 1), "{configured}");
    }
    // Who names none gets what is configured.
    assert_eq!(sources("[osv]", &[]), (0, 0));
}

#[test]
fn what_only_development_had_is_new_where_it_is_shipped() {
    let workspace = |name: &str, section: &str| {
        let asked = json!({"name": name, "version": "1.0.0", section: {"lodash": "^4.17.0"}});
        asked.to_string()
    };
    let locked = |others: Value| {
        let mut packages = json!({
            "": {"workspaces": ["packages/*"]},
            "node_modules/lodash": {
                "version": "4.17.20",
                "resolved": "https://registry.npmjs.org/lodash/-/lodash-4.17.20.tgz",
                "integrity": "sha512-a=="
            },
        });
        let all = packages.as_object_mut().expect("an object");
        all.extend(others.as_object().expect("an object").clone());
        json!({"lockfileVersion": 3, "packages": packages}).to_string()
    };
    for (section, severity, status) in [
        ("devDependencies", "high", "introduced"),
        // It is in the production of this project already, and new to the workspace that gets it.
        ("dependencies", "high", "introduced"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let at = folder.path();
        let root = r#"{"private": true, "workspaces": ["packages/*"]}"#;
        let asks = json!({"version": "1.0.0", section: {"lodash": "^4.17.0"}});
        let ships = json!({"version": "1.0.0", "dependencies": {"lodash": "^4.17.0"}});
        let old = locked(json!({"packages/a": asks, "packages/b": {"version": "1.0.0"}}));
        let new = locked(json!({"packages/a": asks, "packages/b": ships}));
        let (tool, shop) = (workspace("a", section), workspace("b", "dependencies"));
        write(
            at,
            &[
                ("own.jsonl", ADVISORIES),
                ("base/package.json", root),
                ("base/packages/a/package.json", &tool),
                (
                    "base/packages/b/package.json",
                    r#"{"name": "b", "version": "1.0.0"}"#,
                ),
                ("base/package-lock.json", &old),
                ("head/package.json", root),
                ("head/packages/a/package.json", &tool),
                ("head/packages/b/package.json", &shop),
                ("head/package-lock.json", &new),
            ],
        );
        let update = ["advisories", "update", "--source", "own.jsonl"];
        let database = ["--database", "own.db"];
        let made = tidegate(at, &[&update[..], &database].concat(), &[]);
        assert_eq!(made.code, 0, "{}", made.stderr);
        let check = ["check", "--base", "base", "--head", "head", "--offline"];
        let format = ["--format", "json"];
        let told = tidegate(at, &[&check[..], &database, &format].concat(), &[]);
        let report: Value = serde_json::from_str(&told.stdout).expect("JSON");
        let findings = report["findings"].as_array().expect("findings").iter();
        let found: Vec<(&Value, &Value)> = findings
            .filter(|finding| finding["rule"] == "package/vulnerable")
            .map(|finding| (&finding["severity"], &finding["status"]))
            .collect();
        assert_eq!(found, [(&json!(severity), &json!(status))], "{section}");
    }
}

#[test]
fn a_database_that_was_asked_for_and_is_not_there_makes_a_run_incomplete() {
    let folder = tempfile::tempdir().expect("a folder");
    change(folder.path());
    for damaged in [None, Some("not a database")] {
        if let Some(text) = damaged {
            write(folder.path(), &[("own.db", text)]);
        }
        let arguments = ["check", "head", "--offline", "--database", "own.db"];
        let told = tidegate(folder.path(), &arguments, &[]);
        assert_eq!(told.code, 3, "{}{}", told.stdout, told.stderr);
        assert!(told.stdout.contains("advisories"), "{}", told.stdout);
    }
}

#[test]
fn nobody_is_missed_where_nothing_is_installed() {
    let folder = tempfile::tempdir().expect("a folder");
    write(
        folder.path(),
        &[(
            "pod.yaml",
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n",
        )],
    );
    let told = tidegate(folder.path(), &["check"], &[("TIDEGATE_OFFLINE", "0")]);
    assert_eq!(told.code, 0, "{}{}", told.stdout, told.stderr);
}

/// What a run behind a mirror says that asks OSV.
fn behind_mirror(lockfile: &str, npmrc: &str, osv: &str) -> Value {
    let files = [("package-lock.json", lockfile), (".npmrc", npmrc)];
    behind_mirror_with(&files, osv)
}

/// The same of any files.
fn behind_mirror_with(files: &[(&str, &str)], osv: &str) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let settings = "packages: {sources: {advisories: [osv], registry: false}}\nrules: {package/foreign-host: off}\n";
    write(at, files);
    write(at, &[(".tidegate.yaml", settings)]);
    let cache = at.join(".cache");
    let variables = [
        ("TIDEGATE_OFFLINE", "0"),
        ("TIDEGATE_OSV_URL", osv),
        ("TIDEGATE_CACHE_DIR", cache.to_str().expect("UTF-8")),
        ("npm_config_registry", "https://mirror.acme.example/"),
        ("NO_PROXY", "127.0.0.1"),
    ];
    let told = tidegate(at, &["check", "--format", "json"], &variables);
    serde_json::from_str(&told.stdout).expect("JSON")
}

#[tokio::test]
async fn behind_a_mirror_public_names_are_told_and_a_run_that_tells_none_is_incomplete() {
    let osv = MockServer::start().await;
    Mock::given(path("/v1/querybatch"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"results": [{}]})))
        .expect(2)
        .mount(&osv)
        .await;
    let public = lockfile("4.17.20");
    let report = behind_mirror(&public, "", &osv.uri());
    assert_eq!(report["incomplete"], json!([]), "{report}");

    let private = public.replace("https://registry.npmjs.org/", "https://npm.acme.example/");
    let scoped = public.replace("lodash", "@acme/lodash");
    let scope = "@acme:registry=https://npm.acme.example/\n";
    for (lockfile, npmrc) in [(private.as_str(), ""), (&scoped, scope)] {
        let report = behind_mirror(lockfile, npmrc, &osv.uri());
        let reasons = report["incomplete"].to_string();
        assert!(reasons.contains("not public"), "{reasons}");
    }
    // npm takes from the registry of the repository what the lockfile seems to take from the public one.
    let report = behind_mirror(&public, "registry=https://npm.acme.example/\n", &osv.uri());
    assert!(report["incomplete"].to_string().contains("not public"));
    // Without the mapping of its scope it is public as well.
    let report = behind_mirror(&scoped, "", &osv.uri());
    assert_eq!(report["incomplete"], json!([]), "{report}");
    osv.verify().await;
}

#[tokio::test]
async fn what_a_registry_of_pnpm_serves_by_its_address_is_told_to_nobody() {
    let lockfile = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      '@acme/a':\n        specifier: ^1.0.0\n        version: 1.0.0\npackages:\n  '@acme/a@1.0.0':\n    resolution: {integrity: sha512-a==, tarball: https://registry.npmjs.org/@acme/a/-/a-1.0.0.tgz}\nsnapshots:\n  '@acme/a@1.0.0': {}\n";
    let package = r#"{"private": true, "dependencies": {"@acme/a": "^1.0.0"}}"#;
    for (scope, asked) in [("@acme", 0), ("@other", 1)] {
        let osv = MockServer::start().await;
        Mock::given(path("/v1/querybatch"))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({"results": [{}]})))
            .expect(asked)
            .mount(&osv)
            .await;
        let workspace =
            format!("registries:\n  https://npm.acme.example/:\n    scopes: ['{scope}']\n");
        let files = [
            ("package.json", package),
            ("pnpm-lock.yaml", lockfile),
            ("pnpm-workspace.yaml", &workspace),
        ];
        let report = behind_mirror_with(&files, &osv.uri());
        let is_incomplete = report["incomplete"].to_string().contains("not public");
        assert_eq!(is_incomplete, asked == 0, "{scope}: {report}");
        osv.verify().await;
    }
}

/// The versions with the status of what is said about them, where a change makes one lockfile of another.
fn statuses(base: &Value, head: &Value) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let lockfile =
        |packages: &Value| json!({"lockfileVersion": 3, "packages": packages}).to_string();
    write(
        at,
        &[
            ("own.jsonl", ADVISORIES),
            ("base/package-lock.json", &lockfile(base)),
            ("head/package-lock.json", &lockfile(head)),
        ],
    );
    let made = [
        "advisories",
        "update",
        "--source",
        "own.jsonl",
        "--database",
        "own.db",
    ];
    assert_eq!(tidegate(at, &made, &[]).code, 0);
    let arguments = [
        "check",
        "--base",
        "base",
        "--head",
        "head",
        "--offline",
        "--database",
        "own.db",
        "--format",
        "json",
    ];
    let told = tidegate(at, &arguments, &[]);
    let report: Value = serde_json::from_str(&told.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("findings").iter();
    let own = findings.filter(|finding| finding["rule"] == "package/vulnerable");
    let mut told: Vec<String> = own
        .map(|finding| {
            let purl = finding["package"]["purl"].as_str().expect("a purl");
            let version = purl.rsplit('@').next().unwrap_or_default();
            let status = finding["status"].as_str().expect("a status");
            format!("{version} {status}")
        })
        .collect();
    told.sort();
    told
}

/// Where `lodash` lies for whoever asks for it, with the version.
fn installed(direct: Option<&str>, through: Option<&str>) -> Value {
    let entry = |name: &str, version: &str| {
        json!({
            "version": version,
            "resolved": format!("https://registry.npmjs.org/{name}/-/{name}-{version}.tgz"),
            "integrity": format!("sha512-{version}=="),
        })
    };
    let mut root = serde_json::Map::new();
    let mut packages = serde_json::Map::new();
    if let Some(version) = through {
        root.insert("old".to_owned(), json!("1.0.0"));
        let mut old = entry("old", "1.0.0");
        old["dependencies"] = json!({"lodash": "*"});
        packages.insert("node_modules/old".to_owned(), old);
        let place = "node_modules/old/node_modules/lodash";
        packages.insert(place.to_owned(), entry("lodash", version));
    }
    if let Some(version) = direct {
        root.insert("lodash".to_owned(), json!(version));
        packages.insert("node_modules/lodash".to_owned(), entry("lodash", version));
    }
    packages.insert(String::new(), json!({"dependencies": root}));
    Value::Object(packages)
}

#[test]
fn an_affected_version_is_new_beside_another_one_and_not_in_its_place() {
    let of = |base, head| statuses(&base, &head);
    // The direct dependency goes back to an affected version, while another one was there all the time.
    assert_eq!(
        of(
            installed(Some("4.17.21"), Some("4.0.0")),
            installed(Some("4.17.5"), Some("4.0.0"))
        ),
        ["4.0.0 existing", "4.17.5 introduced"]
    );
    // So it is where the new one is the lower one.
    assert_eq!(
        of(
            installed(None, Some("4.17.5")),
            installed(Some("4.0.0"), Some("4.17.5"))
        ),
        ["4.0.0 introduced", "4.17.5 existing"]
    );
    // An affected version that another one replaces was there in some manner.
    assert_eq!(
        of(
            installed(None, Some("4.0.0")),
            installed(None, Some("4.17.5"))
        ),
        ["4.17.5 existing"]
    );
    // What takes the place of the old one is what comes on the same way.
    assert_eq!(
        of(
            installed(None, Some("4.0.0")),
            installed(Some("4.17.5"), Some("4.17.6"))
        ),
        ["4.17.5 introduced", "4.17.6 existing"]
    );
    // What was one version for two ways, and is now two, was there on both.
    let mut shared = installed(Some("4.0.0"), Some("4.0.0"));
    let nested = "node_modules/old/node_modules/lodash";
    shared.as_object_mut().expect("packages").remove(nested);
    assert_eq!(
        of(shared, installed(Some("4.17.5"), Some("4.0.0"))),
        ["4.0.0 existing", "4.17.5 existing"]
    );
    // Of two, one is mended.
    assert_eq!(
        of(
            installed(Some("4.17.5"), Some("4.0.0")),
            installed(Some("4.17.21"), Some("4.0.0"))
        ),
        ["4.0.0 existing", "4.17.5 fixed"]
    );
}
