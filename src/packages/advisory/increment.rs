//! What changed in OSV's entries since a database was made.
//!
//! Beside its archive OSV keeps `modified_id.csv`, a line `timestamp,id` for each entry, and each entry as `<ID>.json`
//! (<https://google.github.io/osv.dev/data/>). A day of changes is a small part of the archive. Whatever is odd about it
//! is no error: the archive is still there.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use super::database::{Builder, Database};
use super::record::{self, Record, is_id};
use crate::http::{Client, Limits, Request};

/// The name of the archive, in the place of which the others are asked for.
const ARCHIVE: &str = "/all.zip";
/// More changes than these are fetched sooner as the archive.
const MOST: usize = 2_000;
/// Entries that are fetched at the same time.
const AT_ONCE: usize = 16;
/// An entry that vanished without being withdrawn is noticed in the archive alone, so that it is fetched again where the
/// changes reach this far beyond the last one.
const OLDEST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The folder of an archive of OSV, with what has to stand behind each address in it.
struct Folder<'a> {
    path: &'a str,
    query: &'a str,
}

impl<'a> Folder<'a> {
    fn of(archive: &'a str) -> Option<Self> {
        let (path, query) = match archive.find('?') {
            Some(at) => archive.split_at_checked(at)?,
            None => (archive, ""),
        };
        let path = path.strip_suffix(ARCHIVE)?;
        Some(Self { path, query })
    }

    fn address(&self, name: &str) -> String {
        format!("{}/{name}{}", self.path, self.query)
    }
}

/// What one entry says of packages; nothing where it is no longer there.
type Parts = Vec<(String, Record)>;

/// What a database at a path comes to with all changes since it was made, and how many entries of its source could not
/// be read. None where it was made of something else, where it is too old, or where the changes cannot be had.
pub(super) async fn continued(
    client: &Client,
    (archive, source): (&str, &str),
    database: &Path,
    entry: u64,
) -> Option<(Builder, u64)> {
    let folder = Folder::of(archive)?;
    let old = Database::open(database).ok()?;
    let about = old.about().clone();
    let since = about.date.filter(|_| about.source == source)?;
    let request = Request::get(&folder.address("modified_id.csv")).ok()?;
    let list = client.send(&request).await.ok()?.success().ok()?;
    let ids = changed(std::str::from_utf8(&list).ok()?, since, about.whole?)?;
    let limits = Limits {
        body: entry,
        ..client.limits()
    };
    let changes = fetch(&client.within(limits), &folder, ids).await?;

    let mut entries: BTreeMap<String, Parts> = BTreeMap::new();
    for (name, records) in old.all().ok()? {
        for record in records {
            let parts = entries.entry(record.id.clone()).or_default();
            parts.push((name.clone(), record));
        }
    }
    let mut builder = Builder::after(&about);
    for (id, parts) in changes {
        let was_held = entries.remove(&id).is_some();
        // The list still names it, so that it is not gone but not to be had here: the archive tells.
        if was_held && parts.is_empty() {
            return None;
        }
        // One that was withdrawn before was counted then.
        let is_withdrawn = parts.iter().any(|(_, record)| record.is_withdrawn);
        if was_held || !is_withdrawn {
            builder.add(parts);
        }
    }
    for parts in entries.into_values() {
        builder.add(parts);
    }
    Some((builder, about.unreadable))
}

/// The ids of the entries that changed from a time on. None where they are too many, where the last whole archive is too
/// long ago, or where the list is none.
fn changed(list: &str, since: Timestamp, whole: Timestamp) -> Option<Vec<String>> {
    let mut ids = Vec::new();
    let mut newest = since;
    for line in list.lines().filter(|line| !line.trim().is_empty()) {
        let (time, id) = line.split_once(',')?;
        let time: Timestamp = time.trim().parse().ok()?;
        let id = id.trim();
        if time < since {
            continue;
        }
        newest = newest.max(time);
        if !is_id(id) || ids.len() == MOST {
            return None;
        }
        ids.push(id.to_owned());
    }
    // The entry that the date is of stands in every list that is one.
    let is_recent = newest.duration_since(whole) <= OLDEST;
    (!ids.is_empty() && is_recent).then_some(ids)
}

/// The entries of ids. None where one cannot be had or read.
async fn fetch(
    client: &Client,
    folder: &Folder<'_>,
    ids: Vec<String>,
) -> Option<BTreeMap<String, Parts>> {
    let mut found = BTreeMap::new();
    let mut running: JoinSet<Option<(String, Parts)>> = JoinSet::new();
    let mut waiting = ids.into_iter();
    loop {
        while running.len() < AT_ONCE
            && let Some(id) = waiting.next()
        {
            let request = Request::get(&folder.address(&format!("{id}.json"))).ok()?;
            let client = client.clone();
            running.spawn(async move {
                let answer = client.send(&request).await.ok()?;
                if answer.status == 404 {
                    return Some((id, Parts::new()));
                }
                let parts = record::read(&answer.success().ok()?).ok()?;
                // Somebody else's entry under this name would take the place of another.
                let is_own = parts.iter().all(|(_, record)| record.id == id);
                is_own.then_some((id, parts))
            });
        }
        match running.join_next().await {
            Some(one) => found.extend([one.ok()??]),
            None => return Some(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_since_is_read_from_the_list() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let since = at("2026-01-02T00:00:00Z");
        let list = "2026-01-03T00:00:00.5Z,GHSA-c\n2026-01-02T00:00:00Z,GHSA-b\n\n2026-01-01T23:59:59Z,GHSA-a\n";
        let ids = changed(list, since, since).unwrap();
        assert_eq!(ids, ["GHSA-c", "GHSA-b"]);
        for odd in [
            "",
            "<!doctype html>",
            "2026-01-01T00:00:00Z,GHSA-a",
            "2026-01-03T00:00:00Z,../GHSA-a",
            "yesterday,GHSA-a",
            "2026-03-01T00:00:00Z,GHSA-a",
        ] {
            assert_eq!(changed(odd, since, since), None, "{odd}");
        }
        let long_ago = at("2025-12-03T00:00:00Z");
        assert_eq!(changed(list, since, long_ago), None);
        let many = "2026-01-03T00:00:00Z,GHSA-a\n".repeat(MOST + 1);
        assert_eq!(changed(&many, since, since), None);
    }

    #[test]
    fn what_lies_beside_an_archive_keeps_its_query() {
        let folder = Folder::of("https://osv.example/npm/all.zip?token=a/b").unwrap();
        assert_eq!(
            folder.address("GHSA-a.json"),
            "https://osv.example/npm/GHSA-a.json?token=a/b"
        );
        assert!(Folder::of("https://osv.example/npm/own.zip").is_none());
    }
}
