//! A folder of manifests for each rule, `tests/fixtures/<family>/<rule>/head`, and what all rules say of it.
//!
//! In `fires.yaml` a rule about objects or workloads has something to say of every object; in `silent.yaml`, which
//! holds what looks alike, of none. The folders of other rules hold any files; the rule fires somewhere among them.
//! In folders called `fires…` it does, and in folders called `silent…` it does not.
//! The snapshot beside the folder shows the findings of the rule. A rule that is off unless asked for is asked for.
//!
//! A rule about the change has a folder `base` as well: it speaks of every file, of either side, that is called
//! `fires…`, or lies in a folder of that name, and of no other. Its snapshot shows what is said of the change alone. A file `targets`
//! beside them names versions of Kubernetes, where these are not the supported ones.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use tidegate::config::value::Setting;
use tidegate::evaluate::{Evaluation, evaluate};
use tidegate::finding::Finding;
use tidegate::rule::{Check, Context, Rule};
use tidegate::rules;
use tidegate::snapshot::{Snapshot, SourceFile};
use tidegate::syntax::Lines;

use crate::reading::{
    context, facts, findings_of_change_with, packages, registries, snapshot, targets,
};

/// The findings as a person reads them, one a line.
fn shown(snapshot: &Snapshot, findings: &[Finding]) -> String {
    let mut shown = String::new();
    for finding in findings {
        let path = &finding.location.path;
        // What is said of a file that is gone, or that is not read, is said of its start.
        let file = snapshot.file(path);
        let text = file.and_then(SourceFile::text).unwrap_or_default();
        let line = Lines::new(text).position(finding.location.span.start).line;
        let severity = finding.severity.name();
        let (rule, message) = (finding.rule, &finding.message);
        writeln!(shown, "{path}:{line} {rule} {severity}\n    {message}").unwrap();
    }
    shown
}

/// The files below one side of a rule's fixture, by path; none where the rule has no such fixture.
fn side(rule: &Rule, side: &str) -> Vec<(String, String)> {
    fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(root, &path, files);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap();
                files.push((name.to_owned(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut files = Vec::new();
    let root = folder(rule).join(side);
    collect(&root, &root, &mut files);
    files.sort();
    files
}

fn folder(rule: &Rule) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(rule.id)
}

fn context_of(rule: &Rule, head: &Snapshot) -> Context {
    let mut context = context();
    context.registries = registries(head);
    context.packages = packages(head);
    context.facts = facts(rule);
    if let Ok(versions) = fs::read_to_string(folder(rule).join("targets")) {
        context.targets = targets(versions.trim());
    }
    if rule.opt_in {
        context
            .settings
            .insert(rule.id, Setting::Severity(rule.severity));
    }
    context
}

fn read(files: &[(String, String)]) -> Snapshot {
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    snapshot(&files)
}

#[test]
fn rules_fire_where_they_should_and_nowhere_else() {
    for rule in rules::ALL {
        let (base, files) = (side(rule, "base"), side(rule, "head"));
        let about_objects = matches!(rule.check, Check::Object(_) | Check::Workload(_));
        if files.is_empty() && !about_objects {
            continue;
        }
        let snapshot = read(&files);
        let findings = if matches!(rule.check, Check::Change(_) | Check::Arrivals(_)) {
            let findings =
                findings_of_change_with(&read(&base), &snapshot, &context_of(rule, &snapshot));
            assert_fires_in_files(rule, base.iter().chain(&files), &findings);
            findings
        } else {
            let evaluation = evaluate(&snapshot, &context_of(rule, &snapshot));
            if about_objects {
                assert_fires(rule, &snapshot, &evaluation);
            } else {
                let in_folders = files
                    .iter()
                    .filter(|(path, _)| folder_of_fixture(path).is_some());
                assert_fires_in_files(rule, in_folders, &evaluation.findings);
            }
            evaluation.findings
        };
        let mut findings = findings;
        findings.retain(|finding| finding.rule == rule.id);
        assert!(!findings.is_empty(), "{} never fires", rule.id);
        insta::with_settings!({
            snapshot_path => folder(rule),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!("findings", shown(&snapshot, &findings));
        });
    }
}

fn assert_fires(rule: &Rule, snapshot: &Snapshot, evaluation: &Evaluation) {
    let mut files = BTreeSet::new();
    for object in snapshot.objects() {
        files.insert(&**object.path());
        let speaks = evaluation.findings.iter().any(|finding| {
            finding.rule == rule.id
                && finding.location.path == *object.path()
                && finding.subject.resource.as_ref() == Some(object.resource())
        });
        let wanted = &**object.path() == "fires.yaml";
        let of = format!("{} of {} in {}", rule.id, object.resource(), object.path());
        assert_eq!(speaks, wanted, "{of}");
    }
    let wanted = BTreeSet::from(["fires.yaml", "silent.yaml"]);
    assert_eq!(files, wanted, "the fixture of {}", rule.id);
}

/// The folder that says what becomes of its files, as files that have but one name cannot say it themselves.
fn folder_of_fixture(path: &str) -> Option<&str> {
    let (folder, _) = path.split_once('/')?;
    let says = folder.starts_with("fires") || folder.starts_with("silent");
    says.then_some(folder)
}

fn assert_fires_in_files<'a>(
    rule: &Rule,
    files: impl Iterator<Item = &'a (String, String)>,
    findings: &[Finding],
) {
    for (path, _) in files {
        let (start, name) = match folder_of_fixture(path) {
            Some(folder) => (format!("{folder}/"), folder),
            None => (path.clone(), path.rsplit('/').next().unwrap()),
        };
        let speaks = findings
            .iter()
            .any(|finding| finding.rule == rule.id && finding.location.path.starts_with(&start));
        assert_eq!(speaks, name.starts_with("fires"), "{} in {path}", rule.id);
    }
}

#[test]
fn one_mistake_has_one_identity() {
    for rule in rules::ALL {
        let snapshot = read(&side(rule, "head"));
        let evaluation = evaluate(&snapshot, &context_of(rule, &snapshot));
        let mut identities = BTreeSet::new();
        for finding in &evaluation.findings {
            let path = &finding.location.path;
            assert!(
                identities.insert((path, finding.fingerprint)),
                "{} has a twin in the fixture of {}: {}",
                finding.rule,
                rule.id,
                finding.message
            );
        }
    }
}
