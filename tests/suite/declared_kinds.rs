//! Kinds of workloads that a configuration declares.

use crate::configuration::{check, repository, told};

#[test]
fn kinds_that_make_pods_can_be_declared() {
    let server = "apiVersion: agones.dev/v1\nkind: GameServer\nmetadata: {name: arena}\nspec:\n  template:\n    spec:\n      containers:\n      - name: arena\n        image: arena:1\n        securityContext: {privileged: true}\n";
    let fires = |config: &str| {
        let folder = repository(&[(".tidegate.yaml", config)], &[("arena.yaml", server)]);
        let (_, json) = check(folder.path(), &["--base", "main"]);
        told(&json)
            .contains(&"introduced critical pod-security/privileged arena.yaml:10".to_owned())
    };
    assert!(!fires(""));
    assert!(fires(
        "kubernetes: {workloads: [{kind: GameServer, pod-template: spec.template}]}\n"
    ));
    assert!(fires(
        "kubernetes: {workloads: [{kind: GameServer, group: agones.dev, pod-template: spec.template}]}\n"
    ));
    assert!(!fires(
        "kubernetes: {workloads: [{kind: GameServer, group: example.com, pod-template: spec.template}]}\n"
    ));
}

#[test]
fn a_declared_kind_that_blinds_the_gate_is_told() {
    let server = "apiVersion: agones.dev/v1\nkind: GameServer\nmetadata: {name: arena}\nspec:\n  template:\n    spec:\n      containers:\n      - name: arena\n        image: arena:1\n        securityContext: {privileged: true}\n";
    let config = |kind: &str, path: &str| {
        format!("kubernetes:\n  workloads:\n  - {{kind: {kind}, pod-template: {path}}}\n")
    };
    let of_change = |config: &str| {
        let folder = repository(
            &[(".tidegate.yaml", config), ("old.yaml", server)],
            &[("arena.yaml", server)],
        );
        told(&check(folder.path(), &["--base", "main"]).1)
    };
    assert_eq!(
        of_change(&config("GameServer", "spec.tmplate")),
        [
            "existing note gate/unmatched-workload .tidegate.yaml:3",
            "introduced note input/not-judged arena.yaml:3",
        ]
    );
    assert_eq!(
        of_change(&config("GameSrver", "spec.template")),
        ["existing note gate/unmatched-workload .tidegate.yaml:3"]
    );
    // What is mistyped in the change is told in it, and where there is no base as well.
    let mistyped = config("GameServer", "spec.tmplate");
    let folder = repository(&[("old.yaml", server)], &[(".tidegate.yaml", &mistyped)]);
    let line = "introduced note gate/unmatched-workload .tidegate.yaml:3".to_owned();
    for arguments in [&["--base", "main"][..], &[]] {
        let told = told(&check(folder.path(), arguments).1);
        assert!(told.contains(&line), "{told:?}");
    }
    // A patch of such an object says only what it changes.
    let patch =
        "apiVersion: agones.dev/v1\nkind: GameServer\nmetadata: {name: arena}\nspec: {ports: []}\n";
    let folder = repository(
        &[
            (".tidegate.yaml", &config("GameServer", "spec.template")),
            ("old.yaml", server),
        ],
        &[
            (
                "o/kustomization.yaml",
                "resources: [../old.yaml]\npatchesStrategicMerge: [patch.yaml]\n",
            ),
            ("o/patch.yaml", patch),
        ],
    );
    let told = told(&check(folder.path(), &["--base", "main"]).1);
    let is_ours = |line: &String| line.contains(" gate/") || line.contains(" input/");
    assert!(!told.iter().any(is_ours), "{told:?}");
}

#[test]
fn a_declared_kind_is_judged_by_every_path_and_may_be_corrected() {
    let server = "apiVersion: agones.dev/v1\nkind: GameServer\nmetadata: {name: arena}\nspec:\n  x: {}\n  template:\n    spec:\n      containers:\n      - name: arena\n        image: arena:1\n        securityContext: {privileged: true}\n";
    let config = |entries: &[(&str, &str)]| {
        let entries = entries.iter().map(|(kind, path)| {
            format!("  - {{kind: {kind}, group: agones.dev, pod-template: {path}}}\n")
        });
        format!("kubernetes:\n  workloads:\n{}", entries.collect::<String>())
    };
    // Whatever stands before it, the path that leads to a pod counts.
    for first in ["spec.x", "spec", "spec.nothing"] {
        let both = config(&[("GameServer", first), ("GameServer", "spec.template")]);
        let folder = repository(&[(".tidegate.yaml", &both)], &[("arena.yaml", server)]);
        let told = told(&check(folder.path(), &["--base", "main"]).1);
        assert!(
            told.iter()
                .any(|line| line.contains("pod-security/privileged arena.yaml")),
            "{first}: {told:?}"
        );
    }
    let right = config(&[("GameServer", "spec.template")]);
    let weakened = |before: &str, after: &str| {
        let folder = repository(
            &[(".tidegate.yaml", before), ("arena.yaml", server)],
            &[(".tidegate.yaml", after)],
        );
        let told = told(&check(folder.path(), &["--base", "main"]).1);
        let ours = told
            .iter()
            .filter(|line| line.contains("gate/configuration-weakened"));
        ours.count()
    };
    assert_eq!(
        weakened(&config(&[("GameServer", "spec.tmplate")]), &right),
        0
    );
    assert_eq!(
        weakened(&config(&[("GamServer", "spec.template")]), &right),
        0
    );
    assert_eq!(weakened(&right, &config(&[("GameServer", "spec.x")])), 1);
    assert_eq!(
        weakened(&right, &config(&[("GamServer", "spec.template")])),
        1
    );
    assert_eq!(
        weakened(&config(&[("Other", "spec.template")]), "fail-on: high\n"),
        1
    );
}
