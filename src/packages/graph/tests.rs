//! Graphs of lockfiles as they are written, by the readers of the real notations.

use super::*;
use crate::packages::lockfile::{self, LockfileKind};
use crate::syntax::{Format, Tree, parse};

struct Made {
    lockfile: Lockfile,
    manifests: Vec<(&'static str, Tree)>,
}

impl Made {
    fn of(kind: LockfileKind, text: &str, manifests: &[(&'static str, &str)]) -> Self {
        let lockfile = lockfile::read(kind, text.to_owned());
        assert_eq!(lockfile.problems, []);
        let manifests = manifests
            .iter()
            .map(|(path, text)| (*path, parse(Format::Json, (*text).to_owned())))
            .collect();
        Self {
            lockfile,
            manifests,
        }
    }

    fn graph(&self) -> Graph {
        let members: Vec<Member<'_>> = self
            .manifests
            .iter()
            .map(|(path, tree)| Member {
                path: (*path).into(),
                file: format!("{path}/package.json").into(),
                package: PackageJson::of(tree),
            })
            .collect();
        Graph::of(
            &"lock".into(),
            &self.lockfile,
            &members,
            Catalogs::default(),
        )
    }

    /// Every package in every workspace that reaches it: `web: a@1.0.0 production via b@1.0.0 > a@1.0.0 by "b"`.
    fn told(&self) -> Vec<String> {
        let graph = self.graph();
        let mut all = Vec::new();
        for package in graph.packages(&self.lockfile) {
            if package.scope() == Scope::Unreached {
                all.push(format!("nobody: {}", package.label()));
            }
            for (workspace, scope) in package.workspaces() {
                let own = &graph.workspaces()[workspace];
                let ways: Vec<String> = package
                    .paths_in(workspace, 3)
                    .iter()
                    .map(|way| {
                        let steps: Vec<_> = way.iter().map(Step::label).collect();
                        steps.join(" > ")
                    })
                    .collect();
                let want = package.origin_in(workspace).unwrap().want;
                let by = graph.location(want).unwrap().path;
                all.push(format!(
                    "{}: {} {} | {} | {by} {}",
                    own.path,
                    package.label(),
                    scope.name(),
                    ways.join(", "),
                    want.name,
                ));
            }
        }
        all
    }
}

#[test]
fn scopes_come_from_reachability_and_ways_from_real_parents() {
    // `qs` is hoisted to the top, and nobody asks for it there.
    let made = Made::of(
        LockfileKind::Npm,
        r#"{"lockfileVersion": 3, "packages": {
            "": {"dependencies": {"express": "^4"}, "devDependencies": {"jest": "1", "qs": "5"}},
            "node_modules/express": {"version": "4.0.0", "dependencies": {"qs": "^6", "ms": "*"}, "optionalDependencies": {"fast": "*"}},
            "node_modules/express/node_modules/qs": {"version": "6.0.0"},
            "node_modules/qs": {"version": "5.0.0"},
            "node_modules/jest": {"version": "1.0.0", "dev": true, "dependencies": {"ms": "*"}, "peerDependencies": {"fast": "*"}},
            "node_modules/ms": {"version": "2.0.0"},
            "node_modules/fast": {"version": "1.0.0", "optional": true},
            "node_modules/stray": {"version": "1.0.0", "extraneous": true}
        }}"#,
        &[(
            "",
            r#"{"dependencies": {"express": "^4"}, "devDependencies": {"jest": "1", "qs": "5"}}"#,
        )],
    );
    assert_eq!(
        made.told(),
        [
            ": express@4.0.0 production | express@4.0.0 | /package.json express",
            ": fast@1.0.0 optional | express@4.0.0 > fast@1.0.0, jest@1.0.0 > fast@1.0.0 | /package.json express",
            ": jest@1.0.0 development | jest@1.0.0 | /package.json jest",
            ": ms@2.0.0 production | express@4.0.0 > ms@2.0.0, jest@1.0.0 > ms@2.0.0 | /package.json express",
            ": qs@5.0.0 development | qs@5.0.0 | /package.json qs",
            ": qs@6.0.0 production | express@4.0.0 > qs@6.0.0 | /package.json express",
            "nobody: stray@1.0.0",
        ]
    );
}

#[test]
fn a_workspace_brings_what_it_needs_in_production_and_its_own_line_is_told() {
    let made = Made::of(
        LockfileKind::Pnpm,
        "lockfileVersion: '9.0'
importers:
  .: {}
  packages/ui:
    dependencies:
      react:
        specifier: ^18
        version: 18.0.0
    devDependencies:
      vite:
        specifier: ^5
        version: 5.0.0
  web:
    dependencies:
      '@acme/ui':
        specifier: workspace:*
        version: link:../packages/ui
packages:
  react@18.0.0:
    resolution: {integrity: sha512-aaaa}
  vite@5.0.0:
    resolution: {integrity: sha512-aaaa}
snapshots:
  react@18.0.0: {}
  vite@5.0.0: {}
",
        &[
            ("", "{}"),
            (
                "packages/ui",
                r#"{"name": "@acme/ui", "dependencies": {"react": "^18"}, "devDependencies": {"vite": "^5"}}"#,
            ),
            ("web", r#"{"dependencies": {"@acme/ui": "workspace:*"}}"#),
        ],
    );
    assert_eq!(
        made.told(),
        [
            "packages/ui: react@18.0.0 production | react@18.0.0 | packages/ui/package.json react",
            "web: react@18.0.0 production | @acme/ui > react@18.0.0 | packages/ui/package.json react",
            "packages/ui: vite@5.0.0 development | vite@5.0.0 | packages/ui/package.json vite",
        ]
    );
}

#[test]
fn yarn_1_takes_its_importers_from_the_package_files() {
    let made = Made::of(
        LockfileKind::Yarn,
        "# yarn lockfile v1\n\n\na@^1.0.0:\n  version \"1.1.0\"\n  dependencies:\n    b \"^1.0.0\"\n\nb@^1.0.0:\n  version \"1.0.0\"\n\n\"c@npm:real@^2.0.0\":\n  version \"2.0.0\"\n\nd@1.5.0:\n  version \"1.5.0\"\n",
        &[
            (
                "",
                r#"{"dependencies": {"a": "^1.0.0"}, "resolutions": {"d": "1.5.0"}}"#,
            ),
            (
                "web",
                r#"{"name": "web", "devDependencies": {"c": "npm:real@^2.0.0", "d": "^1.0.0"}}"#,
            ),
        ],
    );
    assert_eq!(
        made.told(),
        [
            ": a@1.1.0 production | a@1.1.0 | /package.json a",
            ": b@1.0.0 production | a@1.1.0 > b@1.0.0 | /package.json a",
            "web: d@1.5.0 development | d@1.5.0 | web/package.json d",
            "web: real@2.0.0 development | real@2.0.0 | web/package.json c",
        ]
    );
}

#[test]
fn version_1_of_npm_gives_package_json_what_lies_outermost() {
    let made = Made::of(
        LockfileKind::Npm,
        r#"{"lockfileVersion": 1, "dependencies": {
            "a": {"version": "1.0.0", "requires": {"b": "^1"}, "dependencies": {"b": {"version": "1.0.0"}}},
            "b": {"version": "2.0.0"}}}"#,
        &[("", r#"{"dependencies": {"a": "1", "b": "2"}}"#)],
    );
    assert_eq!(
        made.told(),
        [
            ": a@1.0.0 production | a@1.0.0 | /package.json a",
            ": b@1.0.0 production | a@1.0.0 > b@1.0.0 | /package.json a",
            ": b@2.0.0 production | b@2.0.0 | /package.json b",
        ]
    );
}

#[test]
fn version_1_of_npm_gives_a_workspace_what_lies_inside_its_folder() {
    let made = Made::of(
        LockfileKind::Npm,
        r#"{"lockfileVersion": 1, "dependencies": {
            "@w/a": {"version": "file:a", "requires": {"c": "2", "d": "1"}, "dependencies": {"c": {"version": "2.0.0"}}},
            "@w/b": {"version": "file:b", "requires": {"c": "1"}},
            "c": {"version": "1.0.0"},
            "d": {"version": "1.0.0"}}}"#,
        &[
            ("", r#"{"workspaces": ["a", "b"]}"#),
            (
                "a",
                r#"{"name": "@w/a", "dependencies": {"c": "2"}, "devDependencies": {"d": "1"}}"#,
            ),
            ("b", r#"{"name": "@w/b", "dependencies": {"c": "1"}}"#),
        ],
    );
    assert_eq!(
        made.told(),
        [
            "b: c@1.0.0 production | c@1.0.0 | b/package.json c",
            "a: c@2.0.0 production | c@2.0.0 | a/package.json c",
            "a: d@1.0.0 development | d@1.0.0 | a/package.json d",
        ]
    );
}

#[test]
fn what_only_one_side_knows_is_kept_apart() {
    let made = Made::of(
        LockfileKind::Npm,
        r#"{"lockfileVersion": 3, "packages": {
            "": {"dependencies": {"a": "^1", "gone": "^1"}},
            "node_modules/a": {"version": "1.0.0"}, "node_modules/gone": {"version": "1.0.0"}}}"#,
        &[("", r#"{"dependencies": {"a": "^2", "new": "^1"}}"#)],
    );
    let graph = made.graph();
    let wants: Vec<_> = graph
        .wants(0)
        .iter()
        .map(|want| {
            let listed = want
                .listed
                .as_ref()
                .and_then(|own| own.specifier.as_deref());
            let declared = want.declared.as_ref().map(|own| &*own.specifier);
            (&*want.name, declared, listed, want.is_resolved())
        })
        .collect();
    assert_eq!(
        wants,
        [
            ("a", Some("^2"), Some("^1"), true),
            ("gone", None, Some("^1"), true),
            ("new", Some("^1"), None, false),
        ]
    );
    assert!(graph.workspaces()[0].is_listed);
}

#[test]
fn a_circle_ends() {
    let made = Made::of(
        LockfileKind::Npm,
        r#"{"lockfileVersion": 3, "packages": {
            "": {"dependencies": {"a": "1"}},
            "node_modules/a": {"version": "1.0.0", "dependencies": {"b": "1"}},
            "node_modules/b": {"version": "1.0.0", "dependencies": {"a": "1", "b": "1"}}}}"#,
        &[("", "{}")],
    );
    assert_eq!(
        made.told(),
        [
            ": a@1.0.0 production | a@1.0.0 | lock a",
            ": b@1.0.0 production | a@1.0.0 > b@1.0.0 | lock b"
        ]
        .map(|line: &str| line.replace("lock b", "lock a"))
    );
}

#[test]
fn resolutions_of_yarn_lead_to_what_they_put_there() {
    let made = Made::of(
        LockfileKind::Yarn,
        r#"__metadata:
  version: 8

"shop@workspace:.":
  version: 0.0.0-use.local
  resolution: "shop@workspace:."
  dependencies:
    eslint: "npm:^8.0.0"
    rc: "npm:^1.0.0"

"eslint@npm:^8.0.0":
  version: 8.0.0
  resolution: "eslint@npm:8.0.0"
  dependencies:
    ajv: "npm:^6.12.4"
    ms: "npm:^2.0.0"

"rc@npm:^1.0.0":
  version: 1.0.0
  resolution: "rc@npm:1.0.0"
  dependencies:
    ajv: "npm:^6.12.4"
    ms: "npm:^2.0.0"
    qs: "npm:^6.0.0"

"ajv@npm:6.12.6":
  version: 6.12.6
  resolution: "ajv@npm:6.12.6"

"ajv@npm:^6.12.4":
  version: 6.15.0
  resolution: "ajv@npm:6.15.0"

"ms@npm:2.0.0":
  version: 2.0.0
  resolution: "ms@npm:2.0.0"

"ms@npm:^2.0.0":
  version: 2.1.3
  resolution: "ms@npm:2.1.3"

"qs@npm:5.0.0":
  version: 5.0.0
  resolution: "qs@npm:5.0.0"

"qs@npm:6.0.0":
  version: 6.0.0
  resolution: "qs@npm:6.0.0"
"#,
        &[(
            "",
            r#"{"name": "shop", "dependencies": {"eslint": "^8.0.0", "rc": "^1.0.0", "qs": "5.0.0"},
                "resolutions": {"eslint/ajv": "6.12.6", "rc@npm:1.0.0/ms": "2.0.0", "rc@npm:2.0.0/ajv": "6.12.6", "qs@npm:^6.0.0": "6.0.0"}}"#,
        )],
    );
    let told = made.told();
    for way in [
        ": ajv@6.12.6 production | eslint@8.0.0 > ajv@6.12.6 | /package.json eslint",
        ": ajv@6.15.0 production | rc@1.0.0 > ajv@6.15.0 | /package.json rc",
        ": ms@2.0.0 production | rc@1.0.0 > ms@2.0.0 | /package.json rc",
        ": ms@2.1.3 production | eslint@8.0.0 > ms@2.1.3 | /package.json eslint",
        ": qs@6.0.0 production | rc@1.0.0 > qs@6.0.0 | /package.json rc",
    ] {
        assert!(told.iter().any(|known| known == way), "{way}: {told:#?}");
    }
}

#[test]
fn what_is_patched_is_not_its_own_parent() {
    let made = Made::of(
        LockfileKind::Yarn,
        r#"__metadata:
  version: 8

"shop@workspace:.":
  version: 0.0.0-use.local
  resolution: "shop@workspace:."
  dependencies:
    typescript: "npm:^5.0.0"

"typescript@npm:^5.0.0":
  version: 5.9.3
  resolution: "typescript@npm:5.9.3"

"typescript@patch:typescript@npm%3A^5.0.0#optional!builtin<compat/typescript>":
  version: 5.9.3
  resolution: "typescript@patch:typescript@npm%3A5.9.3#optional!builtin<compat/typescript>::version=5.9.3&hash=5786d5"
"#,
        &[(
            "",
            r#"{"name": "shop", "dependencies": {"typescript": "^5.0.0"}}"#,
        )],
    );
    assert_eq!(
        made.told(),
        [": typescript@5.9.3 production | typescript@5.9.3 | /package.json typescript"]
    );
}

#[test]
fn ways_that_ship_a_package_come_before_shorter_ones_of_development() {
    let made = Made::of(
        LockfileKind::Npm,
        r#"{"lockfileVersion": 3, "packages": {
            "": {"dependencies": {"axios": "1"}, "devDependencies": {"mocha": "1"}},
            "node_modules/axios": {"version": "1.0.0", "dependencies": {"agent": "*"}},
            "node_modules/agent": {"version": "1.0.0", "dependencies": {"debug": "*"}},
            "node_modules/mocha": {"version": "1.0.0", "dev": true, "dependencies": {"debug": "*"}},
            "node_modules/debug": {"version": "4.0.0"}
        }}"#,
        &[(
            "",
            r#"{"dependencies": {"axios": "1"}, "devDependencies": {"mocha": "1"}}"#,
        )],
    );
    assert!(made.told().contains(
        &": debug@4.0.0 production | axios@1.0.0 > agent@1.0.0 > debug@4.0.0, mocha@1.0.0 > debug@4.0.0 | /package.json axios"
            .to_owned()
    ));
}
