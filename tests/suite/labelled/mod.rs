//! The labelled cases of other scanners, and what we make of each: `kube-linter.yaml` and its neighbours say by hand
//! which of their checks mean the same as rules of ours. Every row of such a check agrees, or a reason stands beside
//! it; every other check stands there with why it is not ours.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value as Json;
use tidegate::config::read::ConfigFile;
use tidegate::config::value::Setting;
use tidegate::evaluate::evaluate;
use tidegate::finding::Finding;
use tidegate::rule::Context;
use tidegate::rules;
use tidegate::run::governance::{Governance, Governing};
use tidegate::snapshot::Snapshot;

use crate::corpora;
use crate::reading::{snapshot, targets};

/// What is said of one tool's checks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// What the cases take for granted, as a configuration of ours.
    #[serde(default)]
    configuration: Json,
    mapped: BTreeMap<String, Mapped>,
    /// Why a check is not ours.
    unmapped: BTreeMap<String, String>,
}

/// A check that means the same as rules of ours: one of them speaks where it fails.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mapped {
    rules: Vec<String>,
    /// Words of which the message holds one, where a rule says more than the check.
    #[serde(default)]
    about: Vec<String>,
    /// Why we say something else of a row, by its name.
    #[serde(default)]
    except: BTreeMap<String, String>,
}

impl Table {
    fn read(tool: &str) -> Self {
        let path = format!(
            "{}/tests/suite/labelled/{tool}.yaml",
            env!("CARGO_MANIFEST_DIR")
        );
        serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    }

    fn context(&self, row: &Json) -> Context {
        let text = serde_json::to_string(&self.configuration).unwrap();
        let governance = Governance {
            file: Some(Governing {
                path: Arc::from("configuration"),
                from: String::new(),
                file: ConfigFile::read(text.into_bytes()),
                missing: None,
            }),
            ..Governance::default()
        };
        assert!(governance.file.as_ref().unwrap().file.config.is_ok());
        let mut context = governance.context();
        for rule in rules::ALL.iter().filter(|rule| rule.opt_in) {
            let setting = Setting::Severity(rule.severity);
            context.settings.entry(rule.id).or_insert(setting);
        }
        if let Some(version) = row["kubernetes_version"].as_str() {
            context.targets = targets(version);
        }
        context
    }
}

/// One labelled case.
struct Row<'a> {
    json: &'a Json,
    /// What the table calls it.
    name: String,
    files: Vec<PathBuf>,
}

/// Runs a tool's cases. `agrees` holds what our rules say of a row against its label.
fn run(tool: &str, name: impl Fn(&Json) -> String, agrees: impl Fn(&Json, &[Finding]) -> bool) {
    let Some(folder) = corpora::folder(&format!("labelled/{tool}")) else {
        return;
    };
    let table = Table::read(tool);
    let rows: Vec<Json> = fs::read_to_string(folder.join("index.jsonl"))
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut wrong = Vec::new();
    let mut counts = [0, 0, 0];
    let mut seen = BTreeSet::new();
    for json in &rows {
        let check = json["check"].as_str().unwrap();
        seen.insert(check);
        let row = Row {
            json,
            name: name(json),
            files: files(&folder, json),
        };
        let Some(mapped) = table.mapped.get(check) else {
            counts[2] += 1;
            if !table.unmapped.contains_key(check) {
                wrong.push(format!("{check} is neither mapped nor explained"));
            }
            continue;
        };
        if let Some(id) = mapped.rules.iter().find(|id| rules::find(id).is_none()) {
            wrong.push(format!("{check}: there is no rule {id}"));
            continue;
        }
        let alike = agrees(json, &findings(&table, mapped, &row));
        let explained = mapped.except.contains_key(&row.name);
        counts[usize::from(!alike)] += 1;
        match (alike, explained) {
            (true, false) | (false, true) => {}
            (false, false) => wrong.push(format!("{check}: {} is {}", row.name, json["expected"])),
            (true, true) => wrong.push(format!("{check}: {} agrees by now", row.name)),
        }
    }
    for check in table.mapped.keys().chain(table.unmapped.keys()) {
        if !seen.contains(check.as_str()) {
            wrong.push(format!("{check} has no row"));
        }
    }
    let [alike, explained, unmapped] = counts;
    eprintln!(
        "{tool}: {alike} rows agree, {explained} do not, {unmapped} are of checks that are not ours"
    );
    assert!(wrong.is_empty(), "{tool}:\n{}", wrong.join("\n"));
}

fn files(folder: &Path, json: &Json) -> Vec<PathBuf> {
    let many = json["files"].as_array().into_iter().flatten();
    let mut paths: Vec<_> = many.chain(json.get("file")).collect();
    paths.dedup();
    paths
        .into_iter()
        .filter_map(Json::as_str)
        .map(|path| folder.join(path))
        .collect()
}

/// What the rules of a check say of the files of a row.
fn findings(table: &Table, mapped: &Mapped, row: &Row<'_>) -> Vec<Finding> {
    let evaluation = evaluate(&read(&row.files), &table.context(row.json));
    let mut findings = evaluation.findings;
    findings.retain(|finding| {
        let about = mapped.about.iter();
        mapped.rules.iter().any(|rule| rule == finding.rule)
            && (mapped.about.is_empty()
                || about.into_iter().any(|word| finding.message.contains(word)))
    });
    findings
}

fn read(files: &[PathBuf]) -> Snapshot {
    let texts: Vec<(String, String)> = files
        .iter()
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    let texts: BTreeMap<&str, &str> = texts
        .iter()
        .map(|(name, text)| (&**name, &**text))
        .collect();
    snapshot(&texts.into_iter().collect::<Vec<_>>())
}

fn by_file(json: &Json) -> String {
    let path = json["file"].as_str().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

fn any(json: &Json, findings: &[Finding]) -> bool {
    findings.is_empty() == (json["expected"] == "pass")
}

/// The label counts reports by kind, and names objects that pass.
fn by_kind(json: &Json, findings: &[Finding]) -> bool {
    let resources: BTreeSet<_> = findings
        .iter()
        .filter_map(|finding| finding.subject.resource.as_deref())
        .map(|resource| (&*resource.kind, &*resource.name))
        .collect();
    let passes = json["objects_pass"].as_array().into_iter().flatten();
    let mut passes =
        passes.filter_map(|object| Some((object["kind"].as_str()?, object["name"].as_str()?)));
    let messages = json["messages"].as_array().into_iter().flatten();
    let kinds: BTreeSet<_> = messages
        .filter_map(|message| Some(message.as_str()?.split_once(": ")?.0))
        .collect();
    let ours: BTreeSet<_> = resources.iter().map(|(kind, _)| *kind).collect();
    let count = usize::try_from(json["count"].as_u64().unwrap_or_default()).unwrap();
    any(json, findings)
        && resources.len() <= count
        && (kinds.is_empty() || kinds == ours)
        && !passes.any(|object| resources.contains(&object))
}

#[test]
fn kube_linter() {
    run("kube-linter", by_file, by_kind);
}

#[test]
fn polaris() {
    run("polaris", by_file, any);
}

#[test]
fn kube_score() {
    let name = |json: &Json| json["test"].as_str().unwrap().to_owned();
    run("kube-score", name, any);
}

#[test]
fn kyverno_best_practices() {
    let name = |json: &Json| {
        let part = |key: &str| json[key].as_str().unwrap_or_default();
        format!("{} {}", part("kind"), part("name"))
    };
    run("kyverno-best-practices", name, |json, findings| {
        let own: Vec<Finding> = findings
            .iter()
            .filter(|finding| {
                finding.subject.resource.as_deref().is_some_and(|resource| {
                    *resource.kind == *json["kind"].as_str().unwrap()
                        && *resource.name == *json["name"].as_str().unwrap()
                })
            })
            .cloned()
            .collect();
        any(json, &own)
    });
}
