use std::collections::{BTreeMap, BTreeSet};

use crate::kubernetes::field::{quoted, shortened};
use crate::packages::PackageJson;
use crate::packages::dependencies::Declared;
use crate::packages::lockfile::{Importer, LockfileKind, RecordKind, Section, Wanted};
use crate::packages::overrides::Selector;
use crate::packages::specifier::Specifier;
use crate::packages::version::Version;
use crate::packages::workspaces::Patterns;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::locked::{LockedFile, called, locked_files};
use crate::snapshot::{Snapshot, SourceFile};
use crate::syntax::Node;

declare_rule! {
    /// A lockfile holds something else than its `package.json` asks for.
    ///
    /// ## Why it matters
    /// What was reviewed in `package.json` is not what is installed: the strict commands (`npm ci`, `--frozen-lockfile`)
    /// refuse, and the others quietly resolve anew, past every version that was locked. It comes out of a merge, of an edit
    /// by hand, or of somebody who counts on the lockfile not being read.
    ///
    /// ## Example
    /// ```json bad
    /// # file: package.json
    /// {
    ///   "private": true,
    ///   "dependencies": {
    ///     "ms": "^2.1.3"
    ///   }
    /// }
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.0.0"}},
    ///     "node_modules/ms": {
    ///       "version": "2.0.0",
    ///       "resolved": "https://registry.npmjs.org/ms/-/ms-2.0.0.tgz",
    ///       "integrity": "sha512-def=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// Install, and add the lockfile to the change.
    /// ```json good
    /// # file: package.json
    /// {
    ///   "private": true,
    ///   "dependencies": {
    ///     "ms": "^2.1.3"
    ///   }
    /// }
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.1.3"}},
    ///     "node_modules/ms": {
    ///       "version": "2.1.3",
    ///       "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.3.tgz",
    ///       "integrity": "sha512-def=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// Compared are versions and ranges of registries: whether each is there, is repeated as written, and holds the version
    /// that is locked. Peers may be absent, as may the version of an optional package; what `overrides` or `resolutions`
    /// name may differ, and with a `.pnpmfile.cjs` everything may. npm before 7 repeats no ranges.
    "package/lockfile-out-of-step",
    severity: Severity::Medium,
    references: &["CICD-SEC-3", "CWE-345", "CWE-1357"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for locked in locked_files(snapshot) {
        let records = &locked.lockfile.records;
        if records.iter().any(|record| record.what == RecordKind::PnpmfileHash) {
            continue;
        }
        let folder = locked.file.folder();
        let free = free_names(snapshot, locked);
        if locked.lockfile.importers.is_empty() && locked.lockfile.kind == LockfileKind::Yarn {
            for (file, package) in projects_of_yarn(snapshot, folder) {
                let known = Known::Descriptors(locked, snapshot);
                compare(locked, file, package, &known, &free, sink);
            }
            continue;
        }
        for importer in &locked.lockfile.importers {
            let path = joined(folder, &importer.path);
            let file = snapshot.file(&joined(&path, "package.json"));
            if let Some((file, package)) = file.and_then(readable) {
                compare(locked, file, package, &Known::importer(importer), &free, sink);
            }
        }
    }
}

/// What a lockfile knows of the wishes of one `package.json`.
enum Known<'a> {
    Importer(BTreeMap<&'a str, &'a Wanted>),
    /// Yarn 1 keeps them for all workspaces together.
    Descriptors(LockedFile<'a>, &'a Snapshot),
}

/// What is wrong with one wish.
enum Gap {
    Absent,
    Other(String),
    Outside(String),
}

impl<'a> Known<'a> {
    fn importer(importer: &'a Importer) -> Self {
        let dependencies = importer.dependencies.iter();
        Self::Importer(dependencies.map(|wanted| (&*wanted.name, wanted)).collect())
    }

    fn gap(&self, locked: LockedFile<'_>, declared: Declared<'_>) -> Option<Gap> {
        let asked = Specifier::parse(declared.specifier());
        let index = match self {
            Self::Importer(wanted) => {
                let Some(wanted) = wanted.get(declared.name) else {
                    return Some(Gap::Absent);
                };
                if let Some(repeated) = &wanted.specifier
                    && Specifier::parse(repeated).is_of_registry()
                    && plain(repeated) != plain(declared.specifier())
                {
                    return Some(Gap::Other(repeated.to_string()));
                }
                match wanted.to {
                    Some(index) => index,
                    None if declared.section == Section::Optional => return None,
                    // An entry that the reader could not make out is told elsewhere.
                    None if !locked.lockfile.problems.is_empty() => return None,
                    None => return Some(Gap::Absent),
                }
            }
            Self::Descriptors(of, snapshot) => {
                let descriptors = &of.lockfile.descriptors;
                let descriptor = format!("{}@{}", declared.name, declared.specifier());
                let found = descriptors.binary_search_by(|(known, _)| (**known).cmp(&descriptor));
                match found.ok().and_then(|at| descriptors.get(at)) {
                    Some((_, index)) => *index,
                    None if is_local(snapshot, declared.name) => return None,
                    None => {
                        let start = format!("{}@", declared.name);
                        let other = descriptors.iter().find_map(|(known, _)| known.strip_prefix(&*start));
                        return Some(other.map_or(Gap::Absent, |other| Gap::Other(other.to_owned())));
                    }
                }
            }
        };
        let package = locked.lockfile.package(index)?;
        let range = match asked {
            Specifier::Range(range) => range,
            _ => return None,
        };
        let version = Version::parse(&package.version)?;
        let is_outside = package.is_from_registry() && !range.satisfies(&version);
        is_outside.then(|| Gap::Outside(called(package)))
    }
}

fn compare(
    locked: LockedFile<'_>,
    file: &SourceFile,
    package: PackageJson<'_>,
    known: &Known<'_>,
    free: &BTreeSet<String>,
    sink: &mut Sink<'_>,
) {
    let mut names = BTreeSet::new();
    for declared in package.dependencies() {
        names.insert(declared.name);
        let is_compared = declared.section != Section::Peer
            && Specifier::parse(declared.specifier()).is_of_registry()
            && !free.contains(declared.name);
        let Some(gap) = is_compared.then(|| known.gap(locked, declared)).flatten() else {
            continue;
        };
        let lockfile = locked.file.path.rsplit('/').next().unwrap_or_default();
        let what = match &gap {
            Gap::Absent => format!("{lockfile} does not hold it"),
            Gap::Other(repeated) => format!("{lockfile} was written for {}", quoted(repeated)),
            Gap::Outside(package) => format!("{lockfile} holds {package}, which is outside of it"),
        };
        let name = crate::finding::PackageName {
            project: locked.file.folder().into(),
            name: declared.name.into(),
        };
        let seen = crate::finding::PackageSeen {
            version: None,
            purl: crate::packages::purl::of_npm(declared.name, ""),
            paths: Vec::new(),
        };
        sink.in_file(&file.path)
            .report_span(declared.span())
            .package(name, seen)
            .discriminator(&file.path)
            .say(&format!(
                "`{}` asks for {} and {what}; install, and add the lockfile to the change",
                shortened(declared.name),
                quoted(declared.specifier())
            ));
    }
    let Known::Importer(wanted) = known else {
        return;
    };
    for (name, wanted) in wanted {
        if names.contains(name)
            || free.contains(*name)
            || wanted.section == Some(Section::Environment)
            || wanted.section.is_none()
        {
            continue;
        }
        let subject = crate::finding::PackageName {
            project: locked.file.folder().into(),
            name: (*name).into(),
        };
        let seen = crate::finding::PackageSeen {
            version: None,
            purl: crate::packages::purl::of_npm(name, ""),
            paths: Vec::new(),
        };
        sink.in_file(&locked.file.path)
            .report_span(wanted.at)
            .package(subject, seen)
            .discriminator(&file.path)
            .say(&format!(
                "`{}` is asked for here and by no line of {}; install, and add the lockfile to the change",
                shortened(name),
                file.path
            ));
    }
}

/// Names about which something else decides than `package.json`.
fn free_names(snapshot: &Snapshot, locked: LockedFile<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let root = joined(locked.file.folder(), "package.json");
    if let Some((_, package)) = snapshot.file(&root).and_then(readable) {
        for one in package.overrides() {
            names.insert(one.package.name.to_owned());
        }
    }
    for record in &locked.lockfile.records {
        if record.what == RecordKind::Override {
            let last = record.key.rsplit('>').next().unwrap_or_default();
            names.insert(Selector::parse(last).name.to_owned());
        }
    }
    names
}

/// The projects that Yarn 1 installs together: the folder's own, and its workspaces.
fn projects_of_yarn<'a>(
    snapshot: &'a Snapshot,
    folder: &str,
) -> Vec<(&'a SourceFile, PackageJson<'a>)> {
    let root = snapshot.file(&joined(folder, "package.json")).and_then(readable);
    let Some((root, package)) = root else {
        return Vec::new();
    };
    let patterns = Patterns::of(package.workspaces().filter_map(Node::as_str));
    let below = |file: &SourceFile| {
        let path = match folder {
            "" => Some(file.folder()),
            folder => file.folder().strip_prefix(folder)?.strip_prefix('/'),
        };
        path.filter(|path| !path.is_empty()).map(str::to_owned)
    };
    let mut projects = vec![(root, package)];
    if !patterns.is_empty() {
        let members = snapshot.files().iter().filter(|file| {
            file.path.ends_with("/package.json") && below(file).is_some_and(|path| patterns.hold(&path))
        });
        projects.extend(members.filter_map(readable));
    }
    projects
}

/// True if a project of the repository has the name.
fn is_local(snapshot: &Snapshot, name: &str) -> bool {
    let mut projects = snapshot.files().iter().filter_map(readable);
    projects.any(|(_, package)| package.name() == Some(name))
}

fn readable(file: &SourceFile) -> Option<(&SourceFile, PackageJson<'_>)> {
    let is_package = file.path.rsplit('/').next() == Some("package.json");
    let tree = file.tree().filter(|_| is_package && file.is_wholly_read())?;
    Some((file, PackageJson::of(tree)?))
}

/// A specifier without what Yarn puts before ranges.
fn plain(specifier: &str) -> &str {
    let text = specifier.trim();
    text.strip_prefix("npm:").unwrap_or(text)
}

fn joined(folder: &str, name: &str) -> String {
    match (folder, name) {
        ("", name) => name.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, name) => format!("{folder}/{name}"),
    }
}
