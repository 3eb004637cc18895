//! Files written in a test, read as the program reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value as Json};
use tidegate::config::PackagesConfig;
use tidegate::config::registries::Registries;
use tidegate::config::value::Day;
use tidegate::evaluate::evaluate_change;
use tidegate::facts::{Fact, Facts};
use tidegate::finding::Finding;
use tidegate::kubernetes::Reading;
use tidegate::kubernetes::kinds::Declared;
use tidegate::kubernetes::pod_security::{Version, VersionSet};
use tidegate::packages::advisory::{Advisories, Record, record};
use tidegate::packages::registry::{Answer, Document};
use tidegate::rule::{Context, Pair, Rule};
use tidegate::snapshot::file_kind::FileKind;
use tidegate::snapshot::load::read_as;
use tidegate::snapshot::pairs::Pairs;
use tidegate::snapshot::{Snapshot, State};
use tidegate::syntax::{Node, Value};

/// A revision of the given files.
pub(crate) fn snapshot(files: &[(&str, &str)]) -> Snapshot {
    snapshot_with(files, &[])
}

/// The same with kinds that the configuration declares.
pub(crate) fn snapshot_with(files: &[(&str, &str)], declared: &[Declared]) -> Snapshot {
    let mut files: Vec<_> = files
        .iter()
        .map(|(path, text)| {
            let bytes = text.as_bytes().to_vec();
            // A test names the files that it wants, so that those without relevance are kept as well.
            let state =
                read_as(FileKind::of(path), bytes, declared).unwrap_or(State::Read(Reading::Other));
            (Arc::from(*path), Arc::new(state))
        })
        .collect();
    files.sort_by(|a: &(Arc<str>, _), b| a.0.cmp(&b.0));
    let count = files.len();
    Snapshot::new(files, &BTreeSet::new(), count)
}

/// What the rules about the change itself say of two revisions. Files are known by their paths alone.
pub(crate) fn findings_of_change(base: &Snapshot, head: &Snapshot) -> Vec<Finding> {
    findings_of_change_with(base, head, &context())
}

/// The same where the configuration says more.
pub(crate) fn findings_of_change_with(
    base: &Snapshot,
    head: &Snapshot,
    context: &Context,
) -> Vec<Finding> {
    let renames = BTreeMap::new();
    let text = |snapshot: &Snapshot, path: &str| Some(snapshot.file(path)?.text()?.to_owned());
    let paths = head.files().iter().map(|file| Arc::clone(&file.path));
    let changed = paths.filter(|path| text(base, path) != text(head, path));
    let pair = Pair {
        base,
        head,
        changed: &changed.collect(),
        renames: &renames,
        moved: &BTreeSet::new(),
        pairs: &Pairs::between(base, head, &renames),
    };
    evaluate_change(&pair, context)
}

/// What rules may know: a day on which some waivers of the fixtures are past theirs.
pub(crate) fn context() -> Context {
    Context {
        today: Some(Day::parse("2026-11-25").unwrap()),
        ..Context::default()
    }
}

/// The registries that the configuration of a revision allows.
pub(crate) fn registries(snapshot: &Snapshot) -> Option<Arc<Registries>> {
    let (_, file) = snapshot.configuration()?;
    let config = file.config.as_ref().ok()?;
    config.images.registries().map(Arc::new)
}

/// What the configuration of a revision asks of packages.
pub(crate) fn packages(snapshot: &Snapshot) -> Arc<PackagesConfig> {
    let config = snapshot.configuration();
    let config = config.and_then(|(_, file)| file.config.as_ref().ok());
    Arc::new(config.map_or_else(PackagesConfig::default, |config| config.packages.clone()))
}

/// What the outside world says to a rule in its examples and fixtures: advisories and package documents, one a line,
/// in the folder `facts` of its fixtures.
pub(crate) fn facts(rule: &Rule) -> Arc<Facts> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(rule.id)
        .join("facts");
    let lines = |name: &str| -> Vec<String> {
        let text = fs::read_to_string(folder.join(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    };
    let now = "2026-11-25T12:00:00Z".parse().unwrap();
    let mut known: BTreeMap<String, Vec<Record>> = BTreeMap::new();
    for line in lines("advisories.jsonl") {
        for (name, record) in record::read(line.as_bytes()).unwrap() {
            known.entry(name).or_default().push(record);
        }
    }
    let documents = lines("registry.jsonl").into_iter().map(|line| {
        let name: Json = serde_json::from_str(&line).unwrap();
        let document = Document::read(line.as_bytes(), now).unwrap();
        let name = Arc::from(name["name"].as_str().unwrap());
        (name, Answer::Known(Arc::new(document)))
    });
    Arc::new(Facts {
        advisories: Fact::Known(Advisories::new([known], Vec::new())),
        registry: Fact::Known(documents.collect()),
        now: Some(now),
    })
}

/// A value without its places: aliases and merge keys applied.
pub(crate) fn plain(node: Node<'_>) -> Json {
    match node.value() {
        Value::Null => Json::Null,
        Value::Bool(value) => value.into(),
        Value::Int(value) => value.into(),
        Value::Float(value) => value.into(),
        Value::Text(text) => text.into(),
        Value::Sequence => node.items().map(plain).collect(),
        Value::Mapping => {
            let entries = node.entries();
            let map: Map<_, _> = entries
                .map(|entry| (entry.key.key_text().to_owned(), plain(entry.value)))
                .collect();
            map.into()
        }
    }
}

/// Versions of Kubernetes as a fixture or an example writes them: `1.33, 1.34`.
pub(crate) fn targets(versions: &str) -> VersionSet {
    let parsed = versions.split(", ").map(|version| {
        let version = version.parse::<Version>();
        version.expect("a version of Kubernetes")
    });
    parsed.collect()
}
