//! What stands beside a workload, in the same file, in the same folder, or elsewhere in the repository.

use tidegate::config::value::Setting;
use tidegate::evaluate::evaluate;
use tidegate::rule::Severity;

use crate::reading::{context, snapshot};

/// The paths of the files of which a rule speaks.
fn told(rule: &'static str, files: &[(&str, &str)]) -> Vec<String> {
    let mut context = context();
    let setting = Setting::Severity(Severity::Low);
    context.settings.insert(rule, setting);
    let findings = evaluate(&snapshot(files), &context).findings.into_iter();
    findings
        .filter(|finding| finding.rule == rule)
        .map(|finding| finding.location.path.to_string())
        .collect()
}

fn pod(namespace: &str, spec: &str) -> String {
    let namespace = if namespace.is_empty() {
        String::new()
    } else {
        format!(", namespace: {namespace}")
    };
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: api{namespace}, labels: {{app: api}}}}\nspec:\n  containers: [{{name: api, \
         image: a, livenessProbe: {{exec: {{command: [a]}}}}}}]\n{spec}"
    )
}

fn account(name: &str, rest: &str) -> String {
    format!("apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}}}\n{rest}")
}

const QUIET: &str = "automountServiceAccountToken: false\n";

#[test]
fn the_nearest_account_says_whether_its_token_is_mounted() {
    let rule = "workload/token-automounted";
    let (pod, own) = (pod("", "  serviceAccountName: api\n"), account("api", ""));
    let quiet = account("api", QUIET);
    let files = [
        ("prod/account.yaml", &*quiet),
        ("prod/pod.yaml", &pod),
        ("test/account.yaml", &own),
        ("test/pod.yaml", &pod),
        ("test/deep/pod.yaml", &pod),
        ("elsewhere/pod.yaml", &pod),
    ];
    // Elsewhere both are equally near, and one that says false is believed.
    assert_eq!(told(rule, &files), ["test/deep/pod.yaml", "test/pod.yaml"]);
    // Without the account, nobody knows what it may do.
    assert_eq!(told(rule, &[("pod.yaml", &pod)]), [""; 0]);
}

#[test]
fn an_account_counts_in_its_namespace() {
    let rule = "workload/token-automounted";
    let quiet = account("default", QUIET).replace("default}", "default, namespace: shop}");
    let files = [
        ("a/account.yaml", quiet),
        ("a/shop.yaml", pod("shop", "")),
        ("a/other.yaml", pod("other", "")),
        // Nobody says where it lands: the account is the only one of that name.
        ("a/unsaid.yaml", pod("", "")),
    ];
    let files = files.each_ref().map(|(path, text)| (*path, &**text));
    assert_eq!(told(rule, &files), ["a/other.yaml"]);
}

#[test]
fn the_default_account_is_bound_in_its_namespace_or_folder() {
    let binding = |namespace: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: all{namespace}}}\nroleRef: {{apiGroup: \
             rbac.authorization.k8s.io, kind: ClusterRole, name: view}}\nsubjects: [{{kind: ServiceAccount, name: default}}]\n"
        )
    };
    let files = [
        ("shop/binding.yaml", binding(", namespace: shop")),
        ("shop/pod.yaml", pod("", "")),
        ("far/shop.yaml", pod("shop", "")),
        ("far/unsaid.yaml", pod("", "")),
        ("far/other.yaml", pod("other", "")),
    ];
    let files = files.each_ref().map(|(path, text)| (*path, &**text));
    let bound = ["far/shop.yaml", "shop/pod.yaml"];
    assert_eq!(told("workload/default-service-account", &files), bound);
    let unbound = ["far/other.yaml", "far/unsaid.yaml"];
    assert_eq!(told("workload/token-automounted", &files), unbound);
}

#[test]
fn a_limit_range_counts_in_its_namespace_or_below_its_folder() {
    let limits = |namespace: &str| {
        format!(
            "apiVersion: v1\nkind: LimitRange\nmetadata: {{name: all{namespace}}}\nspec: {{limits: [{{type: Container, max: {{cpu: 1, \
             memory: 1Gi}}}}]}}\n"
        )
    };
    let files = [
        ("shop/limits.yaml", limits(", namespace: shop")),
        ("shop/deep/unsaid.yaml", pod("", "")),
        ("shop/other.yaml", pod("other", "")),
        ("far/shop.yaml", pod("shop", "")),
        ("team/limits.yaml", limits("")),
        ("team/deep/any.yaml", pod("any", "")),
        ("far/any.yaml", pod("any", "")),
    ];
    let files = files.each_ref().map(|(path, text)| (*path, &**text));
    let unbound = ["far/any.yaml", "shop/other.yaml"];
    assert_eq!(told("workload/resources-unset", &files), unbound);
}

#[test]
fn a_service_asks_for_readiness_in_its_namespace_or_folder() {
    let service = |namespace: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: api{namespace}}}\nspec: {{selector: {{app: api}}, ports: [{{port: 80}}]}}\n"
        )
    };
    let files = [
        ("a/service.yaml", service(", namespace: shop")),
        ("a/unsaid.yaml", pod("", "")),
        ("b/service.yaml", service("")),
        ("b/shop.yaml", pod("shop", "")),
        ("b/unsaid.yaml", pod("", "")),
        ("b/other.yaml", pod("other", "")),
    ];
    let files = files.each_ref().map(|(path, text)| (*path, &**text));
    let served = ["b/shop.yaml", "b/unsaid.yaml"];
    assert_eq!(told("workload/probe-missing", &files), served);
}

#[test]
fn a_patch_may_say_what_is_missing() {
    let patch = "apiVersion: v1\nkind: Pod\nmetadata: {name: api, namespace: shop}\nspec: {priorityClassName: high}\n";
    for rule in [
        "workload/token-automounted",
        "workload/resources-unset",
        "workload/writable-root-filesystem",
    ] {
        let base = pod("shop", "");
        assert_eq!(told(rule, &[("base/pod.yaml", &base)]), ["base/pod.yaml"]);
        let files = [("base/pod.yaml", &*base), ("over/patch.yaml", patch)];
        assert_eq!(told(rule, &files), [""; 0], "{rule}");
    }
}

#[test]
fn a_kustomization_moves_a_workload_to_the_default_namespace() {
    let rule = "workload/default-namespace";
    let kustomization = "namespace: default\nresources: [pod.yaml]\n";
    let pod = pod("", "");
    let files = [("kustomization.yaml", kustomization), ("pod.yaml", &*pod)];
    assert_eq!(told(rule, &files), ["pod.yaml"]);
    assert_eq!(told(rule, &files[1..]), [""; 0]);
}
