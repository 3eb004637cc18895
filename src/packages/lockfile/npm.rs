//! `package-lock.json` and `npm-shrinkwrap.json`.
//!
//! Notation: <https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json>. Versions 2 and 3 list install paths
//! under `packages` (`npm_paths`); version 1, and shrinkwraps that are older than that, nest `dependencies`
//! (`npm_nested`). Where both stand in one file, npm 7 and later read `packages` alone.

use jsonc_parser::ast::{Object, Value};

use super::json::{self, Notation, Reading};
use super::{Lockfile, LockfileKind, npm_nested, npm_paths};

/// The versions of the notation that are known.
const KNOWN: [&str; 3] = ["1", "2", "3"];

/// Reads a lockfile of npm.
pub(super) fn read(text: String) -> Lockfile {
    let mut lockfile = Lockfile::empty(LockfileKind::Npm, String::new());
    lockfile.problems = json::read(&text, Notation::Strict, |root, reading| {
        root_of(root, reading, &mut lockfile);
    });
    lockfile.text = text;
    lockfile
}

fn root_of<'a>(root: &'a Object<'a>, reading: &mut Reading<'a>, lockfile: &mut Lockfile) {
    let (mut packages, mut dependencies, mut name) = (None, None, None);
    for property in json::properties(root) {
        match property.name.as_str() {
            "lockfileVersion" => {
                lockfile.version = reading.notation_version(&property.value, &KNOWN);
            }
            "packages" => packages = Some(&property.value),
            "dependencies" => dependencies = Some(&property.value),
            "name" => name = json::as_text(&property.value),
            _ => {}
        }
    }
    if let Some(packages) = packages.filter(|value| !matches!(value, Value::NullKeyword(_))) {
        if let Some(packages) =
            reading.object_or_unreadable(packages, "`packages` is no JSON object")
        {
            npm_paths::read(packages, name, reading, lockfile);
        }
    } else if let Some(dependencies) =
        dependencies.filter(|value| !matches!(value, Value::NullKeyword(_)))
        && let Some(dependencies) =
            reading.object_or_unreadable(dependencies, "`dependencies` is no JSON object")
    {
        npm_nested::read(dependencies, reading, lockfile);
    }
}
