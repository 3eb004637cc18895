//! The identities of clouds that a change gives: what is built of an account decides, wherever the lines stand.

use tidegate::finding::Status;
use tidegate::verdict::Report;

use crate::reports;

type Files = Vec<(&'static str, String)>;

/// What is introduced of identities of clouds: the place, the changed line if it is another, and the sentence's start.
fn news(base: &Files, head: &Files) -> Vec<String> {
    fn texts(files: &Files) -> Vec<(&str, &str)> {
        files.iter().map(|(path, text)| (*path, &**text)).collect()
    }
    let report: Report = reports::of(&texts(base), &texts(head));
    let findings = report.findings.iter();
    let new = findings
        .filter(|it| it.rule == "rbac/cloud-identity" && it.status == Status::Introduced)
        .map(|it| {
            let source = head.iter().find(|(path, _)| *path == &*it.location.path);
            let text = source.map_or("", |(_, text)| text);
            let span = it.location.span;
            let line = text.get(span.start as usize..span.end as usize);
            let changed = it.changed_at.as_ref().map(|at| &*at.path);
            let changed = changed.unwrap_or("nowhere");
            let (severity, path) = (it.severity.name(), &it.location.path);
            format!(
                "{severity} {path} {} at {changed}",
                line.unwrap_or_default()
            )
        });
    new.collect()
}

const WORKLOAD: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers: [{name: app, image: registry.example.com/web:1.0.0}]
";
const READER: &str = "arn:aws:iam::111122223333:role/reader";
const ADMIN: &str = "arn:aws:iam::111122223333:role/admin";

fn account(name: &str, role: &str) -> String {
    let head = format!("apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {name}\n");
    match role {
        "" => head,
        role => format!("{head}  annotations:\n    eks.amazonaws.com/role-arn: {role}\n"),
    }
}

/// Two overlays of a base with an account, of which production says more.
fn overlays(role: &str, more: &str, patch: &str) -> Files {
    let mut files = vec![
        (
            "base/kustomization.yaml",
            "resources: [web.yaml, accounts.yaml]\n".to_owned(),
        ),
        ("base/web.yaml", WORKLOAD.to_owned()),
        (
            "base/accounts.yaml",
            format!("{}---\n{}", account("web", role), account("admin", ADMIN)),
        ),
    ];
    for (path, more) in [
        ("overlays/dev/kustomization.yaml", ""),
        ("overlays/prod/kustomization.yaml", more),
    ] {
        files.push((path, format!("resources: [../../base]\n{more}")));
    }
    if !patch.is_empty() {
        files.push(("overlays/prod/patch.yaml", patch.to_owned()));
    }
    files
}

const BY_PATH: &str = "patches:\n  - path: patch.yaml\n";

fn within(patch: &str) -> String {
    let text = patch.trim_end().replace('\n', "\n      ");
    format!("patches:\n  - patch: |\n      {text}\n")
}

#[test]
fn an_identity_that_a_patch_gives_an_account_is_told_at_its_line() {
    let (patch, reads) = (account("web", ADMIN), account("web", READER));
    let in_file = overlays("", BY_PATH, &patch);
    let inside = overlays("", &within(&patch), "");
    let patched = [
        (&in_file, "overlays/prod/patch.yaml"),
        (&inside, "overlays/prod/kustomization.yaml"),
    ];
    for (head, path) in patched {
        for base in [
            overlays("", "", ""),
            overlays("", BY_PATH, &reads),
            overlays("", &within(&reads), ""),
        ] {
            let expected = format!("medium {path} {ADMIN} at {path}");
            assert_eq!(news(&base, head), [expected]);
        }
        assert_eq!(news(head, head), [""; 0]);
    }
    // The base had another one.
    let base = overlays(READER, "", "");
    let head = overlays(READER, BY_PATH, &patch);
    let expected = format!("medium overlays/prod/patch.yaml {ADMIN} at overlays/prod/patch.yaml");
    assert_eq!(news(&base, &head), [expected]);
}

#[test]
fn pods_that_a_patch_gives_an_account_with_an_identity_are_told_at_its_line() {
    let patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {serviceAccountName: admin}}}\n";
    let base = overlays("", "", "");
    for (head, path) in [
        (overlays("", BY_PATH, patch), "overlays/prod/patch.yaml"),
        (
            overlays("", &within(patch), ""),
            "overlays/prod/kustomization.yaml",
        ),
    ] {
        let expected = format!("medium {path} admin at {path}");
        assert_eq!(news(&base, &head), [expected]);
    }
    // Where the account that they had has the identity there, they gain none.
    let both = format!("{patch}---\n{}", account("web", ADMIN));
    let base = overlays("", BY_PATH, &account("web", ADMIN));
    assert_eq!(news(&base, &overlays("", BY_PATH, &both)), [""; 0]);
}

#[test]
fn an_identity_that_stays_in_what_is_built_is_no_news() {
    let patch = account("web", ADMIN);
    let in_file = overlays("", BY_PATH, &patch);
    let inside = overlays("", &within(&patch), "");
    assert_eq!(news(&in_file, &inside), [""; 0]);
    assert_eq!(news(&inside, &in_file), [""; 0]);
    // From the base to the overlay, and back to where dev gains it.
    let of_base = overlays(ADMIN, "", "");
    assert_eq!(news(&of_base, &in_file), [""; 0]);
    let expected = format!("medium base/accounts.yaml {ADMIN} at base/accounts.yaml");
    assert_eq!(news(&in_file, &of_base), [expected]);
    // A patch that was there goes on saying it over what the base now says.
    let patched = overlays(READER, BY_PATH, &patch);
    let dev = format!("medium base/accounts.yaml {READER} at base/accounts.yaml");
    assert_eq!(news(&in_file, &patched), [dev]);
    // The overlay goes by another name.
    let renamed: Files = in_file
        .iter()
        .map(|(path, text)| match *path {
            "overlays/prod/kustomization.yaml" => {
                ("overlays/live/kustomization.yaml", text.clone())
            }
            "overlays/prod/patch.yaml" => ("overlays/live/patch.yaml", text.clone()),
            other => (other, text.clone()),
        })
        .collect();
    assert_eq!(news(&in_file, &renamed), [""; 0]);
    // It moves from one overlay to the other.
    let moved: Files = in_file
        .iter()
        .map(|(path, text)| match *path {
            "overlays/prod/kustomization.yaml" => ("overlays/dev/kustomization.yaml", text.clone()),
            "overlays/prod/patch.yaml" => ("overlays/dev/patch.yaml", text.clone()),
            "overlays/dev/kustomization.yaml" => ("overlays/prod/kustomization.yaml", text.clone()),
            other => (other, text.clone()),
        })
        .collect();
    let dev = format!("medium overlays/dev/patch.yaml {ADMIN} at overlays/dev/kustomization.yaml");
    assert_eq!(news(&in_file, &moved), [dev]);
}
