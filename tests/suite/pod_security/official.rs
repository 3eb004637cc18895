//! The fixtures of Pod Security admission itself, read from the corpora: every verdict as they are, and again in
//! every kind and every notation that says the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;

use rayon::prelude::*;
use serde_json::{Value as Json, json};
use tidegate::kubernetes::pod_security::{Level, StandardCheck, Version};

use super::edit::mend;
use super::writing::{Notation, Written, write};
use super::{Told, checks, told};
use crate::corpora;
use crate::reading::{plain, snapshot};

/// What the index says of one file.
struct Row {
    file: String,
    level: Level,
    version: Version,
    check: String,
    passes: bool,
}

/// The rows by content, where the corpora are: the same few hundred pods stand for many versions.
fn rows() -> Option<BTreeMap<String, Vec<Row>>> {
    let folder = corpora::folder("psa")?;
    let index = std::fs::read_to_string(folder.join("index.jsonl")).unwrap();
    let mut rows: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for line in index.lines() {
        let row: Json = serde_json::from_str(line).unwrap();
        let text = |key: &str| row[key].as_str().unwrap();
        let content = std::fs::read_to_string(folder.join(text("file"))).unwrap();
        rows.entry(content).or_default().push(Row {
            file: text("file").to_owned(),
            level: text("level").parse().unwrap(),
            version: text("version").parse().unwrap(),
            check: text("check").to_owned(),
            passes: text("expected") == "pass",
        });
    }
    Some(rows)
}

/// The checks that a row must break, exactly.
fn expected(row: &Row) -> BTreeSet<&'static str> {
    if row.passes {
        return BTreeSet::new();
    }
    let named = StandardCheck::ALL
        .into_iter()
        .find(|check| check.id().to_lowercase() == row.check)
        .unwrap();
    let asked = |check: StandardCheck| check.level() <= row.level && check.since() <= row.version;
    let twin = StandardCheck::ALL
        .into_iter()
        .find(|check| check.overrides() == Some(named) && asked(*check));
    let mut expected = BTreeSet::from([twin.unwrap_or(named).id()]);
    // The fixtures' pods cannot be valid and break these alone.
    let also = match named {
        StandardCheck::WindowsHostProcess => Some(StandardCheck::HostNamespaces),
        StandardCheck::Privileged => Some(StandardCheck::AllowPrivilegeEscalation),
        _ if row.file.ends_with("/allowprivilegeescalation3.yaml") => {
            Some(StandardCheck::CapabilitiesRestricted)
        }
        _ => None,
    };
    expected.extend(also.filter(|also| asked(*also)).map(StandardCheck::id));
    expected
}

#[test]
fn every_official_verdict_is_ours() {
    let Some(rows) = rows() else { return };
    let mut scores: BTreeMap<(usize, Level), (usize, usize)> = BTreeMap::new();
    let mut failures = String::new();
    for (content, rows) in &rows {
        let snapshot = snapshot(&[("pod.yaml", content)]);
        for row in rows {
            let told = told(&snapshot, row.level, row.version);
            assert_eq!(told.len(), 1, "{} holds one pod", row.file);
            let found = checks(&told[0].1);
            let expected = expected(row);
            let check = StandardCheck::ALL
                .into_iter()
                .position(|check| check.id().to_lowercase() == row.check);
            let score = scores
                .entry((check.unwrap_or(StandardCheck::ALL.len()), row.level))
                .or_default();
            score.1 += 1;
            if found == expected {
                score.0 += 1;
            } else {
                let file = &row.file;
                writeln!(failures, "{file}: {found:?}, expected {expected:?}").unwrap();
            }
        }
    }
    // Not `eprintln`, which the test harness swallows: the scores are for everyone to see.
    let _ = std::io::stderr().write_all(table(&scores).as_bytes());
    assert!(failures.is_empty(), "{failures}");
}

fn table(scores: &BTreeMap<(usize, Level), (usize, usize)>) -> String {
    let score = |score: Option<&(usize, usize)>| {
        score.map_or_else(|| "-".to_owned(), |(right, all)| format!("{right}/{all}"))
    };
    let mut table = format!(
        "\n{:<28} {:>10} {:>10}\n",
        "check (official files)", "baseline", "restricted"
    );
    for index in 0..=StandardCheck::ALL.len() {
        let name = StandardCheck::ALL
            .get(index)
            .map_or("(base pods)", |check| check.id());
        let baseline = score(scores.get(&(index, Level::Baseline)));
        let restricted = score(scores.get(&(index, Level::Restricted)));
        writeln!(table, "{name:<28} {baseline:>10} {restricted:>10}").unwrap();
    }
    for level in [Level::Baseline, Level::Restricted] {
        let (right, all) = scores
            .iter()
            .filter(|((_, of), _)| *of == level)
            .fold((0, 0), |sum, (_, score)| (sum.0 + score.0, sum.1 + score.1));
        writeln!(table, "{:<28} {right}/{all}", format!("total, {level}")).unwrap();
    }
    table
}

/// A pod as the other kinds hold it.
fn lifted(pod: &Json) -> Vec<Json> {
    let template = json!({"metadata": pod["metadata"], "spec": pod["spec"]});
    let object = |api_version: &str, kind: &str, spec: Json| json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "lifted"}, "spec": spec});
    let mut revision = object("serving.knative.dev/v1", "Revision", pod["spec"].clone());
    revision["metadata"] = pod["metadata"].clone();
    let selected = json!({"selector": {"matchLabels": {"app": "lifted"}}, "template": template});
    vec![
        json!({"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "lifted"}, "template": template}),
        object("v1", "ReplicationController", json!({"template": template})),
        object("apps/v1", "ReplicaSet", selected.clone()),
        object("apps/v1", "Deployment", selected.clone()),
        object("apps/v1", "StatefulSet", selected.clone()),
        object("apps/v1", "DaemonSet", selected.clone()),
        object("batch/v1", "Job", json!({"template": template})),
        object(
            "batch/v1",
            "CronJob",
            json!({"schedule": "@daily", "jobTemplate": {"spec": {"template": template}}}),
        ),
        object("argoproj.io/v1alpha1", "Rollout", selected),
        object(
            "serving.knative.dev/v1",
            "Service",
            json!({"template": template}),
        ),
        object(
            "serving.knative.dev/v1",
            "Configuration",
            json!({"template": template}),
        ),
        revision,
        object(
            "apps.openshift.io/v1",
            "DeploymentConfig",
            json!({"template": template}),
        ),
        object(
            "jobset.x-k8s.io/v1alpha2",
            "JobSet",
            json!({"replicatedJobs": [{"name": "one", "template": {"spec": {"template": template}}}]}),
        ),
        object(
            "leaderworkerset.x-k8s.io/v1",
            "LeaderWorkerSet",
            json!({"leaderWorkerTemplate": {"workerTemplate": template}}),
        ),
    ]
}

/// The pod with its containers as ephemeral ones, beside a container that no check minds.
fn ephemeral(pod: &Json) -> Json {
    let mut pod = pod.clone();
    pod["spec"]["ephemeralContainers"] = pod["spec"]["containers"].take();
    pod["spec"]["containers"] = json!([{"name": "clean", "image": "registry.example.com/clean", "securityContext": {
        "allowPrivilegeEscalation": false, "runAsNonRoot": true,
        "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}}]);
    pod
}

/// All files that say the same as a pod, with what they are called and where their lines are.
fn forms(pod: &Json) -> Vec<(String, Written)> {
    let notations = [
        Notation::Block,
        Notation::Reversed,
        Notation::Flow,
        Notation::Json,
        Notation::Aliased,
        Notation::Merged,
    ];
    let mut forms = Vec::new();
    for notation in notations {
        forms.push((format!("Pod, {notation:?}"), write(pod, notation)));
    }
    for object in lifted(pod) {
        let kind = object["kind"].as_str().unwrap();
        forms.push((kind.to_owned(), write(&object, Notation::Block)));
        forms.push((format!("{kind}, Merged"), write(&object, Notation::Merged)));
    }
    let mut items = lifted(pod);
    for (index, item) in items.iter_mut().enumerate() {
        item["metadata"]["name"] = format!("lifted-{index}").into();
    }
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    for notation in [Notation::Block, Notation::Json, Notation::Flow] {
        forms.push((format!("List, {notation:?}"), write(&list, notation)));
    }
    forms
}

#[test]
fn kind_and_notation_change_no_verdict_and_no_place() {
    let Some(rows) = rows() else { return };
    rows.par_iter().for_each(|(content, rows)| {
        let original = snapshot(&[("pod.yaml", content)]);
        let tree = &original.files()[0].manifest().unwrap().tree;
        let pod = plain(tree.root(&tree.documents()[0]));
        let windows_lines = content.replace('\n', "\r\n");
        let crlf = snapshot(&[("pod.yaml", &windows_lines)]);
        let kinds = [vec![pod.clone()], lifted(&pod)].concat();
        let texts: Vec<_> = kinds
            .iter()
            .map(|kind| write(kind, Notation::Block).text)
            .collect();
        let stream = texts.join("# the next one\n---\n");
        let stream = snapshot(&[("stream.yaml", &stream)]);
        let debugged = write(&ephemeral(&pod), Notation::Block);
        let debugged = snapshot(&[("pod.yaml", &debugged.text)]);
        let forms: Vec<_> = forms(&pod)
            .into_iter()
            .map(|(form, written)| {
                let path = if form.ends_with("Json") {
                    "f.json"
                } else {
                    "f.yaml"
                };
                let snapshot = snapshot(&[(path, &written.text)]);
                (form, written, snapshot)
            })
            .collect();
        for (level, version) in extremes(rows) {
            let expected = sorted(&told(&original, level, version)[0].1);
            let at = &rows[0].file;
            let in_crlf = told(&crlf, level, version);
            assert_eq!(in_crlf, told(&original, level, version), "{at}, CRLF");
            let in_stream = told(&stream, level, version);
            assert_eq!(in_stream.len(), kinds.len(), "{at}, stream");
            for (_, one) in &in_stream {
                assert_eq!(sorted(one), expected, "{at}, stream");
            }
            for (form, written, snapshot) in &forms {
                let all = told(snapshot, level, version);
                assert_eq!(
                    all.len(),
                    if form.starts_with("List") {
                        kinds.len() - 1
                    } else {
                        1
                    },
                    "{at}, {form}"
                );
                for (prefix, one) in &all {
                    assert_eq!(sorted(one), expected, "{at}, {form}:\n{}", written.text);
                    for (told, line) in one {
                        let place = format!("{prefix}{}", told.field);
                        assert_place(written, &place, told, *line, &format!("{at}, {form}"));
                    }
                }
            }
            let as_ephemeral = told(&debugged, level, version);
            assert_eq!(
                sorted(&as_ephemeral[0].1),
                sorted_as_ephemeral(expected),
                "{at}, ephemeral"
            );
        }
    });
}

/// The oldest and the newest version of each level: what a file says does not depend on what it is judged by.
fn extremes(rows: &[Row]) -> BTreeSet<(Level, Version)> {
    let all = distinct(rows);
    let of = |level| all.iter().filter(move |(of, _)| *of == level);
    Level::ALL
        .into_iter()
        .flat_map(|level| [of(level).next(), of(level).next_back()])
        .flatten()
        .copied()
        .collect()
}

/// Levels and versions that the rows of one content ask for. Between two of these versions the standard is one
/// and the same, so that each stands for those up to the next.
fn distinct(rows: &[Row]) -> BTreeSet<(Level, Version)> {
    const CHANGES: [u32; 13] = [0, 8, 19, 22, 23, 25, 27, 29, 31, 32, 34, 35, 37];
    rows.iter()
        .filter(|row| CHANGES.contains(&row.version.0))
        .map(|row| (row.level, row.version))
        .collect()
}

fn sorted(told: &[(Told, usize)]) -> Vec<Told> {
    let mut told: Vec<_> = told.iter().map(|(told, _)| told.clone()).collect();
    told.sort();
    told
}

fn sorted_as_ephemeral(mut told: Vec<Told>) -> Vec<Told> {
    for told in &mut told {
        if let Some(rest) = told.field.strip_prefix("/spec/containers/") {
            told.field = format!("/spec/ephemeralContainers/{rest}");
        }
    }
    told.sort();
    told
}

/// The line must be the one that the field was written on; for an absent field, that of what it belongs in.
fn assert_place(written: &Written, pointer: &str, told: &Told, line: usize, form: &str) {
    let mut present = pointer;
    while !written.lines.contains_key(present) {
        assert!(told.absent, "{form}: {pointer} was never written");
        present = present.rsplit_once('/').unwrap().0;
    }
    assert_eq!(present != pointer, told.absent, "{form}: {pointer}");
    let wanted = written.lines[present];
    let text = written.text.lines().nth(line - 1).unwrap();
    assert_eq!(
        line, wanted,
        "{form}: {pointer} is told on\n{text}\nof\n{}",
        written.text
    );
    assert!(
        text.contains(&told.value),
        "{form}: {:?} is not on\n{text}",
        told.value
    );
}

#[test]
fn doing_what_the_violations_say_makes_every_pod_pass() {
    let Some(rows) = rows() else { return };
    rows.par_iter().for_each(|(content, rows)| {
        let original = snapshot(&[("pod.yaml", content)]);
        let tree = &original.files()[0].manifest().unwrap().tree;
        let pod = plain(tree.root(&tree.documents()[0]));
        for (level, version) in distinct(rows) {
            let mut pod = pod.clone();
            for (told, _) in &told(&original, level, version)[0].1 {
                mend(&mut pod, told);
            }
            let mended = snapshot(&[("pod.json", &pod.to_string())]);
            let left = told(&mended, level, version);
            assert_eq!(left[0].1, [], "{} after\n{pod}", rows[0].file);
        }
    });
}
