//! Where nothing is wrong, nothing is said; and where little is, little.

use std::collections::BTreeMap;
use std::path::Path;

use tidegate::finding::{Finding, Severity};
use tidegate::run::{Request, run};
use tidegate::verdict::Report;

use crate::corpora;

/// All that is said of a folder where there is no base and no configuration.
fn judged(folder: &Path) -> Report {
    let request = Request {
        head: Some(format!("{}/", folder.display())),
        ..Request::default()
    };
    run(&request).expect("a folder can be judged")
}

fn shown(findings: &[&Finding]) -> Vec<String> {
    let shown = findings.iter();
    shown
        .map(|found| {
            format!(
                "{} {}: {}",
                found.severity.name(),
                found.rule,
                found.message
            )
        })
        .collect()
}

#[test]
fn a_clean_restricted_workload_shows_nothing() {
    let head = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/stories/clean-and-restricted/head");
    let report = judged(&head);
    let workloads = report.head_snapshot.objects();
    let workloads = workloads.filter(|object| object.pods().next().is_some());
    assert_eq!(workloads.count(), 10);
    assert_eq!(report.coverage.containers, 10);
    let all: Vec<_> = report.findings.iter().collect();
    assert_eq!(shown(&all), Vec::<String>::new());
}

#[test]
fn online_boutique_has_at_most_two_findings_that_count_in_a_file() {
    let Some(corpus) = corpora::folder("manifests") else {
        return;
    };
    let folder = corpus.join("GoogleCloudPlatform__microservices-demo/kubernetes-manifests");
    let report = judged(&folder);
    assert!(report.coverage.containers >= 12, "it is read");
    let mut files: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        if finding.severity >= Severity::Medium {
            files
                .entry(&finding.location.path)
                .or_default()
                .push(finding);
        }
    }
    assert!(files.len() >= 8, "most of its files lack a seccomp profile");
    for (path, findings) in files {
        assert!(findings.len() <= 2, "{path}: {:#?}", shown(&findings));
    }
}
