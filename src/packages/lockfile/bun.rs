//! `bun.lock`: JSON with comments and trailing commas.
//!
//! Notation: <https://bun.com/docs/pm/lockfile>, and what Bun writes (`src/install/lockfile/bun.lock.zig` there).
//! `workspaces` repeats the sections of each `package.json`. In `packages`, a key is the way to where a package is
//! installed, written in names (`parent/child`), and the value a list whose first item, `name@…`, says what it is.

use std::collections::HashSet;

use jsonc_parser::ast::{Object, ObjectProp, Value};

use super::archive::Archive;
use super::homes::PathHomes;
use super::json::{self, Notation, Reading, properties};
use super::sections::Sections;
use super::{
    Importer, Locked, Lockfile, LockfileKind, PackageIndex, Problem, ProblemKind, Record,
    RecordKind, Source, origin,
};
use crate::syntax::Span;

/// The versions of the notation that are known. 1 leaves out what 0 repeats of workspaces.
const KNOWN: [&str; 3] = ["0", "1", "2"];

/// How the hashes of archives begin that Bun writes.
const HASHES: [&str; 4] = ["sha1-", "sha256-", "sha384-", "sha512-"];

/// Reads a lockfile of Bun.
pub(super) fn read(text: String) -> Lockfile {
    let mut lockfile = Lockfile::empty(LockfileKind::Bun, String::new());
    lockfile.problems = json::read(&text, Notation::Commented, |root, reading| {
        root_of(root, reading, &mut lockfile);
    });
    lockfile.text = text;
    lockfile
}

fn root_of<'a>(root: &'a Object<'a>, reading: &mut Reading<'a>, lockfile: &mut Lockfile) {
    let (mut packages, mut workspaces) = (None, None);
    let mut has_version = false;
    for property in properties(root) {
        let value = &property.value;
        match property.name.as_str() {
            "lockfileVersion" => {
                has_version = true;
                lockfile.version = reading.notation_version(value, &KNOWN);
            }
            "workspaces" => {
                workspaces = reading.object_or_unreadable(value, "`workspaces` is no JSON object");
            }
            "packages" => {
                packages = reading.object_or_unreadable(value, "`packages` is no JSON object");
            }
            _ => records(property, reading, &mut lockfile.records),
        }
    }
    // Bun reads no file that leaves it out; an object that is empty means nothing at all.
    if !has_version && !root.properties.is_empty() {
        reading.problems.push(Problem {
            what: ProblemKind::Version,
            at: Span::default(),
        });
    }

    let mut homes = PathHomes::new(around);
    let rows = packages.map_or_else(Vec::new, |packages| {
        rows(packages, reading, &mut lockfile.packages)
    });
    for (index, row) in (0..).zip(&rows) {
        let (home, name) = split(row.path);
        homes.install(home, name, PackageIndex(index));
    }
    homes.settle();

    let patched: HashSet<&str> = lockfile
        .records
        .iter()
        .filter(|record| record.what == RecordKind::Patch)
        .map(|record| &*record.key)
        .collect();
    for (row, locked) in rows.into_iter().zip(&mut lockfile.packages) {
        let home = homes.nearest(row.path);
        // In version 0, a workspace repeats its sections here.
        if !matches!(locked.source, Source::Workspace(_)) {
            locked.dependencies = row
                .sections
                .dependencies(reading, |name| homes.find(home, name));
        }
        locked.is_patched = patched.contains(row.written);
    }
    for property in workspaces.map(properties).unwrap_or_default() {
        if let Some(importer) = importer(property, reading, &homes) {
            lockfile.importers.push(importer);
        }
    }
}

struct Row<'a> {
    path: &'a str,
    /// The first item: the name, and what was resolved.
    written: &'a str,
    sections: Sections<'a>,
}

/// The entries of `packages`, one in `locked` for each row.
fn rows<'a>(
    packages: &'a Object<'a>,
    reading: &mut Reading<'a>,
    locked: &mut Vec<Locked>,
) -> Vec<Row<'a>> {
    let mut rows = Vec::with_capacity(packages.properties.len());
    for property in properties(packages) {
        let path = property.name.as_str();
        let at = reading.span(&property.name);
        let items = match &property.value {
            Value::Array(items) => &*items.elements,
            _ => &[],
        };
        let (_, key) = split(path);
        match items.split_first() {
            _ if key.is_empty() => reading.refuse("a path ends without a name", at),
            _ if !PathHomes::is_walkable(path) => {
                reading.refuse("a path is longer than file systems allow", at);
            }
            Some((Value::StringLit(first), rest)) if first.value.contains('@') => {
                let (package, sections) = entry(at, &first.value, rest, reading);
                locked.push(package);
                rows.push(Row {
                    path,
                    written: &first.value,
                    sections,
                });
            }
            _ => reading.refuse("an entry does not say which package it is", at),
        }
    }
    rows
}

/// One entry: where its key is, its first item, and the others.
fn entry<'a>(
    at: Span,
    written: &'a str,
    rest: &'a [Value<'a>],
    reading: &mut Reading<'a>,
) -> (Locked, Sections<'a>) {
    // The root has no name if its `package.json` has none.
    let (name, resolution) = match written.strip_prefix('@') {
        Some(root) if root.starts_with("root:") => ("", root),
        _ => origin::name_and_rest(written),
    };
    let (source, version) = resolved(resolution);
    let mut locked = Locked::new(reading.name(name), reading.name(version), at);
    locked.source = source;
    if let Some(archive) = Archive::public(resolution) {
        locked.version = archive.version.into();
        locked.resolved = Some((resolution.into(), at));
    }
    let mut sections = Sections::default();
    let mut is_described = false;
    for item in rest {
        match item {
            Value::Object(info) => {
                is_described = true;
                describe(info, &mut locked, &mut sections, reading);
            }
            Value::StringLit(text) if !is_described => {
                if !text.value.is_empty() && locked.is_from_registry() {
                    locked.source = match origin::of_archive(&text.value) {
                        registry @ Source::Registry(_) => registry,
                        _ => Source::Registry(Some((&*text.value).into())),
                    };
                    locked.resolved = Some(((&*text.value).into(), reading.span(text)));
                }
            }
            // A git repository has a name of a folder here, and then perhaps a hash.
            Value::StringLit(text) if HASHES.iter().any(|hash| text.value.starts_with(hash)) => {
                locked.integrity = Some(((&*text.value).into(), reading.span(text)));
            }
            Value::StringLit(_) => {}
            other => {
                let at = reading.span(other);
                reading.refuse("an item is neither text nor an object", at);
            }
        }
    }
    (locked, sections)
}

/// What stands behind the name: where the package comes from, and the version if it is from a registry.
fn resolved(resolution: &str) -> (Source, &str) {
    if let Some(path) = resolution.strip_prefix("workspace:") {
        return (Source::Workspace(origin::relative(path).into()), "");
    }
    if resolution.starts_with("root:") {
        return (Source::Workspace("".into()), "");
    }
    match origin::of(resolution) {
        Some(source) => (source, ""),
        None if resolution.starts_with(|first: char| first.is_ascii_digit()) => {
            (Source::Registry(None), resolution)
        }
        None => (Source::Other(resolution.into()), ""),
    }
}

fn describe<'a>(
    info: &'a Object<'a>,
    locked: &mut Locked,
    sections: &mut Sections<'a>,
    reading: &mut Reading<'a>,
) {
    for property in &info.properties {
        match property.name.as_str() {
            "bundled" => locked.is_bundled = json::is_true(&property.value),
            "optionalPeers" => sections.optional_peers = json::texts(&property.value).collect(),
            name => {
                sections.take(name, &property.value, reading);
            }
        }
    }
}

fn importer<'a>(
    property: &'a ObjectProp<'a>,
    reading: &mut Reading<'a>,
    homes: &PathHomes<'a>,
) -> Option<Importer> {
    let at = reading.span(&property.name);
    let Value::Object(workspace) = &property.value else {
        reading.refuse("a workspace is no object", at);
        return None;
    };
    let mut sections = Sections::default();
    let mut name = None;
    for field in &workspace.properties {
        match field.name.as_str() {
            "name" => name = reading.text(&field.value).map(|(name, _)| name),
            other => {
                sections.take(other, &field.value, reading);
            }
        }
    }
    let path = origin::relative(property.name.as_str());
    // Workspaces are installed at the root, under their names.
    let place = if path.is_empty() { None } else { name }.unwrap_or_default();
    let home = PathHomes::is_walkable(place)
        .then(|| homes.nearest(place))
        .flatten();
    Some(Importer {
        path: path.into(),
        name: name.map(Into::into),
        at,
        dependencies: sections.wanted(reading, |name| homes.find(home, name)),
    })
}

/// What a part of the file records of settings.
fn records<'a>(property: &'a ObjectProp<'a>, reading: &mut Reading<'a>, records: &mut Vec<Record>) {
    let value = &property.value;
    match property.name.as_str() {
        "overrides" => flatten(RecordKind::Override, "", value, reading, records),
        "patchedDependencies" => flatten(RecordKind::Patch, "", value, reading, records),
        "catalog" => flatten(RecordKind::Catalog, "default", value, reading, records),
        "catalogs" => flatten(RecordKind::Catalog, "", value, reading, records),
        "trustedDependencies" => {
            let Value::Array(names) = value else {
                return;
            };
            for name in &names.elements {
                if let Some((name, at)) = reading.text(name) {
                    records.push(Record {
                        what: RecordKind::Trusted,
                        key: name.into(),
                        value: "".into(),
                        at,
                    });
                }
            }
        }
        _ => {}
    }
}

/// One record for each text of an object; the keys of objects within objects are joined by `>`.
fn flatten<'a>(
    what: RecordKind,
    above: &str,
    value: &'a Value<'a>,
    reading: &mut Reading<'a>,
    records: &mut Vec<Record>,
) {
    let Some(object) = reading.object(value) else {
        return;
    };
    for property in properties(object) {
        let name = property.name.as_str();
        let key = if above.is_empty() {
            name.to_owned()
        } else {
            format!("{above}>{name}")
        };
        if matches!(property.value, Value::Object(_)) {
            if key.len() <= MAX_KEY {
                flatten(what, &key, &property.value, reading, records);
            } else {
                let at = reading.span(&property.name);
                reading.refuse("a setting is nested too deeply", at);
            }
        } else if let Some((value, _)) = reading.text(&property.value) {
            records.push(Record {
                what,
                key: key.into(),
                value: value.into(),
                at: reading.span(&property.name),
            });
        }
    }
}

/// The longest joined key of a setting below which others are read, in bytes: each repeats it.
const MAX_KEY: usize = 256;

/// The place and the name at the end of a path of names, in which scoped ones hold a slash of their own.
fn split(path: &str) -> (&str, &str) {
    let Some((before, last)) = path.rsplit_once('/') else {
        return ("", path);
    };
    let scope = before.rsplit('/').next().unwrap_or(before);
    let name = if scope.starts_with('@') {
        scope.len() + 1 + last.len()
    } else {
        last.len()
    };
    let start = path.len() - name;
    let home = path.get(..start.saturating_sub(1)).unwrap_or_default();
    (home, path.get(start..).unwrap_or(last))
}

/// The place around a place.
fn around(path: &str) -> Option<&str> {
    (!path.is_empty()).then(|| split(path).0)
}
