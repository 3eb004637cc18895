//! What a change takes from the gate or from a namespace by going around: decoys, parted clusters, a broken base, a
//! raised label.

use crate::configuration::{check, repository, told};

pub(crate) const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}\n";
const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec:\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: web, image: 'web:1'}]}\n";
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec: {containers: [{name: web, image: 'web:1'}]}\n";

pub(crate) type Files<'a> = &'a [(&'a str, &'a str)];

/// What a change is told of, without notes.
pub(crate) fn changed(main: Files<'_>, feature: Files<'_>) -> (i32, Vec<String>) {
    let folder = repository(main, feature);
    let (answer, json) = check(folder.path(), &["--base", "main"]);
    let mut lines = told(&json);
    lines.retain(|line| !line.contains(" note "));
    (answer.code, lines)
}

pub(crate) fn holds(lines: &[String], start: &str) -> bool {
    lines.iter().any(|line| line.starts_with(start))
}

#[test]
fn a_kustomization_makes_no_patch_of_what_is_applied() {
    let decoy = (
        "x/kustomization.yaml",
        "patches: [{path: ../deploy/web.yaml}]\n",
    );
    let namespace = ("deploy/ns.yaml", NAMESPACE);
    for workload in [DEPLOYMENT, POD] {
        let web = ("deploy/web.yaml", workload);
        let (code, lines) = changed(&[namespace], &[web, decoy]);
        assert_eq!(code, 1, "{lines:?}");
        let refused = "introduced high pod-security/privilege-escalation deploy/web.yaml";
        assert!(holds(&lines, refused), "{lines:?}");
    }
    // A target makes a patch of what can be one, and only of what was none before.
    let target = ("base/web.yaml", POD);
    let patch = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec: {containers: [{name: web, image: 'web:2'}]}\n";
    let overlay = [
        (
            "x/kustomization.yaml",
            "resources: [../base/web.yaml]\npatches: [{path: web.yaml}]\n",
        ),
        ("x/web.yaml", patch),
    ];
    let (code, lines) = changed(&[namespace, target], &overlay);
    assert!(code == 0 && !holds(&lines, "introduced"), "{lines:?}");
    let clean = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec: {securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: web, image: 'web:1', securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}\n";
    let decoyed = [("deploy/web.yaml", POD), decoy, ("x/other.yaml", POD)];
    let (code, lines) = changed(&[namespace, ("deploy/web.yaml", clean)], &decoyed);
    assert_eq!(code, 1, "{lines:?}");
}

#[test]
fn a_target_that_selects_nothing_makes_no_patch() {
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j, namespace: shop}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: 'x:1'}]}}}\n";
    let namespace = ("ns.yaml", NAMESPACE);
    let named = |kustomization, path| {
        let (_, lines) = changed(
            &[namespace],
            &[
                (path, job),
                ("d/decoy/kustomization.yaml", kustomization),
                ("d/decoy/job.yaml", &job.replace("name: j", "name: other")),
            ],
        );
        holds(
            &lines,
            &format!("introduced high pod-security/privilege-escalation {path}"),
        )
    };
    for decoy in [
        "resources: []\npatches: [{path: ../j.yaml, target: {kind: Nothing}}]\n",
        "resources: []\npatches: [{path: ../j.yaml, target: {kind: Job}}]\n",
        "resources: []\npatches: [{path: ../j.yaml, target: {labelSelector: a=b}}]\n",
        "resources: [job.yaml]\npatches: [{path: ../j.yaml, target: {kind: Job, name: none}}]\n",
        "kind: Component\npatches: [{path: ../j.yaml, target: {kind: Job}}]\n",
    ] {
        assert!(named(decoy, "d/j.yaml"), "{decoy}");
    }
    for patches in [
        "resources: [job.yaml]\npatches: [{path: j.yaml, target: {kind: Job}}]\n",
        "resources: [job.yaml]\npatches: [{path: j.yaml, target: {name: o.*r, kind: Job|CronJob}}]\n",
        "resources: [job.yaml]\nnamePrefix: x-\npatches: [{path: j.yaml, target: {name: x-other}}]\n",
        "kind: Component\npatches: [{path: j.yaml, target: {kind: Job}}]\n",
        "resources: ['https://example.com/a?ref=1']\npatches: [{path: j.yaml, target: {kind: Job}}]\n",
    ] {
        assert!(!named(patches, "d/decoy/j.yaml"), "{patches}");
    }
}

#[test]
fn a_label_that_is_taken_out_behind_a_decoy_is_told() {
    let decoy = ("x/kustomization.yaml", "patches: [{path: ../ns.yaml}]\n");
    let bare = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
    let (code, lines) = changed(&[("ns.yaml", NAMESPACE)], &[("ns.yaml", bare), decoy]);
    assert_eq!(code, 1, "{lines:?}");
    assert!(
        holds(&lines, "introduced high namespace/weakened ns.yaml"),
        "{lines:?}"
    );
}

#[test]
fn clusters_that_part_what_was_together_are_told() {
    let before =
        "kubernetes: {pod-security: privileged, clusters: [{name: prod, paths: ['deploy/**']}]}\n";
    let after = "kubernetes: {pod-security: privileged, clusters: [{name: prod, paths: [deploy/ns.yaml]}, {name: y, paths: [deploy/pod.yaml]}]}\n";
    let main = [
        (".tidegate.yaml", before),
        ("deploy/ns.yaml", NAMESPACE),
        ("deploy/pod.yaml", POD),
    ];
    let (code, lines) = changed(&main, &[(".tidegate.yaml", after)]);
    assert_eq!(code, 1, "{lines:?}");
    let weakened = "introduced high gate/configuration-weakened .tidegate.yaml:1";
    assert!(holds(&lines, weakened), "{lines:?}");
    let more = "kubernetes: {pod-security: privileged, clusters: [{name: prod, paths: ['deploy/**']}, {name: y, paths: ['y/**']}]}\n";
    let (code, lines) = changed(&main, &[(".tidegate.yaml", more)]);
    assert_eq!(code, 0, "{lines:?}");
    assert!(
        !lines.iter().any(|line| line.contains("gate/")),
        "{lines:?}"
    );
    // A cluster that no longer holds what it held.
    for (clusters, expected) in [
        ("[{name: prod, paths: ['nothing/**']}]", true),
        ("[]", true),
        ("[{name: prod, paths: ['deploy/*.yaml']}]", false),
        ("[{name: test, paths: ['**']}]", false),
    ] {
        let after = format!("kubernetes: {{pod-security: privileged, clusters: {clusters}}}\n");
        let (_, lines) = changed(&main, &[(".tidegate.yaml", &after)]);
        assert_eq!(holds(&lines, weakened), expected, "{clusters}: {lines:?}");
    }
}

#[test]
fn what_a_mended_configuration_takes_from_the_defaults_is_told() {
    let main = [(".tidegate.yaml", "fail-on: [\n")];
    let lax = "fail-on: never\nmanifests: {exclude: ['**']}\n";
    let weakened = |main: &[(&str, &str)], after: &str| {
        let (code, lines) = changed(main, &[(".tidegate.yaml", after)]);
        let count = |severity: &str| {
            let start = format!("introduced {severity} gate/configuration-weakened");
            lines.iter().filter(|line| line.starts_with(&start)).count()
        };
        (code, count("high"), count("medium"))
    };
    assert_eq!(weakened(&main, lax), (1, 2, 0));
    // What the broken file says, as far as it can be read, was meant.
    for (broken, after, expected) in [
        (
            "fial-on: never\nmanifests: {exclude: ['**']}\n",
            lax,
            (0, 0, 2),
        ),
        ("fail-on: medum\n", "fail-on: never\n", (1, 1, 0)),
        (
            "fail-on: medum\n",
            "rules: {'*': off}\nfail-on: medium\n",
            (1, 1, 0),
        ),
        (
            "fial-on: high\nnew-waivers: after-merge\n",
            "new-waivers: accept\n",
            (1, 1, 0),
        ),
        (
            "x: 1\nmanifests: {exclude: ['a/**']}\n",
            "manifests: {exclude: ['a/**', 'b/**']}\n",
            (1, 1, 1),
        ),
        ("x: 1\nfail-on: medium\n", "fail-on: medium\n", (0, 0, 0)),
    ] {
        assert_eq!(
            weakened(&[(".tidegate.yaml", broken)], after),
            expected,
            "{broken} to {after}"
        );
    }
    let (_, lines) = changed(&main, &[(".tidegate.yaml", "fail-on: medium\n")]);
    assert!(!holds(&lines, "introduced"), "{lines:?}");
}

#[test]
fn a_raised_label_introduces_all_that_it_shuts_out() {
    let privileged = NAMESPACE.replace("restricted", "privileged");
    let baseline = NAMESPACE.replace("restricted", "baseline");
    for spec in ["hostPID: true, ", "hostNetwork: true, "] {
        let bad = DEPLOYMENT.replace("spec: {containers", &format!("spec: {{{spec}containers"));
        let main = [("ns.yaml", &*privileged), ("web.yaml", &*bad)];
        let (code, lines) = changed(&main, &[("ns.yaml", &baseline)]);
        assert_eq!(code, 1, "{lines:?}");
        let host = "introduced high pod-security/host-namespaces web.yaml";
        assert!(holds(&lines, host), "{lines:?}");
    }
}
