//! A weakness of a workload belongs to what an overlay builds, whether the line stands in the base or in a patch.

use tidegate::finding::Status;

use crate::reports;

type Files = Vec<(&'static str, String)>;

/// What is new and what is gone of workloads: the severity where it is new, the rule, and the place.
fn news(base: &Files, head: &Files) -> Vec<String> {
    fn texts(files: &Files) -> Vec<(&str, &str)> {
        files.iter().map(|(path, text)| (*path, &**text)).collect()
    }
    const RULES: [&str; 2] = ["rbac/powerful-workload", "pod-security/host-namespaces"];
    let report = reports::of(&texts(base), &texts(head));
    let findings = report.findings.iter();
    let mut told: Vec<String> = findings
        .filter(|it| RULES.contains(&it.rule) && it.status != Status::Existing)
        .map(|it| {
            let is_fixed = it.status == Status::Fixed;
            let severity = if is_fixed { "-" } else { it.severity.name() };
            format!("{severity} {} {}", it.rule, it.location.path)
        })
        .collect();
    told.sort();
    told
}

const ADMIN: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: adm}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: adm, namespace: shop}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: adm, namespace: shop}
";

/// One line of a pod that gives it much, and the rule that tells of it.
const GRAVE: [(&str, &str); 2] = [
    ("serviceAccountName: adm", "high rbac/powerful-workload"),
    ("hostNetwork: true", "high pod-security/host-namespaces"),
];

fn workload(line: &str) -> String {
    let line = match line {
        "" => String::new(),
        line => format!("{line}, "),
    };
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{{line}containers: [{{name: app, image: registry.example.com/web:1.0.0}}]}}
"
    )
}

fn patch(line: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop}}\nspec: {{template: {{spec: {{{line}}}}}}}\n"
    )
}

/// Where the line stands: in the base, and in patches of overlays, in a file or within.
fn build(line: &str, in_base: bool, is_within: bool, overlays: [(&str, bool); 2]) -> Files {
    let own = if in_base { line } else { "" };
    let mut files = vec![
        (
            "base/kustomization.yaml",
            "resources: [web.yaml, adm.yaml]\n".to_owned(),
        ),
        ("base/web.yaml", workload(own)),
        ("base/adm.yaml", ADMIN.to_owned()),
    ];
    let places = [
        ("dev/kustomization.yaml", "dev/patch.yaml"),
        ("prod/kustomization.yaml", "prod/patch.yaml"),
    ];
    for ((list, file), (more, is_patched)) in places.into_iter().zip(overlays) {
        let text = format!("resources: [../base]\n{more}");
        let inline = patch(line).replace('\n', "\n      ");
        files.push((
            list,
            match (is_patched, is_within) {
                (false, _) => text,
                (true, false) => format!("{text}patches: [{{path: patch.yaml}}]\n"),
                (true, true) => format!("{text}patches:\n  - patch: |\n      {inline}\n"),
            },
        ));
        if is_patched && !is_within {
            files.push((file, patch(line)));
        }
    }
    files
}

/// With names of their own for the overlays, and without.
const NAMES: [[&str; 2]; 2] = [["", ""], ["nameSuffix: -dev\n", "nameSuffix: -prod\n"]];

#[test]
fn what_moves_from_one_overlay_to_another_is_new_there() {
    for (line, told) in GRAVE {
        for is_within in [false, true] {
            for [dev, prod] in NAMES {
                let of = |patched: [bool; 2]| {
                    let [of_dev, of_prod] = patched;
                    build(line, false, is_within, [(dev, of_dev), (prod, of_prod)])
                };
                let path = if is_within {
                    "prod/kustomization.yaml"
                } else {
                    "prod/patch.yaml"
                };
                let found = news(&of([true, false]), &of([false, true]));
                assert_eq!(found, [format!("{told} {path}")], "{line} {is_within}");
                // As where the one keeps it.
                let found = news(&of([true, false]), &of([true, true]));
                assert_eq!(found, [format!("{told} {path}")], "{line} {is_within}");
            }
        }
    }
}

#[test]
fn what_one_overlay_keeps_of_its_base_is_not_new_there() {
    for (line, told) in GRAVE {
        for is_within in [false, true] {
            for [dev, prod] in NAMES {
                let of = |in_base, patched: [bool; 2]| {
                    let [of_dev, of_prod] = patched;
                    build(line, in_base, is_within, [(dev, of_dev), (prod, of_prod)])
                };
                let in_base = of(true, [false, false]);
                for patched in [[true, false], [false, true], [true, true]] {
                    let found = news(&in_base, &of(false, patched));
                    assert_eq!(found, [""; 0], "{line} {is_within} {patched:?}");
                }
                // Said by both, it may be said by the base; where one did not, that one gains it.
                let found = news(&of(false, [true, true]), &in_base);
                let is_new = |it: &String| !it.starts_with('-');
                assert!(!found.iter().any(is_new), "{line} {is_within} {found:?}");
                let found = news(&of(false, [true, false]), &in_base);
                let expected = format!("{told} base/web.yaml");
                assert!(found.contains(&expected), "{line} {is_within} {found:?}");
                // Said once more it is what it was.
                let found = news(&in_base, &of(true, [false, true]));
                assert_eq!(found, [""; 0], "{line} {is_within}");
            }
        }
    }
}

#[test]
fn what_a_patch_kept_away_is_new_without_it() {
    let (line, told) = GRAVE[0];
    let with = |harmless: bool| -> Files {
        let files = build(line, true, false, [("", false), ("", harmless)]).into_iter();
        let files = files.map(|(path, text)| match path {
            "prod/patch.yaml" => (path, patch("serviceAccountName: web")),
            _ => (path, text),
        });
        files.collect()
    };
    assert_eq!(
        news(&with(true), &with(false)),
        [format!("{told} base/web.yaml")]
    );
    assert_eq!(news(&with(false), &with(true)), [""; 0]);
}

#[test]
fn a_copy_that_comes_with_a_move_is_new() {
    for (line, told) in GRAVE {
        for is_within in [false, true] {
            let patched = |in_base, is_patched| {
                build(
                    line,
                    in_base,
                    is_within,
                    [("", is_patched), ("", is_patched)],
                )
            };
            let mut after = patched(true, false);
            after.push(("extra/web.yaml", workload(line)));
            let found = news(&patched(false, true), &after);
            let is_told = |it: &String| *it == format!("{told} extra/web.yaml");
            assert!(found.iter().any(is_told), "{line} {is_within} {found:?}");
            let is_other = |it: &String| !is_told(it) && !it.starts_with('-');
            assert!(!found.iter().any(is_other), "{line} {is_within} {found:?}");
        }
    }
}
