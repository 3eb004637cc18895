//! Advisories about packages: which versions they are about, the local database, and the servers that are asked.

mod database;
mod naive;
mod servers;
mod updating;

use tidegate::packages::advisory::Record;
use tidegate::packages::advisory::record;

/// Every entry of the corpus, as text.
fn corpus() -> Option<Vec<String>> {
    let folder = super::corpora::folder("advisories")?;
    let text = std::fs::read_to_string(folder.join("npm-osv.jsonl")).expect("it can be read");
    Some(text.lines().map(str::to_owned).collect())
}

fn records(json: &str) -> Vec<(String, Record)> {
    record::read(json.as_bytes()).expect("it is an entry")
}

/// An entry about one package with one range.
fn entry(id: &str, name: &str, events: &str) -> String {
    format!(
        r#"{{"id":"{id}","modified":"2026-01-02T03:04:05Z","summary":"Bad {name}","affected":[{{"package":{{"ecosystem":"npm","name":"{name}"}},"ranges":[{{"type":"SEMVER","events":[{events}]}}]}}],"database_specific":{{"severity":"HIGH"}}}}"#
    )
}
