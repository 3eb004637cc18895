//! The summary of a workflow run, from reports of real folders.

use tidegate::finding::{Finding, Severity, Status};
use tidegate::kubernetes::pod_security::Level;
use tidegate::report::summary::{self, Budget, Links};
use tidegate::verdict::{FailOn, LevelChange, Report};

use crate::reports;

const TWICE: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  level: info\n  level: debug\n";

fn links() -> Links {
    Links::new(
        Some("https://github.example"),
        Some("shop/deploy"),
        "abc123",
    )
}

fn render(report: &Report) -> String {
    summary::render(report, &links(), None, Budget::JOB)
}

fn report() -> Report {
    reports::of(
        &[("deploy/old.yaml", &TWICE.replace("web", "old"))],
        &[
            ("deploy/old.yaml", &TWICE.replace("web", "old")),
            ("deploy/web.yaml", TWICE),
        ],
    )
}

#[test]
fn the_verdict_comes_first_and_what_to_do_last() {
    let mut report = report();
    report.policy.fail_on = FailOn::Medium;
    let resource = report.findings[0]
        .subject
        .resource
        .clone()
        .expect("a resource");
    report.levels.push(LevelChange {
        name: resource.to_string(),
        workload: resource,
        path: "deploy/a|b.yaml".into(),
        before: Some(Level::Restricted),
        after: Some(Level::Privileged),
    });
    let text = render(&report);
    let parts = [
        "## tidegate: blocked by 1 finding\n\n",
        "### Pod Security\n\n| Workload | File | Before | After | |\n",
        "| `ConfigMap old` | `deploy/a\u{2502}b.yaml` | restricted | privileged | **weaker** |\n",
        "### Introduced: 1 medium\n\n- [`deploy/web.yaml:7`](https://github.example/shop/deploy/blob/abc123/deploy/web.yaml#L7): ConfigMap web: `level` is set twice",
        "Existing before: 1. Fixed: 0.\n\nCoverage: read 2 files: 2 objects, 0 containers, ",
        "**Next:** mend what blocks.",
    ];
    let places = parts.map(|part| text.find(part).unwrap_or_else(|| panic!("{part}: {text}")));
    assert!(places.is_sorted(), "{text}");
}

#[test]
fn a_change_that_introduces_nothing_is_told_in_few_lines() {
    let file = (
        "deploy/web.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n",
    );
    let text = render(&reports::of(&[file], &[file]));
    assert!(
        text.starts_with(
            "## tidegate: passed: nothing introduced\n\nCoverage: read 1 file: 1 object, "
        ),
        "{text}"
    );
    assert_eq!(text.trim().lines().count(), 3, "{text}");
    let text = render(&reports::of(&[], &[("a.json", "{}")]));
    assert!(
        text.starts_with("## tidegate: passed: there is nothing to judge"),
        "{text}"
    );
}

#[test]
fn what_was_not_seen_is_listed() {
    let mut report = report();
    report.incomplete = vec!["a.yaml: @gone".to_owned(); 300];
    let text = render(&report);
    assert!(
        text.starts_with("## tidegate: incomplete: 300 things that changed could not be seen\n")
    );
    assert!(text.contains("### Not seen\n"), "{text}");
    assert!(text.contains("\n- a.yaml: \\@\u{2060}gone\n"), "{text}");
    assert!(text.contains("… and 100 more."), "{text}");
    assert!(text.contains("**Next:** make what is listed"), "{text}");
}

#[test]
fn a_long_summary_ends_between_findings_and_counts_the_rest() {
    let mut report = report();
    let like = report
        .findings
        .iter()
        .find(|finding| finding.status == Status::Introduced);
    let like = like.expect("a finding").clone();
    for index in 0..20_000 {
        let mut finding = like.clone();
        finding.severity = if index < 5_000 {
            Severity::Low
        } else {
            Severity::Critical
        };
        finding.message = format!("number {index}");
        report.findings.push(finding);
    }
    let text = render(&report);
    assert!(text.len() < 900 << 10, "{}", text.len());
    assert!(text.len() > 800 << 10, "{}", text.len());
    let shown = text.lines().filter(|line| line.starts_with("- [")).count();
    let left_out = format!("**{} more introduced findings left out**", 20_001 - shown);
    assert!(text.contains(&left_out), "{shown}");
    assert!(
        text.contains("### Introduced: 15000 critical") && !text.contains("Introduced: 1 medium")
    );
    assert!(
        text.trim_end()
            .ends_with("what a rule means and what to write instead.")
    );
}

#[test]
fn one_huge_item_costs_the_others_nothing() {
    let mut report = report();
    let introduced = |finding: &&mut Finding| finding.status == Status::Introduced;
    let finding = report
        .findings
        .iter_mut()
        .find(introduced)
        .expect("a finding");
    let like = finding.clone();
    finding.message = "@".repeat(2 << 20);
    report.findings.push(like);
    report.incomplete = vec!["`".repeat(2 << 20)];
    let resource = report.findings[0]
        .subject
        .resource
        .clone()
        .expect("a resource");
    report.levels.push(LevelChange {
        name: resource.to_string(),
        workload: resource,
        path: "x".repeat(2 << 20).into(),
        before: None,
        after: Some(Level::Baseline),
    });
    let text = render(&report);
    assert!(text.len() < 64 << 10, "{}", text.len());
    assert!(text.contains("… ([`input/duplicate-key`]"), "{text}");
    assert!(text.contains("`level` is set twice"), "{text}");
    assert!(text.contains("| one that is too long to show |"), "{text}");
}

#[test]
fn hostile_names_neither_draw_nor_link() {
    for hostile in reports::HOSTILE {
        let mut report = report();
        let introduced = |finding: &&mut Finding| finding.status == Status::Introduced;
        let finding = report
            .findings
            .iter_mut()
            .find(introduced)
            .expect("a finding");
        finding.message = (*hostile).to_owned();
        let quiet = render(&report);
        finding_path(&mut report, hostile);
        report.incomplete = vec![(*hostile).to_owned()];
        report.levels.push(LevelChange {
            name: (*hostile).to_owned(),
            workload: report.findings[0]
                .subject
                .resource
                .clone()
                .expect("a resource"),
            path: (*hostile).into(),
            before: None,
            after: Some(Level::Baseline),
        });
        let text = render(&report);
        // One line stays one line, a row stays a row.
        let items = text.lines().filter(|line| line.starts_with("- ")).count();
        assert_eq!(items, 2, "{text}");
        let rows = text.lines().filter(|line| line.starts_with('|'));
        for row in rows {
            assert_eq!(row.matches('|').count(), 6, "{row}");
        }
        for text in [quiet, text] {
            let outside: String = text.lines().map(reports::without_code).collect();
            let outside = without_targets(&outside);
            for forbidden in [
                "<!--",
                "<img",
                "<script",
                "![",
                "](javascript",
                "https://evil",
                "www.evil",
                "@org",
                "@evil",
                "#12",
                "GH-12",
                "$x",
                "$$",
                "$\\t",
                "\u{202e}",
                "\u{200b}",
                "\u{1b}",
                "\r",
            ] {
                assert!(!outside.contains(forbidden), "{forbidden:?}: {outside}");
            }
            assert!(!text.contains(['\u{202e}', '\u{1b}', '\u{200b}']), "{text}");
        }
    }
}

/// Markdown without what its links point to; no target has a parenthesis of its own.
fn without_targets(text: &str) -> String {
    let mut parts = text.split("](https://github");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (target, rest) = part.split_once(')').expect("a link ends");
        assert!(!target.contains(|c: char| c.is_whitespace() || "<>[]\\".contains(c)));
        out.push_str("]()");
        out.push_str(rest);
    }
    out
}

fn finding_path(report: &mut Report, path: &str) {
    for finding in &mut report.findings {
        finding.location.path = path.into();
        finding.changed_at = None;
    }
}
