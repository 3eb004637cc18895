//! Patches of one overlay: what they make of policies, labels and namespaces counts where that overlay is applied.

use tidegate::finding::Status;
use tidegate::verdict::{Outcome, Report};

use crate::reports;

type Files = Vec<(&'static str, String)>;

fn judged(base: &Files, head: &Files) -> Report {
    fn texts(files: &Files) -> Vec<(&str, &str)> {
        files.iter().map(|(path, text)| (*path, &**text)).collect()
    }
    reports::of(&texts(base), &texts(head))
}

/// What is new of policies, and what was not judged: each as severity, rule, place, and the changed line if it is another.
fn news(report: &Report) -> Vec<String> {
    let findings = report.findings.iter().filter(|it| {
        let is_asked = it.rule.starts_with("network-policy/") || it.rule == "input/not-judged";
        is_asked && it.status == Status::Introduced
    });
    let mut told: Vec<String> = findings
        .map(|it| {
            let changed = it.changed_at.as_ref().filter(|at| **at != it.location);
            let changed = changed.map_or(String::new(), |at| format!(" at {}", at.path));
            let (severity, path) = (it.severity.name(), &it.location.path);
            format!("{severity} {} {path}{changed}", it.rule)
        })
        .collect();
    told.sort();
    told.dedup();
    told
}

const WORKLOADS: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: registry.example.com/web:1.0.0}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db, tier: data}}
    spec:
      containers:
        - name: app
          image: registry.example.com/db:1.0.0
          ports: [{name: sql, containerPort: 5432}]
";

const POLICIES: &str = "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: data}
spec:
  podSelector: {matchLabels: {tier: data}}
  policyTypes: [Ingress]
  ingress:
    - from: [{podSelector: {matchLabels: {app: web}}}]
      ports: [{port: sql}]
";

const LIST: &str = "resources: [workloads.yaml, policies.yaml]\n";

/// Two overlays of one base, of which production says more.
fn overlays(more: &str, patch: &str) -> Files {
    let mut files = vec![
        ("base/kustomization.yaml", LIST.to_owned()),
        ("base/policies.yaml", POLICIES.to_owned()),
        ("base/workloads.yaml", WORKLOADS.to_owned()),
        (
            "overlays/dev/kustomization.yaml",
            "namespace: shop-dev\nresources: [../../base]\n".to_owned(),
        ),
        (
            "overlays/prod/kustomization.yaml",
            format!("namespace: shop-prod\nresources: [../../base]\n{more}"),
        ),
    ];
    if !patch.is_empty() {
        files.push(("overlays/prod/patch.yaml", patch.to_owned()));
    }
    files
}

const BY_PATH: &str = "patches:\n  - path: patch.yaml\n";
const BY_LIST: &str = "patchesStrategicMerge:\n  - patch.yaml\n";
const BY_TARGET: &str =
    "patches:\n  - path: patch.yaml\n    target: {kind: NetworkPolicy, name: da.*}\n";

fn policy(spec: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: data}}\nspec:\n  {spec}\n"
    )
}

fn deployment(name: &str, template: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  template:\n    {template}\n"
    )
}

#[test]
fn a_patch_that_opens_a_policy_is_told_at_its_line() {
    let patch = policy("ingress: [{}]");
    let expected = ["high network-policy/connectivity-added overlays/prod/patch.yaml"];
    for way in [BY_PATH, BY_LIST, BY_TARGET] {
        let told = news(&judged(&overlays("", ""), &overlays(way, &patch)));
        assert_eq!(told, expected, "{way}");
        // A patch that was there says more.
        let narrow = policy("ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]");
        let told = news(&judged(&overlays(way, &narrow), &overlays(way, &patch)));
        assert_eq!(told, expected, "{way}");
        // What stood there is no news, nor what the base says already.
        assert_eq!(
            news(&judged(&overlays(way, &patch), &overlays(way, &patch))),
            [""; 0]
        );
        assert_eq!(
            news(&judged(&overlays("", ""), &overlays(way, POLICIES))),
            [""; 0]
        );
    }
}

#[test]
fn what_a_patch_says_of_pods_counts_in_its_overlay() {
    let removed = "high network-policy/protection-removed overlays/prod/patch.yaml";
    let added = "high network-policy/connectivity-added overlays/prod/patch.yaml";
    for (patch, expected) in [
        (
            deployment("db", "metadata: {labels: {tier: front}}"),
            removed,
        ),
        (
            deployment("db", "metadata: {labels: {tier: null}}"),
            removed,
        ),
        (deployment("db", "spec: {hostNetwork: true}"), added),
    ] {
        let report = judged(&overlays("", ""), &overlays(BY_PATH, &patch));
        let told = news(&report);
        let is_told = told.iter().any(|it| it == expected);
        // A label that is taken away stands where the others do.
        let is_taken_away =
            patch.contains("null") && told.iter().any(|it| it.contains("protection-removed"));
        assert!(is_told || is_taken_away, "{patch}: {told:?}");
        let findings = report.findings.iter();
        let mut findings = findings.filter(|it| it.rule.starts_with("network-policy/"));
        // Whoever has the network of a node reaches all that runs there.
        let is_of_node = patch.contains("hostNetwork");
        assert!(
            is_of_node || findings.all(|it| !it.message.contains("shop-dev")),
            "{patch}"
        );
    }
    // What is said of containers is put on the one of its name: its ports stay.
    let more = deployment(
        "db",
        "spec: {containers: [{name: app, image: registry.example.com/db:2.0.0}]}",
    );
    assert_eq!(
        news(&judged(&overlays("", ""), &overlays(BY_PATH, &more))),
        [""; 0]
    );
}

/// A patch that is written into the kustomization.
fn within(patch: &str) -> String {
    let text = patch.replace('\n', "\n      ");
    format!("patches:\n  - patch: |\n      {}\n", text.trim_end())
}

#[test]
fn a_policy_is_patched_within_the_kustomization_as_in_a_file() {
    let opened = policy("ingress: [{}]");
    let inline = within(&opened);
    let told = news(&judged(&overlays("", ""), &overlays(&inline, "")));
    assert_eq!(
        told,
        ["high network-policy/connectivity-added overlays/prod/kustomization.yaml"]
    );
    // It may move from the one to the other.
    let (in_file, inside) = (overlays(BY_PATH, &opened), overlays(&inline, ""));
    for (base, head) in [(&in_file, &inside), (&inside, &in_file)] {
        assert_eq!(news(&judged(base, head)), [""; 0]);
    }
    // One that closed what the base opens is taken out.
    let open_base = |more: &str| -> Files {
        let files = overlays(more, "").into_iter();
        let open = |path| path == "base/policies.yaml";
        files
            .map(|(path, text)| (path, if open(path) { opened.clone() } else { text }))
            .collect()
    };
    let closed = open_base(&within(&policy("ingress: []")));
    let told = news(&judged(&closed, &open_base("")));
    assert!(
        told.iter()
            .any(|it| it.starts_with("high network-policy/connectivity-added")),
        "{told:?}"
    );
}

#[test]
fn a_patch_within_its_kustomization_counts_as_well() {
    let patch = deployment("db", "metadata: {labels: {tier: front}}");
    let inline = within(&patch);
    let told = news(&judged(&overlays("", ""), &overlays(&inline, "")));
    assert_eq!(
        told,
        ["high network-policy/protection-removed overlays/prod/kustomization.yaml"]
    );
}

#[test]
fn a_policy_that_a_patch_deletes_is_gone() {
    let patch = policy("{}").replace("metadata", "$patch: delete\nmetadata");
    let told = news(&judged(&overlays("", ""), &overlays(BY_PATH, &patch)));
    let is_told = |rule: &str| told.iter().any(|it| it.contains(rule));
    assert!(is_told("network-policy/protection-removed"), "{told:?}");
    assert!(is_told("input/not-judged"), "{told:?}");
}

#[test]
fn a_component_patches_what_it_is_listed_beside() {
    let of = |patch: &str| {
        let mut files = overlays("components: [../../open]\n", "");
        files.push((
            "open/kustomization.yaml",
            "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\npatches: [{path: patch.yaml}]\n"
                .to_owned(),
        ));
        files.push(("open/patch.yaml", patch.to_owned()));
        files
    };
    let (same, wide) = (POLICIES, policy("ingress: [{}]"));
    let told = news(&judged(&of(same), &of(&wide)));
    assert_eq!(
        told,
        ["high network-policy/connectivity-added open/patch.yaml"]
    );
    let report = judged(&of(same), &of(&wide));
    let mut findings = report.findings.iter();
    assert!(findings.all(|it| !it.message.contains("shop-dev/db")));
}

#[test]
fn the_labels_of_a_namespace_are_patched_too() {
    let of = |more: &str, patch: &str| {
        let mut files = overlays(more, patch);
        for (path, text) in &mut files {
            match *path {
                "base/policies.yaml" => {
                    *text = text.replace(
                        "{podSelector: {matchLabels: {app: web}}}",
                        "{namespaceSelector: {matchLabels: {team: a}}}",
                    );
                }
                "overlays/prod/kustomization.yaml" => {
                    *text = text.replace("[../../base]", "[../../base, others.yaml]");
                }
                _ => {}
            }
        }
        files.push((
            "overlays/prod/others.yaml",
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop-prod, labels: {team: b}}\n"
                .to_owned(),
        ));
        files
    };
    let patch =
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop-prod\n  labels:\n    team: a\n";
    let told = news(&judged(&of("", ""), &of(BY_PATH, patch)));
    let expected =
        "high network-policy/connectivity-added base/policies.yaml at overlays/prod/patch.yaml";
    assert!(told.iter().any(|it| it == expected), "{told:?}");
}

#[test]
fn a_patch_whose_object_is_not_here_is_told() {
    let note = ["note input/not-judged overlays/prod/patch.yaml"];
    let other = policy("ingress: [{}]").replace("name: data", "name: elsewhere");
    let remote = "resources: [\"https://example.com/base?ref=v1\"]\n";
    let remote = |more: &str, patch: &str| -> Files {
        let mut files = vec![(
            "overlays/prod/kustomization.yaml",
            format!("{remote}{more}"),
        )];
        if !patch.is_empty() {
            files.push(("overlays/prod/patch.yaml", patch.to_owned()));
        }
        files
    };
    for patch in [
        other,
        deployment("db", "metadata: {labels: {tier: front}}"),
        deployment("db", "spec: {serviceAccountName: admin}"),
    ] {
        let told = news(&judged(&remote("", ""), &remote(BY_PATH, &patch)));
        assert_eq!(told, note, "{patch}");
        let same = remote(BY_PATH, &patch);
        assert_eq!(news(&judged(&same, &same)), [""; 0]);
    }
    // What says nothing of what passes needs no word.
    let image = deployment(
        "db",
        "spec: {containers: [{name: app, image: registry.example.com/db:2.0.0}]}",
    );
    assert_eq!(
        news(&judged(&remote("", ""), &remote(BY_PATH, &image))),
        [""; 0]
    );
}

#[test]
fn operations_on_labels_and_accounts_are_told() {
    let note = ["note input/not-judged overlays/prod/kustomization.yaml"];
    for operation in [
        "{op: replace, path: /spec/template/metadata/labels/tier, value: front}",
        "{op: remove, path: /spec/template/metadata/labels/tier}",
        "{op: add, path: /spec/template/spec/serviceAccountName, value: admin}",
    ] {
        let more = format!(
            "patches:\n  - target: {{kind: Deployment, name: db}}\n    patch: |\n      - {operation}\n"
        );
        let told = news(&judged(&overlays("", ""), &overlays(&more, "")));
        assert_eq!(told, note, "{operation}");
    }
}

#[test]
fn patches_beyond_what_is_put_together_make_the_run_incomplete() {
    let labels = |count: usize| {
        let labels: Vec<String> = (0..count).map(|at| format!("l{at}: v")).collect();
        let labels = labels.join(", ");
        deployment(
            "db",
            &format!("metadata: {{labels: {{{labels}, more: v}}}}"),
        )
    };
    let (some, all) = (labels(10), labels(70_000));
    let plain = overlays("", "");
    let report = judged(&plain, &overlays(BY_PATH, &some));
    assert_eq!(report.outcome(), Outcome::Passed, "{:?}", news(&report));
    let report = judged(&plain, &overlays(BY_PATH, &all));
    assert_eq!(report.outcome(), Outcome::Incomplete, "{:?}", news(&report));
    // What was so before is no news.
    let report = judged(&overlays(BY_PATH, &all), &overlays(BY_PATH, &all));
    assert_eq!(report.outcome(), Outcome::Passed, "{:?}", news(&report));
}

#[test]
fn a_patch_goes_by_each_name_that_its_object_has_on_the_way() {
    let opened = policy("ingress: [{}]");
    let label = deployment("db", "metadata: {labels: {tier: front}}");
    let with = |patched: &str| -> Files {
        let more = if patched.is_empty() { "" } else { BY_PATH };
        let files = overlays(more, patched).into_iter();
        let files = files.map(|(path, text)| match path {
            "base/kustomization.yaml" => {
                (path, format!("{text}namePrefix: shop-\nnameSuffix: -v1\n"))
            }
            "overlays/prod/kustomization.yaml" => (path, text.replace("base]", "middle]")),
            _ => (path, text),
        });
        let middle = "namePrefix: m-\nresources: [../base]\n".to_owned();
        files
            .chain([("middle/kustomization.yaml", middle)])
            .collect()
    };
    let is_told = |it: &String| {
        it.starts_with("high network-policy/") && it.ends_with(" overlays/prod/patch.yaml")
    };
    for (patch, name) in [(&opened, "data"), (&label, "db")] {
        let own = format!("{{name: {name}}}");
        for built in [
            name.to_owned(),
            format!("shop-{name}-v1"),
            format!("m-shop-{name}-v1"),
        ] {
            let patch = patch.replace(&own, &format!("{{name: {built}}}"));
            let told = news(&judged(&with(""), &with(&patch)));
            assert!(told.iter().any(is_told), "{built}: {told:?}");
            assert!(!told.iter().any(|it| it.contains("not-judged")), "{told:?}");
        }
        // One that it has only further out is none of another.
        for other in [format!("x-{name}"), format!("prod-{name}")] {
            let patch = patch.replace(&own, &format!("{{name: {other}}}"));
            let told = news(&judged(&with(""), &with(&patch)));
            let note = "note input/not-judged overlays/prod/patch.yaml".to_owned();
            assert!(told.contains(&note), "{other}: {told:?}");
        }
    }
}

#[test]
fn the_labels_of_a_namespace_are_patched_within_the_kustomization_as_in_a_file() {
    let from_team = policy("ingress: [{from: [{namespaceSelector: {matchLabels: {team: mon}}}]}]")
        .replace(
            "spec:",
            "spec:\n  podSelector: {matchLabels: {tier: data}}\n  policyTypes: [Ingress]",
        );
    // Whatever it is called where it is written, it gets the name that the kustomization says.
    for written in ["shop-dev", "shop"] {
        let patch = format!(
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {written}\n  labels: {{team: mon}}\n"
        );
        let with = |more: &str, patch: &str| -> Files {
            let files = overlays("", patch).into_iter();
            let files = files.map(|(path, text)| match path {
                "base/policies.yaml" => (path, from_team.clone()),
                "overlays/dev/kustomization.yaml" => (
                    path,
                    format!("namespace: shop-dev\nresources: [../../base, ../../names]\n{more}"),
                ),
                "overlays/prod/patch.yaml" => ("overlays/dev/patch.yaml", text),
                _ => (path, text),
            });
            let names = [
                (
                    "names/kustomization.yaml",
                    "resources: [names.yaml]\n".to_owned(),
                ),
                (
                    "names/names.yaml",
                    format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {written}}}\n"),
                ),
            ];
            files.chain(names).collect()
        };
        let base = with("", "");
        let place = |told: &[String]| -> Vec<String> {
            let found = told.iter().filter(|it| it.contains("connectivity-added"));
            found.cloned().collect()
        };
        let in_file = news(&judged(&base, &with(BY_PATH, &patch)));
        let expected = "high network-policy/connectivity-added base/policies.yaml at overlays/dev";
        assert_eq!(
            place(&in_file),
            [format!("{expected}/patch.yaml")],
            "{in_file:?}"
        );
        let inside = news(&judged(&base, &with(&within(&patch), "")));
        let expected = [format!("{expected}/kustomization.yaml")];
        assert_eq!(place(&inside), expected, "{inside:?}");
        assert!(
            !inside.iter().any(|it| it.contains("not-judged")),
            "{inside:?}"
        );
    }
}
