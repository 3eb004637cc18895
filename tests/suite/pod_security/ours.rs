//! Fixtures of our own, for a clone without the corpora: each check with a pod that breaks it and look-alikes that
//! do not, at the versions where the answer changes.
//!
//! Above each object stand its verdicts, for a level and a range of versions: `# baseline 1.0-1.33: pass`, or the
//! ids of the checks that it breaks. The ranges of a level cover all versions.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use tidegate::kubernetes::pod_security::{self, Level, StandardCheck, Version};
use tidegate::snapshot::Snapshot;

use super::{checks, told};
use crate::reading::snapshot;

/// The verdicts above one object: the ids of the broken checks by level and version.
type Verdicts = BTreeMap<(Level, Version), BTreeSet<String>>;

fn verdicts(document: &str, file: &str) -> Verdicts {
    let mut verdicts = Verdicts::new();
    for line in document.lines() {
        let Some((scope, broken)) = line
            .strip_prefix("# ")
            .and_then(|comment| comment.split_once(": "))
        else {
            continue;
        };
        let (level, range) = scope.split_once(' ').unwrap();
        let level: Level = level.parse().unwrap();
        let (first, last) = range.split_once('-').unwrap();
        let version = |text: &str| text.parse::<Version>().unwrap();
        let (first, last) = (version(first), version(last));
        let broken: BTreeSet<String> = broken
            .split(", ")
            .filter(|id| *id != "pass")
            .map(ToOwned::to_owned)
            .collect();
        for version in first.0..=last.0 {
            let twice = verdicts.insert((level, Version(version)), broken.clone());
            assert!(twice.is_none(), "{file}: {level} 1.{version} twice");
        }
    }
    for level in [Level::Baseline, Level::Restricted] {
        let count = verdicts.keys().filter(|(of, _)| *of == level).count();
        assert!(
            count == 0 || count == 38,
            "{file}: {level} leaves versions out"
        );
    }
    assert!(!verdicts.is_empty(), "{file}: an object without verdicts");
    verdicts
}

/// The documents of the file of a check: each with its verdicts.
fn documents(check: StandardCheck) -> Vec<(Snapshot, Verdicts)> {
    let file = format!("tests/fixtures/pod-security-standard/{}.yaml", check.id());
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file)).unwrap();
    text.split("\n---\n")
        .map(|document| {
            (
                snapshot(&[("pod.yaml", document)]),
                verdicts(document, &file),
            )
        })
        .collect()
}

#[test]
fn every_check_has_its_verdicts_in_every_version() {
    for check in StandardCheck::ALL {
        let mut fires = false;
        let mut passes = false;
        for (snapshot, verdicts) in documents(check) {
            for ((level, version), expected) in verdicts {
                let told = told(&snapshot, level, version);
                assert_eq!(told.len(), 1, "{}: one object a document", check.id());
                let found: BTreeSet<_> =
                    checks(&told[0].1).into_iter().map(str::to_owned).collect();
                assert_eq!(found, expected, "{} at {level} {version}", check.id());
                fires |= found.contains(check.id());
                passes |= found.is_empty();
            }
        }
        assert!(
            fires && passes,
            "{}: a failing pod and a passing one",
            check.id()
        );
    }
}

#[test]
fn the_level_of_a_pod_is_the_highest_that_it_meets() {
    let level = |text: &str, version: Version| {
        let snapshot = snapshot(&[("pod.yaml", text)]);
        let object = snapshot.objects().next().unwrap();
        pod_security::level(object.pods().next().unwrap(), version)
    };
    let pod =
        |spec: &str| format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {spec}\n");
    let privileged = pod("{hostPID: true, containers: [{name: a, image: a}]}");
    let baseline = pod("{containers: [{name: a, image: a}]}");
    let restricted = pod(
        "{securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: a, \
         image: a, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}",
    );
    assert_eq!(level(&privileged, Version::LATEST), Level::Privileged);
    assert_eq!(level(&baseline, Version::LATEST), Level::Baseline);
    assert_eq!(level(&restricted, Version::LATEST), Level::Restricted);
    // What is newer than known is judged by the newest that is known.
    assert_eq!(level(&restricted, Version(99)), Level::Restricted);
    // Before 1.8 the restricted level asked for no more than this.
    let early = pod("{securityContext: {runAsNonRoot: true}, containers: [{name: a, image: a}]}");
    assert_eq!(level(&early, Version(7)), Level::Restricted);
    assert_eq!(level(&early, Version(8)), Level::Baseline);
}

#[test]
fn each_offending_place_is_one_violation() {
    let text = "\
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  hostNetwork: true
  hostPID: true
  containers:
    - name: a
      image: a
      ports:
        - containerPort: 80
        - containerPort: 81
          hostPort: 81
      securityContext:
        capabilities:
          add:
            - NET_ADMIN
            - CHOWN
            - CAP_CHOWN
  ephemeralContainers:
    - name: b
      image: b
      securityContext:
        privileged: true
";
    let told = told(
        &snapshot(&[("pod.yaml", text)]),
        Level::Baseline,
        Version::LATEST,
    );
    let places: Vec<_> = told[0]
        .1
        .iter()
        .map(|(told, line)| (told.check, told.value.as_str(), *line))
        .collect();
    assert_eq!(
        places,
        [
            ("privileged", "", 24),
            ("hostNamespaces", "", 5),
            ("hostNamespaces", "", 6),
            ("hostPorts", "80", 11),
            ("hostPorts", "81", 13),
            ("capabilities_baseline", "NET_ADMIN", 17),
            ("capabilities_baseline", "CAP_CHOWN", 19),
        ]
    );
}

#[test]
fn an_absent_field_is_told_where_it_is_to_be_written() {
    let text = "\
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  securityContext:
    runAsNonRoot: null
    seccompProfile: {type: RuntimeDefault}
  containers:
    - image: a
      name: a
    - image: b
      name: b
      securityContext:
        capabilities: ~
        allowPrivilegeEscalation: ~
        runAsNonRoot: true
";
    let told = told(
        &snapshot(&[("pod.yaml", text)]),
        Level::Restricted,
        Version::LATEST,
    );
    let places: Vec<_> = told[0]
        .1
        .iter()
        .map(|(told, line)| (told.check, told.container.as_deref().unwrap(), *line))
        .collect();
    assert_eq!(
        places,
        [
            ("runAsNonRoot", "a", 10),
            ("allowPrivilegeEscalation", "a", 10),
            ("allowPrivilegeEscalation", "b", 15),
            ("capabilities_restricted", "a", 10),
            ("capabilities_restricted", "b", 14),
        ]
    );
}
