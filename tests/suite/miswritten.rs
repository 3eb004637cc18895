//! Objects whose `apiVersion` or `kind` nobody accepts are judged as what they are meant to be: a slip in them hides
//! nothing, and mends nothing.

use std::collections::BTreeSet;

use tidegate::finding::{Finding, Status};
use tidegate::run::{Request, run};
use tidegate::verdict::{Outcome, Report};

const POD: &str = "apiVersion: v1
kind: Pod
metadata: {name: p, namespace: shop}
spec:
  hostNetwork: true
  containers:
    - {name: a, image: registry.example.com/a:latest, securityContext: {privileged: true}}
";

const INGRESS: &str = "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: p, namespace: shop}
spec: {rules: [{host: shop.example.com}]}
";

fn change(base: &str, head: &str) -> Vec<Finding> {
    report(&[("a.yaml", base)], &[("a.yaml", head)]).findings
}

fn report(base: &[(&str, &str)], head: &[(&str, &str)]) -> Report {
    let folder = |files: &[(&str, &str)]| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("it can be written");
        }
        folder
    };
    let (base, head) = (folder(base), folder(head));
    let side = |folder: &tempfile::TempDir| Some(format!("{}/", folder.path().display()));
    let request = Request {
        base: side(&base),
        head: side(&head),
        ..Request::default()
    };
    run(&request).expect("two folders can be compared")
}

fn rules(findings: &[Finding], status: Status) -> BTreeSet<&str> {
    let found = findings.iter().filter(|finding| finding.status == status);
    found.map(|finding| finding.rule).collect()
}

#[test]
fn a_slip_hides_nothing_and_mends_nothing() {
    for (base, from, to) in [
        (POD, "kind: Pod", "Kind: Pod"),
        (POD, "kind: Pod", "KIND: Pod"),
        (POD, "kind: Pod", "kind: P0d"),
        (POD, "kind: Pod", "kind: P\u{43e}d"),
        (POD, "kind: Pod", "kind: \"Pods,\""),
        (POD, "kind: Pod", "kind: cm"),
        (POD, "kind: Pod", "kind: NS"),
        (POD, "kind: Pod", "kind: SA"),
        (POD, "kind: Pod", "kind: PVC"),
        (POD, "kind: Pod", "kind: svc"),
        (POD, "kind: Pod", "kind: rs"),
        (POD, "kind: Pod", "kind: ing"),
        (POD, "kind: Pod", "kind: Thing"),
        (
            POD,
            "apiVersion: v1\nkind: Pod",
            "apiVersion: v1\nkind: Container",
        ),
        (POD, "apiVersion: v1", "api-version: v1"),
        (POD, "apiVersion: v1", "apiversion: v1"),
        (POD, "apiVersion: v1\nkind", "APIVersion: v1\nKind"),
        (POD, "apiVersion: v1", "apiVersion: 1"),
        (POD, "apiVersion: v1", "apiVersion:"),
        (POD, "apiVersion: v1\n", ""),
        (POD, "kind: Pod", "kind: pod"),
        (POD, "kind: Pod", "kinds: Pod"),
        (POD, "kind: Pod", "knd: Pod"),
        (POD, "kind: Pod", "kind: [Pod]"),
        (POD, "kind: Pod", "kind: {Pod: true}"),
        (POD, "kind: Pod", "kind: 3"),
        (POD, "kind: Pod", "kind: \"\""),
        (POD, "kind: Pod", "kind:"),
        (POD, "kind: Pod\n", ""),
        (POD, "apiVersion: v1", "apiVersion: ''"),
        (POD, "apiVersion: v1", "apiVersion: v2"),
        (INGRESS, "kind: Ingress", "Kind: Ingress"),
        (INGRESS, "kind: Ingress", "kind: Ingres"),
        (INGRESS, "kind: Ingress", "kinds: Ingress"),
        (INGRESS, "kind: Ingress", "kind: [Ingress]"),
        (INGRESS, "networking.k8s.io/v1", "\"\""),
        (INGRESS, "k8s.io/v1", "k8s.io"),
        (INGRESS, "k8s.io/v1", "k8s.io/v1beta2"),
        (INGRESS, "networking.k8s.io/v1", "1"),
    ] {
        let slip = base.replacen(from, to, 1);
        assert_ne!(base, slip);
        for (one, other) in [
            (base.to_owned(), slip.clone()),
            (
                format!("{POD}---\n{}", base.replace("name: p", "name: q")),
                format!("{POD}---\n{}", slip.replace("name: p", "name: q")),
            ),
        ] {
            let found = change(&one, &other);
            assert!(!rules(&found, Status::Existing).is_empty(), "{slip}");
            let told = rules(&found, Status::Introduced);
            assert_eq!(told, BTreeSet::from(["workload/unknown-api"]), "{slip}");
            assert_eq!(rules(&found, Status::Fixed), BTreeSet::new(), "{slip}");
        }
    }
}

/// The API server takes no text for an object, so that nothing that the base held is mended.
#[test]
fn a_document_that_is_one_text_is_unreadable() {
    let indented: String = POD
        .split_inclusive('\n')
        .flat_map(|line| ["  ", line])
        .collect();
    let quoted = format!("{POD:?}\n");
    for head in [
        format!("|\n{indented}"),
        format!("--- |\n{indented}"),
        format!("--- >-\n{indented}"),
        format!("{POD}---\n|\n{indented}"),
        quoted,
    ] {
        for base in [POD, ""] {
            let report = report(&[("a.yaml", base)], &[("a.yaml", &head)]);
            let told = rules(&report.findings, Status::Introduced);
            assert!(told.contains("input/unreadable"), "{head}: {told:?}");
            assert_eq!(
                rules(&report.findings, Status::Fixed),
                BTreeSet::new(),
                "{head}"
            );
            // What is introduced beside it blocks all the same.
            let expected = match rules(&report.findings, Status::Introduced).len() {
                1 => Outcome::Incomplete,
                _ => Outcome::Blocked,
            };
            assert_eq!(report.outcome(), expected, "{head}");
        }
    }
    // Text that speaks of objects beside one that is one.
    let prose = format!("{POD}---\n|\n  Every object has an apiVersion and a kind.\n");
    let found = change(POD, &prose);
    assert_eq!(rules(&found, Status::Introduced), BTreeSet::new());
}

#[test]
fn a_container_without_a_name_is_not_given_one() {
    let service = "apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: k, namespace: shop}
spec: {template: {spec: {containers: [{image: ghcr.io/example/b:1.2.3, securityContext: {privileged: true}}]}}}
";
    let found = change("", service);
    let privileged = found
        .iter()
        .find(|finding| finding.message.contains("privileged"));
    let message = &*privileged.expect("it is told").message;
    assert!(message.starts_with("Service shop/k: "), "{message}");
    assert!(found.iter().all(|finding| !finding.message.contains("``")));
}

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: p, namespace: shop}
spec:
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      hostPID: true
      containers:
        - {name: a, image: registry.example.com/a:latest}
";

/// Several kinds may be meant, so that nobody can say what became of what the base held.
#[test]
fn what_does_not_say_what_it_is_is_neither_fixed_nor_passed() {
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n- {}",
        POD.trim_end().replace('\n', "\n  ")
    );
    for (base, from, to) in [
        (DEPLOYMENT, "kind: Deployment\n", ""),
        (DEPLOYMENT, "kind: Deployment", "kind:"),
        (DEPLOYMENT, "kind: Deployment", "kind: {a: b}"),
        (DEPLOYMENT, "apiVersion: apps/v1\nkind: Deployment\n", ""),
        (DEPLOYMENT, "kind: Deployment", "kind: []"),
        (INGRESS, "kind: Ingress\n", ""),
        (&list, "kind: List\n", ""),
    ] {
        let slip = base.replacen(from, to, 1);
        assert_ne!(base, slip);
        let account =
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: s, namespace: shop}\n";
        for (one, other) in [
            (base.to_owned(), slip.clone()),
            (
                format!("{account}---\n{base}"),
                format!("{account}---\n{slip}"),
            ),
        ] {
            let report = report(&[("a.yaml", &one)], &[("a.yaml", &other)]);
            let found = &report.findings;
            assert_eq!(rules(found, Status::Fixed), BTreeSet::new(), "{slip}");
            let told = rules(found, Status::Introduced);
            assert_eq!(told, BTreeSet::from(["input/unreadable"]), "{slip}");
            assert_eq!(report.outcome(), Outcome::Incomplete, "{slip}");
        }
        // Without a base, a version of Kubernetes says that it is an object.
        let is_sure = slip.starts_with("apiVersion");
        let found = change("", &slip);
        let told = rules(&found, Status::Introduced).contains("input/unreadable");
        assert_eq!(told, is_sure, "{slip}");
    }
}

#[test]
fn what_is_no_object_needs_no_kind() {
    for text in [
        "metadata: {name: shop}\nspec: {containers: [{name: a, image: b}]}\n",
        "image: {repository: a}\npodTemplate: {metadata: {name: x}, spec: {containers: [{name: a, image: b}]}}\n",
        "apiVersion: 1.0.0\nmetadata: {name: workspace}\ncomponents: []\n",
        "apiVersion: v2\nname: chart\nversion: 1.2.3\n",
        "apiVersion: v1\nentries: {shop: [{apiVersion: v2, name: shop}]}\n",
        "apiVersion: v1\nkind: {{ .Values.kind }}\nmetadata: {name: a}\n",
        "openapi: 3.0.0\ninfo: {title: apiVersion}\npaths: {}\n",
        "services: {web: {image: apiVersion}}\n",
        "apiVersion: v1\nkinds: 3\nitems: [a]\n",
    ] {
        for found in [change("", text), change(text, &format!("# shop\n{text}"))] {
            let mut told = rules(&found, Status::Introduced);
            // Of every template it is told that it is not rendered.
            told.retain(|rule| *rule != "input/not-judged" || !text.contains("{{"));
            assert_eq!(told, BTreeSet::new(), "{text}");
        }
    }
    // A patch may leave the kind to its target.
    let patch = "apiVersion: apps/v1\nmetadata: {name: p}\nspec: {replicas: 3}\n";
    let kustomization =
        "resources: [d.yaml]\npatches:\n- path: p.yaml\n  target: {kind: Deployment}\n";
    let files = [
        ("d.yaml", DEPLOYMENT),
        ("p.yaml", patch),
        ("kustomization.yaml", kustomization),
    ];
    let report = report(&[], &files);
    let told = rules(&report.findings, Status::Introduced);
    assert!(!told.contains("input/unreadable"), "{told:?}");
    assert!(!told.contains("workload/unknown-api"), "{told:?}");
}

#[test]
fn a_slip_in_a_field_that_bears_the_rest_mends_nothing() {
    for (base, from, to) in [
        (POD, "\nspec:", "\nSpec:"),
        (POD, "\nspec:", "\nspecs:"),
        (POD, "containers:", "Containers:"),
        (POD, "containers:", "contianers:"),
        (POD, "metadata:", "Metadata:"),
        (POD, "{name: p", "{Name: p"),
        (POD, "image:", "Image:"),
        (DEPLOYMENT, "\nspec:", "\nSpec:"),
        (DEPLOYMENT, "    spec:", "    Spec:"),
        (DEPLOYMENT, "template:", "Template:"),
        (DEPLOYMENT, "containers:", "Containers:"),
        (DEPLOYMENT, "\nmetadata:", "\nMetadata:"),
    ] {
        let slip = base.replacen(from, to, 1);
        assert_ne!(base, slip);
        let found = change(base, &slip);
        assert!(!rules(&found, Status::Existing).is_empty(), "{slip}");
        assert_eq!(rules(&found, Status::Fixed), BTreeSet::new(), "{slip}");
        let told = rules(&found, Status::Introduced);
        assert_eq!(told, BTreeSet::from(["workload/unknown-field"]), "{slip}");
        let key = to
            .trim()
            .trim_start_matches('{')
            .split(':')
            .next()
            .unwrap_or_default();
        let own = found
            .iter()
            .find(|finding| finding.status == Status::Introduced);
        let message = &*own.expect("it is told").message;
        assert!(
            message.contains(&format!("{key} is no field of")),
            "{message}"
        );
    }
    // One behind the other.
    let slip = DEPLOYMENT
        .replace("spec:", "Spec:")
        .replace("template:", "Template:")
        .replace("containers:", "Containers:");
    let found = change(DEPLOYMENT, &slip);
    assert_eq!(rules(&found, Status::Fixed), BTreeSet::new());
    let told = found
        .iter()
        .filter(|finding| finding.rule == "workload/unknown-field");
    assert_eq!(told.count(), 4);
    // What opens something is not read behind such a key, and not gone either.
    for (from, to) in [
        ("securityContext:", "SecurityContext:"),
        ("privileged:", "Privileged:"),
        ("hostNetwork:", "HostNetwork:"),
    ] {
        let found = change(POD, &POD.replace(from, to));
        assert_eq!(rules(&found, Status::Fixed), BTreeSet::new(), "{to}");
        assert!(rules(&found, Status::Introduced).contains("workload/unknown-field"));
    }
    let right = POD.replace("hostNetwork: true", "hostNetwork: false");
    let fixed = change(POD, &right);
    let fixed = rules(&fixed, Status::Fixed);
    assert_eq!(fixed, BTreeSet::from(["pod-security/host-namespaces"]));
    // A protection that is misspelt is none.
    let protected = POD.replace("privileged: true", "allowPrivilegeEscalation: false");
    let found = change(&protected, &protected.replace("allowP", "AllowP"));
    assert!(rules(&found, Status::Introduced).contains("workload/unknown-field"));
    // Where the right key stands beside it, that one counts.
    let both = POD.replace("spec:", "Spec: {hostPID: true}\nspec:");
    let found = change(POD, &both);
    let told = rules(&found, Status::Introduced);
    assert_eq!(told, BTreeSet::from(["workload/unknown-field"]));
}

#[test]
fn kinds_of_other_programs_are_told_from_slips() {
    for (head, is_slip) in [
        ("v1|Endpoint|{name: a}", true),
        ("v2|Secret|{name: a}", true),
        ("v1alpha1|Node|{name: a}", true),
        ("v1|Ingress|{name: a}", true),
        ("v1|Rule|{name: a}", false),
        ("v1|Rule|{id: a}", false),
        ("v1|Endpoint|{id: a}", false),
        ("v2|Secret|{id: a}", false),
        ("v1alpha1|Node|{}", false),
        ("v1|Workflow|{name: a}", false),
    ] {
        let parts: Vec<_> = head.split('|').collect();
        let [version, kind, metadata] = parts[..] else {
            panic!("{head}");
        };
        let text = format!("apiVersion: {version}\nkind: {kind}\nmetadata: {metadata}\n");
        let found = change("", &text);
        let told = rules(&found, Status::Introduced).contains("workload/unknown-api");
        assert_eq!(told, is_slip, "{head}");
    }
    let workload = DEPLOYMENT
        .replace("apps/v1", "v1")
        .replace("kind: Deployment", "kind: Deploymnt");
    let found = change(DEPLOYMENT, &workload);
    assert_eq!(rules(&found, Status::Fixed), BTreeSet::new());
    assert!(rules(&found, Status::Introduced).contains("workload/unknown-api"));
}

#[test]
fn what_stands_over_objects_hides_none_of_them() {
    let indented = POD.trim_end().replace('\n', "\n    ");
    let list = |head: &str| format!("{head}  - {indented}\n");
    let base = list("apiVersion: v1\nkind: List\nitems:\n");
    for head in [
        "apiVersion: v1\nkind: list\nitems:\n",
        "apiVersion: v1\nkind: Lists\nitems:\n",
        "apiVersion: v1\nkind: List\nitem:\n",
        "apiVersion: apps/v1\nkind: DeploymentLists\nitems:\n",
        "",
    ] {
        let findings = change(&base, &list(head));
        let existing = rules(&findings, Status::Existing);
        assert!(
            existing.contains("pod-security/privileged"),
            "{head}{findings:#?}"
        );
        let fixed = rules(&findings, Status::Fixed);
        assert!(fixed.is_empty(), "{head}{fixed:?}");
    }
}

#[test]
fn what_others_call_almost_alike_is_no_slip() {
    let of = |kind: &str, rest: &str| {
        let head = format!("apiVersion: v1\nkind: {kind}\nmetadata: {{name: a}}\n{rest}\n");
        let report = report(&[], &[("a.yaml", &head)]);
        let mut rules = report.findings.iter().map(|finding| finding.rule);
        rules.any(|rule| rule == "workload/unknown-api")
    };
    for (kind, rest) in [
        ("Note", "spec: {text: hello}"),
        ("Note", ""),
        ("Mode", "value: 3"),
        ("Code", "spec: {language: js}"),
        ("Pode", "items: {a: b}"),
        ("Endpoint", "spec: {url: 'https://a.example.com'}"),
        ("Services", "entries: [a]"),
        ("Secrets", "spec: {vault: a}"),
    ] {
        assert!(!of(kind, rest), "{kind} {rest}");
    }
    for (kind, rest) in [
        ("Endpoint", "subsets: []"),
        ("Servce", "spec: {ports: [{port: 80}]}"),
        ("Secert", "stringData: {a: b}"),
        ("ConfigMpa", "data: {a: b}"),
        ("Namespac", ""),
        ("ServiceAcount", "automountServiceAccountToken: true"),
        ("Nodes", "spec: {unschedulable: true}"),
    ] {
        assert!(of(kind, rest), "{kind} {rest}");
    }
}

#[test]
fn the_objects_of_an_openshift_template_are_judged() {
    for version in ["v1", "template.openshift.io/v1"] {
        let items = format!("- {}", POD.replace('\n', "\n  "));
        let template = format!(
            "apiVersion: {version}\nkind: Template\nmetadata: {{name: t}}\nparameters: [{{name: REPLICAS, value: '2'}}]\nobjects:\n{items}"
        );
        let report = report(&[], &[("a.yaml", &template)]);
        let rules = rules(&report.findings, Status::Introduced);
        for rule in ["pod-security/privileged", "pod-security/host-namespaces"] {
            assert!(rules.contains(rule), "{version} {rules:?}");
        }
    }
}
