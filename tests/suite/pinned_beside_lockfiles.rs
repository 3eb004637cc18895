//! What a `package.json` pins and its lockfile does not hold, and what is asked for and was cut out of the lockfile.

use serde_json::{Value as Json, json};
use tidegate::snapshot::held::held;
use tidegate::snapshot::unlocked::unlocked;

use crate::program::{tidegate, write};
use crate::reading::snapshot;
use crate::workspace_debts::{before, entry};

/// Names and versions that a project installs, with the file that a person edits.
fn installed(files: &[(&str, &str)]) -> Vec<String> {
    let found = snapshot(files);
    let all = held(&found).map(|held| {
        let at = held.location();
        format!("{} at {}", held.package.label(), at.path)
    });
    all.collect()
}

fn npm(repeated: &Json, version: &str) -> String {
    json!({"lockfileVersion": 3, "packages": {
        "": {"dependencies": repeated},
        "node_modules/ms": {"version": version, "resolved": format!("https://registry.npmjs.org/ms/-/ms-{version}.tgz")},
    }})
    .to_string()
}

fn pnpm(specifier: &str, version: &str) -> String {
    format!(
        "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      ms:\n        specifier: {specifier}\n        version: {version}\n\npackages:\n\n  ms@{version}:\n    resolution: {{integrity: sha512-a==}}\n\nsnapshots:\n\n  ms@{version}: {{}}\n"
    )
}

fn yarn(specifier: &str, version: &str) -> String {
    format!("# yarn lockfile v1\n\n\nms@{specifier}:\n  version \"{version}\"\n")
}

fn berry(specifier: &str, version: &str) -> String {
    format!(
        "__metadata:\n  version: 8\n\n\"ms@npm:{specifier}\":\n  version: {version}\n  resolution: \"ms@npm:{version}\"\n  checksum: 10c0/abc\n  languageName: node\n  linkType: hard\n\n\"a@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"a@workspace:.\"\n  dependencies:\n    ms: \"npm:{specifier}\"\n  languageName: unknown\n  linkType: soft\n"
    )
}

fn bun(specifier: &str, version: &str) -> String {
    json!({"lockfileVersion": 1, "workspaces": {"": {"name": "a", "dependencies": {"ms": specifier}}},
        "packages": {"ms": [format!("ms@{version}"), "", {}, "sha512-a=="]}})
    .to_string()
}

#[test]
fn a_pin_that_the_lockfile_does_not_hold_is_installed_beside_it() {
    let lockfiles = |specifier: &str, version: &str| {
        [
            ("package-lock.json", npm(&json!({"ms": specifier}), version)),
            ("pnpm-lock.yaml", pnpm(specifier, version)),
            ("yarn.lock", yarn(specifier, version)),
            ("yarn.lock", berry(specifier, version)),
            ("bun.lock", bun(specifier, version)),
        ]
    };
    let root = |dependencies: Json| json!({"name": "a", "dependencies": dependencies}).to_string();
    for (path, text) in lockfiles("^2.0.0", "2.1.3") {
        let lockfile = (path, text.as_str());
        let told =
            |dependencies: Json| installed(&[("package.json", &root(dependencies)), lockfile]);
        let locked = "ms@2.1.3 at package.json";
        assert_eq!(told(json!({"ms": "^2.0.0"})), [locked], "{path}");
        assert_eq!(
            told(json!({"ms": "^2.0.0", "new": "1.0.0", "other": "npm:real@3.0.0"})),
            [
                locked,
                "new@1.0.0 at package.json",
                "real@3.0.0 at package.json"
            ],
            "{path}"
        );
        // A range is no version.
        assert_eq!(
            told(json!({"ms": "^2.0.0", "new": "^1.0.0"})),
            [locked],
            "{path}"
        );
        let pinned = told(json!({"ms": "2.0.0"}));
        assert_eq!(pinned.len(), 2, "{path}: {pinned:?}");
        assert_eq!(pinned[1], "ms@2.0.0 at package.json", "{path}");
        // Another notation of the version that is held.
        assert_eq!(told(json!({"ms": "=2.1.3"})), [locked], "{path}");
        let ranges = root(json!({"ms": "^2.0.0", "new": "^1.0.0", "pinned": "1.0.0"}));
        let found = snapshot(&[("package.json", &ranges), lockfile]);
        let open: Vec<&str> = unlocked(&found).iter().map(|one| one.name).collect();
        assert_eq!(open, ["new"], "{path}");
    }
    // A lockfile that was written for the pin is taken at its word, but for npm's.
    let pinned = root(json!({"ms": "2.0.0"}));
    for (path, text) in lockfiles("2.0.0", "2.1.3") {
        let told = installed(&[("package.json", &pinned), (path, &text)]);
        let expected: &[&str] = match path {
            "package-lock.json" => &["ms@2.1.3 at package.json", "ms@2.0.0 at package.json"],
            _ => &["ms@2.1.3 at package.json"],
        };
        assert_eq!(told, expected, "{path}");
    }
}

#[test]
fn what_else_decides_about_a_pin_is_heeded() {
    let lockfile = pnpm("^2.0.0", "2.1.3");
    let told = |manifest: Json, more: &[(&str, &str)]| {
        let manifest = manifest.to_string();
        let own = [("package.json", &*manifest), ("pnpm-lock.yaml", &*lockfile)];
        let mut told = installed(&[&own, more].concat());
        told.retain(|one| !one.starts_with("ms@2.1.3"));
        told
    };
    let asking =
        |specifier: &str| json!({"name": "a", "dependencies": {"ms": "^2.0.0", "new": specifier}});
    let with = |key: &str, value: Json| {
        let mut manifest = asking("1.0.0");
        manifest[key] = value;
        manifest
    };
    let new = |version: &str| vec![format!("new@{version} at package.json")];
    let overrides = |overrides: Json| with("pnpm", json!({"overrides": overrides}));
    assert_eq!(told(overrides(json!({"new": "1.1.0"})), &[]), new("1.1.0"));
    assert_eq!(
        told(overrides(json!({"new@1": "1.1.0"})), &[]),
        new("1.1.0")
    );
    assert_eq!(
        told(overrides(json!({"new@2": "2.1.0"})), &[]),
        new("1.0.0")
    );
    assert_eq!(
        told(overrides(json!({"other>new": "2.1.0"})), &[]),
        new("1.0.0")
    );
    // What is for this workspace alone may or may not come before what it says itself.
    assert_eq!(
        told(overrides(json!({"a>new": "2.1.0"})), &[]),
        [new("1.0.0"), new("2.1.0")].concat()
    );
    assert_eq!(told(overrides(json!({"new": "-"})), &[]), [""; 0]);
    // Overrides of another package manager are none.
    assert_eq!(
        told(with("overrides", json!({"new": "1.1.0"})), &[]),
        new("1.0.0")
    );
    let catalog = "catalog:\n  new: 1.2.0\n";
    let workspace = [("pnpm-workspace.yaml", catalog)];
    assert_eq!(
        told(asking("catalog:"), &workspace),
        ["new@1.2.0 at pnpm-workspace.yaml"]
    );
    // What a workspace stands for in this version comes from no registry, where pnpm is told to link it; another package of
    // the repository is nobody's workspace.
    let own = ("lib/package.json", r#"{"name": "new", "version": "1.0.0"}"#);
    let members = ("pnpm-workspace.yaml", "packages: [lib]\n");
    let linking = "packages: [lib]\nlinkWorkspacePackages: true\n";
    let linking = ("pnpm-workspace.yaml", linking);
    assert_eq!(told(asking("1.0.0"), &[own, linking]), [""; 0]);
    assert_eq!(told(asking("1.0.0"), &[own, members]), new("1.0.0"));
    assert_eq!(told(asking("1.0.1"), &[own, linking]), new("1.0.1"));
    assert_eq!(told(asking("1.0.0"), &[own]), new("1.0.0"));
    // Peers are installed with what asks for them, unless they are optional.
    let peers = json!({"name": "a", "dependencies": {"ms": "^2.0.0"}, "peerDependencies": {"new": "1.0.0", "ms": "2.0.0"}});
    assert_eq!(told(peers.clone(), &[]), new("1.0.0"));
    let mut optional = peers;
    optional["peerDependenciesMeta"] = json!({"new": {"optional": true}});
    assert_eq!(told(optional, &[]), [""; 0]);
    // Hooks are no reason to believe the lockfile.
    let hooked = lockfile.replace("importers:", "pnpmfileChecksum: sha256-a=\n\nimporters:");
    let pinned = json!({"name": "a", "dependencies": {"ms": "2.0.0"}}).to_string();
    assert_eq!(
        installed(&[("package.json", &pinned), ("pnpm-lock.yaml", &hooked)]),
        ["ms@2.1.3 at package.json", "ms@2.0.0 at package.json"]
    );
}

#[test]
fn of_two_sections_the_one_counts_that_the_package_manager_reads() {
    let twice = |one: &str, other: &str| json!({"name": "a", "dependencies": {"ms": one}, "devDependencies": {"ms": other}});
    for (path, text, reads_development) in [
        (
            "package-lock.json",
            npm(&json!({"ms": "^2.0.0"}), "2.1.3"),
            true,
        ),
        ("yarn.lock", berry("^2.0.0", "2.1.3"), true),
        ("bun.lock", bun("^2.0.0", "2.1.3"), true),
        ("pnpm-lock.yaml", pnpm("^2.0.0", "2.1.3"), false),
        ("yarn.lock", yarn("^2.0.0", "2.1.3"), false),
    ] {
        let told = |manifest: Json| {
            installed(&[("package.json", &manifest.to_string()), (path, &*text)]).len() - 1
        };
        let of_development = told(twice("^2.0.0", "npm:real@1.0.0"));
        assert_eq!(of_development, usize::from(reads_development), "{text}");
        let of_production = told(twice("npm:real@1.0.0", "^2.0.0"));
        assert_eq!(of_production, usize::from(!reads_development), "{text}");
    }
}

#[test]
fn settings_pin_what_the_lockfile_does_not_hold() {
    let told = |manifest: Json, lockfile: (&str, &str), more: &[(&str, &str)]| {
        let manifest = manifest.to_string();
        let own = [("package.json", &*manifest), lockfile];
        let mut told = installed(&[&own, more].concat());
        told.retain(|one| !one.starts_with("ms@2.1.3"));
        told
    };
    let with = |key: &str, value: Json| {
        let mut manifest = json!({"name": "a", "dependencies": {"ms": "^2.0.0"}});
        manifest[key] = value;
        manifest
    };
    let pnpm = pnpm("^2.0.0", "2.1.3");
    let pnpm = ("pnpm-lock.yaml", &*pnpm);
    let berry = berry("^2.0.0", "2.1.3");
    let berry = ("yarn.lock", &*berry);
    let at_root = |label: &str| vec![format!("{label} at package.json")];
    for (put, label) in [
        (json!({"ms": "2.0.0"}), "ms@2.0.0"),
        (json!({"ms": "npm:real@1.0.0"}), "real@1.0.0"),
        (
            json!({"ms": "https://registry.npmjs.org/real/-/real-1.0.0.tgz"}),
            "real@1.0.0",
        ),
    ] {
        assert_eq!(
            told(with("resolutions", put.clone()), berry, &[]),
            at_root(label)
        );
        let overrides = with("pnpm", json!({"overrides": put}));
        assert_eq!(told(overrides, pnpm, &[]), at_root(label));
    }
    for silent in [
        json!({"ms": "2.1.3"}),
        json!({"ms": "^2.0.0"}),
        json!({"ms@1": "2.0.0"}),
        json!({"other": "1.0.0"}),
        json!({"other>ms": "2.0.0"}),
        json!({"ms": "https://host.example/ms/-/ms-2.0.0.tgz"}),
    ] {
        let overrides = with("pnpm", json!({"overrides": silent}));
        assert_eq!(told(overrides, pnpm, &[]), [""; 0]);
    }
    // Those of another package manager are none.
    assert_eq!(
        told(with("overrides", json!({"ms": "2.0.0"})), pnpm, &[]),
        [""; 0]
    );
    // Where npm would refuse to install, as the root says something else, the entry is what pins it.
    let npm = npm(&json!({"ms": "^2.0.0"}), "2.1.3");
    let npm = ("package-lock.json", &*npm);
    let overrides = with("overrides", json!({"ms": "npm:real@1.0.0"}));
    assert_eq!(told(overrides, npm, &[]), at_root("real@1.0.0"));
    let asking = json!({"name": "a", "dependencies": {"ms": "^2.0.0"}});
    // An override may leave it to a catalogue.
    let catalogue = "overrides:\n  ms: 'catalog:'\ncatalog:\n  ms: npm:real@1.0.0\n";
    assert_eq!(
        told(asking.clone(), pnpm, &[("pnpm-workspace.yaml", catalogue)]),
        ["real@1.0.0 at pnpm-workspace.yaml"]
    );
    let workspace = "overrides:\n  ms: 2.0.0\nconfigDependencies:\n  real: 1.0.0+sha512-a==\n";
    assert_eq!(
        told(asking, pnpm, &[("pnpm-workspace.yaml", workspace)]),
        [
            "ms@2.0.0 at pnpm-workspace.yaml",
            "real@1.0.0 at pnpm-workspace.yaml"
        ]
    );
}

/// What a change comes to: the exit code, and of advisories the status with the package.
pub(crate) fn judged(base: &[(&str, &str)], head: &[(&str, &str)]) -> (i32, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    for (side, files) in [("base", base), ("head", head)] {
        for (path, text) in files {
            write(folder.path(), &[(&format!("{side}/{path}"), text)]);
        }
    }
    let entries = [
        entry("GHSA-aaaa-aaaa-aaaa", "bad", before("1.1.0")),
        entry("GHSA-bbbb-bbbb-bbbb", "below", before("1.1.0")),
        entry("MAL-2026-1", "worse", json!({"versions": ["1.0.0"]})),
        entry("MAL-2026-2", "@s/worse", json!({"versions": ["1.0.0"]})),
        entry(
            "MAL-2026-3",
            "worst",
            json!({"ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]}),
        ),
    ];
    let lines: Vec<String> = entries.iter().map(Json::to_string).collect();
    write(folder.path(), &[("own.jsonl", &lines.join("\n"))]);
    let run = |arguments: &str| {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        tidegate(folder.path(), &arguments, &[])
    };
    let update = run("advisories update --source own.jsonl --database own.db");
    assert_eq!(update.code, 0, "{}", update.stderr);
    let outcome = run("check --base base --head head --database own.db --offline --format json");
    let report: Json = serde_json::from_str(&outcome.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let advisories = findings.filter(|finding| {
        ["package/vulnerable", "package/malicious"].contains(&finding["rule"].as_str().unwrap())
    });
    let mut told: Vec<String> = advisories
        .map(|finding| {
            let text = |at: &Json| at.as_str().unwrap().to_owned();
            format!(
                "{} {} at {}",
                text(&finding["status"]),
                text(&finding["package"]["name"]),
                text(&finding["location"]["path"])
            )
        })
        .collect();
    told.sort();
    (outcome.code, told)
}

/// A lockfile of Yarn 1 that holds packages in version 1.0.0, each with what it brings.
pub(crate) fn held_by_yarn(packages: &[(&str, Option<&str>)]) -> String {
    let mut text = "# yarn lockfile v1\n\n".to_owned();
    for (name, brings) in packages {
        for specifier in ["1.0.0", "^1.0.0"] {
            if !text.ends_with(", ") {
                text.push('\n');
            }
            text.push_str(&format!("{name}@{specifier}"));
            text.push_str(if specifier == "1.0.0" { ", " } else { ":\n" });
        }
        text.push_str("  version \"1.0.0\"\n");
        if let Some(brought) = brings {
            text.push_str(&format!("  dependencies:\n    {brought} \"^1.0.0\"\n"));
        }
    }
    text
}

#[test]
fn a_pin_without_its_lockfile_is_judged_as_what_it_installs() {
    let asking = |dependencies: Json| json!({"dependencies": dependencies}).to_string();
    let lockfile = held_by_yarn(&[("ok", None)]);
    let base = asking(json!({"ok": "^1.0.0"}));
    let base = [("package.json", &*base), ("yarn.lock", &*lockfile)];
    let judge = |dependencies: Json| {
        let manifest = asking(dependencies);
        judged(
            &base,
            &[("package.json", &manifest), ("yarn.lock", &lockfile)],
        )
    };
    assert_eq!(
        judge(json!({"ok": "^1.0.0", "bad": "1.0.0"})),
        (1, vec!["introduced bad at package.json".to_owned()])
    );
    assert_eq!(
        judge(json!({"ok": "^1.0.0", "worse": "1.0.0"})),
        (1, vec!["introduced worse at package.json".to_owned()])
    );
    for harmless in [
        json!({"ok": "^1.0.0", "bad": "1.1.0"}),
        json!({"ok": "^1.0.0", "bad": "^1.0.0"}),
    ] {
        assert_eq!(judge(harmless), (0, vec![]));
    }
}

#[test]
fn what_is_cut_out_of_a_lockfile_is_not_mended() {
    let asking = |dependencies: Json| json!({"dependencies": dependencies}).to_string();
    let whole = held_by_yarn(&[
        ("ok", None),
        ("bad", None),
        ("carrier", Some("below")),
        ("below", None),
    ]);
    let ranges = asking(json!({"ok": "^1.0.0", "bad": "^1.0.0", "carrier": "^1.0.0"}));
    let base = [("package.json", &*ranges), ("yarn.lock", &*whole)];
    let told =
        |lockfile: &str| judged(&base, &[("package.json", &ranges), ("yarn.lock", lockfile)]);
    let existing = |names: &[&str]| -> Vec<String> {
        let told = names
            .iter()
            .map(|name| format!("existing {name} at package.json"));
        told.collect()
    };
    assert_eq!(told(&whole), (0, existing(&["bad", "below"])));
    // Asked for by a range: what is installed is not known.
    let cut = held_by_yarn(&[("ok", None), ("carrier", Some("below")), ("below", None)]);
    assert_eq!(told(&cut), (3, existing(&["below"])));
    // With who brings it, and alone.
    let cut = held_by_yarn(&[("ok", None), ("bad", None)]);
    assert_eq!(told(&cut), (3, existing(&["bad"])));
    let cut = held_by_yarn(&[("ok", None), ("bad", None), ("carrier", Some("below"))]);
    assert_eq!(told(&cut), (3, existing(&["bad"])));
    assert_eq!(told("# yarn lockfile v1\n"), (3, vec![]));

    // A pin is what is installed all the same.
    let pins = asking(json!({"ok": "^1.0.0", "bad": "1.0.0"}));
    let whole = held_by_yarn(&[("ok", None), ("bad", None)]);
    let base = [("package.json", &*pins), ("yarn.lock", &*whole)];
    let cut = held_by_yarn(&[("ok", None)]);
    assert_eq!(
        judged(&base, &[("package.json", &pins), ("yarn.lock", &cut)]),
        (3, existing(&["bad"]))
    );

    // What nobody asks for any more is gone, and what is asked for in a mended version is mended.
    let none = asking(json!({"ok": "^1.0.0"}));
    let fixed = vec!["fixed bad at package.json".to_owned()];
    assert_eq!(
        judged(&base, &[("package.json", &none), ("yarn.lock", &cut)]),
        (0, fixed.clone())
    );
    let newer = asking(json!({"ok": "^1.0.0", "bad": "1.1.0"}));
    let upgraded = format!("{cut}\nbad@1.1.0:\n  version \"1.1.0\"\n");
    assert_eq!(
        judged(&base, &[("package.json", &newer), ("yarn.lock", &upgraded)]),
        (0, fixed)
    );
}
