//! Whole pull requests of our own, `tests/fixtures/stories/<name>/{base,head}`, and all that is said of them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use tidegate::report::places::Places;
use tidegate::run::{Request, run};
use tidegate::verdict::Report;

/// The report as a person would retell it.
fn told(report: &Report) -> String {
    let mut text = String::new();
    let mut places = Places::new(report);
    for finding in &report.findings {
        let at = places.region(finding).start;
        let changed = finding
            .changed_at
            .as_ref()
            .map_or_else(String::new, |place| {
                let line = places.resolve(false, place).start.line;
                format!(", changed at {}:{line}", place.path)
            });
        let (status, severity) = (finding.status, finding.severity.name());
        let path = &finding.location.path;
        writeln!(
            text,
            "{status:?} {severity} {} {path}:{}:{}{changed}",
            finding.rule, at.line, at.column
        )
        .unwrap();
        writeln!(text, "    {}", finding.message).unwrap();
    }
    for change in &report.levels {
        let name = |level: Option<tidegate::kubernetes::pod_security::Level>| {
            level.map_or("none", tidegate::kubernetes::pod_security::Level::name)
        };
        writeln!(
            text,
            "level of {}: {} -> {}",
            change.workload,
            name(change.before),
            name(change.after)
        )
        .unwrap();
    }
    for reason in &report.incomplete {
        writeln!(text, "incomplete: {reason}").unwrap();
    }
    for skipped in &report.coverage.skipped {
        writeln!(text, "skipped: {}: {}", skipped.path, skipped.reason).unwrap();
    }
    writeln!(
        text,
        "{:?}, exit code {}",
        report.outcome(),
        report.exit_code()
    )
    .unwrap();
    text
}

#[test]
fn stories_end_as_they_should() {
    let stories = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/stories");
    let mut names: Vec<_> = fs::read_dir(&stories)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    assert!(names.len() >= 3);
    for story in names {
        let side = |name: &str| Some(format!("{}/", story.join(name).display()));
        let request = Request {
            base: side("base"),
            head: side("head"),
            ..Request::default()
        };
        let report = run(&request).expect("a story can be judged");
        insta::with_settings!({
            snapshot_path => &story,
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!("told", told(&report));
        });
    }
}
