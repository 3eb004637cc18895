//! What a namespace asks of its workloads, and which of them it refuses.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rayon::prelude::*;
use tidegate::evaluate::evaluate;
use tidegate::finding::{Finding, Severity};
use tidegate::kubernetes::pod_security::{Level, StandardCheck, Version, VersionSet, meets};
use tidegate::kubernetes::{Labelled, Namespace, Object, Pod, Standing};
use tidegate::rule::Context;
use tidegate::snapshot::Snapshot;

use crate::corpora;
use crate::reading::{snapshot, targets};

/// A Namespace with labels of Pod Security admission, without their prefix.
fn namespace(name: &str, labels: &[(&str, &str)]) -> String {
    let labels: Vec<_> = labels
        .iter()
        .map(|(key, value)| format!("pod-security.kubernetes.io/{key}: {value}"))
        .collect();
    format!(
        "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{{}}}}}\n",
        labels.join(", ")
    )
}

/// A Pod in the namespace `shop`, restricted but for what is put into its spec and into its container.
fn pod(spec: &str, container: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: cart, namespace: shop}}\nspec:\n  {spec}\n  \
         containers:\n  - name: api\n    image: registry.example.com/api:1\n    {container}\n"
    )
}

const CLEAN_SPEC: &str =
    "securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}";
const CLEAN: &str =
    "securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}";
/// Breaks the restricted level and not the baseline.
const KEEPS_CAPABILITIES: &str =
    "securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [NET_RAW]}}";

fn findings(files: &[(&str, &str)], versions: Option<&str>) -> Vec<Finding> {
    let mut context = Context::default();
    if let Some(versions) = versions {
        context.targets = targets(versions);
    }
    let mut findings = evaluate(&snapshot(files), &context).findings;
    findings.retain(|finding| finding.rule.starts_with("pod-security/"));
    findings
}

/// The rules that speak of the pod, each with its severity and whether it tells of a refusal.
fn told(pod: &str, labels: &[(&str, &str)]) -> Vec<(&'static str, Severity, bool)> {
    let labelled = namespace("shop", labels);
    findings(&[("namespace.yaml", &labelled), ("pod.yaml", pod)], None)
        .iter()
        .map(|found| {
            let refused = found.message.contains("the API server refuses this Pod");
            assert_eq!(refused, !found.related.is_empty(), "{}", found.message);
            let name = found.rule.strip_prefix("pod-security/").unwrap();
            (name, found.severity, refused)
        })
        .collect()
}

#[test]
fn the_labels_decide_what_a_workload_is_held_to() {
    let weak = pod(CLEAN_SPEC, KEEPS_CAPABILITIES);
    let of = |labels: &[(&str, &str)]| told(&weak, labels);
    let held = [("undropped-capabilities", Severity::Medium, false)];
    let refused = [("undropped-capabilities", Severity::High, true)];
    assert_eq!(of(&[]), held);
    assert_eq!(of(&[("warn", "baseline")]), held);
    assert_eq!(of(&[("enforce", "privileged")]), []);
    assert_eq!(of(&[("enforce", "baseline")]), []);
    assert_eq!(of(&[("enforce", "baseline"), ("warn", "restricted")]), held);
    assert_eq!(
        of(&[("enforce", "baseline"), ("audit", "restricted")]),
        held
    );
    assert_eq!(of(&[("enforce", "restricted")]), refused);
    // The check came in 1.22.
    let pinned = |version| of(&[("enforce", "restricted"), ("enforce-version", version)]);
    assert_eq!(pinned("v1.21"), []);
    assert_eq!(pinned("v1.22"), refused);
    assert_eq!(pinned("latest"), refused);
    assert_eq!(
        of(&[
            ("enforce", "restricted"),
            ("enforce-version", "v1.21"),
            ("warn", "restricted")
        ]),
        held
    );
    // The API server refuses such a Namespace: nothing is known of the one that it has.
    assert_eq!(of(&[("enforce", "Restricted")]), held);
    assert_eq!(pinned("v1.022"), held);
    assert_eq!(of(&[("enforce", "restricted"), ("warn", "high")]), held);
    assert_eq!(of(&[("enforce", "\"{{ .Values.level }}\"")]), held);
}

#[test]
fn the_baseline_is_asked_for_in_every_namespace() {
    let shares = pod(&format!("hostPID: true\n  {CLEAN_SPEC}"), CLEAN);
    let of = |labels: &[(&str, &str)]| told(&shares, labels);
    let held = [("host-namespaces", Severity::High, false)];
    assert_eq!(of(&[]), held);
    assert_eq!(of(&[("enforce", "privileged")]), held);
    let refused = [("host-namespaces", Severity::High, true)];
    assert_eq!(of(&[("enforce", "baseline")]), refused);
    assert_eq!(of(&[("enforce", "restricted")]), refused);
}

#[test]
fn what_overrides_a_check_decides_on_the_refusal() {
    let restricted = [("enforce", "restricted")];
    let volume = "volumes: [{name: data, hostPath: {path: /data}}]";
    let path = pod(&format!("{volume}\n  {CLEAN_SPEC}"), CLEAN);
    assert_eq!(
        told(&path, &restricted),
        [("host-path", Severity::High, true)]
    );
    // Restricted asks nothing of a Windows pod's capabilities, and baseline does.
    let windows = pod(
        &format!("os: {{name: windows}}\n  {CLEAN_SPEC}"),
        "securityContext: {capabilities: {add: [SYS_TIME]}}",
    );
    let added = |refused| [("added-capability", Severity::High, refused)];
    assert_eq!(told(&windows, &restricted), added(false));
    assert_eq!(told(&windows, &[("enforce", "baseline")]), added(true));
}

#[test]
fn copies_of_a_namespace_are_told_apart_by_nearness() {
    let weak = pod(CLEAN_SPEC, KEEPS_CAPABILITIES);
    let level = |level: &str| namespace("shop", &[("enforce", level)]);
    let of = |copies: &[(&str, &str)]| {
        let copies: Vec<_> = copies
            .iter()
            .map(|(path, of)| ((*path).to_owned(), level(of)))
            .collect();
        let mut files = vec![("a/b/pod.yaml", weak.clone())];
        for (path, text) in &copies {
            match files.iter_mut().find(|(known, _)| known == path) {
                Some((_, known)) => *known = format!("{known}---\n{text}"),
                None => files.push((path, text.clone())),
            }
        }
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| (*path, text.as_str()))
            .collect();
        findings(&files, None)
            .iter()
            .map(|finding| finding.severity)
            .collect::<Vec<_>>()
    };
    let (held, refused) = ([Severity::Medium], [Severity::High]);
    assert_eq!(of(&[("a/b/pod.yaml", "restricted")]), refused);
    // The same file, then the same folder, then the nearest folder in common.
    assert_eq!(
        of(&[("a/b/pod.yaml", "restricted"), ("a/b/n.yaml", "baseline")]),
        refused
    );
    assert_eq!(
        of(&[("a/b/n.yaml", "restricted"), ("a/b/c/n.yaml", "baseline")]),
        refused
    );
    assert_eq!(
        of(&[("a/c/n.yaml", "restricted"), ("n.yaml", "baseline")]),
        refused
    );
    assert_eq!(
        of(&[("a/bb/n.yaml", "baseline"), ("d/n.yaml", "restricted")]),
        []
    );
    // Equally near copies that disagree: what all of them ask for.
    let both = |other| of(&[("a/c/n.yaml", "restricted"), ("a/d/n.yaml", other)]);
    assert_eq!(both("restricted"), refused);
    assert_eq!(both("baseline"), []);
    assert_eq!(both("strict"), held);
}

#[test]
fn a_patch_of_the_namespace_leaves_the_refusal_open() {
    let weak = pod(CLEAN_SPEC, KEEPS_CAPABILITIES);
    let base = namespace("shop", &[("enforce", "restricted")]);
    let of = |patch: &str| {
        let kustomization = "resources: [../base]\npatches: [{path: namespace.yaml}]\n";
        let kustomization = format!(
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n{kustomization}"
        );
        let files = [
            ("base/namespace.yaml", base.as_str()),
            ("base/pod.yaml", weak.as_str()),
            ("dev/kustomization.yaml", kustomization.as_str()),
            ("dev/namespace.yaml", patch),
        ];
        findings(&files, None).len()
    };
    assert_eq!(of(&namespace("shop", &[("enforce", "baseline")])), 0);
    assert_eq!(of(&namespace("shop", &[])), 1);
    assert_eq!(of(&namespace("other", &[("enforce", "baseline")])), 1);
}

#[test]
fn a_kustomization_that_labels_the_namespace_leaves_the_refusal_open() {
    let weak = pod(CLEAN_SPEC, KEEPS_CAPABILITIES);
    let base = namespace("shop", &[("enforce", "restricted")]);
    let of = |labels: &str| {
        let kustomization = format!("resources: [namespace.yaml, pod.yaml]\n{labels}");
        let files = [
            ("kustomization.yaml", kustomization.as_str()),
            ("namespace.yaml", base.as_str()),
            ("pod.yaml", weak.as_str()),
        ];
        let found = findings(&files, None);
        found.iter().map(|found| found.severity).collect::<Vec<_>>()
    };
    assert_eq!(of(""), [Severity::High]);
    let lowered = "commonLabels: {pod-security.kubernetes.io/enforce: baseline}\n";
    assert_eq!(of(lowered), []);
    assert_eq!(
        of(&lowered.replace("baseline", "restricted")),
        [Severity::High]
    );
    let unknown = lowered.replace("baseline", "'{{ level }}'");
    assert_eq!(of(&unknown), [Severity::Medium]);
}

#[test]
fn a_patch_of_the_workload_is_not_called_refused() {
    let patch = "apiVersion: v1\nkind: Pod\nmetadata: {name: cart, namespace: shop}\nspec: {hostPID: true}\n";
    assert_eq!(
        told(patch, &[("enforce", "baseline")]),
        [("host-namespaces", Severity::High, false)]
    );
    // And neither is what a patch changes: it may set what is missing.
    let weak = pod(CLEAN_SPEC, KEEPS_CAPABILITIES);
    let labelled = namespace("shop", &[("enforce", "restricted")]);
    let base = format!("{labelled}---\n{weak}");
    let files = [("base/pod.yaml", base.as_str()), ("dev/patch.yaml", patch)];
    let found = findings(&files, None);
    let severities: Vec<_> = found.iter().map(|found| found.severity).collect();
    assert_eq!(severities, [Severity::Medium, Severity::High]);
    assert!(found.iter().all(|found| found.related.is_empty()));
    let nowhere = pod(CLEAN_SPEC, KEEPS_CAPABILITIES).replace(", namespace: shop", "");
    assert_eq!(
        told(&nowhere, &[("enforce", "baseline")]),
        [("undropped-capabilities", Severity::Medium, false)]
    );
}

#[test]
fn equal_findings_of_several_targets_are_one() {
    let rootless = pod(
        "hostUsers: false\n  securityContext: {seccompProfile: {type: RuntimeDefault}}",
        CLEAN,
    );
    let labelled = pod(
        "securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}, \
         seLinuxOptions: {type: spc_t}}",
        CLEAN,
    );
    let of = |pod: &str, versions: &str| {
        let mut found = findings(&[("pod.yaml", pod)], Some(versions));
        assert!(found.len() < 2, "{versions}: {found:?}");
        found.pop()
    };
    let message = |pod: &str, versions: &str| of(pod, versions).map(|found| found.message);
    assert_eq!(message(&rootless, "1.35, 1.36"), None);
    let alone = message(&rootless, "1.33").unwrap();
    assert!(alone.ends_with("securityContext"), "{alone}");
    assert_eq!(message(&rootless, "1.33, 1.34").unwrap(), alone);
    assert_eq!(
        message(&rootless, "1.33, 1.34, 1.35, 1.37").unwrap(),
        format!("{alone} (Kubernetes 1.33 and 1.34)")
    );
    assert_eq!(
        of(&rootless, "1.34, 1.35").unwrap().fingerprint,
        of(&rootless, "1.33").unwrap().fingerprint
    );
    // The list of types grew in 1.31: the newest wording, and no version, as the type is on neither list.
    let newest = message(&labelled, "1.31").unwrap();
    assert_ne!(message(&labelled, "1.30").unwrap(), newest);
    assert_eq!(message(&labelled, "1.30, 1.31").unwrap(), newest);
}

#[test]
fn a_refusal_names_its_versions_where_the_finding_counts_on_more() {
    let probe = pod(
        CLEAN_SPEC,
        &format!("livenessProbe: {{tcpSocket: {{host: db, port: 1}}}}\n    {CLEAN}"),
    );
    let of = |version: &str, targets: &str| {
        let labels = [("enforce", "baseline"), ("enforce-version", version)];
        let labelled = namespace("shop", &labels);
        let files = [("n.yaml", labelled.as_str()), ("pod.yaml", &probe)];
        let found = findings(&files, Some(targets));
        found.into_iter().map(|found| found.message).next()
    };
    assert_eq!(of("latest", "1.33"), Some("Pod shop/cart, container `api`: livenessProbe.tcpSocket.host is \"db\"; it must be unset: the baseline level of Kubernetes 1.34 asks for it, and your newest target is 1.33; namespace shop (n.yaml) enforces baseline, so the upgrade has its Pods refused".to_owned()));
    let both = of("v1.35", "1.33, 1.34").unwrap();
    assert!(both.contains("asks the pod itself (Kubernetes 1.34); namespace shop (n.yaml) enforces baseline at v1.35, so the API server refuses this Pod"), "{both}");
    let unpinned = of("v1.33", "1.36").unwrap();
    assert!(unpinned.ends_with("asks the pod itself"), "{unpinned}");
}

/// Pods of all sorts: our own fixtures, and the official ones where they are at hand.
fn pods() -> Vec<String> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pod-security-standard");
    let mut pods = Vec::new();
    for file in fs::read_dir(own).unwrap() {
        pods.push(fs::read_to_string(file.unwrap().path()).unwrap());
    }
    if let Some(folder) = corpora::folder("psa") {
        let index = fs::read_to_string(folder.join("index.jsonl")).unwrap();
        for line in index.lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let file = folder.join(row["file"].as_str().unwrap());
            pods.push(fs::read_to_string(file).unwrap());
        }
    }
    pods.sort();
    pods.dedup();
    pods
}

fn each_pod(visit: impl Fn(Pod<'_>) + Sync) {
    let judge = |text: &String| {
        let snapshot = snapshot(&[("pod.yaml", text)]);
        let pods = snapshot.objects().flat_map(Object::pods);
        pods.map(&visit).count()
    };
    let seen: usize = pods().par_iter().map(judge).sum();
    assert!(seen > 30, "only {seen} pods");
}

#[test]
fn a_check_changes_only_where_it_says_so() {
    let found = |check: StandardCheck, pod: Pod<'_>, version| {
        let mut found = Vec::new();
        check.run(pod, version, &mut |violation| {
            found.push(format!(
                "{:?} {}",
                violation.field.place(),
                violation.reason
            ));
        });
        found
    };
    each_pod(|pod| {
        for check in StandardCheck::ALL {
            let mut forms = BTreeMap::new();
            for version in (0..=Version::LATEST.0).map(Version) {
                let now = found(check, pod, version);
                let form = check.revision(version);
                assert!(form.is_some() || now.is_empty(), "{}", check.id());
                let first = forms.entry(form).or_insert_with(|| now.clone());
                assert_eq!(*first, now, "{} in {version}", check.id());
            }
        }
    });
}

#[test]
fn a_pod_is_refused_exactly_where_it_does_not_meet_what_is_enforced() {
    let versions = [0, 8, 18, 19, 22, 24, 25, 30, 31, 32, 33, 34, 35, 36, 37];
    let mut demands = Vec::new();
    for level in Level::ALL {
        for version in versions.map(Version) {
            let pin = format!("v{version}");
            let labels = [("enforce", level.name()), ("enforce-version", &pin)];
            let text = namespace("shop", &labels);
            demands.push((level, version, snapshot(&[("namespace.yaml", &text)])));
        }
    }
    let labelled = |snapshot: &Snapshot| {
        let object = snapshot.objects().next().unwrap();
        Labelled::of(Namespace::of(object).unwrap())
    };
    each_pod(|pod| {
        for (level, version, snapshot) in &demands {
            let labelled = labelled(snapshot);
            let standing = Standing {
                namespaces: &[&labelled],
                otherwise: Level::Restricted,
                is_whole: true,
            };
            let targets: VersionSet = [33, 35, 37].map(Version).into_iter().collect();
            let mut refused = VersionSet::EMPTY;
            for check in StandardCheck::ALL {
                standing.breaches(check, pod, targets, &mut |breach| {
                    assert!(breach.holds.with(breach.refused) == breach.holds);
                    refused = refused.with(breach.refused);
                });
            }
            let expected = targets
                .iter()
                .filter(|target| !meets(pod, *level, (*version).min(*target)))
                .collect();
            assert_eq!(refused, expected, "{level} {version}");
        }
    });
}
