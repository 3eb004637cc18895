//! What each format owes its reader: the same verdict, the same coverage, and no more bytes than there is room for.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;
use tidegate::finding::{Severity, Status};
use tidegate::kubernetes::pod_security::Level;
use tidegate::report::summary::{self, Budget, Links};
use tidegate::verdict::LevelChange;

use crate::program::{tidegate, write};
use crate::reports;

const FORMATS: [&str; 5] = ["terminal", "json", "sarif", "github", "markdown"];

const BAD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  hostNetwork: true\n  containers: [{name: a, image: a}]\n";

fn check(folder: &Path, format: &str) -> String {
    tidegate(folder, &["check", "--format", format], &[]).stdout
}

/// The line about coverage, wherever a format keeps it.
fn coverage(format: &str, text: &str) -> String {
    let json = || serde_json::from_str::<Json>(text).expect("it is JSON");
    let found = match format {
        "json" => json()["coverage"]["summary"].as_str().map(str::to_owned),
        "sarif" => json()["runs"][0]["properties"]["coverage"]
            .as_str()
            .map(str::to_owned),
        _ => text
            .lines()
            .filter_map(|line| line.find("read ").map(|at| line[at..].to_owned()))
            .next_back(),
    };
    found.unwrap_or_else(|| panic!("{format} says nothing of coverage: {text}"))
}

#[test]
fn every_format_tells_the_same_coverage() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &[("a.yaml", BAD), ("b.yaml", "a: b\n")]);
    let told = FORMATS.map(|format| coverage(format, &check(folder.path(), format)));
    assert!(
        told[0].starts_with("read 2 files: 1 object, 1 container, ")
            && told[0].contains(" skipped"),
        "{told:?}"
    );
    assert!(told.iter().all(|line| *line == told[0]), "{told:?}");
}

#[test]
fn every_format_counts_what_is_waived() {
    let folder = tempfile::tempdir().expect("a folder");
    let waived = BAD.replace(
        "hostNetwork: true",
        "hostNetwork: true # tidegate: allow(pod-security/host-namespaces) reason=\"ours\"",
    );
    write(folder.path(), &[("b/a.yaml", BAD), ("h/a.yaml", &waived)]);
    let run = |format: &str| {
        let arguments = ["check", "--base", "b", "--head", "h", "--format", format];
        tidegate(folder.path(), &arguments, &[]).stdout
    };
    let github = run("github");
    let last = github.lines().next_back().expect("a line");
    assert!(
        last.contains(" existing, 0 fixed, 1 waived; read 1 file: "),
        "{last}"
    );
    assert!(run("terminal").contains(" existing, 0 fixed, 1 waived"));
    let sarif: Json = serde_json::from_str(&run("sarif")).expect("it is JSON");
    assert_eq!(sarif["runs"][0]["properties"]["waived"], 1);
}

#[test]
fn a_run_that_read_nothing_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &[("b.yaml", "a: b\n")]);
    for format in FORMATS {
        let text = check(folder.path(), format);
        let told = coverage(format, &text);
        assert!(
            told.starts_with("read nothing: 1 file: 0 objects"),
            "{told}"
        );
    }
    let answer = tidegate(folder.path(), &["pod-security"], &[]);
    assert!(
        answer
            .stdout
            .starts_with("read nothing: there are no workloads in 1 file\n"),
        "{}",
        answer.stdout
    );
}

#[test]
fn a_run_that_read_only_a_dockerfile_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "FROM node:24.11.1-slim\nUSER node\n";
    write(folder.path(), &[("Dockerfile", text)]);
    for format in FORMATS {
        let text = check(folder.path(), format);
        let told = coverage(format, &text);
        assert!(
            told.starts_with("read 1 file: 0 objects")
                && told.contains("; 1 file without objects judged"),
            "{told}"
        );
        assert!(!text.contains("nothing to judge"), "{text}");
    }
}

#[test]
fn a_file_gets_what_standard_output_would_get() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &[("a.yaml", BAD)]);
    for format in FORMATS {
        let shown = tidegate(folder.path(), &["check", "--format", format], &[]);
        let output = format!("{format}=out.txt");
        let quiet = ["check", "--quiet", "--output", &output];
        let written = tidegate(folder.path(), &quiet, &[]);
        assert_eq!(shown.code, written.code, "{format}");
        let file = fs::read_to_string(folder.path().join("out.txt")).expect("it is written");
        assert_eq!(file, shown.stdout, "{format}");
        fs::remove_file(folder.path().join("out.txt")).expect("it can go");
    }
}

#[test]
fn the_log_of_a_workflow_gets_commands_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &[("a.yaml", BAD)]);
    let text = check(folder.path(), "github");
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("::error file=a.yaml,line=5,"),
        "{text}"
    );
    let last = lines.last().expect("a line");
    assert!(
        last.starts_with("::notice title=tidegate::blocked by 1 finding; read 1 file: "),
        "{last}"
    );
    assert!(lines.iter().all(|line| line.starts_with("::")), "{text}");
}

#[test]
fn a_page_keeps_its_budget_and_cuts_between_items() {
    let mut report = reports::of(
        &[],
        &[(
            "deploy/web.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  a: b\n  a: c\n",
        )],
    );
    let like = report.findings[0].clone();
    let resource = like.subject.resource.clone().expect("a resource");
    for index in 0..30_000 {
        let mut finding = like.clone();
        finding.status = Status::Introduced;
        finding.severity = Severity::ALL[index % 5];
        // Some are short and some as long as they can be; each tells where it ends.
        finding.message = format!("{}END", "`x` @y ".repeat(index % 97 * index % 97));
        report.findings.push(finding);
    }
    for index in 0..5_000 {
        report
            .incomplete
            .push(format!("{}END", "<z> ".repeat(index % 300)));
        report.levels.push(LevelChange {
            workload: resource.clone(),
            name: format!("{} END", "n".repeat(index % 900)),
            path: "deploy/web.yaml".into(),
            before: None,
            after: Some(Level::Baseline),
        });
    }
    let links = Links::new(Some("https://github.example"), Some("shop/deploy"), "abc");
    for budget in [Budget::JOB, Budget::COMMENT] {
        let text = summary::render(&report, &links, None, budget);
        assert!(text.len() <= budget.bytes(), "{}", text.len());
        assert!(text.len() > budget.bytes() / 2, "{}", text.len());
        let mut findings = 0;
        for line in text.lines() {
            let is_finding = line.starts_with("- [");
            findings += usize::from(is_finding);
            let is_whole = line.contains("END") || line.contains("too long to show");
            let is_cut = line.contains("… ([");
            let is_item = line.starts_with("- ") || line.starts_with("| `");
            let is_ours = line.contains("is set twice");
            assert!(!is_item || is_whole || is_cut || is_ours, "{line}");
            assert!(!is_finding || line.ends_with(')'), "{line}");
            assert!(!line.starts_with("| `") || line.ends_with(" |"), "{line}");
        }
        let left = format!(
            "**{} more introduced findings left out**",
            30_001 - findings
        );
        assert!(text.contains(&left), "{findings}");
        assert_eq!(text.matches("… and ").count(), 2);
        // The verdict first, what changed, what to do last.
        let order = [
            "## tidegate: ",
            "### Not seen",
            "### Pod Security",
            "### Introduced: ",
            "Coverage: ",
            "**Next:**",
        ];
        let places = order.map(|part| text.find(part).unwrap_or_else(|| panic!("{part}")));
        assert!(places.is_sorted());
    }
}

#[test]
fn colours_are_where_they_are_wanted() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &[("a.yaml", BAD)]);
    for (flags, variables, expected) in [
        (&[][..], &[][..], false),
        (&["--color", "always"], &[], true),
        (&[], &[("CLICOLOR_FORCE", "1")], true),
        (&["--color", "never"], &[("CLICOLOR_FORCE", "1")], false),
        (&["--color", "always"], &[("NO_COLOR", "1")], true),
        (&[], &[("NO_COLOR", "1")], false),
    ] {
        for command in ["check", "pod-security"] {
            let arguments: Vec<&str> = [command].iter().chain(flags).copied().collect();
            let answer = tidegate(folder.path(), &arguments, variables);
            let is_coloured = answer.stdout.contains('\u{1b}');
            assert_eq!(is_coloured, expected, "{arguments:?} {variables:?}");
            assert_eq!(answer.stderr, "");
        }
    }
}

#[test]
fn pod_security_is_as_quiet_and_as_verbose_as_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &[("a.yaml", BAD)]);
    let answer = |flags: &[&str]| {
        let arguments: Vec<&str> = ["pod-security"].iter().chain(flags).copied().collect();
        tidegate(folder.path(), &arguments, &[]).stdout
    };
    assert_eq!(answer(&["--quiet"]), "");
    assert!(answer(&["--quiet", "--level", "baseline"]).contains("hostNetwork"));
    assert!(!answer(&[]).contains("runAsNonRoot"));
    assert!(answer(&["--verbose"]).contains("runAsNonRoot"));
}

#[test]
fn every_shell_gets_its_completions() {
    let folder = tempfile::tempdir().expect("a folder");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let answer = tidegate(folder.path(), &["completions", shell], &[]);
        assert_eq!(answer.code, 0);
        for word in ["tidegate", "pod-security", "fail-on"] {
            assert!(answer.stdout.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(
        tidegate(folder.path(), &["completions", "dos"], &[]).code,
        2
    );
}
