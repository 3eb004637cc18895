//! The cases of another tool, whose answers were compared byte by byte by its own tests: ours are the same as sets.
//!
//! Its cases are partly what a cluster gave back rather than what people write: lists of one kind whose entries do not
//! name it, and containers without images. Both are written out before they are read here; nothing else is touched.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use tidegate::connectivity::{Answer, Asked};
use tidegate::network::Direction;
use tidegate::network::difference::verb;
use tidegate::network::lines::Lines;
use tidegate::network::world::HostNetwork;
use tidegate::run;

use super::shared_notation::{changes, connections, exposure, pairs, told_exposure};
use crate::corpora;

/// The kinds that are modelled.
const MODELLED: [&str; 4] = [
    "NetworkPolicy",
    "Ingress",
    "AdminNetworkPolicy",
    "BaselineAdminNetworkPolicy",
];

/// Where our answer is another one, and why we stand by it.
const OURS: [(&str, &str); 4] = [
    (
        "exposure_test_with_different_rules_2_with_matching_pod",
        "`app In [x]` is the same selector as the label `app: x`, which a workload that is there has; the other tool tells it as one of pods that are not there because it is written as an expression",
    ),
    (
        "exposure_test_with_different_rules_3_with_matching_pod",
        "a pod without the label `app` is also one whose `app` is not x, so that it gets what both rules allow; the other tool gives it what its own rule allows",
    ),
    (
        "exposure_test_with_different_rules_4_with_matching_pods",
        "a pod whose `role` is none of w, x, y and z is also one whose `role` is neither x nor y, so that it gets what both rules allow",
    ),
    (
        "exposure_test_with_different_rules_6_with_matching_pods",
        "`role In [api]` is the same selector as the label `role: api`, which a workload that is there has",
    ),
];

struct Row {
    kind: String,
    name: String,
    folders: Vec<String>,
    text: Option<String>,
    uses: Vec<String>,
}

fn rows(corpus: &Path) -> Vec<Row> {
    let index = fs::read_to_string(corpus.join("index.jsonl")).expect("the index");
    let rows = index.lines().map(|line| {
        let row: Json = serde_json::from_str(line).expect("a row");
        let text = |key: &str| row[key].as_str().map(str::to_owned);
        let folders: Vec<String> = match text("case") {
            Some(case) => vec![case],
            None => ["ref1", "ref2"]
                .iter()
                .filter_map(|key| text(key))
                .collect(),
        };
        Row {
            kind: text("kind").expect("a kind"),
            name: folders.last().expect("a folder").replace("cases/", ""),
            folders,
            text: ["txt", "csv"]
                .iter()
                .find_map(|form| row["expected"][*form].as_str())
                .map(str::to_owned),
            uses: row["uses"]
                .as_array()
                .expect("kinds")
                .iter()
                .filter_map(|it| it.as_str().map(str::to_owned))
                .collect(),
        }
    });
    rows.collect()
}

/// Writes out what entries of lists leave to the list, and an image where a container has none.
fn complete(value: &mut Json, of_list: Option<&str>) {
    let kind = value["kind"].as_str().map(str::to_owned);
    if let Some(object) = value.as_object_mut() {
        if let (None, Some(kind)) = (&kind, of_list) {
            object.insert("apiVersion".into(), "v1".into());
            object.insert("kind".into(), kind.into());
        }
        for (key, value) in object.iter_mut() {
            let of_list = kind.as_deref().and_then(|kind| kind.strip_suffix("List"));
            match (key.as_str(), value.as_array_mut()) {
                ("items", Some(items)) => {
                    let own = of_list.filter(|kind| !kind.is_empty());
                    for item in items {
                        complete(item, own);
                    }
                }
                ("containers", Some(containers)) => {
                    for (number, container) in containers.iter_mut().enumerate() {
                        for (key, value) in
                            [("name", format!("c{number}")), ("image", "i:1".into())]
                        {
                            if container.get(key).is_none() {
                                container[key] = value.into();
                            }
                        }
                    }
                }
                _ => complete(value, None),
            }
        }
        if of_list.is_none()
            && let Some(list) = kind.as_deref().filter(|kind| kind.ends_with("List"))
        {
            debug_assert!(!list.is_empty());
            object.insert("kind".into(), "List".into());
            object.insert("apiVersion".into(), "v1".into());
        }
    } else if let Some(items) = value.as_array_mut() {
        for item in items {
            complete(item, None);
        }
    }
}

/// A copy of a case that says all.
fn completed(folder: &Path, into: &Path) {
    fs::create_dir_all(into).expect("a folder");
    for entry in fs::read_dir(folder).expect("the case") {
        let path = entry.expect("an entry").path();
        let target = into.join(path.file_name().expect("a name"));
        if path.is_dir() {
            completed(&path, &target);
            continue;
        }
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let mut documents = Vec::new();
        let mut is_read = true;
        for document in serde_yaml::Deserializer::from_str(&text) {
            match serde::Deserialize::deserialize(document) {
                Ok(value) => documents.push(value),
                Err(_) => is_read = false,
            }
        }
        if !is_read {
            fs::write(&target, text).expect("a copy");
            continue;
        }
        let documents = documents
            .into_iter()
            .filter(|it: &Json| !it.is_null())
            .map(|mut value| {
                complete(&mut value, None);
                serde_json::to_string(&value).expect("a document")
            });
        let documents: Vec<String> = documents.collect();
        fs::write(target.with_extension("yaml"), documents.join("\n---\n")).expect("a copy");
    }
}

fn answer(folders: &[PathBuf]) -> Answer {
    let named = |folder: &PathBuf| format!("{}/", folder.display());
    let (base, head) = match folders {
        [base, head] => (Some(named(base)), named(head)),
        [head] => (None, named(head)),
        _ => panic!("one folder or two"),
    };
    let asked = Asked {
        host_network: HostNetwork::Policied,
        ..Asked::default()
    };
    run::network(&[], base.as_deref(), Some(&head), &asked).expect("an answer")
}

/// What differs between the expected answer and ours, as a text; none where nothing does.
fn differing(row: &Row, expected: &str, answer: &Answer) -> Option<String> {
    let is_plain = row.uses.iter().all(|kind| !kind.contains("Admin"));
    let lines = answer.clusters.iter();
    let lines = lines.flat_map(|it| it.connections.iter());
    let lines: Vec<(String, String, String)> = lines
        .map(|(from, to, [what])| (from.to_string(), to.to_string(), what.to_string()))
        .collect();
    let own = pairs(
        lines
            .iter()
            .map(|(from, to, what)| (&**from, &**to, &**what)),
    );
    let difference = |what: &str, missing: Vec<String>, more: Vec<String>| {
        let is_same = missing.is_empty() && more.is_empty();
        (!is_same).then(|| format!("{what}: missing {missing:#?}, more {more:#?}"))
    };
    if row.kind == "diff" {
        let told = answer.changes.iter().flat_map(Lines::iter);
        let told: Vec<(String, String, String)> = told
            .map(|(from, to, [before, after])| {
                let what = format!("{}: {before} to {after}", verb(before, after));
                (from.to_string(), to.to_string(), what)
            })
            .collect();
        let own = pairs(
            told.iter()
                .map(|(from, to, what)| (&**from, &**to, &**what)),
        );
        let theirs = changes(expected);
        let missing = theirs
            .difference(&own)
            .map(|it| format!("{it:?}"))
            .collect();
        let more = own
            .difference(&theirs)
            .map(|it| format!("{it:?}"))
            .collect();
        return difference("changes", missing, more);
    }
    let theirs = connections(expected);
    let missing = theirs
        .difference(&own)
        .map(|it| format!("{it:?}"))
        .collect();
    let more = own
        .difference(&theirs)
        .map(|it| format!("{it:?}"))
        .collect();
    let differs = difference("connections", missing, more);
    if differs.is_some() || row.kind != "exposure" {
        return differs;
    }
    let theirs = exposure(expected);
    let clusters = answer.clusters.iter();
    let own = told_exposure(clusters.flat_map(|it| it.exposure.iter()));
    let missing = theirs
        .difference(&own)
        .map(|it| format!("{it:?}"))
        .collect();
    let more = own
        .difference(&theirs)
        .map(|it| format!("{it:?}"))
        .collect();
    let differs = difference("exposure", missing, more);
    // With the other kinds of policies, the other tool calls protected what these are about.
    if differs.is_some() || !is_plain {
        return differs;
    }
    let mut own: Vec<String> = answer
        .clusters
        .iter()
        .flat_map(|it| &it.unprotected)
        .map(|(own, direction): &(_, Direction)| {
            format!("{own} is not protected on {}", direction.name())
        })
        .collect();
    own.sort();
    let theirs = expected
        .lines()
        .filter(|line| line.contains(" is not protected on "));
    let mut theirs: Vec<String> = theirs.map(str::to_owned).collect();
    theirs.sort();
    (own != theirs).then(|| format!("protection: {theirs:#?}, ours {own:#?}"))
}

#[test]
fn network_answers_of_another_tool_are_ours() {
    let Some(corpus) = corpora::folder("netpol") else {
        return;
    };
    let place = tempfile::tempdir().expect("a place");
    let mut same: BTreeMap<(String, bool), usize> = BTreeMap::new();
    let (mut wrong, mut ours, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows(&corpus) {
        let unknown = row.uses.iter().find(|it| !MODELLED.contains(&it.as_str()));
        if let Some(kind) = unknown {
            left_out.push(format!(
                "{} {}: {kind} is no kind of plain Kubernetes",
                row.kind, row.name
            ));
            continue;
        }
        let text = row.text.as_ref().expect("an answer that is expected");
        let expected = fs::read_to_string(corpus.join(text)).expect("the expected answer");
        let folders: Vec<PathBuf> = row
            .folders
            .iter()
            .map(|folder| {
                let copy = place.path().join(folder);
                if !copy.exists() {
                    completed(&corpus.join(folder), &copy);
                }
                copy
            })
            .collect();
        let is_plain = row.uses.iter().all(|kind| !kind.contains("Admin"));
        match differing(&row, &expected, &answer(&folders)) {
            None => *same.entry((row.kind.clone(), is_plain)).or_default() += 1,
            Some(_) if OURS.iter().any(|(name, _)| *name == row.name) => ours.push(row.name),
            Some(difference) => wrong.push(format!("{} {}: {difference}", row.kind, row.name)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let stood_by: Vec<&str> = OURS.iter().map(|(name, _)| *name).collect();
    assert_eq!(ours, stood_by, "what we stand by is what differs");
    println!("left out:\n{}", left_out.join("\n"));
    let count = |kind: &str, is_plain: bool| same.get(&(kind.to_owned(), is_plain)).copied();
    assert_eq!(
        [
            count("connlist", true),
            count("exposure", true),
            count("diff", true),
            count("connlist", false),
            count("exposure", false),
            count("diff", false),
        ],
        [Some(24), Some(24), Some(14), Some(28), Some(9), Some(8)],
        "as many rows as there are, but for those that we stand by"
    );
    assert_eq!(left_out.len(), 20, "{}", left_out.join("\n"));
}
