//! Annotations, from reports of real folders.

use tidegate::finding::{Finding, Location, Severity, Status};
use tidegate::report::annotation::{self, Untold};
use tidegate::report::occurrence::{Occurrence, Occurrences};
use tidegate::verdict::{OnIncomplete, Report};

use crate::reports;

const TWICE: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  level: info\n  level: debug\n";

fn lines(report: &Report) -> Vec<String> {
    let text = annotation::render(report, "", &Untold::ALL);
    text.lines().map(str::to_owned).collect()
}

/// The same finding many times, each on a line of its own or all on one.
fn repeat(report: &mut Report, severity: Severity, number: usize, one_line: bool) {
    let like = report.findings.first().expect("a finding").clone();
    for index in 0..number {
        let mut finding = like.clone();
        finding.severity = severity;
        finding.message = format!("{} {index}", severity.name());
        if !one_line {
            finding.changed_at = None;
            // A file without text is shown at its first line.
            finding.location.path = format!("{}-{index:04}.yaml", severity.name()).into();
        }
        report.findings.push(finding);
    }
}

#[test]
fn an_annotation_names_the_place_below_the_workspace() {
    let report = reports::of(&[], &[("deploy/web.yaml", TWICE)]);
    assert_eq!(
        annotation::render(&report, "source", &Untold::ALL),
        "::warning file=source/deploy/web.yaml,line=7,endLine=7,col=3,endColumn=7,\
         title=medium%3A A key stands twice in one mapping::ConfigMap web: `level` is set twice and \
         only this last value takes effect; remove one of them [input/duplicate-key]\n"
    );
}

#[test]
fn only_what_is_introduced_is_annotated() {
    let mut report = reports::of(&[], &[("deploy/web.yaml", TWICE)]);
    for status in [Status::Existing, Status::Fixed] {
        report.findings[0].status = status;
        assert_eq!(annotation::render(&report, "", &Untold::ALL), "");
    }
}

#[test]
fn the_changed_line_goes_before_the_stable_place() {
    let mut report = reports::of(&[], &[("deploy/web.yaml", TWICE)]);
    let location = &report.findings[0].location;
    report.findings[0].changed_at = Some(Location {
        path: location.path.clone(),
        span: tidegate::syntax::Span { start: 0, end: 60 },
    });
    let lines = lines(&report);
    // Of several lines the first one is meant, and columns with it.
    assert!(
        lines[0].starts_with("::warning file=deploy/web.yaml,line=1,endLine=1,col=1,endColumn=14,"),
        "{lines:?}"
    );
}

#[test]
fn what_is_said_of_one_line_is_said_at_once() {
    let mut report = reports::of(&[], &[("deploy/web.yaml", TWICE)]);
    repeat(&mut report, Severity::Critical, 2, true);
    repeat(&mut report, Severity::Note, 1, true);
    let lines = lines(&report);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].starts_with("::error file=deploy/web.yaml,line=7,"),
        "{lines:?}"
    );
    assert!(lines[0].contains("title=critical%3A "), "{lines:?}");
    let order = [
        "critical 0 [",
        "%0Acritical 1 [",
        "%0AConfigMap web: ",
        "%0Anote 0 [",
    ];
    let places = order.map(|part| lines[0].find(part).expect(part));
    assert!(places.is_sorted(), "{lines:?}");
}

#[test]
fn each_kind_has_ten_and_the_rest_is_counted() {
    let mut report = reports::of(&[], &[("deploy/web.yaml", TWICE)]);
    report.findings[0].severity = Severity::Low;
    repeat(&mut report, Severity::Note, 20, false);
    repeat(&mut report, Severity::Medium, 12, false);
    repeat(&mut report, Severity::High, 6, false);
    repeat(&mut report, Severity::Critical, 6, false);
    let lines = lines(&report);
    let of = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!(
        [of("::error "), of("::warning "), of("::notice")],
        [10, 10, 10]
    );
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.contains("title=critical"))
            .count(),
        6
    );
    assert!(lines[0].contains("title=critical"), "{lines:?}");
    let last = lines.last().expect("a line");
    // 45 findings: 10 errors, 10 warnings and 9 notices are shown.
    assert!(
        last.starts_with("::notice::16 more introduced findings are not annotated"),
        "{last}"
    );
}

#[test]
fn what_was_not_seen_is_an_error_of_its_own() {
    let mut report = reports::of(&[], &[("deploy/web.yaml", TWICE)]);
    report.incomplete = vec!["a.yaml: gone".to_owned(), "b.yaml: gone".to_owned()];
    assert_eq!(
        lines(&report)[0],
        "::error title=tidegate could not see everything::a.yaml: gone%0Ab.yaml: gone"
    );
    report.policy.on_incomplete = OnIncomplete::Pass;
    assert!(lines(&report)[0].starts_with("::warning title=tidegate could not see"));
}

#[test]
fn every_line_is_a_command_whatever_the_finding_says() {
    let mut report = reports::of(&[], &[("deploy/web.yaml", TWICE)]);
    for text in reports::HOSTILE {
        let finding: &mut Finding = &mut report.findings[0];
        finding.message = (*text).to_owned();
        finding.location.path = (*text).into();
        finding.changed_at = None;
        let rendered = annotation::render(&report, "", &Untold::ALL);
        assert_eq!(rendered.matches(['\n', '\r']).count(), 1, "{rendered}");
        let properties = rendered.split("::").nth(1).expect("properties");
        assert_eq!(
            properties.matches('=').count(),
            4 + text.matches('=').count(),
            "{rendered}"
        );
    }
}

#[test]
fn what_is_told_elsewhere_is_not_repeated() {
    let mut report = reports::of(&[], &[("deploy/web.yaml", TWICE)]);
    report.incomplete.push("a.yaml cannot be read".to_owned());
    let own = Occurrences::new(&report).of(&report.findings[0]);
    let other = |change: fn(&mut Occurrence)| {
        let mut other = own.clone();
        change(&mut other);
        other
    };
    let titles = |findings: Option<&[&Occurrence]>, incomplete| {
        let untold = Untold {
            findings: findings.map(|some| some.iter().map(|one| (*one).clone()).collect()),
            incomplete,
        };
        let text = annotation::render(&report, "", &untold);
        let unseen = text.contains("could not see everything");
        (unseen, text.contains("file=deploy/web.yaml"))
    };
    assert_eq!(titles(None, true), (true, true));
    assert_eq!(titles(Some(&[]), true), (true, false));
    for change in [
        |it: &mut Occurrence| it.fingerprint = "0".repeat(32),
        // Nor are the other copies of an object.
        |it: &mut Occurrence| it.path = Some("deploy/other.yaml".into()),
        |it: &mut Occurrence| it.copy += 1,
    ] {
        assert_eq!(titles(Some(&[&other(change)]), true), (true, false));
    }
    assert_eq!(titles(Some(&[&own]), false), (false, true));
    assert_eq!(titles(Some(&[]), false), (false, false));
}
