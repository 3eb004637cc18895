//! Findings keep their identity: what is moved, renamed, re-ordered, re-indented, split or joined introduces
//! nothing, over our own example and over the corpora of real repositories.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use tidegate::finding::{Finding, Status};
use tidegate::kubernetes::kustomization::is_kustomization_name;
use tidegate::run::{Request, run};
use tidegate::snapshot::file_kind::FileKind;
use tidegate::syntax::{self, Format};
use tidegate::verdict::Report;

use crate::corpora;
use crate::reading::plain;

/// A revision as paths and bytes.
type Files = BTreeMap<String, Vec<u8>>;

fn read_folder(folder: &Path) -> Files {
    fn walk(root: &Path, folder: &Path, files: &mut Files) {
        for entry in fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                walk(root, &path, files);
            } else {
                let name = path.strip_prefix(root).expect("it lies below");
                let name = name.to_str().expect("corpora have plain names").to_owned();
                files.insert(name, fs::read(&path).expect("it can be read"));
            }
        }
    }
    let mut files = Files::new();
    walk(folder, folder, &mut files);
    files
}

fn write_folder(files: &Files) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("it can be made");
        fs::write(path, bytes).expect("it can be written");
    }
    folder
}

fn compare(base: &Path, head: &Path) -> Report {
    let spec = |path: &Path| Some(format!("{}/", path.display()));
    let request = Request {
        base: spec(base),
        head: spec(head),
        ..Request::default()
    };
    run(&request).expect("two folders can be compared")
}

/// Findings about states; those about the change itself have no twin when the sides are swapped.
fn of_status(report: &Report, status: Status) -> Vec<&Finding> {
    let about_state = |finding: &&Finding| !finding.change && finding.status == status;
    report.findings.iter().filter(about_state).collect()
}

fn assert_nothing_changed(base: &Path, head: &Path, what: &str) {
    let report = compare(base, head);
    let show = |findings: Vec<&Finding>| {
        findings
            .iter()
            .map(|finding| format!("{} {}", finding.location.path, finding.message))
            .take(5)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        show(of_status(&report, Status::Introduced)),
        Vec::<String>::new(),
        "{what} introduced something"
    );
    assert_eq!(
        show(of_status(&report, Status::Fixed)),
        Vec::<String>::new(),
        "{what} fixed something"
    );
}

/// The document texts of a stream; none if any of them cannot be read.
fn documents(text: &str) -> Option<Vec<Json>> {
    let tree = syntax::parse(Format::Yaml, text.to_owned());
    if !tree.problems().is_empty() || !tree.duplicates().is_empty() {
        return None;
    }
    Some(
        tree.documents()
            .iter()
            .map(|document| plain(tree.root(document)))
            .collect(),
    )
}

/// Block style with four spaces, every scalar in JSON's notation, keys in reverse order.
fn rewritten(value: &Json) -> String {
    fn write(value: &Json, indent: usize, text: &mut String) {
        let margin = " ".repeat(indent);
        match value {
            Json::Object(map) if !map.is_empty() => {
                for (key, value) in map.iter().rev() {
                    text.push_str(&format!("\n{margin}{}:", Json::from(key.as_str())));
                    write(value, indent + 4, text);
                }
            }
            Json::Array(items) if !items.is_empty() => {
                for item in items {
                    text.push_str(&format!("\n{margin}-"));
                    write(item, indent + 4, text);
                }
            }
            scalar => text.push_str(&format!(" {scalar}")),
        }
    }
    let mut text = String::from("# rewritten");
    write(value, 0, &mut text);
    text.push('\n');
    text
}

fn is_yaml(name: &str) -> bool {
    // A lockfile under another name is none.
    (name.ends_with(".yaml") || name.ends_with(".yml"))
        && !is_kustomization_name(name)
        && !FileKind::of(name).is_known_by_name()
}

/// Applies a change to the documents of every readable YAML file that is no kustomization.
fn map_documents(files: &Files, change: impl Fn(Vec<Json>) -> Vec<Json>) -> Files {
    let rewrite = |name: &String, bytes: &Vec<u8>| {
        let text = std::str::from_utf8(bytes).ok().filter(|_| is_yaml(name))?;
        let rewritten: Vec<_> = change(documents(text)?).iter().map(rewritten).collect();
        Some(rewritten.join("---\n").into_bytes())
    };
    files
        .iter()
        .map(|(name, bytes)| {
            (
                name.clone(),
                rewrite(name, bytes).unwrap_or_else(|| bytes.clone()),
            )
        })
        .collect()
}

/// True if no kustomization or chart gives the place of a file a meaning.
fn may_move(files: &Files) -> impl Fn(&str) -> bool {
    let special: BTreeSet<String> = files
        .keys()
        .filter(|name| is_kustomization_name(name) || name.ends_with("Chart.yaml"))
        .map(|name| {
            name.rsplit_once('/')
                .map_or("", |(folder, _)| folder)
                .to_owned()
        })
        .collect();
    // Lockfiles and settings are what they are by their names.
    let is_named = |name: &str| {
        matches!(
            FileKind::of(name),
            FileKind::Lockfile(_) | FileKind::PnpmWorkspace | FileKind::YarnSettings
        )
    };
    move |name| {
        is_yaml(name)
            && !is_named(name)
            && !special.iter().any(|folder| {
                folder.is_empty()
                    || name
                        .strip_prefix(folder.as_str())
                        .is_some_and(|rest| rest.starts_with('/'))
            })
    }
}

fn renamed(files: &Files, rename: impl Fn(&str) -> String) -> Files {
    files
        .iter()
        .map(|(name, bytes)| (rename(name), bytes.clone()))
        .collect()
}

/// Everything that must introduce nothing, over one revision.
fn assert_identity(files: &Files, what: &str) {
    let base = write_folder(files);
    let changes: Vec<(&str, Files)> = vec![
        ("itself", files.clone()),
        (
            "moving everything",
            renamed(files, |name| format!("moved/here/{name}")),
        ),
        ("renaming files", {
            let may_move = may_move(files);
            renamed(files, |name| {
                if may_move(name) {
                    name.replace(".y", "-renamed.y")
                } else {
                    name.to_owned()
                }
            })
        }),
        (
            "re-indenting and re-ordering keys",
            map_documents(files, |documents| documents),
        ),
        (
            "re-ordering documents",
            map_documents(files, |documents| documents.into_iter().rev().collect()),
        ),
        ("splitting files", {
            let may_move = may_move(files);
            let mut split = Files::new();
            for (name, bytes) in files {
                let readable = std::str::from_utf8(bytes)
                    .ok()
                    .filter(|_| may_move(name))
                    .and_then(documents);
                match readable.filter(|documents| documents.len() > 1 && has_no_twins(documents)) {
                    None => drop(split.insert(name.clone(), bytes.clone())),
                    Some(documents) => {
                        for (index, document) in documents.iter().enumerate() {
                            split.insert(
                                format!("{name}.{index}.yaml"),
                                rewritten(document).into_bytes(),
                            );
                        }
                    }
                }
            }
            split
        }),
        ("joining files", joined(files)),
    ];
    for (change, changed) in changes {
        let head = write_folder(&changed);
        assert_nothing_changed(base.path(), head.path(), &format!("{what}: {change}"));
        assert_nothing_changed(
            head.path(),
            base.path(),
            &format!("{what}: undoing {change}"),
        );
    }
}

fn identity(document: &Json) -> String {
    let at = |pointer: &str| {
        document
            .pointer(pointer)
            .map(Json::to_string)
            .unwrap_or_default()
    };
    let group = at("/apiVersion")
        .trim_matches('"')
        .rsplit_once('/')
        .map(|(group, _)| group.to_owned());
    format!(
        "{group:?} {} {} {}",
        at("/kind"),
        at("/metadata/namespace"),
        at("/metadata/name")
    )
}

fn has_no_twins(documents: &[Json]) -> bool {
    let identities: BTreeSet<_> = documents.iter().map(identity).collect();
    identities.len() == documents.len()
        && documents
            .iter()
            .all(|document| document.get("items").is_none())
}

/// Files of one folder in one file, where that makes no object stand twice in it.
fn joined(files: &Files) -> Files {
    let may_move = may_move(files);
    let mut joined = Files::new();
    let mut folders: BTreeMap<String, Vec<Json>> = BTreeMap::new();
    for (name, bytes) in files {
        let folder = name
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder)
            .to_owned();
        let readable = std::str::from_utf8(bytes)
            .ok()
            .filter(|_| may_move(name))
            .and_then(documents);
        let together = folders.entry(folder).or_default();
        match readable {
            Some(documents) if has_no_twins(&[together.clone(), documents.clone()].concat()) => {
                together.extend(documents);
            }
            _ => drop(joined.insert(name.clone(), bytes.clone())),
        }
    }
    for (folder, documents) in folders {
        if !documents.is_empty() {
            let text: Vec<_> = documents.iter().map(rewritten).collect();
            joined.insert(
                format!("{folder}/all-in-one.yaml")
                    .trim_start_matches('/')
                    .to_owned(),
                text.join("---\n").into_bytes(),
            );
        }
    }
    joined
}

/// Introduced in one direction is fixed in the other.
fn assert_symmetric(one: &Path, other: &Path, what: &str) {
    let keys = |findings: Vec<&Finding>| {
        let mut keys: Vec<_> = findings
            .iter()
            .map(|finding| {
                (
                    finding.fingerprint.to_string(),
                    finding.location.path.to_string(),
                    finding.severity,
                )
            })
            .collect();
        keys.sort();
        keys
    };
    let forth = compare(one, other);
    let back = compare(other, one);
    assert_eq!(
        keys(of_status(&forth, Status::Introduced)),
        keys(of_status(&back, Status::Fixed)),
        "{what}: introduced is not fixed when undone"
    );
    assert_eq!(
        keys(of_status(&forth, Status::Fixed)),
        keys(of_status(&back, Status::Introduced)),
        "{what}: fixed is not introduced when undone"
    );
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/pull-request")
}

#[test]
fn refactoring_the_example_introduces_nothing() {
    for side in ["base", "head"] {
        assert_identity(&read_folder(&example().join(side)), side);
    }
    assert_symmetric(
        &example().join("base"),
        &example().join("head"),
        "the example",
    );
}

#[test]
fn refactoring_real_pull_requests_introduces_nothing() {
    let Some(corpora) = corpora::folder("prs") else {
        return;
    };
    let mut seen = 0;
    for entry in fs::read_dir(&corpora).expect("the corpus is there") {
        let folder = entry.expect("it can be listed").path();
        if !folder.join("head").is_dir() {
            continue;
        }
        seen += 1;
        let name = folder.display().to_string();
        let head = folder.join("head");
        // A commit that only adds files has no base.
        let empty = tempfile::tempdir().expect("a temporary folder");
        let base = Some(folder.join("base")).filter(|base| base.is_dir());
        let base = base.unwrap_or_else(|| empty.path().to_path_buf());
        assert_symmetric(&base, &head, &name);
        assert_identity(&read_folder(&head), &name);
    }
    assert_eq!(seen, 18);
}

#[test]
fn refactoring_real_repositories_introduces_nothing() {
    let Some(corpora) = corpora::folder("manifests") else {
        return;
    };
    for entry in fs::read_dir(&corpora).expect("the corpus is there") {
        let folder = entry.expect("it can be listed").path();
        if folder.is_dir() {
            assert_identity(&read_folder(&folder), &folder.display().to_string());
        }
    }
}

/// A weakness that leaves one copy of an object and enters another is introduced there.
#[test]
fn copies_are_not_mixed_up() {
    let pod = |privileged: bool| {
        format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: api}}\nspec:\n  containers:\n  - name: api\n    image: api:1\n    securityContext: {{privileged: {privileged}}}\n").into_bytes()
    };
    let files = |one: bool, other: bool| {
        Files::from([
            ("prod/api.yaml".to_owned(), pod(one)),
            ("staging/api.yaml".to_owned(), pod(other)),
        ])
    };
    let base = write_folder(&files(false, true));
    let head = write_folder(&files(true, false));
    let report = compare(base.path(), head.path());
    let privileged = |status| {
        let found = report
            .with_status(status)
            .filter(|finding| finding.rule == "pod-security/privileged");
        found
            .map(|finding| finding.location.path.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(privileged(Status::Introduced), ["prod/api.yaml"]);
    assert_eq!(privileged(Status::Fixed), ["staging/api.yaml"]);
}

/// A second mistake in an object that had one already is seen, and so is the first one getting graver.
#[test]
fn a_regression_inside_an_object_that_failed_already_is_introduced() {
    let pod = |volume: &str, capabilities: &str| {
        let text = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: api}}\nspec:\n  volumes: [{{name: v, hostPath: {{path: {volume}}}}}]\n  containers:\n  - name: api\n    image: api:1\n    securityContext: {{capabilities: {{add: [{capabilities}]}}}}\n"
        );
        write_folder(&Files::from([("api.yaml".to_owned(), text.into_bytes())]))
    };
    let base = pod("/data", "SYS_TIME");
    let more = pod("/data", "SYS_TIME, SYS_ADMIN");
    let introduced = |base: &tempfile::TempDir, head: &tempfile::TempDir| {
        let report = compare(base.path(), head.path());
        report
            .with_status(Status::Introduced)
            .map(|finding| (finding.rule, finding.message.clone()))
            .collect::<Vec<_>>()
    };
    let found = introduced(&base, &more);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].1.contains("SYS_ADMIN"), "{found:?}");
    let graver = pod("/etc/kubernetes", "SYS_TIME");
    let found = introduced(&base, &graver);
    assert_eq!(
        found.iter().map(|(rule, _)| *rule).collect::<Vec<_>>(),
        ["pod-security/host-path"]
    );
}

/// Where an object stands in a list is no part of its identity, and neither is the list.
#[test]
fn lists_are_only_a_way_to_write_objects() {
    let pod = |name: &str| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}, spec: {{hostPID: true, containers: [{{name: c, image: i, securityContext: {{privileged: true}}}}]}}}}"
        )
    };
    let list = |items: &[&str]| {
        let items: Vec<_> = items.iter().map(|item| format!("- {item}")).collect();
        format!("apiVersion: v1\nkind: List\nitems:\n{}\n", items.join("\n"))
    };
    let (one, two) = (pod("one"), pod("two"));
    let settings = "{apiVersion: v1, kind: ConfigMap, metadata: {name: s}}";
    let forms = [
        list(&[&one, &two]),
        list(&[&two, &one]),
        list(&[settings, &one, &two]),
        list(&[&list(&[&one, &two]).replace('\n', "\n  ")]),
        format!("{one}\n---\n{two}\n"),
    ];
    for base in &forms {
        for head in &forms {
            let folder = |text: &String| {
                write_folder(&Files::from([(
                    "a.yaml".to_owned(),
                    text.clone().into_bytes(),
                )]))
            };
            assert_nothing_changed(
                folder(base).path(),
                folder(head).path(),
                &format!("{base}\n=>\n{head}"),
            );
        }
    }
    // Lists are unwrapped however deep they are.
    let deep = (0..40).fold(one.clone(), |inner, _| {
        format!("{{apiVersion: v1, kind: List, items: [{inner}]}}")
    });
    let folder = write_folder(&Files::from([("a.yaml".to_owned(), deep.into_bytes())]));
    let none = write_folder(&Files::new());
    assert!(!of_status(&compare(none.path(), folder.path()), Status::Introduced).is_empty());
}

/// An object that moves to the group and version of today stays the same.
#[test]
fn upgrading_an_api_version_introduces_nothing() {
    let deployment = |api_version: &str| {
        let text = format!(
            "apiVersion: {api_version}\nkind: Deployment\nmetadata: {{name: api}}\nspec:\n  selector: {{}}\n  template:\n    spec:\n      hostPID: true\n      containers: [{{name: c, image: i}}]\n"
        );
        write_folder(&Files::from([("a.yaml".to_owned(), text.into_bytes())]))
    };
    let (old, new) = (deployment("extensions/v1beta1"), deployment("apps/v1"));
    let report = compare(old.path(), new.path());
    assert!(of_status(&report, Status::Introduced).is_empty());
    let fixed = of_status(&report, Status::Fixed);
    let fixed: Vec<_> = fixed.iter().map(|finding| finding.rule).collect();
    assert_eq!(fixed, ["workload/removed-api"]);
    assert!(report.levels.is_empty());
}

/// What moved to where nothing can be seen any longer is not fixed.
#[test]
fn an_object_that_may_have_moved_out_of_sight_is_not_fixed() {
    let pod = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  hostPID: true\n  containers: [{{name: c, image: i}}]\n"
        )
    };
    let base = write_folder(&Files::from([(
        "a.yaml".to_owned(),
        format!("{}---\n{}", pod("a"), pod("b")).into_bytes(),
    )]));
    let head = write_folder(&Files::from([
        ("a.yaml".to_owned(), pod("a").into_bytes()),
        (
            "c.yaml".to_owned(),
            format!("{}  broken: [\n", pod("b")).into_bytes(),
        ),
    ]));
    let report = compare(base.path(), head.path());
    assert_eq!(report.with_status(Status::Fixed).count(), 0);
    assert_eq!(report.exit_code(), 3);
}

/// What can no longer be read is unknown, not fixed.
#[test]
fn an_unreadable_head_fixes_nothing() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: api}\nspec:\n  hostPID: true\n  containers: [{name: api, image: a:1}]\n";
    let base = write_folder(&Files::from([("api.yaml".to_owned(), pod.into())]));
    let head = write_folder(&Files::from([(
        "api.yaml".to_owned(),
        format!("{pod}  broken: [\n").into_bytes(),
    )]));
    let report = compare(base.path(), head.path());
    assert_eq!(report.with_status(Status::Fixed).count(), 0);
    assert_eq!(report.exit_code(), 3);
    assert!(
        report
            .findings
            .iter()
            .any(|finding| finding.rule == "input/unreadable")
    );
    // Even if nothing in the bytes says any longer that it is a manifest.
    let head = write_folder(&Files::from([("api.yaml".to_owned(), b"a: [".to_vec())]));
    assert_eq!(compare(base.path(), head.path()).exit_code(), 3);
}
