//! What rules about the change may say of what is gone, and when they have to be silent.

use std::sync::Arc;

use tidegate::config::Cluster;
use tidegate::config::clusters::Clusters;
use tidegate::finding::{Finding, Status};
use tidegate::rule::Context;
use tidegate::run::{Request, run};

use crate::program::write;
use crate::reading::{context, findings_of_change, findings_of_change_with, snapshot};

const POLICY: &str = "apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: replicas
spec:
  validations:
    - expression: object.spec.replicas <= 5
";

const NAMESPACE: &str = "apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    pod-security.kubernetes.io/enforce: restricted
";

fn change(base: &[(&str, &str)], head: &[(&str, &str)]) -> Vec<Finding> {
    let findings = findings_of_change(&snapshot(base), &snapshot(head));
    let own = findings
        .into_iter()
        .filter(|finding| finding.rule.starts_with("namespace/"));
    own.collect()
}

#[test]
fn a_policy_that_is_gone_is_told_of_where_it_stood() {
    let kept = POLICY.replace("replicas", "kept");
    let both = format!("{kept}---\n{POLICY}");
    let found = change(&[("a.yaml", &both)], &[("a.yaml", &kept)]);
    assert_eq!(found.len(), 1);
    assert_eq!(&*found[0].location.path, "a.yaml");
    assert!(found[0].change);
    let found = change(
        &[("a.yaml", &kept), ("b.yaml", POLICY)],
        &[("a.yaml", &kept)],
    );
    assert_eq!(found.len(), 1);
    assert_eq!(&*found[0].location.path, "b.yaml");
}

#[test]
fn what_only_moved_is_not_gone() {
    let renamed = POLICY.replace("name: replicas", "name: at-most-five");
    let edited = format!("# moved\n{POLICY}  failurePolicy: Fail\n");
    let listed = format!(
        "apiVersion: v1\nkind: List\nitems:\n- {}\n",
        POLICY.trim_end().replace('\n', "\n  ")
    );
    for (head, what) in [
        (vec![("b.yaml", POLICY)], "another file"),
        (vec![("b/a.yaml", edited.as_str())], "another file, edited"),
        (vec![("a.yaml", renamed.as_str())], "another name"),
        (vec![("a.yaml", listed.as_str())], "a list"),
    ] {
        assert!(change(&[("a.yaml", POLICY)], &head).is_empty(), "{what}");
    }
    let copies = [("a.yaml", POLICY), ("b.yaml", POLICY)];
    assert!(change(&copies, &[("b.yaml", POLICY)]).is_empty(), "a copy");
}

#[test]
fn what_cannot_be_seen_is_not_known_to_be_gone() {
    let broken = format!("{POLICY}  - : : [\n");
    assert!(change(&[("a.yaml", POLICY)], &[("a.yaml", &broken)]).is_empty());
    // It may have moved into the file that hides something, and that is said.
    let found = change(&[("a.yaml", POLICY)], &[("b.yaml", &broken)]);
    assert_eq!(found.len(), 1);
    assert!(found[0].message.contains("unless it is in a file"));
}

#[test]
fn a_patch_that_is_gone_takes_no_policy_away() {
    let patches = "resources: [policy.yaml]\npatches:\n  - path: patch.yaml\n";
    let policy = ("policy.yaml", POLICY);
    let base = [
        ("kustomization.yaml", patches),
        ("patch.yaml", POLICY),
        policy,
    ];
    let head = [("kustomization.yaml", "resources: [policy.yaml]\n"), policy];
    assert!(change(&base, &head).is_empty());
}

#[test]
fn a_namespace_is_weakened_wherever_it_goes() {
    let lowered = NAMESPACE.replace("restricted", "baseline");
    let found = change(&[("a.yaml", NAMESPACE)], &[("moved/b.yaml", &lowered)]);
    assert_eq!(found.len(), 1);
    assert!(found[0].message.contains("was \"restricted\""));
    // A copy keeps its own counterpart.
    let base = [("prod/a.yaml", NAMESPACE), ("dev/a.yaml", lowered.as_str())];
    assert!(change(&base, &base).is_empty());
    let head = [("prod/a.yaml", lowered.as_str()), ("dev/a.yaml", NAMESPACE)];
    let found = change(&base, &head);
    assert_eq!(found.len(), 1);
    assert_eq!(&*found[0].location.path, "prod/a.yaml");
}

#[test]
fn a_namespace_that_is_deleted_or_new_is_not_weakened() {
    let open = NAMESPACE.replace("restricted", "privileged");
    assert!(change(&[("a.yaml", NAMESPACE)], &[]).is_empty());
    assert!(
        change(
            &[("b.yaml", POLICY)],
            &[("b.yaml", POLICY), ("a.yaml", &open)]
        )
        .is_empty()
    );
}

const LABEL: &str = "pod-security.kubernetes.io/enforce";

/// A strategic patch of the Namespace.
fn merged(labels: &str) -> String {
    format!("apiVersion: v1\n    kind: Namespace\n    metadata:\n      name: shop\n{labels}")
}

/// A kustomization with a patch of one label.
fn patch(label: &str) -> String {
    let labels = format!("      labels:\n        {label}\n");
    format!("patches:\n- patch: |\n    {}", merged(&labels))
}

/// A kustomization with an operation of a JSON patch.
fn operation(operation: &str) -> String {
    let target = "target: {kind: Namespace, name: shop}";
    format!("patches:\n- {target}\n  patch: |\n    - {operation}\n")
}

/// Where a kustomization lowers the level of the Namespace beside it, and what is said.
#[track_caller]
fn kustomized(base: &str, head: &str) -> Vec<(String, String)> {
    let of = |more: &str| format!("resources: [a.yaml]\n{more}");
    let (base, head) = (of(base), of(head));
    let side = |text| vec![("kustomization.yaml", text), ("a.yaml", NAMESPACE)];
    let found = change(&side(&base), &side(&head));
    let weakened = found
        .into_iter()
        .filter(|found| found.rule == "namespace/weakened");
    weakened
        .map(|found| {
            assert_eq!(&*found.location.path, "kustomization.yaml");
            let span = found.location.span;
            (head[span.range()].to_owned(), found.message)
        })
        .collect()
}

#[test]
fn a_kustomization_cannot_lower_a_level_unseen() {
    for (head, shown) in [
        (
            format!("labels:\n- pairs: {{{LABEL}: privileged}}\n"),
            "privileged",
        ),
        (format!("commonLabels: {{{LABEL}: baseline}}\n"), "baseline"),
        (format!("commonLabels: {{{LABEL}-version: v1.0}}\n"), "v1.0"),
        (patch(&format!("{LABEL}: baseline")), LABEL),
        (patch(&format!("{LABEL}: null")), LABEL),
        (
            patch(&format!(
                "{LABEL}-version: v1.0\n        {LABEL}: privileged"
            )),
            LABEL,
        ),
        (patch("$patch: delete"), "$patch"),
        (patch("$patch: replace"), "$patch"),
        (
            format!(
                "patches:\n- patch: |\n    $patch: delete\n    {}",
                merged("")
            ),
            "$patch",
        ),
        (
            format!(
                "patchesStrategicMerge:\n- |\n    {}",
                merged("      labels: null\n")
            ),
            "patchesStrategicMerge",
        ),
        (
            operation(
                "{op: replace, path: /metadata/labels/pod-security.kubernetes.io~1enforce, value: baseline}",
            ),
            "/metadata/labels/pod-security.kubernetes.io~1enforce",
        ),
        (
            operation("{op: remove, path: /metadata/labels/pod-security.kubernetes.io~1enforce}"),
            "/metadata/labels/pod-security.kubernetes.io~1enforce",
        ),
        (
            operation("{op: remove, path: /metadata/labels}"),
            "/metadata/labels",
        ),
        (
            operation("{op: replace, path: /metadata/labels, value: {team: a}}"),
            "/metadata/labels",
        ),
    ] {
        let found = kustomized("", &head);
        assert_eq!(found.len(), 1, "{head}\n{found:?}");
        if shown != "patchesStrategicMerge" {
            assert_eq!(found[0].0, shown, "{head}");
        }
        assert!(
            found[0].1.starts_with("Namespace \"shop\", as "),
            "{found:?}"
        );
        // It is said of the change, and not of what was so before.
        assert_eq!(kustomized(&head, &head), [], "{head}");
        assert_eq!(kustomized(&head, ""), [], "{head}");
    }
}

#[test]
fn a_kustomization_may_say_what_lowers_nothing() {
    for silent in [
        format!("labels:\n- pairs: {{{LABEL}: restricted, {LABEL}-version: latest}}\n"),
        "commonLabels: {team: a}\n".to_owned(),
        patch("team: a"),
        operation("{op: add, path: /metadata/labels/team, value: a}"),
        operation("{op: replace, path: /metadata/labels/pod-security.kubernetes.io~1enforce, value: baseline}")
            .replace("name: shop", "name: other"),
        operation("{op: remove, path: /metadata/labels}").replace("kind: Namespace", "kind: Pod"),
        patch(&format!("{LABEL}: baseline")).replace("name: shop", "name: other"),
        patch(&format!("{LABEL}: baseline")).replace("kind: Namespace", "kind: ConfigMap"),
        patch("{{ : ["),
        "labels: [{pairs: ~}]\ncommonLabels: x\npatches: [~, {patch: 3}]\n".to_owned(),
    ] {
        assert_eq!(kustomized("", &silent), [], "{silent}");
    }
    // The last word counts: what is lowered below may be raised above.
    let raised = format!(
        "{}labels:\n- pairs: {{{LABEL}: restricted}}\n",
        patch(&format!("{LABEL}: null"))
    );
    assert_eq!(kustomized("", &raised), []);
    // A label that only the kustomization labelling is gone with it.
    let open = NAMESPACE.replace("restricted", "privileged");
    let labelling = format!("resources: [a.yaml]\ncommonLabels: {{{LABEL}: restricted}}\n");
    let base = [
        ("kustomization.yaml", labelling.as_str()),
        ("a.yaml", open.as_str()),
    ];
    let head = [
        ("kustomization.yaml", "resources: [a.yaml]\n"),
        ("a.yaml", open.as_str()),
    ];
    let found = change(&base, &head);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(&*found[0].location.path, "kustomization.yaml");
}

#[test]
fn a_comment_does_not_stand_for_a_label() {
    let unlabelled = NAMESPACE.split("  labels:").next().unwrap();
    let kustomization = "resources: [a.yaml]\n# pod-security.kubernetes.io/enforce\n";
    let base = [("kustomization.yaml", kustomization), ("a.yaml", NAMESPACE)];
    let found = change(
        &base,
        &[
            ("kustomization.yaml", kustomization),
            ("a.yaml", unlabelled),
        ],
    );
    assert_eq!(found.len(), 1, "{found:?}");
    // What is not read may hold it.
    let unread = format!("{kustomization}transformers: [labels.yaml]\n");
    let head = [
        ("kustomization.yaml", unread.as_str()),
        ("a.yaml", unlabelled),
    ];
    assert!(change(&base, &head).is_empty());
}

#[test]
fn a_level_is_followed_through_overlays_and_components() {
    let lowers = format!("kind: Component\ncommonLabels: {{{LABEL}: privileged}}\n");
    let keeps = "kind: Component\ncommonLabels: {team: a}\n";
    let side = |component: &'static str| {
        vec![
            ("base/kustomization.yaml", "resources: [a.yaml]\n"),
            ("base/a.yaml", NAMESPACE),
            (
                "prod/kustomization.yaml",
                "resources: [../base]\ncomponents: [../part]\n",
            ),
            ("part/kustomization.yaml", component),
        ]
    };
    let lowers: &'static str = Box::leak(lowers.into_boxed_str());
    let found = change(&side(keeps), &side(lowers));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(&*found[0].location.path, "part/kustomization.yaml");
    // An overlay that is new is another environment.
    let mut head = side(keeps);
    head.push((
        "dev/kustomization.yaml",
        "resources: [../base]\ncomponents: [../open]\n",
    ));
    head.push(("open/kustomization.yaml", lowers));
    assert!(change(&side(keeps), &head).is_empty());
    // In a circle, nothing can be built, and nothing is.
    let circle = [
        ("a/kustomization.yaml", "resources: [../b, n.yaml]\n"),
        ("b/kustomization.yaml", "resources: [../a]\n"),
        ("a/n.yaml", NAMESPACE),
    ];
    assert!(change(&circle, &circle).is_empty());
}

#[test]
fn a_cluster_holds_its_copies_together() {
    let lowered = NAMESPACE.replace("restricted", "baseline");
    let base = snapshot(&[("a/n.yaml", NAMESPACE)]);
    let head = snapshot(&[("a/n.yaml", NAMESPACE), ("b/n.yaml", lowered.as_str())]);
    let weakened = |paths: &[&str]| {
        let cluster = Cluster {
            name: "prod".to_owned(),
            paths: paths
                .iter()
                .map(|path| serde_json::from_value((*path).into()).unwrap())
                .collect(),
        };
        let context = Context {
            clusters: Arc::new(Clusters::new(&[cluster])),
            ..context()
        };
        let mut found = findings_of_change_with(&base, &head, &context);
        found.retain(|found| found.rule == "namespace/weakened");
        found
    };
    let found = weakened(&["**"]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(&*found[0].location.path, "b/n.yaml");
    assert!(found[0].message.contains("was \"restricted\" in a/n.yaml"));
    assert_eq!(weakened(&["a/**", "b/**"]).len(), 1);
    assert!(weakened(&["a/**"]).is_empty());
    assert!(weakened(&[]).is_empty());
}

#[test]
fn copies_that_all_move_are_not_each_held_against_all() {
    let lowered = NAMESPACE.replace("restricted", "baseline");
    let side = |folder: &str, text: &str| -> Vec<(String, String)> {
        let numbers = 0..8000;
        let path = |number| format!("{folder}{number}/a.yaml");
        numbers.map(|at| (path(at), text.to_owned())).collect()
    };
    let (base, head) = (side("d", NAMESPACE), side("e", &lowered));
    let borrowed: fn(&(String, String)) -> (&str, &str) = |(path, text)| (path, text);
    let base: Vec<_> = base.iter().map(borrowed).collect();
    let head: Vec<_> = head.iter().map(borrowed).collect();
    assert_eq!(change(&base, &head).len(), 8000);
}

#[test]
fn another_address_that_a_service_claims_is_news() {
    let service = |addresses: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: a, namespace: shop}}\nspec:\n  externalIPs: [{addresses}]\n"
        )
    };
    for (before, after, news) in [
        ("10.0.0.4", "8.8.8.8", 1),
        ("10.0.0.4", "8.8.8.8, 10.0.0.4", 1),
        ("10.0.0.4, 10.0.0.5", "10.0.0.5, 10.0.0.4", 0),
        ("10.0.0.4, 10.0.0.5", "10.0.0.5", 0),
    ] {
        let found = introduced(
            &[("a.yaml", &service(before))],
            &[("a.yaml", &service(after))],
        );
        let claims = found
            .iter()
            .filter(|rule| **rule == "exposure/external-ips");
        assert_eq!(claims.count(), news, "{before} -> {after}");
    }
}

/// What Flux and Argo CD build is told of once it is another, and not where the rest of the object changes.
#[test]
fn what_is_handed_to_a_builder_is_told_as_not_judged() {
    for (kind, spec) in [
        (
            "helm.toolkit.fluxcd.io/v2, kind: HelmRelease",
            "values: {privileged: VALUE}",
        ),
        (
            "kustomize.toolkit.fluxcd.io/v1, kind: Kustomization",
            "patches: [{patch: 'privileged: VALUE'}]",
        ),
        (
            "argoproj.io/v1alpha1, kind: Application",
            "source: {helm: {values: 'privileged: VALUE'}}",
        ),
    ] {
        let object = |value: &str, label: &str| {
            let spec = spec.replace("VALUE", value);
            format!(
                "{{apiVersion: {kind}, metadata: {{name: a, labels: {{x: {label}}}}}, spec: {{{spec}}}}}\n"
            )
        };
        let base = object("false", "a");
        let told = |head: &str| introduced(&[("a.yaml", &base)], &[("a.yaml", head)]);
        assert_eq!(told(&object("true", "a")), ["input/not-judged"], "{kind}");
        assert_eq!(told(&object("false", "b")), Vec::<&str>::new(), "{kind}");
    }
}

/// The rules of what a change from one folder to another introduces.
fn introduced(base: &[(&str, &str)], head: &[(&str, &str)]) -> Vec<&'static str> {
    news(base, head)
        .iter()
        .map(|finding| finding.rule)
        .collect()
}

/// What a change from one folder to another introduces.
fn news(base: &[(&str, &str)], head: &[(&str, &str)]) -> Vec<Finding> {
    let folder = |files: &[(&str, &str)]| {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), files);
        folder
    };
    let (base, head) = (folder(base), folder(head));
    let side = |folder: &tempfile::TempDir| Some(format!("{}/", folder.path().display()));
    let request = Request {
        base: side(&base),
        head: side(&head),
        ..Request::default()
    };
    let report = run(&request).expect("two folders can be compared");
    let mut news = report.findings;
    news.retain(|finding| finding.status == Status::Introduced);
    news
}

/// The difference of the two texts begins in the object before, whose old line is the new one's by now.
#[test]
fn what_changed_in_the_object_before_caused_nothing() {
    let deployment = |name: &str, host_network: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  namespace: shop\nspec:\n  selector:\n    matchLabels: {{app: {name}}}\n  template:\n    metadata:\n      labels: {{app: {name}}}\n    spec:\n      automountServiceAccountToken: false\n{host_network}      containers:\n        - name: api\n          image: registry.example.com/api:1.2.3\n"
        )
    };
    let base = deployment("cart", "      hostNetwork: true\n");
    let cart = deployment("cart", "");
    let report = deployment("report", "      hostNetwork: true\n");
    let head = format!("{cart}---\n{report}");
    let found = news(&[("a.yaml", &base)], &[("a.yaml", &head)]);
    let start = u32::try_from(cart.len()).unwrap();
    let opened = found
        .iter()
        .find(|finding| finding.rule == "pod-security/host-namespaces");
    let opened = opened.expect("it is told");
    let at = opened.changed_at.as_ref().unwrap_or(&opened.location);
    assert!(at.span.start > start, "{at:?} lies before byte {start}");
}
