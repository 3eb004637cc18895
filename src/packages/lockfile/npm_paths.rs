//! Versions 2 and 3 of npm's lockfile: `packages` by install paths.
//!
//! A key is a path, not a name. The empty one is the root; one that ends with `node_modules/NAME` is an installed
//! package; any other is a folder of the repository, which entries with `link` lead to. Each folder is an importer:
//! npm installs its section of development as well, workspace or not.

use std::collections::{HashMap, HashSet};

use jsonc_parser::ast::{Object, Value};

use super::homes::PathHomes;
use super::json::{Reading, properties, texts};
use super::npm_entry::Entry;
use super::{Importer, Locked, Lockfile, PackageIndex, Source, origin};
use crate::syntax::Span;

const NODE_MODULES: &str = "node_modules";

struct Row<'a> {
    path: &'a str,
    at: Span,
    entry: Entry<'a>,
}

/// Reads `packages`; `name` is that of the root, as the top of the file says it.
pub(super) fn read<'a>(
    packages: &'a Object<'a>,
    name: Option<&'a str>,
    reading: &mut Reading<'a>,
    lockfile: &mut Lockfile,
) {
    let rows = rows(packages, reading);
    let folders: HashMap<&str, &Row<'a>> = rows
        .iter()
        .filter(|row| installed(row.path).is_none())
        .map(|row| (row.path, row))
        .collect();
    let root = folders.get("").and_then(|root| root.entry.workspaces);
    let workspaces = Workspaces::of(root);

    let mut homes = PathHomes::new(around);
    let mut installs = Vec::new();
    for row in &rows {
        let Some((home, name)) = installed(row.path) else {
            continue;
        };
        let locked = if row.entry.is_link {
            link(row, name, &folders, &workspaces, reading)
        } else {
            Some(package(row, name, reading))
        };
        if let Some(locked) = locked {
            let index = u32::try_from(lockfile.packages.len()).unwrap_or(u32::MAX);
            homes.install(home, name, PackageIndex(index));
            installs.push(row);
            lockfile.packages.push(locked);
        }
    }
    homes.settle();

    for (row, locked) in installs.into_iter().zip(&mut lockfile.packages) {
        if !row.entry.is_link {
            let home = homes.nearest(row.path);
            locked.dependencies = row
                .entry
                .sections
                .dependencies(reading, |name| homes.find(home, name));
        }
    }
    for row in &rows {
        if installed(row.path).is_some() || row.entry.marks.extraneous {
            continue;
        }
        let home = homes.nearest(row.path);
        let own = match row.path {
            "" => row.entry.name.or(name),
            path => Some(row.entry.name.unwrap_or_else(|| folder_name(path))),
        };
        lockfile.importers.push(Importer {
            path: row.path.into(),
            name: own.map(Into::into),
            at: row.at,
            dependencies: row
                .entry
                .sections
                .wanted(reading, |name| homes.find(home, name)),
        });
    }
}

fn rows<'a>(packages: &'a Object<'a>, reading: &mut Reading<'a>) -> Vec<Row<'a>> {
    let mut rows = Vec::with_capacity(packages.properties.len());
    for property in properties(packages) {
        let path = property.name.as_str();
        let at = reading.span(&property.name);
        if !PathHomes::is_walkable(path) {
            reading.refuse("a path is longer than file systems allow", at);
        } else if !is_plain(path) {
            reading.make_unreadable("A path is written in a way that hides where it leads", at);
        } else if let Some(entry) = Entry::read(property, reading) {
            rows.push(Row { path, at, entry });
        }
    }
    rows
}

fn package<'a>(row: &Row<'a>, name: &'a str, reading: &mut Reading<'a>) -> Locked {
    let entry = &row.entry;
    // npm takes the last folder for the name, also where several follow `node_modules`.
    let name = entry.name.unwrap_or_else(|| folder_name(name));
    // npm reads past what old versions begin with.
    let version = entry.version.unwrap_or_default();
    let version = version
        .trim_start_matches(|first: char| "=v".contains(first) || first.is_ascii_whitespace());
    let mut locked = entry.locked(name, version, entry.source(), row.at, reading);
    locked.has_install_script = Some(entry.has_install_script());
    locked
}

/// A link, which has the name and the version of the folder that it leads to.
fn link<'a>(
    row: &Row<'a>,
    name: &'a str,
    folders: &HashMap<&str, &Row<'a>>,
    workspaces: &Workspaces<'_>,
    reading: &mut Reading<'a>,
) -> Option<Locked> {
    let Some((written, _)) = row.entry.resolved else {
        reading.refuse("a link leads nowhere", row.at);
        return None;
    };
    let path = origin::relative(written);
    let target = folders.get(path).map(|target| &target.entry);
    let real = target
        .and_then(|target| target.name)
        .or(row.entry.name)
        .unwrap_or(name);
    let version = target.and_then(|target| target.version).unwrap_or_default();
    let source = if path.is_empty() || workspaces.hold(path) {
        Source::Workspace(path.into())
    } else {
        Source::Folder(path.into())
    };
    let mut locked = row.entry.locked(real, version, source, row.at, reading);
    locked.resolved = None;
    Some(locked)
}

/// The place and the name of an installed package; none for a folder of the repository.
fn installed(path: &str) -> Option<(&str, &str)> {
    let mut before = path;
    // The last whole segment `node_modules`: a name may end with it, too.
    while let Some(at) = before.rfind("node_modules/") {
        let home = path.get(..at)?;
        if home.is_empty() || home.ends_with('/') {
            let name = path.get(at + NODE_MODULES.len() + 1..)?;
            return Some((home.strip_suffix('/').unwrap_or(home), name));
        }
        before = home;
    }
    None
}

/// True for a path as npm writes it. It reads others as well, and installs what they lead to, so that `a/../b`, `./b`
/// or `b/` would hide a `b`.
fn is_plain(path: &str) -> bool {
    let mut is_leaving = true;
    path.is_empty()
        || path.split('/').enumerate().all(|(index, segment)| {
            is_leaving &= segment == "..";
            match segment {
                // An absolute path begins with a slash.
                "" => index == 0,
                "." => false,
                ".." => is_leaving,
                _ => !segment.contains('\\'),
            }
        }) && path != "/"
            && !path.ends_with("/node_modules")
            && path != NODE_MODULES
}

/// The folder around a folder. What lies outside of the lockfile's own folder does not see into it.
fn around(path: &str) -> Option<&str> {
    if path.is_empty() || path == ".." || path.ends_with("/..") {
        return None;
    }
    Some(path.rsplit_once('/').map_or("", |(around, _)| around))
}

/// The name of a package by its folder: with the scope where the folder around is one.
fn folder_name(path: &str) -> &str {
    let Some((around, last)) = path.rsplit_once('/') else {
        return path;
    };
    let scope = around.rsplit('/').next().unwrap_or(around);
    if scope.starts_with('@') {
        path.get(path.len() - last.len() - 1 - scope.len()..)
            .unwrap_or(last)
    } else {
        last
    }
}

/// The patterns of the root's workspaces, by their shape: real ones are exact, or end with `*` or `**`.
#[derive(Debug, Default)]
struct Workspaces<'a> {
    exact: HashSet<&'a str>,
    children: HashSet<&'a str>,
    below: HashSet<&'a str>,
    /// A pattern has another shape: every folder may be meant.
    is_unclear: bool,
}

impl<'a> Workspaces<'a> {
    fn of(value: Option<&'a Value<'a>>) -> Self {
        let mut workspaces = Self::default();
        let list = match value {
            // Yarn's own notation, which npm reads as well.
            Some(Value::Object(object)) => object
                .properties
                .iter()
                .rev()
                .find(|property| property.name.as_str() == "packages")
                .map(|property| &property.value),
            other => other,
        };
        for pattern in list.into_iter().flat_map(texts) {
            workspaces.add(origin::relative(pattern));
        }
        workspaces
    }

    fn add(&mut self, pattern: &'a str) {
        let is_plain = |path: &str| !path.contains(['*', '?', '{', '[', '(', '!']);
        let (folder, last) = pattern.rsplit_once('/').unwrap_or(("", pattern));
        // An exclusion takes no link away: what it excludes is linked only if something else asks for it.
        if pattern.starts_with('!') {
        } else if is_plain(pattern) {
            self.exact.insert(pattern);
        } else if last == "*" && is_plain(folder) {
            self.children.insert(folder);
        } else if last == "**" && is_plain(folder) {
            self.below.insert(folder);
        } else {
            self.is_unclear = true;
        }
    }

    fn hold(&self, path: &str) -> bool {
        self.is_unclear
            || self.exact.contains(path)
            || around(path).is_some_and(|folder| self.children.contains(folder))
            || std::iter::successors(Some(path), |path| around(path))
                .any(|folder| self.below.contains(folder))
    }
}
