use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Fold;
use crate::kubernetes::field::{quoted, shortened};
use crate::packages::catalogs::DEFAULT;
use crate::packages::graph::{Declaration, Listing, Place, Want, Workspace};
use crate::packages::lockfile::{Dependency, Locked, LockfileKind, Section};
use crate::packages::overrides::Selector;
use crate::packages::specifier::Specifier;
use crate::packages::version::Version;
use crate::packages::web_address::without_secrets;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::asked_sources::AskedSources;
use crate::snapshot::explained::Overridden;
use crate::snapshot::extended::unmet_extensions;
use crate::snapshot::ignored_optional::leaves_out;
use crate::snapshot::locked::{LockedFile, called, locked_files, wished};
use crate::snapshot::lost;
use crate::snapshot::unmet_catalogs::{Mismatch, unmet_catalogs};
use crate::snapshot::unmet_overrides::{unmet, unsaid_overrides};

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
    /// name may differ as long as the lockfile holds what they put in, be it a version, another package or an address, and with a `.pnpmfile.cjs` everything may. Overrides
    /// of ranges alone, and several of one name, are not compared; those that pnpm's lockfile was written for must be there.
    /// npm before 7 repeats no ranges. Of `packageExtensions`, what they add to `dependencies` is looked for.
    /// Entries of catalogues are held against what lockfiles of pnpm and Bun repeat of them, and against what Yarn's asks
    /// for; where Yarn has plugins, those may have catalogues of their own.
    /// Within the lockfile, what a package of a registry cannot do without must have an entry, and each entry of npm's a
    /// version. What the lockfile takes from a path of the repository, where that is no workspace and nobody asks for it, is
    /// high. More than three of a kind in a workspace are one finding. A lockfile beside the one that `packageManager`
    /// names, or beside a shrinkwrap, is not compared.
    "package/lockfile-out-of-step",
    severity: Severity::Medium,
    other_severities: &[Severity::High],
    references: &["CICD-SEC-3", "CWE-345", "CWE-1357"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for locked in locked_files(snapshot) {
        if locked.installation.is_set_aside {
            continue;
        }
        if locked.lockfile.is_changed_by_code() {
            continue;
        }
        local(locked, sink);
        without_version(locked, sink);
        let graph = locked.installation.graph();
        // One that holds nothing is told as a whole.
        if graph.is_empty() || locked.lockfile.is_of_environment_alone() {
            continue;
        }
        let free = Overridden::of(locked);
        dangling(locked, &free, sink);
        overridden(locked, sink);
        extended(locked, sink);
        unknown_overrides(locked, sink);
        catalogued(locked, sink);
        let importers = &locked.lockfile.importers;
        let listed: BTreeSet<&str> = importers.iter().map(|importer| &*importer.path).collect();
        for (number, workspace) in graph.workspaces().iter().enumerate() {
            // What cannot be read asks for nothing that is known.
            if locked.installation.package_json(number).is_none() {
                continue;
            }
            let wants = graph.wants(number).iter();
            let mut wants = wants.filter(|want| !free.names(&want.name)).peekable();
            let is_listed = listed.contains(&*workspace.path);
            if !is_listed && !listed.is_empty() {
                // Who asks for peers alone need not be known.
                let is_needed = |want: &&Want| {
                    let declared = want.declared.as_ref();
                    declared.is_some_and(|declared| declared.section != Section::Peer)
                };
                if let Some(first) = wants.find(is_needed) {
                    unknown_workspace(locked, workspace, first, sink);
                }
                continue;
            }
            // Who asks for a name in two sections is answered once.
            let answered = LazyCell::new(|| {
                let wants = graph.wants(number).iter();
                let listed = wants.filter(|want| want.listed.is_some());
                listed.map(|want| &*want.name).collect::<BTreeSet<_>>()
            });
            for want in wants {
                match (&want.declared, &want.listed) {
                    (Some(_), None) if answered.contains(&*want.name) => {}
                    (Some(declared), _) => {
                        if let Some(gap) = gap(locked, want, declared, is_listed) {
                            report(locked, workspace, want, declared, &gap, sink);
                        }
                    }
                    (None, Some(listed)) if want.section != Section::Environment => {
                        unasked(locked, workspace, want, listed, sink);
                    }
                    (None, _) => {}
                }
            }
        }
    }
}

/// What packages cannot do without, and the lockfile does not hold: an entry was cut out of it. Told once for each name.
fn dangling(locked: LockedFile<'_>, free: &Overridden<'_>, sink: &mut Sink<'_>) {
    let mut missing: BTreeMap<&str, (&Locked, &Dependency, usize)> = BTreeMap::new();
    for (package, wanted) in lost::dangling(locked, free) {
        let known = missing.entry(&wanted.name);
        known
            .and_modify(|(_, _, askers)| *askers += 1)
            .or_insert((package, wanted, 1));
    }
    for (package, wanted, askers) in missing.into_values() {
        let (name, seen) = wished(locked.installation, &wanted.name);
        let others = match askers {
            1 => " asks".to_owned(),
            2 => " and another package ask".to_owned(),
            more => format!(" and {} other packages ask", more - 1),
        };
        sink.in_file(&locked.file.path)
            .report_span(package.at)
            .package(name, seen)
            .discriminator("dangling")
            .fold(Fold {
                group: "dangling".into(),
                called: format!("`{}`", shortened(&wanted.name)),
                before: format!("packages in {} ask for ", name_of(locked)),
                after: ", and it holds no such entries, so that what is installed of them is not known; install, and add the lockfile to the change".to_owned(),
            })
            .say(&format!(
                "{}{others} for `{}`, and the lockfile holds no such entry, so that what is installed of it is not known; install, and add the lockfile to the change",
                called(package),
                shortened(&wanted.name)
            ));
    }
}

/// Packages that the lockfile takes from the repository, where everybody asks for a version of a registry.
fn local(locked: LockedFile<'_>, sink: &mut Sink<'_>) {
    let asked = AskedSources::of(locked);
    for package in &locked.lockfile.packages {
        let Some(path) = asked.unasked_path(package) else {
            continue;
        };
        sink.in_file(&locked.file.path)
            .report_span(package.resolved.as_ref().map_or(package.at, |(_, span)| *span))
            .severity(Severity::High)
            .discriminator(path)
            .say(&format!(
                "{} is taken from `{}` of the repository, and no package.json asks for that, so that what lies there is installed under its name; ask for the path in package.json, or delete the entry and install again",
                called(package),
                shortened(path)
            ));
    }
}

/// Entries of npm that name no version: `npm ci` refuses them, and nothing can be said of what is installed.
fn without_version(locked: LockedFile<'_>, sink: &mut Sink<'_>) {
    if locked.lockfile.kind != LockfileKind::Npm {
        return;
    }
    for package in &locked.lockfile.packages {
        // npm leaves the rest of some entries out of itself, where nothing is installed of them.
        let is_placeholder = package.resolved.is_none()
            && (package.marks.optional || package.marks.peer || package.marks.extraneous);
        let is_version = package
            .version
            .starts_with(|first: char| first.is_ascii_digit());
        if is_version
            || is_placeholder
            || package.is_bundled
            || !package.is_from_registry()
            || package.version.contains([':', '/'])
        {
            continue;
        }
        sink.in_file(&locked.file.path)
            .report_span(package.at)
            .package(locked.name_of(package), locked.seen(package))
            .discriminator("version")
            .say(&format!(
                "`{}` has no version here, so that `npm ci` refuses it and no advisory can be held against it; delete the entry and install again",
                shortened(&package.name)
            ));
    }
}

/// What an override asks for and the lockfile does not hold.
fn overridden(locked: LockedFile<'_>, sink: &mut Sink<'_>) {
    let lockfile = name_of(locked);
    for unmet in unmet(locked) {
        let (name, seen) = wished(locked.installation, unmet.name);
        let label = unmet.package.label();
        sink.in_file(&unmet.at.path)
            .report_span(unmet.at.span)
            .package(name, seen)
            .discriminator("override")
            .related_in(unmet.package.locked_at(), "what the lockfile says")
            .say(&format!(
                "the override of `{}` puts in {} and {lockfile} holds `{}`, which is {}; install, and add the lockfile to the change",
                shortened(unmet.name),
                quoted(&without_secrets(unmet.specifier)),
                shortened(&label),
                if unmet.is_range { "outside of it" } else { "something else" }
            ));
    }
}

/// What extensions add and the lockfile was not written for.
fn extended(locked: LockedFile<'_>, sink: &mut Sink<'_>) {
    let lockfile = name_of(locked);
    for unmet in unmet_extensions(locked) {
        let (name, seen) = wished(locked.installation, unmet.name);
        sink.in_file(&unmet.at.path)
            .report_span(unmet.at.span)
            .package(name, seen)
            .discriminator(&format!("extension\0{}", unmet.package.name))
            .related_in(locked.place(unmet.package.at), "what the lockfile says")
            .say(&format!(
                "packageExtensions adds `{}` as {} to {}, and {lockfile} does not hold that; install, and add the lockfile to the change",
                shortened(unmet.name),
                quoted(&without_secrets(unmet.specifier)),
                called(unmet.package)
            ));
    }
}

/// Overrides that pnpm's lockfile was written for and that nothing says any more.
fn unknown_overrides(locked: LockedFile<'_>, sink: &mut Sink<'_>) {
    for record in unsaid_overrides(locked) {
        let last = record.key.rsplit('>').next().unwrap_or_default();
        let (name, seen) = wished(locked.installation, Selector::parse(last).name);
        sink.in_file(&locked.file.path)
            .report_span(record.at)
            .package(name, seen)
            .discriminator(&format!("override\0{}", record.key))
            .say(&format!(
                "this lockfile was written for an override of `{}`, and no package.json or pnpm-workspace.yaml has one; install, and add the lockfile to the change",
                shortened(&record.key)
            ));
    }
}

/// What catalogues say and the lockfile was not written for.
fn catalogued(locked: LockedFile<'_>, sink: &mut Sink<'_>) {
    let lockfile = name_of(locked);
    for unmet in unmet_catalogs(locked) {
        let (subject, seen) = wished(locked.installation, unmet.name);
        let name = shortened(unmet.name);
        let catalog = match unmet.catalog {
            DEFAULT => "the catalog".to_owned(),
            other => format!("the catalog `{}`", shortened(other)),
        };
        let (sentence, related) = match unmet.what {
            Mismatch::Unknown => (
                format!(
                    "`{name}` asks for what {catalog} says, and that has no such entry, so that nothing can be installed; add the entry, or name a version"
                ),
                None,
            ),
            Mismatch::Other {
                specifier,
                recorded,
                recorded_at,
            } => (
                format!(
                    "`{name}` of {catalog} asks for {} and {lockfile} was written for {}; install, and add the lockfile to the change",
                    quoted(&without_secrets(specifier)),
                    quoted(&without_secrets(recorded))
                ),
                Some(recorded_at),
            ),
            Mismatch::Absent { specifier } => (
                format!(
                    "`{name}` of {catalog} asks for {} and {lockfile} does not hold that; install, and add the lockfile to the change",
                    quoted(&without_secrets(specifier))
                ),
                None,
            ),
            Mismatch::Outside {
                specifier,
                package,
                locked_at,
            } => (
                format!(
                    "`{name}` of {catalog} asks for {} and {lockfile} holds `{}`, which is outside of it; install, and add the lockfile to the change",
                    quoted(specifier),
                    shortened(&package)
                ),
                Some(locked_at),
            ),
        };
        let mut sink = sink.in_file(&unmet.at.path);
        let draft = sink
            .report_span(unmet.at.span)
            .package(subject, seen)
            .discriminator(&format!("catalog\0{}", unmet.catalog));
        let draft = match related {
            Some(place) => draft.related_in(place, "what the lockfile says"),
            None => draft,
        };
        draft.say(&sentence);
    }
}

/// What is wrong with one wish.
enum Gap {
    Absent,
    Other(String),
    Outside(String),
}

fn gap(
    locked: LockedFile<'_>,
    want: &Want,
    declared: &Declaration,
    is_listed: bool,
) -> Option<Gap> {
    let asked = Specifier::parse(&declared.specifier);
    if declared.section == Section::Peer {
        return None;
    }
    let repeated = want
        .listed
        .as_ref()
        .and_then(|listed| listed.specifier.as_deref());
    let is_of_catalog = matches!(asked, Specifier::Catalog(_));
    if !asked.is_of_registry() {
        // What comes from elsewhere may be repeated in another notation, but never as a version of a registry.
        let is_told = is_of_catalog || asked.is_exotic();
        let other =
            repeated.filter(|repeated| is_told && Specifier::parse(repeated).is_of_registry());
        let is_absent = is_of_catalog && is_listed && want.listed.is_none();
        let is_known = locked.lockfile.problems.is_empty();
        let absent = (is_absent && is_known).then_some(Gap::Absent);
        return other.map(|other| Gap::Other(other.to_owned())).or(absent);
    }
    if let Some(repeated) = repeated
        && is_comparable(&Specifier::parse(repeated))
        && plain(repeated) != plain(&declared.specifier)
    {
        return Some(Gap::Other(repeated.to_owned()));
    }
    let other = other_descriptor(locked, want, declared);
    if let Some(other) = other {
        return Some(other);
    }
    if !want.is_resolved() {
        // An entry that the reader could not make out is told elsewhere.
        let may_be_absent = declared.section == Section::Optional
            && (want.listed.is_some() || leaves_out(locked.installation, &want.name));
        let is_known = !may_be_absent && locked.lockfile.problems.is_empty();
        return is_known.then_some(Gap::Absent);
    }
    if is_listed && want.listed.is_none() {
        return Some(Gap::Absent);
    }
    let package = locked.installation.graph().target(locked.lockfile, want)?;
    let Specifier::Range(range) = asked else {
        return None;
    };
    let version = Version::parse(package.version())?;
    let is_outside = package.place() == Place::Registry && !range.satisfies(&version);
    is_outside.then(|| Gap::Outside(package.label()))
}

/// True if a lockfile repeats it as it is written.
fn is_comparable(specifier: &Specifier<'_>) -> bool {
    specifier.is_of_registry() || matches!(specifier, Specifier::Catalog(_))
}

/// What Yarn 1 holds of the name in place of what is asked for: it repeats no workspaces, but every descriptor.
fn other_descriptor(locked: LockedFile<'_>, want: &Want, declared: &Declaration) -> Option<Gap> {
    let descriptors = &locked.lockfile.descriptors;
    let is_classic =
        locked.lockfile.kind == LockfileKind::Yarn && locked.lockfile.importers.is_empty();
    if !is_classic || descriptors.is_empty() {
        return None;
    }
    let wanted = format!("{}@{}", want.name, declared.specifier);
    let first = descriptors.partition_point(|(known, _)| **known < *wanted);
    if descriptors
        .get(first)
        .is_some_and(|(known, _)| **known == *wanted)
    {
        return None;
    }
    // A workspace of the name needs no entry.
    let workspaces = locked.installation.graph().workspaces();
    if workspaces
        .iter()
        .any(|workspace| workspace.name == want.name)
    {
        return None;
    }
    let start = format!("{}@", want.name);
    let other = descriptors
        .iter()
        .find_map(|(known, _)| known.strip_prefix(&*start));
    Some(other.map_or(Gap::Absent, |other| Gap::Other(other.to_owned())))
}

fn report(
    locked: LockedFile<'_>,
    workspace: &Workspace,
    want: &Want,
    declared: &Declaration,
    gap: &Gap,
    sink: &mut Sink<'_>,
) {
    let lockfile = name_of(locked);
    let what = match gap {
        Gap::Absent => format!("{lockfile} does not hold it"),
        Gap::Other(repeated) => format!("{lockfile} was written for {}", quoted(repeated)),
        Gap::Outside(package) => {
            format!(
                "{lockfile} holds `{}`, which is outside of it",
                shortened(package)
            )
        }
    };
    let (name, seen) = wished(locked.installation, &want.name);
    let mut sink = sink.in_file(&workspace.file);
    let draft = sink
        .report_span(declared.at)
        .package(name, seen)
        .discriminator(identity(workspace));
    let (group, after) = match gap {
        Gap::Absent => (
            format!("absent\0{}", workspace.path),
            format!(" are asked for here and {lockfile} does not hold them"),
        ),
        Gap::Other(_) | Gap::Outside(_) => (
            format!("other\0{}", workspace.path),
            format!(" are asked for here and {lockfile} was written for other ranges of them"),
        ),
    };
    let draft = draft.fold(Fold {
        group: group.into(),
        called: format!("`{}`", shortened(&want.name)),
        before: String::new(),
        after: format!("{after}; install, and add the lockfile to the change"),
    });
    let listed = want.listed.as_ref();
    let draft = match listed {
        Some(listed) => draft.related_in(locked.place(listed.at), "what the lockfile says"),
        None => draft,
    };
    draft.say(&format!(
        "`{}` asks for {} and {what}; install, and add the lockfile to the change",
        shortened(&want.name),
        quoted(&without_secrets(&declared.specifier))
    ));
}

/// What a workspace keeps where it is moved: its name, where it has one.
fn identity(workspace: &Workspace) -> &str {
    if workspace.path.is_empty() || workspace.name.is_empty() {
        return &workspace.path;
    }
    &workspace.name
}

fn unknown_workspace(
    locked: LockedFile<'_>,
    workspace: &Workspace,
    first: &Want,
    sink: &mut Sink<'_>,
) {
    let at = first.declared.as_ref().map(|declared| declared.at);
    sink.in_file(&workspace.file)
        .report_span(at.unwrap_or_default())
        .discriminator("workspace")
        .say(&format!(
            "{} does not know this workspace, so that nothing that it asks for is locked; install, and add the lockfile to the change",
            name_of(locked)
        ));
}

fn unasked(
    locked: LockedFile<'_>,
    workspace: &Workspace,
    want: &Want,
    listed: &Listing,
    sink: &mut Sink<'_>,
) {
    let (name, seen) = wished(locked.installation, &want.name);
    sink.in_file(&locked.file.path)
        .report_span(listed.at)
        .package(name, seen)
        .discriminator(&format!("unasked\0{}", identity(workspace)))
        .fold(Fold {
            group: format!("unasked\0{}", workspace.path).into(),
            called: format!("`{}`", shortened(&want.name)),
            before: String::new(),
            after: format!(
                " are asked for here and by no line of {}; install, and add the lockfile to the change",
                workspace.file
            ),
        })
        .say(&format!(
            "`{}` is asked for here and by no line of {}; install, and add the lockfile to the change",
            shortened(&want.name),
            workspace.file
        ));
}

fn name_of(locked: LockedFile<'_>) -> &str {
    locked.file.path.rsplit('/').next().unwrap_or_default()
}

/// A specifier without what Yarn puts before ranges.
fn plain(specifier: &str) -> &str {
    let text = specifier.trim();
    text.strip_prefix("npm:").unwrap_or(text)
}
