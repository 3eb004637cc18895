//! `package-lock.json` and `npm-shrinkwrap.json`.

use tidegate::packages::lockfile::{LockfileKind, Marks, Need, ProblemKind, Section, Source, read};

use super::conformance::{Doubt, applications, labelled};
use super::reading::{edge, importer, lockfile, named, source_of, written};

/// Where upstream's extractor says something else.
const DOUBTS: &[Doubt] = &[
    Doubt {
        file: "osv-scalibr/npm/both/package-lock.json",
        missing: &[],
        extra: &[("supports-color", "5.5.0"), ("wrappy", "1.0.2")],
        why: "it is shadowed by the npm-shrinkwrap.json beside it, which a reader of one text cannot know",
    },
    Doubt {
        file: "osv-scalibr/npm/files.v2.json",
        missing: &[("etag", "1.8.0")],
        extra: &[],
        why: "it is a folder of the repository: an importer, and no package, as no link leads to it",
    },
];

#[test]
fn npm_lockfiles_hold_what_is_labelled() {
    labelled("npm", LockfileKind::Npm, DOUBTS);
}

#[test]
fn npm_lockfiles_of_applications_hold_what_is_listed() {
    applications(LockfileKind::Npm, &[]);
}

const WORKSPACES: &str = include_str!("samples/npm-workspaces.json");

#[test]
fn an_install_path_leads_to_the_nearest_package() {
    let lockfile = lockfile(LockfileKind::Npm, WORKSPACES);
    let a = named(&lockfile, "a", "1.0.1");
    assert_eq!(edge(&lockfile, a, "b"), (Need::Required, "b@1.0.0".into()));
    assert_eq!(edge(&lockfile, a, "c"), (Need::Optional, String::new()));
    assert_eq!(edge(&lockfile, a, "d"), (Need::Peer, "d@1.0.0".into()));
    assert_eq!(edge(&lockfile, a, "e"), (Need::OptionalPeer, String::new()));
    assert_eq!(a.dependencies.len(), 4, "b stands in two sections");
    assert_eq!(lockfile.version.as_ref(), "3");
}

#[test]
fn an_entry_of_npm_says_what_stands_in_it() {
    let lockfile = lockfile(LockfileKind::Npm, WORKSPACES);
    let a = named(&lockfile, "a", "1.0.1");
    assert_eq!(written(&lockfile, a.at), "\"node_modules/a\"");
    assert_eq!(a.source, Source::Registry(None));
    let (resolved, at) = a.resolved.as_ref().expect("it is resolved");
    assert_eq!(written(&lockfile, *at), format!("\"{resolved}\""));
    let (integrity, at) = a.integrity.as_ref().expect("it has a hash");
    assert_eq!(
        (&**integrity, written(&lockfile, *at)),
        ("sha512-AAAA", "\"sha512-AAAA\"")
    );
    assert_eq!(a.deprecated.as_deref(), Some("use b"));
    assert_eq!(a.license.as_deref(), Some("MIT"));
    assert_eq!(a.engines_node.as_deref(), Some(">=18"));
    assert_eq!(a.has_install_script, Some(true));
    assert_eq!(
        a.marks,
        Marks {
            optional: true,
            ..Marks::default()
        }
    );

    let inner = named(&lockfile, "b", "1.0.0");
    assert!(inner.is_bundled);
    assert_eq!(inner.license.as_deref(), Some("ISC"));
    assert_eq!(inner.engines_node.as_deref(), Some(">= 0.8"));
    assert_eq!(inner.has_install_script, Some(false));

    let outer = named(&lockfile, "b", "2.0.0");
    assert_eq!(
        outer.source,
        Source::Registry(Some("https://npm.example/api".into()))
    );
    assert!(outer.marks.dev);
    assert!(named(&lockfile, "d", "1.0.0").marks.peer);
    assert!(named(&lockfile, "@real/x", "3.0.0").marks.extraneous);
}

#[test]
fn workspaces_and_linked_folders_of_npm_are_importers() {
    let lockfile = lockfile(LockfileKind::Npm, WORKSPACES);
    let web = named(&lockfile, "@shop/web", "0.1.0");
    assert_eq!(web.source, Source::Workspace("packages/web".into()));
    let tool = named(&lockfile, "tool", "0.0.1");
    assert_eq!(tool.source, Source::Folder("tools/tool".into()));
    assert!(!web.is_from_registry() && !tool.is_from_registry());

    assert_eq!(
        importer(&lockfile, ""),
        [
            "Production tool file:tools/tool -> tool@0.0.1",
            "Optional a ^1.0.1 -> a@1.0.1",
            "Development b ^2.0.0 -> b@2.0.0",
        ]
    );
    assert_eq!(
        importer(&lockfile, "packages/web"),
        [
            "Production a ^1.0.0 -> a@1.0.1",
            "Production b ^1.0.0 -> b@1.5.0",
            "Production gone 1 -> ",
        ]
    );
    assert_eq!(
        importer(&lockfile, "tools/tool"),
        ["Development b ^2.0.0 -> b@2.0.0"]
    );
    let names: Vec<_> = lockfile
        .importers
        .iter()
        .map(|i| i.name.as_deref())
        .collect();
    assert_eq!(names, [Some("shop"), Some("@shop/web"), Some("tool")]);
    let wanted = &lockfile.importers[0].dependencies[2];
    assert_eq!(wanted.section, Some(Section::Development));
    assert_eq!(written(&lockfile, wanted.at), "\"b\"");
}

#[test]
fn the_root_lists_workspaces_in_patterns_of_several_shapes() {
    let cases = [
        (r#"["packages/web"]"#, true),
        (r#"["./packages/*"]"#, true),
        (r#"["packages/**"]"#, true),
        (r#"{"packages": ["packages/*/"]}"#, true),
        (r#"["packages/{web,api}"]"#, true),
        (r#"["apps/*", "packages/api"]"#, false),
        ("[]", false),
    ];
    for (patterns, is_workspace) in cases {
        let text = format!(
            r#"{{"lockfileVersion": 3, "packages": {{"": {{"workspaces": {patterns}}},
            "node_modules/web": {{"resolved": "packages/web", "link": true}},
            "packages/web": {{"version": "1.0.0"}}}}}}"#
        );
        let lockfile = lockfile(LockfileKind::Npm, &text);
        let source = &named(&lockfile, "web", "1.0.0").source;
        assert_eq!(
            matches!(source, Source::Workspace(_)),
            is_workspace,
            "{patterns}"
        );
    }
}

#[test]
fn an_address_in_a_lockfile_of_npm_tells_the_source() {
    let git = |repository: &str, commit: Option<&str>| Source::Git {
        repository: repository.into(),
        commit: commit.map(Into::into),
    };
    let registry = |at: &str| Source::Registry(Some(at.into()));
    let tarball = |at: &str| Source::Tarball(at.into());
    let cases = [
        (
            "https://registry.npmjs.org/@a/b/-/b-1.0.0.tgz",
            Source::Registry(None),
        ),
        (
            "http://registry.npmjs.org/a/-/a-1.0.0.tgz",
            Source::Registry(None),
        ),
        (
            "https://r.example/npm/@a%2fb/-/b-1.0.0.tgz",
            registry("https://r.example/npm"),
        ),
        (
            "https://r.example/npm/@a/b/-/@a/b-1.0.0.tgz",
            registry("https://r.example/npm"),
        ),
        (
            "https://r.example:8080/a/-/a-1.0.0.tgz?x=1",
            registry("https://r.example:8080"),
        ),
        (
            "https://npm.pkg.github.com/download/@a/b/1.0.0/0123",
            registry("https://npm.pkg.github.com"),
        ),
        // None of these is a registry, though some of them look a little like one.
        (
            "https://r.example/-/a-1.0.0.tgz",
            tarball("https://r.example/-/a-1.0.0.tgz"),
        ),
        (
            "https://gitlab.com/a/a/-/archive/v1/a-v1.tgz",
            tarball("https://gitlab.com/a/a/-/archive/v1/a-v1.tgz"),
        ),
        (
            "https://r.example/a/-/b-1.0.0.tgz",
            tarball("https://r.example/a/-/b-1.0.0.tgz"),
        ),
        (
            "https://codeload.github.com/a/b/tar.gz/0123",
            tarball("https://codeload.github.com/a/b/tar.gz/0123"),
        ),
        (
            "git+ssh://git@github.com/a/b.git#0123",
            git("git+ssh://git@github.com/a/b.git", Some("0123")),
        ),
        ("git://github.com/a/b", git("git://github.com/a/b", None)),
        (
            "https://github.com/a/b.git#0123",
            git("https://github.com/a/b.git", Some("0123")),
        ),
        ("github:a/b#0123", git("github:a/b", Some("0123"))),
        ("file:vendor/a.tgz", Source::File("vendor/a.tgz".into())),
        ("file:./vendor/a", Source::Folder("vendor/a".into())),
        ("what", Source::Other("what".into())),
    ];
    for (address, source) in cases {
        let text = format!(
            r#"{{"lockfileVersion": 3, "packages": {{"node_modules/a": {{"resolved": "{address}"}}}}}}"#
        );
        let lockfile = lockfile(LockfileKind::Npm, &text);
        assert_eq!(source_of(&lockfile, "a"), source, "{address}");
    }
}

#[test]
fn version_1_of_npm_nests_what_is_installed() {
    let lockfile = lockfile(
        LockfileKind::Npm,
        r#"{"name": "old", "lockfileVersion": 1, "requires": true, "dependencies": {
            "a": {"version": "1.0.0", "resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz",
                "requires": {"b": "^1.0.0", "c": "1"},
                "dependencies": {
                    "b": {"version": "1.0.0", "bundled": true, "dev": true, "requires": {"c": "1", "a": "1"}}
                }},
            "b": {"version": "2.0.0", "optional": true, "requires": true, "resolved": false},
            "c": {"version": "npm:@real/c@1.2.3"},
            "d": {"version": "git+https://github.com/x/d.git#0123", "from": "d@x/d"},
            "e": {"version": "file:local/e"},
            "f": {"version": "https://x.example/f.tgz", "integrity": "sha512-A"},
            "g": {"version": "x/g#0123"},
            "h": {}
        }}"#,
    );
    let a = named(&lockfile, "a", "1.0.0");
    assert_eq!(edge(&lockfile, a, "b").1, "b@1.0.0");
    assert_eq!(edge(&lockfile, a, "c").1, "@real/c@1.2.3");
    let inner = named(&lockfile, "b", "1.0.0");
    assert!(inner.is_bundled && inner.marks.dev && inner.has_install_script.is_none());
    assert_eq!(edge(&lockfile, inner, "a").1, "a@1.0.0");
    assert_eq!(edge(&lockfile, inner, "c").1, "@real/c@1.2.3");
    assert!(named(&lockfile, "b", "2.0.0").marks.optional);
    assert!(matches!(source_of(&lockfile, "d"), Source::Git { .. }));
    assert_eq!(source_of(&lockfile, "e"), Source::Folder("local/e".into()));
    assert_eq!(
        source_of(&lockfile, "f"),
        Source::Tarball("https://x.example/f.tgz".into())
    );
    assert!(matches!(source_of(&lockfile, "g"), Source::Git { .. }));
    assert_eq!(source_of(&lockfile, "h"), Source::Registry(None));
    let order: Vec<_> = lockfile.packages.iter().map(|p| &*p.name).collect();
    assert_eq!(order, ["a", "b", "b", "@real/c", "d", "e", "f", "g", "h"]);
    assert!(lockfile.importers.is_empty());
}

#[test]
fn where_both_notations_stand_the_paths_count() {
    let text = r#"{"lockfileVersion": 2,
        "packages": {"node_modules/a": {"version": "1.0.0"}},
        "dependencies": {"evil": {"version": "6.6.6"}}}"#;
    let lockfile = lockfile(LockfileKind::Npm, text);
    assert_eq!(lockfile.packages.len(), 1);
}

#[test]
fn of_equal_keys_the_last_wins_as_in_npm() {
    let lockfile = lockfile(
        LockfileKind::Npm,
        r#"{"lockfileVersion": 3, "packages": {
            "node_modules/a": {"version": "1.0.0"},
            "node_modules/b": {"version": "1.0.0", "dependencies": {"a": "1", "a": "2"}, "version": "1.0.1"},
            "node_modules/a": {"version": "2.0.0"}}}"#,
    );
    let all: Vec<_> = lockfile
        .packages
        .iter()
        .map(|package| format!("{}@{}", package.name, package.version))
        .collect();
    assert_eq!(all, ["b@1.0.1", "a@2.0.0"]);
    let b = named(&lockfile, "b", "1.0.1");
    assert_eq!(b.dependencies.len(), 1);
    assert_eq!(b.dependencies[0].specifier.as_ref(), "2");
}

#[test]
fn one_version_at_two_paths_stays_two_entries() {
    let lockfile = lockfile(
        LockfileKind::Npm,
        r#"{"lockfileVersion": 3, "packages": {
            "node_modules/a": {"version": "1.0.0"},
            "node_modules/b/node_modules/a": {"version": "1.0.0"}}}"#,
    );
    assert_eq!(lockfile.packages.len(), 2);
}

#[test]
fn a_version_of_npm_that_is_not_known_is_told_and_read() {
    for version in ["4", "\"x\"", "null", "2.5", "{}"] {
        let text = format!(
            r#"{{"lockfileVersion": {version}, "packages": {{"node_modules/a": {{"version": "1.0.0"}}}}}}"#
        );
        let lockfile = read(LockfileKind::Npm, text);
        let kinds: Vec<_> = lockfile
            .problems
            .iter()
            .map(|problem| &problem.what)
            .collect();
        assert_eq!(kinds, [&ProblemKind::Version], "{version}");
        assert_eq!(written(&lockfile, lockfile.problems[0].at), version);
        assert_eq!(lockfile.packages.len(), 1);
    }
}

#[test]
fn an_entry_that_npm_could_not_mean_is_told_and_the_rest_is_read() {
    let text = r#"{"lockfileVersion": 3, "packages": {
        "node_modules/a": 5,
        "node_modules/link": {"link": true},
        "node_modules/b": {"version": 5, "resolved": [], "integrity": {}, "dependencies": "x", "name": 1,
            "license": 5, "engines": 5, "deprecated": 5, "peerDependenciesMeta": 5, "bin": 5},
        "node_modules/c": {"version": "1.0.0", "dependencies": {"d": 5, "a": "1"}, "optionalDependencies": []},
        "": {"workspaces": 5, "dependencies": {"c": null}}}}"#;
    let lockfile = read(LockfileKind::Npm, text.to_owned());
    assert!(!lockfile.is_unreadable());
    let places: Vec<_> = lockfile
        .problems
        .iter()
        .map(|problem| written(&lockfile, problem.at))
        .collect();
    assert_eq!(
        places,
        [
            "\"node_modules/a\"",
            "5",
            "[]",
            "{}",
            "\"x\"",
            "1",
            "\"node_modules/link\"",
            "5",
            "null",
        ]
    );
    let c = named(&lockfile, "c", "1.0.0");
    assert_eq!(c.dependencies.len(), 2);
    assert_eq!(lockfile.packages.len(), 2);
}

#[test]
fn a_key_that_hides_where_it_leads_is_refused() {
    let hidden = [
        "node_modules/",
        "node_modules",
        "a/node_modules",
        "./node_modules/a",
        "node_modules//a",
        "node_modules/a/",
        "node_modules/b/../a",
        "/",
        "node_modules/./a",
        "a/..",
        "node_modules\\\\a",
        "./",
        ".",
    ];
    for path in hidden {
        let text = format!(
            r#"{{"lockfileVersion": 3, "packages": {{"{path}": {{"version": "1.0.0"}}}}}}"#
        );
        let lockfile = read(LockfileKind::Npm, text);
        assert!(lockfile.is_unreadable(), "{path}");
    }
    for path in [
        "../a",
        "../../a/b",
        "/opt/a",
        "my_node_modules/a",
        "..a",
        "a.b/.c",
    ] {
        let text = format!(r#"{{"lockfileVersion": 3, "packages": {{"{path}": {{}}}}}}"#);
        let lockfile = lockfile(LockfileKind::Npm, &text);
        assert_eq!(lockfile.importers.len(), 1, "{path}");
    }
}

#[test]
fn the_last_folder_is_the_name_as_in_npm() {
    let text = r#"{"lockfileVersion": 3, "packages": {"node_modules/a/@s/evil": {"version": "1.0.0"},
        "node_modules/a/b": {"version": "1.0.0", "link": 1, "resolved": "c"}}}"#;
    let lockfile = lockfile(LockfileKind::Npm, text);
    assert_eq!(source_of(&lockfile, "@s/evil"), Source::Registry(None));
    assert_eq!(lockfile.packages[1].source, Source::Folder("c".into()));
}
