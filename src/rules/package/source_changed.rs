use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::kubernetes::field::shortened;
use crate::packages::lockfile::{Locked, LockfileKind, Source};
use crate::packages::safeguards::Safeguard;
use crate::packages::web_address::{PUBLIC_REGISTRIES, WebAddress, without_secrets};
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::snapshot::asked_sources::AskedSources;
use crate::snapshot::locked::{LockedFile, locked_pairs, some_of, wished};
use crate::snapshot::safeguards::{FolderSafeguards, safeguards_of};
use crate::snapshot::substituted::substitutions;

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
    /// whoever reviews has read it, and where most packages move together, as they do to a mirror. A folder or an archive
    /// of the repository is silent where it is a workspace, or where a `package.json` or an override asks for it; so is a
    /// registry in the place of anything else.
    ///
    /// A registry that `.npmrc` and its like beside the lockfile name for the package on both sides is silent: it was asked
    /// before as well. npm takes from there what its lockfile seems to take from the public registry.
    ///
    /// An override that newly puts another package in (`"ms": "npm:other@1"`) is medium, and stands at its line, once the
    /// lockfile holds that package. What a `package.json` calls by another name for itself is silent: whoever wrote the
    /// name knows what it stands for.
    "package/source-changed",
    severity: Severity::High,
    other_severities: &[Severity::Medium],
    covers: &["package/foreign-host", "package/lockfile-out-of-step"],
    references: &["CICD-SEC-3", "CWE-494", "CWE-829"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, _context: &Context, sink: &mut Sink<'_>) {
    for (before, after) in locked_pairs(pair) {
        let configured = Configured {
            before: safeguards_of(pair.base, before.file.folder()),
            after: safeguards_of(pair.head, after.file.folder()),
        };
        let known = registries(before);
        let asked = AskedSources::of(after);
        let mut moved: BTreeMap<Place, Vec<&Locked>> = BTreeMap::new();
        let mut stayed = 0;
        for package in &after.lockfile.packages {
            let Some(old) = known.get(&*package.name) else {
                continue;
            };
            match place(package, &asked) {
                Some(new)
                    if is_other(&new, old)
                        && !configured.names(&new, old, package, after.lockfile.kind) =>
                {
                    moved.entry(new).or_default().push(package);
                }
                _ => stayed += 1,
            }
        }
        for (place, packages) in moved {
            report(after, &asked, &place, &packages, stayed, sink);
        }
        substituted(before, after, sink);
    }
}

/// Packages that overrides newly put in the place of others. One that the lockfile does not hold is the matter of
/// `package/lockfile-out-of-step`.
fn substituted(before: LockedFile<'_>, after: LockedFile<'_>, sink: &mut Sink<'_>) {
    let mut known: BTreeSet<(String, String)> = substitutions(before.installation)
        .into_iter()
        .map(|one| (one.name, one.by))
        .collect();
    for one in substitutions(after.installation) {
        let is_held = after.installation.named(&one.by).next().is_some();
        if !is_held || !known.insert((one.name.clone(), one.by.clone())) {
            continue;
        }
        let (subject, seen) = wished(after.installation, &one.name);
        let (name, by) = (shortened(&one.name), shortened(&one.by));
        sink.in_file(&one.at.path)
            .report_span(one.at.span)
            .package(subject, seen)
            .severity(Severity::Medium)
            .discriminator(&format!("override\0{}", one.by))
            .say(&format!(
                "the override of `{name}` now puts in `{by}`, another package, so that whoever publishes `{by}` hands out what is installed where `{name}` is asked for; put in a version of `{name}` unless that is meant"
            ));
    }
}

/// Where a package comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// A registry, by its server; empty where the entry does not say.
    Registry(String),
    /// A place of the server of the public registry where that keeps no package.
    Astray(String),
    /// A repository, or another server.
    Elsewhere(String),
    /// A path of the repository that nobody asked for.
    Local(String),
}

/// True if it is none of the places that were. Of two registries, what an entry does not say cannot have changed.
fn is_other(new: &Place, old: &[String]) -> bool {
    match new {
        Place::Registry(new) => {
            !new.is_empty() && !old.contains(new) && !old.contains(&String::new())
        }
        Place::Elsewhere(new) => !old.contains(new),
        Place::Astray(_) | Place::Local(_) => true,
    }
}

/// What the settings of both sides say of registries.
struct Configured {
    before: FolderSafeguards,
    after: FolderSafeguards,
}

impl Configured {
    /// True if a place is the registry that both sides name for a package: it was asked before as well, whichever
    /// registry the lockfile was written with. npm exchanges the host of the public registry for that, so that it may stand
    /// in its place.
    fn names(&self, place: &Place, old: &[String], package: &Locked, kind: LockfileKind) -> bool {
        let Place::Registry(server) = place else {
            return false;
        };
        let named = |settings: &FolderSafeguards| {
            let word = |key| settings.safeguards.word(Safeguard::Registry, key);
            let scope = package.name.split_once('/').map(|(scope, _)| scope);
            let named = scope.and_then(word).or_else(|| word(""));
            Some(named.and_then(WebAddress::parse)?.server())
        };
        let Some(own) = named(&self.before).filter(|own| named(&self.after).as_ref() == Some(own))
        else {
            return false;
        };
        let is_exchanged = kind == LockfileKind::Npm && server == PUBLIC && old.contains(&own);
        own == *server || is_exchanged
    }
}

fn report(
    after: LockedFile<'_>,
    asked: &AskedSources<'_>,
    place: &Place,
    packages: &[&Locked],
    stayed: usize,
    sink: &mut Sink<'_>,
) {
    let Some(first) = packages.first() else {
        return;
    };
    let is_migration = packages.len() > stayed && packages.len() > 1;
    let is_asked = packages
        .iter()
        .all(|package| asked.is_exotic_asked(package));
    let is_calmer = !matches!(place, Place::Local(_)) && (is_migration || is_asked);
    let severity = if is_calmer {
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
    let (Place::Registry(from) | Place::Astray(from) | Place::Elsewhere(from) | Place::Local(from)) =
        place;
    let shown = shortened(&without_secrets(from));
    let words = match place {
        Place::Registry(_) | Place::Elsewhere(_) => format!(
            "from {shown} and came from a registry before, so that somebody else hands out what is installed; keep the registry unless {it} must move"
        ),
        Place::Astray(_) => format!(
            "from {shown}, where the registry keeps no package of this name, and came from the usual address before; keep that address"
        ),
        Place::Local(_) => format!(
            "from `{shown}` of the repository and came from a registry before, and no package.json asks for that, so that what lies there is installed under a known name; take the entry of the base, or ask for the path in package.json"
        ),
    };
    sink.in_file(&after.file.path)
        .report_span(span)
        .severity(severity)
        .discriminator(from)
        .say(&format!("{} now {comes} {words}", some_of(packages)));
}

/// The servers that each package comes from, of those that come from registries alone; empty where one is not said.
fn registries(locked: LockedFile<'_>) -> HashMap<&str, Vec<String>> {
    let mut known: HashMap<&str, Vec<String>> = HashMap::new();
    let mut others = Vec::new();
    for package in &locked.lockfile.packages {
        if package.is_from_registry() {
            let places = known.entry(&package.name).or_default();
            places.push(registry(package));
        } else {
            others.push(&*package.name);
        }
    }
    for name in others {
        known.remove(name);
    }
    known
}

/// What a message calls the public registry, by whichever host.
const PUBLIC: &str = "the public registry";

/// The server of a registry, as a message says it; empty where the entry does not.
fn registry(package: &Locked) -> String {
    let resolved = package.resolved.as_ref();
    let address = resolved.and_then(|(address, _)| WebAddress::parse(address));
    let server = address.map(WebAddress::server).unwrap_or_default();
    if PUBLIC_REGISTRIES.contains(&&*server) {
        return PUBLIC.to_owned();
    }
    server
}

/// Where a package comes from; none for what lies in the repository and is asked for.
fn place(package: &Locked, asked: &AskedSources<'_>) -> Option<Place> {
    Some(match &package.source {
        Source::Registry(_) => Place::Registry(registry(package)),
        Source::Git { repository, .. } => Place::Elsewhere(repository.to_string()),
        Source::Tarball(address) => match WebAddress::parse(address).map(WebAddress::server) {
            Some(server) if PUBLIC_REGISTRIES.contains(&&*server) => {
                Place::Astray(address.to_string())
            }
            Some(server) => Place::Elsewhere(server),
            None => Place::Elsewhere(address.to_string()),
        },
        Source::File(_) | Source::Folder(_) | Source::Workspace(_) => {
            Place::Local(asked.unasked_path(package)?.to_owned())
        }
        Source::Other(written) if written.is_empty() => return None,
        Source::Other(written) => Place::Elsewhere(written.to_string()),
    })
}
