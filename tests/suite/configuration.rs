//! The configuration: where it is taken from, what it does, and what is said when it is broken or weakened.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value as Json};
use tempfile::TempDir;
use tidegate::config::read::ConfigFile;
use tidegate::config::{Config, schema};
use tidegate::syntax::{Format, parse};

use crate::program::{Answer, commit, git, tidegate, write};
use crate::reading::plain;

/// A pod with a path of the node: one high finding at `/opt`, critical where it is writable.
pub(crate) const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec:\n  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}\n  containers:\n  - name: web\n    image: web:1\n    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n  volumes:\n  - name: node\n    hostPath:\n      path: /opt\n";
const NOTHING: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n";

/// A repository whose `main` has some files, and whose `feature` changes some.
pub(crate) fn repository(main: &[(&str, &str)], feature: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    git(root, &["init", "-q"]);
    write(root, &[("config-map.yaml", NOTHING)]);
    write(root, main);
    commit(root, "main");
    git(root, &["checkout", "-q", "-b", "feature"]);
    write(root, feature);
    commit(root, "feature");
    folder
}

pub(crate) fn check(folder: &Path, more: &[&str]) -> (Answer, Json) {
    let mut arguments = vec!["check", "--format", "json"];
    arguments.extend(more);
    let answer = tidegate(folder, &arguments, &[]);
    let json = serde_json::from_str(&answer.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", answer.stdout, answer.stderr));
    (answer, json)
}

/// The findings, as `status severity rule path:line`. The pod lacks more than these tests are about, and what every
/// workload should say is left out.
pub(crate) fn told(json: &Json) -> Vec<String> {
    let findings = json["findings"].as_array().expect("findings");
    findings
        .iter()
        .filter(|finding| {
            let rule = finding["rule"].as_str().unwrap_or_default();
            !rule.starts_with("workload/")
        })
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap_or_default();
            let location = &finding["location"];
            let waived = if finding["waived"].is_null() {
                ""
            } else {
                " waived"
            };
            format!(
                "{} {} {} {}:{}{waived}",
                text("status"),
                text("severity"),
                text("rule"),
                location["path"].as_str().unwrap_or_default(),
                location["start"]["line"]
            )
        })
        .collect()
}

#[test]
fn the_tip_of_the_base_decides_and_the_head_does_not() {
    let lax = "fail-on: never\nrules: {pod-security/*: off}\n";
    let folder = repository(
        &[(".tidegate.yaml", "fail-on: medium\n")],
        &[("pod.yaml", POD), (".tidegate.yaml", lax)],
    );
    let (answer, json) = check(folder.path(), &["--base", "main"]);
    assert_eq!(answer.code, 1, "{}", answer.stdout);
    assert_eq!(json["fail_on"], "medium");
    assert_eq!(json["configuration"]["from"], "main");
    let told = told(&json);
    assert!(
        told.iter()
            .any(|line| line.contains("pod-security/host-path")),
        "{told:?}"
    );
    let weakened = told
        .iter()
        .filter(|line| line.contains("introduced high gate/configuration-weakened"));
    assert_eq!(weakened.count(), 2, "{told:?}");

    // Not the merge base, which the author chooses by the age of the branch: main has moved on since.
    git(folder.path(), &["checkout", "-q", "main"]);
    write(folder.path(), &[(".tidegate.yaml", "fail-on: low\n")]);
    commit(folder.path(), "stricter");
    git(folder.path(), &["checkout", "-q", "feature"]);
    let (_, json) = check(folder.path(), &["--base", "main"]);
    assert_eq!(json["fail_on"], "low");
}

#[test]
fn without_a_base_the_head_speaks_for_itself_and_flags_count_for_more() {
    let folder = repository(
        &[
            ("pod.yaml", POD),
            (".github/tidegate.yaml", "fail-on: never\n"),
        ],
        &[],
    );
    let (answer, json) = check(folder.path(), &[]);
    assert_eq!((answer.code, &json["fail_on"]), (0, &"never".into()));
    let (answer, json) = check(folder.path(), &["--fail-on", "high"]);
    assert_eq!((answer.code, &json["fail_on"]), (1, &"high".into()));
    write(
        folder.path(),
        &[("own.yaml", "rules: {pod-security/host-path: low}\n")],
    );
    let (answer, json) = check(folder.path(), &["--config", "own.yaml"]);
    assert_eq!(answer.code, 0, "{}", answer.stdout);
    assert!(
        told(&json).contains(&"introduced low pod-security/host-path pod.yaml:13".to_owned()),
        "{:?}",
        told(&json)
    );
    // In a folder that is no repository, and from below.
    let plain = tempfile::tempdir().expect("a folder");
    write(
        plain.path(),
        &[("pod.yaml", POD), (".tidegate.yaml", "fail-on: never\n")],
    );
    assert_eq!(check(plain.path(), &[]).0.code, 0);
}

#[test]
fn a_configuration_that_is_given_by_hand_must_be_right() {
    let folder = repository(&[], &[]);
    write(
        folder.path(),
        &[("own.yaml", "kubernetes:\n  pod-securty: baseline\n")],
    );
    let run = |file: &str| tidegate(folder.path(), &["check", "--config", file], &[]);
    let answer = run("own.yaml");
    assert_eq!(answer.code, 2);
    assert_eq!(
        answer.stderr,
        "error: own.yaml:2:3: there is no setting `pod-securty`; did you mean `pod-security`?\n"
    );
    let answer = run("none.yaml");
    assert_eq!(answer.code, 2);
    assert!(
        answer
            .stderr
            .contains("cannot read the configuration none.yaml"),
        "{}",
        answer.stderr
    );
}

#[test]
fn a_broken_configuration_means_defaults_and_can_be_repaired() {
    let broken = [(".tidegate.yaml", "fial-on: never\n")];
    // Who breaks it is told, and blocked.
    let folder = repository(&[], &broken);
    let (answer, json) = check(folder.path(), &["--base", "main"]);
    assert_eq!(answer.code, 1);
    assert_eq!(
        told(&json),
        ["introduced high gate/invalid-configuration .tidegate.yaml:1"]
    );
    // Who repairs it is not locked out.
    let folder = repository(
        &broken,
        &[(".tidegate.yaml", "fail-on: never\n"), ("pod.yaml", POD)],
    );
    let (answer, json) = check(folder.path(), &["--base", "main"]);
    assert_eq!(answer.code, 1, "the pod is judged by the defaults");
    let lines = told(&json);
    assert!(
        lines.contains(&"fixed high gate/invalid-configuration .tidegate.yaml:1".to_owned()),
        "{lines:?}"
    );
    assert!(
        json["configuration"]["problem"]
            .as_str()
            .unwrap()
            .contains(".tidegate.yaml:1:1")
    );
    // Who has nothing to do with it only sees it.
    let folder = repository(&broken, &[]);
    let (answer, json) = check(folder.path(), &["--base", "main"]);
    assert_eq!(answer.code, 0);
    assert_eq!(
        told(&json),
        ["existing high gate/invalid-configuration .tidegate.yaml:1"]
    );
    let text = tidegate(folder.path(), &["check", "--base", "main"], &[]).stdout;
    assert!(
        text.contains(
            "configuration: .tidegate.yaml of main cannot be read, so that the defaults hold"
        ),
        "{text}"
    );
    // It broke at the tip after the branch left.
    let folder = repository(&[], &[]);
    git(folder.path(), &["checkout", "-q", "main"]);
    write(folder.path(), &broken);
    commit(folder.path(), "broken");
    git(folder.path(), &["checkout", "-q", "feature"]);
    let (answer, json) = check(folder.path(), &["--base", "main"]);
    assert_eq!(
        (answer.code, told(&json)),
        (
            0,
            vec!["existing high gate/invalid-configuration .tidegate.yaml:1".to_owned()]
        )
    );
}

#[test]
fn whatever_stands_in_the_place_of_a_configuration_is_told() {
    for (files, expected) in [
        (
            vec![(".tidegate.yml", "fail-on: never\n")],
            ".tidegate.yml:1",
        ),
        (vec![(".github/tidegate.yml", "")], ".github/tidegate.yml:1"),
        (
            vec![(".tidegate.yaml", ""), (".github/tidegate.yaml", "")],
            ".github/tidegate.yaml:1",
        ),
        (vec![(".tidegate.yaml", "a: [")], ".tidegate.yaml:1"),
        (
            vec![(
                ".tidegate.yaml",
                "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
            )],
            ".tidegate.yaml:1",
        ),
    ] {
        let folder = repository(&[], &files);
        let (answer, json) = check(folder.path(), &["--base", "main"]);
        let expected = format!("introduced high gate/invalid-configuration {expected}");
        assert_eq!((answer.code, told(&json)), (1, vec![expected]), "{files:?}");
    }
    // A link is not followed, on neither side.
    let folder = repository(&[], &[("elsewhere.yaml", "fail-on: never\n")]);
    std::os::unix::fs::symlink("elsewhere.yaml", folder.path().join(".tidegate.yaml")).unwrap();
    commit(folder.path(), "link");
    let (answer, json) = check(folder.path(), &["--base", "main"]);
    assert_eq!(answer.code, 1);
    assert!(
        told(&json)[0].starts_with("introduced high gate/invalid-configuration .tidegate.yaml"),
        "{:?}",
        told(&json)
    );
    git(folder.path(), &["branch", "-f", "main"]);
    let (_, json) = check(folder.path(), &["--base", "main"]);
    assert_eq!(json["fail_on"], "high");
    assert!(
        json["configuration"]["problem"]
            .as_str()
            .unwrap()
            .contains("symbolic link")
    );
}

#[test]
fn rules_are_set_and_silenced_by_name_and_by_pattern() {
    let configured = |text: &str| {
        let folder = repository(&[(".tidegate.yaml", text)], &[("pod.yaml", POD)]);
        let (answer, json) = check(folder.path(), &["--base", "main"]);
        (answer.code, told(&json), json)
    };
    let (code, lines, json) =
        configured("rules: {'pod-security/*': off, pod-security/host-path: note}\n");
    assert_eq!(
        (code, lines),
        (
            0,
            vec!["introduced note pod-security/host-path pod.yaml:13".to_owned()]
        )
    );
    let skipped = json["coverage"]["rules_skipped"].as_array().unwrap();
    assert!(
        skipped
            .iter()
            .any(|skipped| skipped["rule"] == "pod-security/privileged")
    );
    assert!(
        !skipped
            .iter()
            .any(|skipped| skipped["rule"] == "pod-security/host-path")
    );
    let (code, lines, _) = configured("kubernetes: {pod-security: privileged}\n");
    assert_eq!((code, lines), (0, Vec::new()));
    // What cannot be read is no matter of taste.
    let broken = "apiVersion: v1\nkind: Pod\nmetadata: {name: web\n";
    let folder = repository(
        &[(
            ".tidegate.yaml",
            "rules: {'*': off, input/unreadable: off}\n",
        )],
        &[("pod.yaml", broken)],
    );
    assert_eq!(check(folder.path(), &["--base", "main"]).0.code, 3);
    let folder = repository(
        &[(".tidegate.yaml", "on-incomplete: pass\n")],
        &[("pod.yaml", broken)],
    );
    assert_eq!(check(folder.path(), &["--base", "main"]).0.code, 0);
    assert_eq!(
        check(
            folder.path(),
            &["--base", "main", "--on-incomplete", "fail"]
        )
        .0
        .code,
        3
    );
    let (_, lines, _) = configured("rules: {pod-security/hostpath: off}\n");
    assert!(
        lines.contains(&"existing medium gate/unknown-rule .tidegate.yaml:1".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn excluded_files_are_not_read_and_are_counted() {
    let config = "manifests: {exclude: ['**/testdata/**', '.tidegate.yaml']}\n";
    let folder = repository(
        &[(".tidegate.yaml", config)],
        &[("a/testdata/pod.yaml", POD)],
    );
    let (answer, json) = check(folder.path(), &["--base", "main"]);
    assert_eq!((answer.code, told(&json)), (0, Vec::new()));
    let skipped = &json["coverage"]["files"]["skipped"];
    assert_eq!(skipped[0]["path"], "a/testdata/pod.yaml");
    assert_eq!(skipped[0]["reason"], "excluded by the configuration");
}

#[test]
fn the_action_obeys_the_base_of_a_pull_request() {
    use crate::runner::{BAD, Scene, write_file};
    // `later` is what main has and the pull request has not.
    let scene = Scene::new(
        |root| {
            write(
                root,
                &[
                    ("deploy/web.yaml", BAD),
                    (".github/tidegate.yaml", "fail-on: never\n"),
                ],
            );
        },
        |root| write_file(root, ".tidegate.yaml", "fail-on: medium\n"),
    )
    .with_history();
    let outcome = scene.run("pull_request", &[]);
    outcome.is(1, "blocked");
    // An input says more than the file.
    scene
        .run("pull_request", &[("fail-on", "never")])
        .is(0, "passed");
}

#[test]
fn the_committed_schema_is_the_one_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/config.schema.json");
    let text = serde_json::to_string_pretty(&schema()).expect("a schema is JSON") + "\n";
    if fs::read_to_string(&path).unwrap_or_default() == text {
        return;
    }
    if !matches!(std::env::var("CI").as_deref(), Ok("1" | "true")) {
        fs::write(&path, text).expect("the schema is written");
    }
    panic!("schema/config.schema.json is stale: run the tests and commit what they write");
}

/// Configurations that are right, and those that are wrong in a way that a schema can tell.
const EXAMPLES: [(&str, bool); 17] = [
    ("", true),
    (DESIGNED, true),
    ("rules: {a/b: off}", true),
    ("rules: {a/b: false}", true),
    ("kubernetes: {versions: ['1.30']}", true),
    ("packages: {cooldown: 12h, drift: {budget: 2y}}", true),
    ("fail-on: severe", false),
    ("fial-on: high", false),
    ("rules: {a/b: hgih}", false),
    ("rules: {a/b: true}", false),
    ("kubernetes: {versions: [1.30]}", false),
    ("kubernetes: {versions: [latest]}", false),
    ("kubernetes: {versions: ['1.22']}", false),
    ("kubernetes: {pod-security: Baseline}", false),
    ("packages: {cooldown: 3}", false),
    ("waivers: [{rule: a/b}]", false),
    ("waivers: [{rule: a/b, reason: x, colour: red}]", false),
];

/// Everything that can be said.
const DESIGNED: &str = r#"
fail-on: high
on-incomplete: fail
kubernetes:
  versions: ["1.34", "1.36"]
  pod-security: restricted
  world: open
  clusters: [{name: prod, paths: ["deploy/prod/**", "deploy/base/**"]}]
  workloads: [{kind: Rollout, pod-template: spec.template}]
manifests: {exclude: ["**/testdata/**"]}
packages:
  cooldown: 3d
  outdated: {major: low, minor: note}
  drift: {budget: 2y}
  licenses: {allow: [MIT, Apache-2.0], unknown: medium}
  sources: {advisories: [database, osv], registry: true}
rules: {"image/unpinned": off, "rbac/*": high}
new-waivers: accept
waivers:
  - rule: pod-security/host-path
    resource: DaemonSet/logging/fluent-bit
    reason: reads node logs
    owner: "@platform"
    until: 2027-01-31
"#;

#[test]
fn the_schema_takes_what_the_reader_takes() {
    let validator = jsonschema::validator_for(schema().as_value()).expect("it is a schema");
    for (text, is_right) in EXAMPLES {
        let read = ConfigFile::read(text.as_bytes().to_vec()).config;
        assert_eq!(read.is_ok(), is_right, "{text}: {read:?}");
        let value: Json = serde_yaml::from_str::<Option<Json>>(text)
            .expect("it is YAML")
            .unwrap_or_else(|| Json::Object(Map::new()));
        assert_eq!(validator.is_valid(&value), is_right, "{text}");
    }
    assert_eq!(ConfigFile::read(Vec::new()).config, Ok(Config::default()));
}

#[test]
fn the_example_of_the_readme_is_a_configuration() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(readme).expect("there is a README");
    let (_, behind) = readme
        .split_once("```yaml\n# yaml-language-server")
        .expect("an example");
    let (example, _) = behind.split_once("```").expect("it ends");
    let file = ConfigFile::read(format!("#{example}").into_bytes());
    let config = file
        .config
        .as_ref()
        .unwrap_or_else(|_| panic!("{}", file.describe(Path::new("README"))));
    assert_eq!(
        (config.waivers.len(), config.kubernetes.workloads.len()),
        (1, 1)
    );
}

/// The file is read twice: by serde for what it says, by `syntax` for where it says it. They must see the same file.
#[test]
fn both_readers_see_the_same() {
    let comments = "# a\nfail-on: high # b\nrules:\n  # c\n  \"a/b\": low\n";
    let anchors = "waivers:\n- &w {rule: a/b, reason: x}\n- *w\n";
    let blocks =
        "waivers:\n- rule: a/b\n  reason: >-\n    in two\n    lines\n  owner: 'it''s \"me\"'\n";
    let crlf = "fail-on: high\r\nrules: {}\r\n";
    let texts = EXAMPLES.iter().map(|(text, _)| *text);
    for text in texts.chain([comments, anchors, blocks, crlf, "---\nfail-on: low\n...\n"]) {
        let tree = parse(Format::Yaml, text.to_owned());
        let ours = tree
            .documents()
            .first()
            .map_or(Json::Null, |document| plain(tree.root(document)));
        let theirs = serde_yaml::from_str::<Option<Json>>(text).expect("it is YAML");
        assert_eq!(words(ours), words(theirs.unwrap_or_default()), "{text}");
    }
}

/// The words that one reader takes for booleans and the other for text, as one of the two.
fn words(value: Json) -> Json {
    match value {
        Json::String(text) if text == "off" => false.into(),
        Json::Array(items) => items.into_iter().map(words).collect(),
        Json::Object(map) => {
            let map: Map<_, _> = map
                .into_iter()
                .map(|(key, value)| (key, words(value)))
                .collect();
            map.into()
        }
        other => other,
    }
}

#[test]
fn a_version_that_makes_no_sense_is_refused_or_told() {
    let run = |version: &str| {
        let config = format!("kubernetes:\n  versions: [\"{version}\"]\n");
        let folder = repository(&[], &[(".tidegate.yaml", &config)]);
        told(&check(folder.path(), &[]).1)
    };
    let invalid = "introduced high gate/invalid-configuration .tidegate.yaml:2";
    assert_eq!(run("1.2"), [invalid]);
    assert_eq!(run("1.22"), [invalid]);
    assert_eq!(run("1.23"), Vec::<String>::new());
    assert_eq!(run("1.37"), Vec::<String>::new());
    assert_eq!(
        run("1.40"),
        ["introduced note gate/unknown-version .tidegate.yaml:2"]
    );
}

#[test]
fn a_step_that_removes_what_is_judged_is_high_where_something_stands_there() {
    let workflow = |before: &str| {
        format!(
            "on: pull_request\njobs:\n  gate:\n    runs-on: ubuntu-latest\n    steps:\n    - uses: actions/checkout@v5\n    - run: {before}\n    - run: ./tidegate check --base origin/main\n"
        )
    };
    for (command, expected) in [
        ("rm -rf ./deploy/", "high"),
        ("rm deploy/*.yaml", "high"),
        ("git rm -rq .", "high"),
        ("mv deploy /tmp", "high"),
        ("rm -rf node_modules", "medium"),
    ] {
        let path = ".github/workflows/gate.yml";
        let folder = repository(
            &[(path, &workflow("make")), ("deploy/web.yaml", NOTHING)],
            &[(path, &workflow(command))],
        );
        let told = told(&check(folder.path(), &["--base", "main"]).1);
        assert_eq!(
            told,
            [format!(
                "introduced {expected} gate/workflow-weakened {path}:7"
            )],
            "{command}"
        );
    }
}
