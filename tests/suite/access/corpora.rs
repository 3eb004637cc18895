//! What is said of real changes and of real operators, read and judged by hand: argo-cd's application controller may do
//! everything, and its server may let pods run as that one; who reads the secrets of every namespace is told as such.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use tidegate::finding::Severity;
use tidegate::run::{Request, run};
use tidegate::verdict::Report;

use crate::corpora;

fn judged(base: Option<&Path>, head: &Path) -> Report {
    let named = |folder: &Path| format!("{}/", folder.display());
    let request = Request {
        base: base.map(named),
        head: Some(named(head)),
        ..Request::default()
    };
    run(&request).expect("folders can be judged")
}

#[test]
fn what_real_changes_do_to_who_may_do_what() {
    let Some(corpus) = corpora::folder("prs") else {
        return;
    };
    let mut told = String::new();
    let mut folders: Vec<_> = fs::read_dir(corpus)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    folders.sort();
    for folder in folders
        .iter()
        .filter(|it| it.join("base").is_dir() && it.join("head").is_dir())
    {
        let report = judged(Some(&folder.join("base")), &folder.join("head"));
        let name = folder.file_name().unwrap().to_str().unwrap();
        for change in &report.access {
            let scope = change.namespace.as_deref().unwrap_or("the whole cluster");
            writeln!(told, "{name}: {} in {scope}", change.subject).unwrap();
            for phrase in &change.gained {
                writeln!(told, "    + {phrase}").unwrap();
            }
            for phrase in &change.lost {
                writeln!(told, "    - {phrase}").unwrap();
            }
        }
        let change = report
            .findings
            .iter()
            .filter(|it| it.change && it.rule.starts_with("rbac/"));
        for finding in change {
            writeln!(
                told,
                "{name}: {} {}: {}",
                finding.severity.name(),
                finding.rule,
                finding.message
            )
            .unwrap();
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn what_is_grave_of_real_operators() {
    let Some(corpus) = corpora::folder("manifests") else {
        return;
    };
    let mut told = String::new();
    for operator in [
        "argoproj__argo-cd/manifests",
        "cert-manager__cert-manager/deploy",
        "kubernetes__ingress-nginx/deploy",
        "kubernetes-sigs__metrics-server/manifests",
    ] {
        let report = judged(None, &corpus.join(operator));
        let grave = report
            .findings
            .iter()
            .filter(|it| it.rule.starts_with("rbac/") && it.severity >= Severity::High);
        let lines: BTreeSet<String> = grave
            .map(|it| format!("{} {}: {}", it.severity.name(), it.rule, it.message))
            .collect();
        writeln!(told, "{operator}").unwrap();
        for line in lines {
            writeln!(told, "    {line}").unwrap();
        }
    }
    insta::assert_snapshot!(told);
}
