//! Lockfiles beside the one that `packageManager` names: a build may install from them.

use serde_json::{Value as Json, json};

use crate::configuration::check;
use crate::pinned_beside_lockfiles::{held_by_yarn, judged};
use crate::program::{commit, git, write};

type Files<'a> = &'a [(&'a str, &'a str)];

fn asking(dependencies: &Json, manager: Option<&str>) -> String {
    let mut root = json!({"name": "a", "private": true, "dependencies": dependencies});
    if let Some(manager) = manager {
        root["packageManager"] = manager.into();
    }
    root.to_string()
}

/// A lockfile of npm.
fn of_npm(asks: &Json, packages: &[(&str, &str)]) -> String {
    let mut all = json!({"": {"name": "a", "dependencies": asks}});
    for (name, version) in packages {
        all[format!("node_modules/{name}")] = json!({
            "version": version,
            "resolved": format!("https://registry.npmjs.org/{name}/-/{name}-{version}.tgz"),
            "integrity": "sha512-a==",
        });
    }
    json!({"name": "a", "lockfileVersion": 3, "packages": all}).to_string()
}

fn ok() -> Json {
    json!({"ok": "^1.0.0"})
}

const YARN: Option<&str> = Some("yarn@1.22.22");

#[test]
fn another_package_manager_hides_nothing_in_the_lockfile_that_stays() {
    let (plain, moved) = (asking(&ok(), None), asking(&ok(), YARN));
    let (npm, yarn) = (
        of_npm(&ok(), &[("ok", "1.0.0")]),
        held_by_yarn(&[("ok", None)]),
    );
    let base: Files = &[("package.json", &plain), ("package-lock.json", &npm)];
    let with = |npm: &str| {
        judged(
            base,
            &[
                ("package.json", &moved),
                ("package-lock.json", npm),
                ("yarn.lock", &yarn),
            ],
        )
    };
    let worse = of_npm(&ok(), &[("ok", "1.0.0"), ("worse", "1.0.0")]);
    assert_eq!(
        with(&worse),
        (1, vec!["introduced worse at package-lock.json".to_owned()])
    );
    assert_eq!(with(&npm), (0, vec![]));
    // The one that is named counts as before.
    let worse = held_by_yarn(&[("ok", Some("worse")), ("worse", None)]);
    let head: Files = &[
        ("package.json", &moved),
        ("package-lock.json", &npm),
        ("yarn.lock", &worse),
    ];
    let (code, told) = judged(base, head);
    assert_eq!((code, told.len()), (1, 1), "{told:?}");
}

#[test]
fn a_shrinkwrap_hides_nothing_in_the_lockfile_beside_it() {
    let manifest = asking(&ok(), None);
    let clean = of_npm(&ok(), &[("ok", "1.0.0")]);
    let worse = of_npm(&ok(), &[("ok", "1.0.0"), ("worse", "1.0.0")]);
    let base: Files = &[("package.json", &manifest), ("package-lock.json", &clean)];
    let with = |shrinkwrap: &str, lockfile: &str| {
        let head: Files = &[
            ("package.json", &manifest),
            ("npm-shrinkwrap.json", shrinkwrap),
            ("package-lock.json", lockfile),
        ];
        judged(base, head)
    };
    let told = |path: &str| (1, vec![format!("introduced worse at {path}")]);
    assert_eq!(with(&clean, &worse), told("package-lock.json"));
    assert_eq!(with(&worse, &clean), told("npm-shrinkwrap.json"));
    assert_eq!(with(&clean, &clean), (0, vec![]));
    // What nobody reads while the shrinkwrap is there need not follow the package.json.
    let both: Files = &[base[0], base[1], ("npm-shrinkwrap.json", &clean)];
    let asks = json!({"new": "^1.0.0", "ok": "^1.0.0"});
    let (manifest, shrinkwrap) = (
        asking(&asks, None),
        of_npm(&asks, &[("new", "1.0.0"), ("ok", "1.0.0")]),
    );
    let head: Files = &[
        ("package.json", &manifest),
        ("npm-shrinkwrap.json", &shrinkwrap),
        ("package-lock.json", &clean),
    ];
    assert_eq!(introduced(both, head), [""; 0]);
}

#[test]
fn what_both_package_managers_install_is_no_news() {
    let asks = json!({"bad": "^1.0.0", "ok": "^1.0.0"});
    let (plain, moved) = (asking(&asks, None), asking(&asks, YARN));
    let npm = of_npm(&asks, &[("ok", "1.0.0"), ("bad", "1.0.0")]);
    let yarn = held_by_yarn(&[("ok", None), ("bad", None)]);
    let mended = yarn.replace("version \"1.0.0\"", "version \"1.1.0\"");
    let base: Files = &[("package.json", &plain), ("package-lock.json", &npm)];
    // The old lockfile goes with the migration, or is forgotten.
    let gone: Files = &[("package.json", &moved), ("yarn.lock", &yarn)];
    let forgotten: Files = &[gone[0], gone[1], ("package-lock.json", &npm)];
    for head in [gone, forgotten] {
        let (code, told) = judged(base, head);
        assert_eq!(code, 0);
        assert!(
            told.iter().all(|one| one.starts_with("existing bad")),
            "{told:?}"
        );
    }
    // Mended in the one that is used, cleared away later on.
    let upgraded: Files = &[
        ("package.json", &moved),
        ("yarn.lock", &mended),
        ("package-lock.json", &npm),
    ];
    assert_eq!(
        judged(forgotten, upgraded),
        (0, vec!["existing bad at package-lock.json".to_owned()])
    );
    assert_eq!(
        judged(upgraded, &upgraded[..2]),
        (0, vec!["fixed bad at package-lock.json".to_owned()])
    );
}

/// What a change introduces, as `rule path`.
fn introduced(base: Files<'_>, head: Files<'_>) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    git(root, &["init", "-q"]);
    write(root, base);
    commit(root, "main");
    git(root, &["checkout", "-q", "-b", "feature"]);
    write(root, head);
    commit(root, "feature");
    let (_, json) = check(root, &["--base", "HEAD~1", "--head", "HEAD", "--offline"]);
    let findings = json["findings"].as_array().unwrap().iter();
    let news = findings.filter(|finding| finding["status"] == "introduced");
    news.map(|finding| {
        let text = |at: &Json| at.as_str().unwrap().to_owned();
        format!(
            "{} {}",
            text(&finding["rule"]),
            text(&finding["location"]["path"])
        )
    })
    .collect()
}

#[test]
fn a_forgotten_lockfile_is_not_measured_against_a_package_json_that_moves_on() {
    let npm = of_npm(&ok(), &[("ok", "1.0.0")]);
    let pnpm = "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      ok:\n        specifier: ^1.0.0\n        version: 1.0.0\n\npackages:\n\n  ok@1.0.0:\n    resolution: {integrity: sha512-a==}\n\nsnapshots:\n\n  ok@1.0.0: {}\n";
    let before = held_by_yarn(&[("ok", None)]);
    let manifest = asking(&ok(), YARN);
    let base: Files = &[
        ("package.json", &manifest),
        ("yarn.lock", &before),
        ("package-lock.json", &npm),
        ("pnpm-lock.yaml", pnpm),
    ];
    for asks in [
        json!({"new": "^1.0.0"}),
        json!({"new": "1.0.0", "ok": "^1.0.0"}),
        json!({}),
    ] {
        let manifest = asking(&asks, YARN);
        let names = asks.as_object().unwrap().keys();
        let packages: Vec<(&str, Option<&str>)> = names.map(|name| (&**name, None)).collect();
        let lockfile = held_by_yarn(&packages);
        let head: Files = &[("package.json", &manifest), ("yarn.lock", &lockfile)];
        assert_eq!(introduced(base, head), [""; 0], "{asks}");
    }
    // The same of a lockfile that lists nobody who asks.
    let named = |asks: &Json| asking(asks, Some("npm@11.0.0"));
    let manifest = named(&ok());
    let base: Files = &[
        ("package.json", &manifest),
        ("package-lock.json", &npm),
        ("yarn.lock", &before),
    ];
    let manifest = named(&json!({}));
    let lockfile = json!({"name": "a", "lockfileVersion": 3, "packages": {"": {"name": "a"}}});
    let lockfile = lockfile.to_string();
    let head: Files = &[
        ("package.json", &manifest),
        ("package-lock.json", &lockfile),
    ];
    assert_eq!(introduced(base, head), [""; 0]);
}
