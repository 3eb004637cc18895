use std::sync::Arc;

use serde_json::Value as Json;

use super::*;
use crate::change::SideLabel;
use crate::finding::{Finding, Fingerprint, Location, Related, Severity, Status, Subject};
use crate::snapshot::Snapshot;
use crate::syntax::Span;
use crate::verdict::{Coverage, PassedOver, Policy};

fn finding(number: usize, severity: Severity, status: Status) -> Finding {
    let subject = Subject {
        discriminator: number.to_string().into(),
        ..Subject::default()
    };
    Finding {
        rule: "input/duplicate-key",
        severity,
        message: format!("finding {number}"),
        sentence_start: 0,
        location: Location {
            path: "deploy/cart.yaml".into(),
            span: Span::default(),
        },
        changed_at: None,
        related: Vec::new(),
        fingerprint: Fingerprint::new("input/duplicate-key", &subject, "deploy/cart.yaml"),
        subject,
        package: None,
        namespace: None,
        waived: None,
        status,
        unread: false,
        refused: false,
        change: false,
        fold: None,
        fix: None,
    }
}

fn report(findings: Vec<Finding>) -> Report {
    Report {
        base: None,
        head: SideLabel {
            kind: SideKind::Folder,
            name: "head".to_owned(),
            commit: None,
            root: None,
        },
        configuration: None,
        policy: Policy::default(),
        findings,
        paths: Vec::new(),
        levels: Vec::new(),
        access: Vec::new(),
        ways: Vec::new(),
        network: Vec::new(),
        packages: Vec::new(),
        coverage: Coverage {
            objects: 1,
            ..Coverage::default()
        },
        incomplete: Vec::new(),
        base_snapshot: None,
        head_snapshot: Snapshot::default(),
    }
}

fn first_run(report: &Report, options: &SarifOptions) -> Json {
    let mut bytes = Vec::new();
    write(report, options, &mut bytes).unwrap();
    let mut log: Json = serde_json::from_slice(&bytes).unwrap();
    log["runs"][0].take()
}

fn run_of(report: &Report) -> Json {
    first_run(report, &SarifOptions::default())
}

fn told(run: &Json) -> Vec<(&str, &str)> {
    run["invocations"][0]["toolExecutionNotifications"]
        .as_array()
        .unwrap()
        .iter()
        .map(|told| {
            (
                told["level"].as_str().unwrap(),
                told["message"]["text"].as_str().unwrap(),
            )
        })
        .collect()
}

#[test]
fn the_least_urgent_are_left_out_and_counted() {
    let mut findings = vec![
        finding(0, Severity::Low, Status::Introduced),
        finding(1, Severity::Critical, Status::Existing),
        finding(2, Severity::High, Status::Existing),
        finding(3, Severity::High, Status::Introduced),
        finding(4, Severity::Critical, Status::Fixed),
        finding(5, Severity::Critical, Status::Introduced),
    ];
    let numbers = |findings: &[Finding], most| {
        let (kept, dropped) = limits::results(findings, most);
        let kept: Vec<_> = kept
            .iter()
            .map(|kept| kept.subject.discriminator.to_string())
            .collect();
        (kept.join(" "), dropped)
    };
    assert_eq!(numbers(&findings, 5), ("0 1 2 3 5".to_owned(), 0));
    assert_eq!(numbers(&findings, 4), ("1 2 3 5".to_owned(), 1));
    assert_eq!(numbers(&findings, 3), ("1 3 5".to_owned(), 2));
    assert_eq!(numbers(&findings, 1), ("5".to_owned(), 4));

    findings.extend(
        (0..limits::RESULTS).map(|number| finding(number, Severity::Medium, Status::Existing)),
    );
    let run = run_of(&report(findings));
    assert_eq!(run["results"].as_array().unwrap().len(), limits::RESULTS);
    let said = told(&run);
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].0, "warning");
    assert!(said[0].1.contains(" 5 least urgent"), "{}", said[0].1);
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
}

#[test]
fn each_severity_of_a_rule_has_its_own_descriptor() {
    let severities = [Severity::Critical, Severity::Medium, Severity::Note];
    let findings = severities.map(|severity| finding(0, severity, Status::Introduced));
    let run = run_of(&report(findings.to_vec()));
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let of = |index: usize| {
        let result = &run["results"][index];
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert_eq!(rule["defaultConfiguration"]["level"], result["level"]);
        let properties = &rule["properties"];
        [
            &rule["id"],
            &rule["name"],
            &result["level"],
            &properties["security-severity"],
            &properties["problem.severity"],
        ]
        .map(|value| value.as_str().unwrap_or_default())
    };
    assert_eq!(
        of(0),
        [
            "input/duplicate-key@critical",
            "InputDuplicateKeyCritical",
            "error",
            "9.5",
            ""
        ]
    );
    assert_eq!(
        of(1),
        [
            "input/duplicate-key",
            "InputDuplicateKey",
            "warning",
            "5.5",
            ""
        ]
    );
    assert_eq!(
        of(2),
        [
            "input/duplicate-key@note",
            "InputDuplicateKeyNote",
            "note",
            "",
            "recommendation"
        ]
    );
}

#[test]
fn messages_are_one_plain_line_without_links() {
    let mut hostile = finding(0, Severity::High, Status::Introduced);
    hostile.message = "a\nb\u{1b}[2Jc\u{202e}d [x](https://evil.example) {0}".to_owned();
    let run = run_of(&report(vec![hostile]));
    assert_eq!(
        run["results"][0]["message"]["text"],
        "a b\u{fffd}[2Jc\u{fffd}d [x] (https://evil.example) {0}"
    );
}

#[test]
fn a_file_without_text_has_a_place_and_no_line_hash() {
    let run = run_of(&report(vec![finding(
        0,
        Severity::High,
        Status::Introduced,
    )]));
    let result = &run["results"][0];
    let region = &result["locations"][0]["physicalLocation"]["region"];
    assert_eq!(
        *region,
        serde_json::json!({"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 2})
    );
    let fingerprints = result["partialFingerprints"].as_object().unwrap();
    assert_eq!(fingerprints.keys().collect::<Vec<_>>(), ["tidegate/v1"]);
    assert!(result.get("baselineState").is_none(), "there is no base");
}

#[test]
fn related_places_are_numbered_and_limited() {
    let mut wide = finding(0, Severity::High, Status::Introduced);
    let related = Related {
        location: wide.location.clone(),
        message: "see".to_owned(),
    };
    wide.related = vec![related; limits::RELATED_LOCATIONS + 1];
    let run = run_of(&report(vec![wide]));
    let related = run["results"][0]["relatedLocations"].as_array().unwrap();
    assert_eq!(related.len(), limits::RELATED_LOCATIONS);
    assert_eq!(related[99]["id"], 100);
}

#[test]
fn what_was_not_seen_is_told_once_and_fails_the_run() {
    let passed_over = |path: &str, reason: &str| PassedOver {
        path: path.into(),
        reason: reason.to_owned(),
    };
    let mut report = report(Vec::new());
    report.coverage.skipped = vec![
        passed_over("chart/a.yaml", "a template"),
        passed_over("b", "refused"),
    ];
    report.coverage.unreadable = vec![
        passed_over("c.yaml", "broken"),
        passed_over("d.yaml", "broken"),
    ];
    report.incomplete = vec![
        "b: refused".to_owned(),
        "d.yaml: broken".to_owned(),
        "the listing was cut".to_owned(),
    ];
    let run = run_of(&report);
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    assert_eq!(run["invocations"][0]["exitCode"], 3);
    assert_eq!(
        told(&run),
        [
            ("error", "broken"),
            ("error", "refused"),
            ("error", "the listing was cut"),
            ("warning", "broken"),
            ("note", "a template"),
        ]
    );
    assert!(run["results"].as_array().unwrap().is_empty());

    report.coverage.skipped = vec![passed_over("link", "a link"); 2 * limits::NOTIFICATIONS];
    let run = run_of(&report);
    let said = told(&run);
    assert_eq!(said.len(), limits::NOTIFICATIONS + 1);
    assert_eq!(said[0].0, "error");
    assert!(
        said[limits::NOTIFICATIONS].1.starts_with("1004 more"),
        "{said:?}"
    );
}

#[test]
fn addresses_are_encoded_and_start_at_the_root_of_the_repository() {
    let uri = |prefix: &str, path: &str| {
        let options = SarifOptions {
            prefix: prefix.to_owned(),
            ..SarifOptions::default()
        };
        options.uri(path)
    };
    assert_eq!(uri("", "deploy/cart.yaml"), "deploy/cart.yaml");
    assert_eq!(uri("", "a:b/c d/ü%.yaml"), "a%3Ab/c%20d/%C3%BC%25.yaml");
    assert_eq!(uri("", "-._~!$&'()*+,;=@"), "-._~!$&'()*+,;=@");
    assert_eq!(uri("/./clusters/eu//", "a.yaml"), "clusters/eu/a.yaml");
}

#[test]
fn the_category_is_what_stands_before_the_last_slash() {
    for (category, id) in [
        ("check", "tidegate/check/"),
        ("/a/b/", "tidegate/a/b/"),
        ("", "tidegate/"),
    ] {
        let options = SarifOptions {
            category: category.to_owned(),
            ..SarifOptions::default()
        };
        let run = first_run(&report(Vec::new()), &options);
        assert_eq!(run["automationDetails"]["id"], id);
    }
}

#[test]
fn descriptions_of_all_rules_are_whole() {
    for rule in crate::rules::ALL {
        let mut finding = finding(0, rule.severity, Status::Introduced);
        finding.rule = rule.id;
        let descriptors = Descriptors::of(&[&finding]).list();
        let full = descriptors[0].full_description.as_ref().unwrap();
        assert!(
            !full.text.ends_with('…') && full.text.len() > rule.title().len() + 20,
            "{full:?}"
        );
    }
    let long = "ä".repeat(limits::DESCRIPTION + 1);
    assert_eq!(
        limits::description(&long).chars().count(),
        limits::DESCRIPTION
    );
    let fits: Arc<str> = "ä".repeat(limits::DESCRIPTION).into();
    assert_eq!(limits::description(&fits), &*fits);
}
