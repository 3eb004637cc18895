use std::collections::{BTreeMap, HashMap};

use crate::kubernetes::field::shortened;
use crate::packages::lockfile::{Locked, Source};
use crate::packages::specifier::Specifier;
use crate::packages::web_address::{PUBLIC_REGISTRIES, WebAddress, without_secrets};
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::snapshot::locked::{LockedFile, locked_pairs, some_of};

declare_rule! {
    /// A change takes a package from another place than before.
    ///
    /// ## Why it matters
    /// The name stays, and so does what everybody thinks of it, and somebody else hands out the bytes: a fork, an address
    /// of its own, another registry where anyone may have taken the name.
    ///
    /// ## Example
    /// ```json bad
    /// # base: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.0.0"}},
    ///     "node_modules/ms": {
    ///       "version": "2.1.2",
    ///       "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.2.tgz",
    ///       "integrity": "sha512-abc=="
    ///     }
    ///   }
    /// }
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.0.0"}},
    ///     "node_modules/ms": {
    ///       "version": "2.1.3",
    ///       "resolved": "git+ssh://git@github.com/somebody/ms.git#5dfb5a3a3a9a4b3f7f6d1c2b8e9f0a1b2c3d4e5f"
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```json good
    /// # base: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.0.0"}},
    ///     "node_modules/ms": {
    ///       "version": "2.1.2",
    ///       "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.2.tgz",
    ///       "integrity": "sha512-abc=="
    ///     }
    ///   }
    /// }
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.0.0"}},
    ///     "node_modules/ms": {
    ///       "version": "2.1.3",
    ///       "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.3.tgz",
    ///       "integrity": "sha512-xyz=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// One finding is told for each new place. It is medium where a `package.json` asks for the place itself, so that
    /// whoever reviews has read it, and where most packages move together, as they do to a mirror. A folder of the
    /// repository in the place of a package, and a registry in the place of anything else, are silent.
    "package/source-changed",
    severity: Severity::High,
    other_severities: &[Severity::Medium],
    covers: &["package/foreign-host"],
    references: &["CICD-SEC-3", "CWE-494", "CWE-829"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, _context: &Context, sink: &mut Sink<'_>) {
    for (before, after) in locked_pairs(pair) {
        let known = registries(before);
        let mut moved: BTreeMap<String, Vec<&Locked>> = BTreeMap::new();
        let mut stayed = 0;
        for package in &after.lockfile.packages {
            let Some(old) = known.get(&*package.name) else {
                continue;
            };
            match place(package) {
                // What an entry does not say cannot have changed.
                Some(new)
                    if !new.is_empty() && !old.contains(&new) && !old.contains(&String::new()) =>
                {
                    moved.entry(new).or_default().push(package);
                }
                _ => stayed += 1,
            }
        }
        for (place, packages) in moved {
            let Some(first) = packages.first() else {
                continue;
            };
            let is_migration = packages.len() > stayed && packages.len() > 1;
            let is_asked = packages.iter().all(|package| is_asked(after, package));
            let severity = if is_migration || is_asked {
                Severity::Medium
            } else {
                Severity::High
            };
            let span = first.resolved.as_ref().map_or(first.at, |(_, span)| *span);
            let (comes, it) = if packages.len() == 1 {
                ("comes", "it")
            } else {
                ("come", "they")
            };
            sink.in_file(&after.file.path)
                .report_span(span)
                .severity(severity)
                .discriminator(&place)
                .say(&format!(
                    "{} now {comes} from {} and came from a registry before, so that somebody else hands out what is installed; keep the registry unless {it} must move",
                    some_of(&packages),
                    shortened(&without_secrets(&place))
                ));
        }
    }
}

/// The places that each package comes from, of those that come from registries alone; empty where one is not said.
fn registries(locked: LockedFile<'_>) -> HashMap<&str, Vec<String>> {
    let mut known: HashMap<&str, Vec<String>> = HashMap::new();
    let mut others = Vec::new();
    for package in &locked.lockfile.packages {
        if package.is_from_registry() {
            let places = known.entry(&package.name).or_default();
            places.extend(place(package));
        } else {
            others.push(&*package.name);
        }
    }
    for name in others {
        known.remove(name);
    }
    known
}

/// Where a package comes from, as a message says it; none for what lies in the repository.
fn place(package: &Locked) -> Option<String> {
    match &package.source {
        Source::Registry(_) => {
            let resolved = package.resolved.as_ref();
            let host = resolved.and_then(|(address, _)| WebAddress::parse(address));
            Some(match host {
                Some(address) if PUBLIC_REGISTRIES.contains(&address.host) => {
                    "the public registry".to_owned()
                }
                Some(address) => address.host.to_ascii_lowercase(),
                None => String::new(),
            })
        }
        Source::Git { repository, .. } => Some(repository.to_string()),
        Source::Tarball(address) => {
            let host = WebAddress::parse(address).map(|address| address.host.to_ascii_lowercase());
            Some(host.unwrap_or_else(|| address.to_string()))
        }
        Source::File(_) | Source::Folder(_) | Source::Workspace(_) | Source::Other(_) => None,
    }
}

/// True if a `package.json` asks for something else than a version of a registry.
fn is_asked(after: LockedFile<'_>, package: &Locked) -> bool {
    let graph = after.installation.graph();
    let mut wants = (0..graph.workspaces().len()).flat_map(|workspace| graph.wants(workspace));
    wants.any(|want| *want.name == *package.name && Specifier::parse(want.specifier()).is_exotic())
}
