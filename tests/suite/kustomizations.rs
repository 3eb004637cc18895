//! Kustomizations that take in each other, many of them and in circles.

use tidegate::evaluate::evaluate;
use tidegate::finding::Finding;
use tidegate::syntax::Lines;

use crate::reading::{context, snapshot};

fn account(name: &str) -> String {
    format!("apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}}}\n")
}

fn duplicates(files: &[(String, String)]) -> Vec<Finding> {
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let mut findings = evaluate(&snapshot(&files), &context()).findings;
    findings.retain(|finding| finding.rule == "input/duplicate-object");
    findings
}

fn paths(findings: &[Finding]) -> Vec<&str> {
    findings
        .iter()
        .map(|finding| &*finding.location.path)
        .collect()
}

/// Folders that each take in some others, and some of which have a file of their own.
fn folders(parts: &[(&str, &[&str], &[&str])]) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for (folder, takes, own) in parts {
        let takes = takes.iter().map(|part| format!("- ../{part}\n"));
        let named = own.iter().map(|name| format!("- {name}.yaml\n"));
        let lines: String = takes.chain(named).collect();
        files.push((
            format!("{folder}/kustomization.yaml"),
            format!("resources:\n{lines}"),
        ));
        for name in *own {
            files.push((format!("{folder}/{name}.yaml"), account(name)));
        }
    }
    files
}

#[test]
fn what_is_taken_in_twice_is_told_once() {
    for (parts, expected) in [
        // A copy in each of two parts.
        (
            &[
                ("a", &["b", "c"][..], &[][..]),
                ("b", &[], &["x"]),
                ("c", &[], &["x"]),
            ][..],
            &["c/x.yaml"][..],
        ),
        // The same part by two ways is one.
        (
            &[
                ("a", &["b", "c"], &[]),
                ("b", &["d"], &[]),
                ("c", &["d"], &[]),
                ("d", &[], &["x"]),
            ],
            &[],
        ),
        // Three copies: the first stays.
        (
            &[
                ("a", &["b", "c", "d"], &[]),
                ("b", &[], &["x"]),
                ("c", &[], &["x"]),
                ("d", &[], &["x"]),
            ],
            &["c/x.yaml", "d/x.yaml"],
        ),
        // Far below, and once for all that take it in.
        (
            &[
                ("a", &["b"], &[]),
                ("b", &["c"], &["x"]),
                ("c", &["d"], &[]),
                ("d", &[], &["x"]),
            ],
            &["d/x.yaml"],
        ),
        // Alternatives, and what nobody takes in together.
        (
            &[
                ("a", &["b"], &[]),
                ("c", &["d"], &[]),
                ("b", &[], &["x"]),
                ("d", &[], &["x"]),
            ],
            &[],
        ),
        // A circle ends.
        (
            &[
                ("a", &["b"], &["x"]),
                ("b", &["c"], &[]),
                ("c", &["a"], &["x"]),
            ],
            &["c/x.yaml"],
        ),
        (&[("a", &["a"], &["x"])], &[]),
    ] {
        assert_eq!(paths(&duplicates(&folders(parts))), expected, "{parts:?}");
    }
}

#[test]
fn what_renames_or_moves_has_other_objects() {
    for more in ["namePrefix: b-\n", "namespace: b\n"] {
        let mut files = folders(&[
            ("a", &["b", "c"], &[]),
            ("b", &[], &["x"]),
            ("c", &[], &["x"]),
        ]);
        files[1].1.push_str(more);
        assert_eq!(files[1].0, "b/kustomization.yaml");
        assert_eq!(paths(&duplicates(&files)), Vec::<&str>::new());
    }
}

#[test]
fn a_long_chain_neither_takes_long_nor_overflows() {
    let number = 4_000;
    let names: Vec<String> = (0..number).map(|index| format!("d{index:05}")).collect();
    let link = |own: fn(usize) -> String| {
        let files = names.iter().enumerate().flat_map(move |(index, folder)| {
            let next = (index + 1) % number;
            let text = format!(
                "resources:\n- ../d{next:05}\n- ../d{:05}\n- x.yaml\n",
                (index + 2) % number
            );
            [
                (format!("{folder}/kustomization.yaml"), text),
                (format!("{folder}/x.yaml"), account(&own(index))),
            ]
        });
        files.collect::<Vec<_>>()
    };
    assert_eq!(duplicates(&link(|index| format!("x{index}"))).len(), 0);
    // All the same: the first stays.
    assert_eq!(duplicates(&link(|_| "x".to_owned())).len(), number - 1);
    // Everything stands a second time where nobody takes it in with the rest: too much to look through, and told.
    let mut files = link(|index| format!("x{index}"));
    let copies: Vec<String> = (0..number)
        .map(|index| account(&format!("x{index}")))
        .collect();
    files.push((
        "z/kustomization.yaml".to_owned(),
        "resources: [x.yaml]\n".to_owned(),
    ));
    files.push(("z/x.yaml".to_owned(), copies.join("---\n")));
    let told = duplicates(&files);
    assert_eq!(told.len(), 1);
    assert!(
        told[0].message.contains("share too much of each other"),
        "{}",
        told[0].message
    );
}

/// The rules that speak of a kustomization, with the lines that they speak of.
fn told_of_patches(kustomization: &str) -> Vec<(&'static str, u32)> {
    let snapshot = snapshot(&[("over/kustomization.yaml", kustomization)]);
    let findings = evaluate(&snapshot, &context()).findings;
    let lines = Lines::new(kustomization);
    let told = findings.iter().map(|finding| {
        let line = lines.position(finding.location.span.start).line;
        (finding.rule, line)
    });
    let mut told: Vec<_> = told
        .filter(|(rule, _)| {
            [
                "pod-security/privileged",
                "pod-security/host-namespace",
                "node/tls-verification-off",
            ]
            .contains(rule)
        })
        .collect();
    told.sort_unstable();
    told
}

#[test]
fn what_a_patch_says_within_its_kustomization_is_judged_where_it_stands() {
    let patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  template:\n    spec:\n      containers:\n        - name: ä\n          securityContext:\n            privileged: true\n          env: [{name: NODE_TLS_REJECT_UNAUTHORIZED, value: \"0\"}]\n";
    let block = |indent: &str| {
        let lines = patch.lines().map(|line| format!("{indent}{line}\n"));
        lines.collect::<String>()
    };
    let told = |first: u32| {
        vec![
            ("node/tls-verification-off", first + 10),
            ("pod-security/privileged", first + 9),
        ]
    };
    for (text, first) in [
        (
            format!(
                "resources: [../base]\npatches:\n- patch: |-\n{}",
                block("    ")
            ),
            4,
        ),
        (
            format!(
                "resources: [../base]\npatches:\n- target: {{kind: Deployment}}\n  patch: |\n{}namespace: shop\n",
                block("    ")
            ),
            5,
        ),
        (format!("patchesStrategicMerge:\n- |-\n{}", block("  ")), 3),
        (
            format!(
                "patches:\n- patch: |\n\n{}\n\n- path: other.yaml\n",
                block("    ")
            ),
            4,
        ),
        (
            format!(
                "patches:\n- patch: |-\n    - op: remove\n      path: /a\n- patch: |-\n    a: [\n- patch: |-\n{}",
                block("    ")
            ),
            8,
        ),
        (
            format!("patches:\n- patch: |-\n    ---\n{}", block("    ")),
            4,
        ),
    ] {
        assert_eq!(told_of_patches(&text), told(first), "{text}");
        let crlf = text.replace('\n', "\r\n");
        assert_eq!(told_of_patches(&crlf), told(first), "{crlf}");
    }
    let flow = "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"d\"},\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\",\"securityContext\":{\"privileged\":true}}]}}}}";
    assert_eq!(
        told_of_patches(&format!("patches:\n- patch: '{flow}'\n")),
        [("pod-security/privileged", 2)]
    );
}

#[test]
fn a_patch_within_its_kustomization_that_is_no_object_says_nothing() {
    for text in [
        // What is folded stands elsewhere than it is read, and a text that no patch is is none.
        "patches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: d}\n    spec: {template: {spec: {containers: [{name: a, securityContext: {privileged: false}}]}}}\n",
        "commonAnnotations:\n  text: |-\n    apiVersion: v1\n    kind: Pod\n    metadata: {name: d}\n    spec: {containers: [{name: a, securityContext: {privileged: true}}]}\n",
        "patches:\n- patch: |-\n    - op: add\n      path: /spec\n      value: {apiVersion: v1, kind: Pod}\n",
    ] {
        assert_eq!(told_of_patches(text), [], "{text}");
    }
}

/// kustomize looks at the case of no key, and of its own alone: labels are anybody's.
#[test]
fn keys_count_whatever_their_case() {
    let workload = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      containers: [{name: web, image: 'ghcr.io/example/web:1.2.3'}]\n";
    let patch = "[{op: add, path: /spec/template/spec/hostPID, value: true}]";
    let target = "{kind: Deployment, name: web}";
    for (kustomization, rule) in [
        (format!("Patches:\n- {{Target: {target}, Patch: '{patch}'}}\n"), "pod-security/host-namespaces"),
        (format!("patche\u{17f}:\n- {{target: {target}, patch: '{patch}'}}\n"), "pod-security/host-namespaces"),
        (format!("patchesjson6902:\n- {{target: {target}, patch: '{patch}'}}\n"), "pod-security/host-namespaces"),
        ("Images: [{Name: ghcr.io/example/web, newtag: latest}]\n".to_owned(), "image/moving-tag"),
        (
            "secretgenerator: [{name: a, Literals: ['token=ghp_aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY5zA7']}]\n".to_owned(),
            "secret/in-file",
        ),
    ] {
        let text = format!("{kustomization}Resources: [web.yaml]\ncommonLabels: {{Name: x}}\n");
        let files = [("kustomization.yaml", text.as_str()), ("web.yaml", workload)];
        let snapshot = snapshot(&files);
        let findings = evaluate(&snapshot, &context()).findings;
        let mut told = findings.iter();
        assert!(
            told.any(|finding| finding.rule == rule && &*finding.location.path == "kustomization.yaml"),
            "{text}: {findings:?}"
        );
        let (_, kustomization) = snapshot.kustomizations().next().expect("it is there");
        let added: Vec<_> = kustomization.added.iter().map(|(key, ..)| key).collect();
        assert_eq!(added, ["Name"]);
    }
}

/// Of two spellings kustomize takes the one that sorts last, and puts into what the other one began.
#[test]
fn a_field_that_is_spelt_in_two_ways_cannot_be_read() {
    let grave = "[{target: {kind: Deployment}, patch: '[{op: add, path: /spec/template/spec/hostPID, value: true}]'}]";
    for (text, line) in [
        (
            format!("patchesJson6902: []\npatchesjson6902: {grave}\n"),
            2,
        ),
        (format!("patches: {grave}\nresources: []\nPatches: []\n"), 3),
        (
            "images:\n- name: a\n  newtag: latest\n  newTag: 1.2.3\n".to_owned(),
            4,
        ),
        ("secretgenerator: []\nSecretGenerator: []\n".to_owned(), 2),
    ] {
        let snapshot = snapshot(&[("kustomization.yaml", text.as_str())]);
        let findings = evaluate(&snapshot, &context()).findings;
        let told = findings
            .iter()
            .filter(|finding| finding.rule == "input/unreadable");
        let lines = Lines::new(&text);
        let told: Vec<_> = told
            .map(|finding| {
                (
                    lines.position(finding.location.span.start).line,
                    finding.unread,
                )
            })
            .collect();
        assert_eq!(told, [(line, true)], "{text}");
    }
    let own = "commonLabels: {Name: x, name: y}\nlabels: [{pairs: {App: x, app: y}}]\n";
    let snapshot = snapshot(&[("kustomization.yaml", own)]);
    assert_eq!(evaluate(&snapshot, &context()).findings.len(), 0);
}
