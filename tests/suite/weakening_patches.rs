//! What patches of kustomizations, and what copies that are left lying, take from Namespaces and admission policies.

use crate::configuration::{check, told};
use crate::program::write;
use crate::weakening::{Files, NAMESPACE, changed, holds};

const POLICY: &str = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: k, labels: {team: a}}\nspec:\n  validationFailureAction: Enforce\n  rules:\n  - {name: r, match: {any: [{resources: {kinds: [Pod]}}]}, validate: {message: no, pattern: {spec: {hostNetwork: false}}}}\n  - {name: s, match: {any: [{resources: {kinds: [Pod]}}]}, validate: {message: no, pattern: {spec: {hostPID: false}}}}\n";
const BINDING: &str = "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\nmetadata: {name: b}\nspec: {policyName: p, validationActions: [Deny]}\n";
const WEAKENED: &str = "introduced high namespace/weakened";
const POLICY_WEAKENED: &str = "introduced high namespace/admission-policy-weakened";
const LABEL: &str = "pod-security.kubernetes.io/enforce";

/// What a new patch of a file beside it is told of, in the file `p.yaml` and written into the kustomization.
fn patched(object: &str, entry: &str, file: Option<&str>) -> (i32, Vec<String>) {
    let start = "resources: [a.yaml]\n";
    let main = [("k/kustomization.yaml", start), ("k/a.yaml", object)];
    let head = format!("{start}{entry}");
    let mut feature = vec![("k/kustomization.yaml", &*head)];
    feature.extend(file.map(|text| ("k/p.yaml", text)));
    changed(&main, &feature)
}

#[test]
fn a_patch_with_a_target_lowers_what_it_selects() {
    let of = |labels: &str| {
        format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: not-used, labels: {labels}}}\n")
    };
    let listed = |target| format!("patches: [{{path: p.yaml, target: {{{target}}}}}]\n");
    let null = of(&format!("{{{LABEL}: null}}"));
    let lower = of(&format!("{{{LABEL}: baseline}}"));
    let nameless = format!("metadata: {{labels: {{{LABEL}: null}}}}\n");
    let operation = "- {op: remove, path: /metadata/labels/pod-security.kubernetes.io~1enforce}\n";
    for text in [&*null, &lower, &nameless, operation] {
        for target in [
            "kind: Namespace",
            "name: sh.*",
            "kind: Namespace, name: shop",
        ] {
            let (code, lines) = patched(NAMESPACE, &listed(target), Some(text));
            assert!(
                code == 1 && holds(&lines, WEAKENED),
                "{text} {target} {lines:?}"
            );
        }
        for target in ["kind: Pod", "name: other", "labelSelector: a=b"] {
            let (code, lines) = patched(NAMESPACE, &listed(target), Some(text));
            assert!(
                code == 0 && !holds(&lines, WEAKENED),
                "{text} {target} {lines:?}"
            );
        }
    }
    let same = of(&format!("{{{LABEL}: restricted}}"));
    let (code, lines) = patched(NAMESPACE, &listed("kind: Namespace"), Some(&same));
    assert!(code == 0 && lines.is_empty(), "{lines:?}");
}

#[test]
fn a_patch_that_disarms_a_policy_is_told() {
    let of = |rest: &str| {
        format!("apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {{name: k}}\n{rest}\n")
    };
    for rest in [
        "$patch: delete",
        "spec: null",
        "spec: {rules: null}",
        "spec: {rules: []}",
        "spec: {validationFailureAction: null}",
        "spec: {validationFailureAction: Audit}",
        "spec: {admission: false}",
    ] {
        let (code, lines) = patched(POLICY, "patches: [{path: p.yaml}]\n", Some(&of(rest)));
        let at = format!("{POLICY_WEAKENED} k/p.yaml");
        assert!(code == 1 && holds(&lines, &at), "{rest} {lines:?}");
        // Of each rule that is gone once, and of all else once.
        let count = if rest.contains("rules") { 2 } else { 1 };
        assert_eq!(lines.len(), count, "{rest} {lines:?}");
        let text = of(rest).replace('\n', "\n    ");
        for inline in [
            format!("patches:\n- patch: |\n    {text}"),
            format!("patches:\n- target: {{kind: ClusterPolicy}}\n  patch: |\n    {text}"),
            format!("patchesStrategicMerge:\n- |\n    {text}"),
        ] {
            let (code, lines) = patched(POLICY, &inline, None);
            let at = format!("{POLICY_WEAKENED} k/kustomization.yaml");
            assert!(code == 1 && holds(&lines, &at), "{inline} {lines:?}");
            // For another policy it is nothing.
            let other = inline
                .replace("name: k", "name: other")
                .replace("kind: ClusterPolicy}", "name: other}");
            let (code, lines) = patched(POLICY, &other, None);
            assert!(
                code == 0 && !holds(&lines, POLICY_WEAKENED),
                "{other} {lines:?}"
            );
        }
    }
    for rest in [
        "metadata: {labels: {team: b}}",
        "spec: {validationFailureAction: Enforce}",
        "spec: {background: true}",
    ] {
        let text = of(rest).replace("metadata: {name: k}\nmetadata: {", "metadata: {name: k, ");
        let (code, lines) = patched(POLICY, "patches: [{path: p.yaml}]\n", Some(&text));
        assert!(
            code == 0 && !holds(&lines, POLICY_WEAKENED),
            "{rest} {lines:?}"
        );
    }
    for operations in [
        "- {op: replace, path: /spec/validationFailureAction, value: Audit}",
        "- {op: remove, path: /spec/rules/0}",
        "- {op: remove, path: /spec}",
    ] {
        let target = "target: {kind: ClusterPolicy, name: k}";
        let listed = format!("patches: [{{path: p.yaml, {target}}}]\n");
        let (code, lines) = patched(POLICY, &listed, Some(operations));
        assert!(
            code == 1 && holds(&lines, POLICY_WEAKENED),
            "{operations} {lines:?}"
        );
        let inline = format!("patchesJson6902:\n- {target}\n  patch: |\n    {operations}\n");
        let (code, lines) = patched(POLICY, &inline, None);
        assert!(
            code == 1 && holds(&lines, POLICY_WEAKENED),
            "{operations} {lines:?}"
        );
    }
    let gone = "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\nmetadata: {name: b}\n$patch: delete\n";
    let (code, lines) = patched(BINDING, "patches: [{path: p.yaml}]\n", Some(gone));
    assert!(code == 1 && holds(&lines, POLICY_WEAKENED), "{lines:?}");
}

#[test]
fn what_a_policy_asks_no_longer_is_told() {
    let images = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: k}\nspec:\n  rules:\n  - name: r\n    verifyImages: [{imageReferences: ['*'], failureAction: Enforce}]\n";
    let general = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: k}\nspec:\n  validationFailureAction: Enforce\n  rules:\n  - name: r\n    verifyImages: [{imageReferences: ['*']}]\n";
    let validations = "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: k}\nspec:\n  validations:\n  - expression: object.a\n  - expression: object.b\n";
    for (before, after) in [
        (images, images.replace("Enforce", "Audit")),
        (general, general.replace("Enforce", "Audit")),
        (
            validations,
            validations.replace("  - expression: object.b\n", ""),
        ),
    ] {
        let (code, lines) = changed(&[("k.yaml", before)], &[("k.yaml", &after)]);
        assert!(
            code == 1 && holds(&lines, POLICY_WEAKENED),
            "{after} {lines:?}"
        );
        let (code, lines) = changed(&[("k.yaml", &after)], &[("k.yaml", before)]);
        assert!(code == 0 && !holds(&lines, "introduced"), "{lines:?}");
    }
    let joined = "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: k}\nspec:\n  validations:\n  - expression: object.a && object.b\n";
    let (code, lines) = changed(&[("k.yaml", validations)], &[("k.yaml", joined)]);
    assert!(code == 0 && lines.is_empty(), "{lines:?}");
}

#[test]
fn settings_of_gatekeeper_spare_no_namespace_unseen() {
    let constraint = (
        "c.yaml",
        "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sRequiredLabels\nmetadata: {name: c}\nspec: {match: {kinds: [{apiGroups: [''], kinds: [Pod]}]}}\n",
    );
    let settings = |namespaces: &str, processes: &str| {
        format!(
            "apiVersion: config.gatekeeper.sh/v1alpha1\nkind: Config\nmetadata: {{name: config, namespace: gatekeeper-system}}\nspec: {{match: [{{excludedNamespaces: [{namespaces}], processes: [{processes}]}}]}}\n"
        )
    };
    let all = settings("'*'", "'*'");
    let (code, lines) = changed(&[constraint], &[("config.yaml", &all)]);
    assert!(code == 1 && holds(&lines, POLICY_WEAKENED), "{lines:?}");
    for (namespaces, processes) in [("kube-*, gatekeeper-system", "'*'"), ("'*'", "audit")] {
        let honest = settings(namespaces, processes);
        let (code, lines) = changed(&[constraint], &[("config.yaml", &honest)]);
        assert!(code == 0 && lines.is_empty(), "{lines:?}");
    }
    // With Gatekeeper itself, nothing is taken away.
    let (code, lines) = changed(&[], &[constraint, ("config.yaml", &all)]);
    assert!(code == 0 && !holds(&lines, POLICY_WEAKENED), "{lines:?}");
}

const CLUSTER: (&str, &str) = (
    ".tidegate.yaml",
    "kubernetes: {clusters: [{name: p, paths: ['a/**']}]}\n",
);
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec: {securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: web, image: 'web:1', securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}\n";

/// What is told where one folder takes the place of another.
fn replaced(base: Files<'_>, head: Files<'_>) -> (i32, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    write(&folder.path().join("b"), base);
    write(&folder.path().join("h"), head);
    let (answer, json) = check(folder.path(), &["--base", "b", "--head", "h"]);
    let mut lines = told(&json);
    lines.retain(|line| !line.contains(" note "));
    (answer.code, lines)
}

#[test]
fn a_copy_outside_of_the_cluster_protects_nothing() {
    let pod = ("a/pod.yaml", POD);
    for (object, weakened) in [(POLICY, POLICY_WEAKENED), (NAMESPACE, WEAKENED)] {
        let main = [CLUSTER, ("a/k.yaml", object), pod];
        let (code, lines) = replaced(&main, &[CLUSTER, ("docs/k.yaml", object), pod]);
        assert!(code == 1 && holds(&lines, weakened), "{lines:?}");
        for honest in [
            vec![CLUSTER, ("a/b/k.yaml", object), pod],
            vec![
                CLUSTER,
                ("a/b/k.yaml", object),
                ("docs/k.yaml", object),
                pod,
            ],
            vec![
                CLUSTER,
                ("a/kustomization.yaml", "resources: [../docs, pod.yaml]\n"),
                ("docs/kustomization.yaml", "resources: [k.yaml]\n"),
                ("docs/k.yaml", object),
                pod,
            ],
        ] {
            let (code, lines) = replaced(&main, &honest);
            assert!(
                code == 0 && !holds(&lines, weakened),
                "{honest:?} {lines:?}"
            );
        }
    }
    // Under another name it is the same.
    let main = [CLUSTER, ("a/k.yaml", POLICY)];
    let renamed = POLICY.replace("name: k,", "name: other,");
    let (code, lines) = replaced(
        &main,
        &[CLUSTER, ("docs/k.yaml", POLICY), ("a/k.yaml", &renamed)],
    );
    assert!(code == 0 && !holds(&lines, POLICY_WEAKENED), "{lines:?}");
    let (code, lines) = replaced(&main, &[CLUSTER, ("docs/k.yaml", &renamed)]);
    assert!(code == 1 && holds(&lines, POLICY_WEAKENED), "{lines:?}");
}

#[test]
fn what_a_kustomization_lists_no_longer_protects_nothing() {
    let listed = |files: &'static str| ("pol/kustomization.yaml", files);
    let pod = ("pol/pod.yaml", POD);
    for (object, weakened) in [(POLICY, POLICY_WEAKENED), (NAMESPACE, WEAKENED)] {
        let file = ("pol/k.yaml", object);
        let main = [listed("resources: [k.yaml, pod.yaml]\n"), file, pod];
        for left in [
            "resources: [pod.yaml]\n",
            "resources: [pod.yaml, gone.yaml]\n",
        ] {
            let (code, lines) = replaced(&main, &[listed(left), file, pod]);
            assert!(code == 1 && holds(&lines, weakened), "{lines:?}");
        }
        for honest in [
            // Listed by a part of it.
            vec![
                listed("resources: [part, pod.yaml]\n"),
                ("pol/part/kustomization.yaml", "resources: [k.yaml]\n"),
                ("pol/part/k.yaml", object),
                pod,
            ],
            // Moved with the kustomization that lists it.
            vec![
                ("new/kustomization.yaml", "resources: [k.yaml, pod.yaml]\n"),
                ("new/k.yaml", object),
                ("new/pod.yaml", POD),
            ],
            // Taken over by another one.
            vec![
                listed("resources: [pod.yaml]\n"),
                ("all/kustomization.yaml", "resources: [k.yaml]\n"),
                ("all/k.yaml", object),
                pod,
            ],
            // A copy for another environment.
            vec![
                listed("resources: [k.yaml, pod.yaml]\n"),
                file,
                pod,
                ("dev/k.yaml", object),
            ],
        ] {
            let (code, lines) = replaced(&main, &honest);
            assert!(
                code == 0 && !holds(&lines, weakened),
                "{honest:?} {lines:?}"
            );
        }
    }
}
