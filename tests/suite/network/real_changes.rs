//! What is said of the network of real changes, read and judged by hand.

use std::collections::BTreeSet;

use tidegate::verdict::Report;

use crate::judgement::{Judgement, Verdict, real_changes};

/// What a person found who read each line.
const VERDICTS: &[Verdict] = &[];

/// What the posture tells, and what the rules say of the change or of what it brings.
fn lines_of(name: &str, report: &Report) -> BTreeSet<String> {
    let rows = report.network.iter().map(|change| {
        format!(
            "{name}: posture: {} {} => {} : {} (was {})",
            change.verb(),
            change.from.first(3),
            change.to.first(3),
            change.after,
            change.before
        )
    });
    let findings = report.findings.iter();
    let findings = findings.filter(|finding| finding.rule.starts_with("network-policy/"));
    let findings = findings.map(|finding| {
        let status = format!("{:?}", finding.status).to_lowercase();
        let severity = finding.severity.name();
        format!(
            "{name}: {severity} {status} {}: {}",
            finding.rule, finding.message
        )
    });
    rows.chain(findings).collect()
}

#[test]
fn network_of_real_changes() {
    let Some(changes) = real_changes() else {
        return;
    };
    let mut judgement = Judgement::of(VERDICTS);
    for (name, report) in &changes {
        for line in lines_of(name, report) {
            judgement.take(name, &line);
        }
    }
    insta::assert_snapshot!(judgement.told());
}
