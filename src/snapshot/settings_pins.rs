//! What settings of a whole installation ask for and its lockfile does not hold: what overrides and extensions put in,
//! and the packages that pnpm takes its own settings from.

use std::sync::Arc;

use crate::finding::Location;
use crate::packages::graph::{Installed, Scope, Want, Workspace};
use crate::packages::lockfile::{
    Importer, Locked, Lockfile, LockfileKind, PackageIndex, Section, Wanted,
};
use crate::packages::overrides::{Override, Replacement};
use crate::packages::pnpm_workspace::ConfigDependency;
use crate::packages::specifier::Specifier;
use crate::packages::{PackageJson, PnpmWorkspace, Range};
use crate::syntax::Span;

use super::SourceFile;
use super::extended::additions;
use super::installations::{Installation, PinnedBy};
use super::overriding::{is_kept_by_root, is_within, override_files};
use super::pins::{Pin, pins_of, takes};
use super::substituted::specifier;

/// What a setting asks for, where it stands, and for what it counts.
struct Asked<'a> {
    name: &'a str,
    specifier: &'a str,
    section: Section,
    /// True if it is put over what a workspace asks for and is not locked: what that pins stands at the workspace.
    is_of_workspace: bool,
    file: &'a SourceFile,
    at: Span,
}

/// A package of which a setting names no version.
pub(super) struct Open<'a> {
    /// The real name.
    pub(super) name: &'a str,
    /// The setting.
    pub(super) at: Location,
}

/// The pins of each file of settings, in the form of a lockfile whose root asks for them.
pub(super) fn unmet(installation: &Installation) -> Vec<(PinnedBy, Arc<str>, Lockfile)> {
    let asked = asked(installation);
    let all = [
        (PinnedBy::Root, installation.root_file()),
        (PinnedBy::PnpmWorkspace, installation.pnpm_workspace_file()),
        (PinnedBy::YarnSettings, installation.yarn_settings_file()),
    ];
    let lockfiles = all.into_iter().filter_map(|(by, file)| {
        let path = &file?.path;
        let own = asked.iter();
        let own = own.filter(|asked| asked.file.path == *path && !asked.is_of_workspace);
        let pins = own.flat_map(|asked| {
            let pins = pins_of(asked.name, asked.specifier).into_iter();
            pins.map(move |pin| (pin, asked))
        });
        let is_held = |pin: &Pin| {
            let mut named = installation.named(&pin.name);
            named.any(|held| held.is_from_registry() && held.version() == pin.version)
        };
        let lockfile = lockfile_of(pins.filter(|(pin, _)| !is_held(pin)));
        (!lockfile.packages.is_empty()).then_some((by, Arc::clone(path), lockfile))
    });
    lockfiles.collect()
}

/// What settings ask a registry for in no certain version, and the lockfile holds nothing of.
pub(super) fn open(installation: &Installation) -> impl Iterator<Item = Open<'_>> {
    asked(installation).into_iter().filter_map(|asked| {
        let (name, specifier) = Specifier::parse(asked.specifier).unaliased(asked.name);
        let is_open = specifier.is_of_registry() && !matches!(specifier, Specifier::Exact(_));
        let mut held = installation.named(name);
        let is_held = held.any(Installed::is_from_registry);
        (is_open && !is_held).then(|| Open {
            name,
            at: Location {
                path: Arc::clone(&asked.file.path),
                span: asked.at,
            },
        })
    })
}

/// What pnpm installs for itself before all else, by `pnpm-workspace.yaml` or by the root, each with its file. pnpm up to
/// version 10 reads the latter.
pub(super) fn own_packages(
    installation: &Installation,
) -> impl Iterator<Item = (&SourceFile, ConfigDependency<'_>)> {
    let is_of_pnpm = installation
        .kind()
        .is_none_or(|kind| kind == LockfileKind::Pnpm);
    let root = installation.root_file().filter(|_| is_of_pnpm);
    let of_root = root.and_then(|file| Some((file, PackageJson::of(file.tree()?)?)));
    let of_root = of_root.into_iter().flat_map(|(file, package)| {
        let all = package.config_dependencies();
        all.map(move |one| (file, one))
    });
    let workspace = installation.pnpm_workspace_file();
    let workspace = workspace.and_then(|file| Some((file, PnpmWorkspace::of(file.tree()?)?)));
    let of_workspace = workspace.into_iter().flat_map(|(file, workspace)| {
        let all = workspace.config_dependencies();
        all.map(move |one| (file, one))
    });
    of_root.chain(of_workspace)
}

fn asked(installation: &Installation) -> Vec<Asked<'_>> {
    let kind = installation.kind();
    let mut all = Vec::new();
    for (file, overrides) in override_files(installation) {
        // Before there is a lockfile, it is not known who installs.
        let overrides = overrides.into_iter();
        let read = overrides.filter(|one| kind.is_none_or(|kind| one.home.is_read_by(kind)));
        all.extend(read.filter_map(|one| {
            // What the root asks for is a pin of its own.
            if matches!(one.replacement, Replacement::OfRoot(_)) {
                return None;
            }
            let (section, is_of_workspace) = section_of(installation, &one)?;
            Some(Asked {
                name: one.package.name,
                specifier: specifier(installation, &one)?,
                section,
                is_of_workspace,
                file,
                at: one.span(),
            })
        }));
    }
    for (file, addition) in additions(installation) {
        let Some(specifier) = addition.specifier else {
            continue;
        };
        let named = installation.named(addition.package.name);
        let extended = named.filter(|held| addition.is_for(held.name(), held.version()));
        let Some(scope) = extended.map(Installed::scope).min() else {
            continue;
        };
        // A peer is brought by whoever uses the package.
        if addition.section != Section::Peer {
            all.push(Asked {
                name: addition.name,
                specifier,
                section: section(scope),
                is_of_workspace: false,
                file,
                at: addition.at,
            });
        }
    }
    for (file, own) in own_packages(installation) {
        let specifiers = [Some(own.version), own.tarball].into_iter().flatten();
        all.extend(specifiers.map(|specifier| Asked {
            name: own.name,
            specifier,
            section: Section::Environment,
            is_of_workspace: false,
            file,
            at: own.at,
        }));
    }
    all
}

/// For what an override counts: what it puts something in the place of, in the lockfile or before something is locked;
/// none where nothing asks for that. With it whether that is what a workspace itself asks for and is not locked.
fn section_of(installation: &Installation, one: &Override<'_>) -> Option<(Section, bool)> {
    // Without a lockfile nobody knows what is asked for, and somebody wrote it for something.
    if installation.file.is_none() {
        return Some((Section::Production, false));
    }
    let replaced = |held: &Installed<'_>| {
        let range = one.package.range;
        !is_kept_by_root(installation, *held)
            && range.is_none_or(|range| takes(range, held.version()))
            && is_within(one, *held)
    };
    let replaced = installation.named(one.package.name).filter(replaced);
    if let Some(scope) = replaced.map(Installed::scope).min() {
        return Some((section(scope), false));
    }
    let outermost = one.within.iter().find(|parent| parent.name != "**");
    let is_wanted = |want: &Want| {
        let range = one.package.range;
        *want.name == *one.package.name
            && range.is_none_or(|range| may_take(range, want.specifier()))
    };
    let is_meant = |workspace: &Workspace, want: &Want| match outermost {
        None => is_wanted(want),
        Some(parent) if *workspace.name == *parent.name => is_wanted(want),
        Some(parent) => *want.name == *parent.name,
    };
    let graph = installation.graph();
    let workspaces = graph.workspaces().iter().enumerate();
    let open = workspaces.flat_map(|(number, workspace)| {
        let wants = graph.wants(number).iter();
        wants.filter(move |want| !want.is_resolved() && is_meant(workspace, want))
    });
    let first = open.min_by_key(|want| want.section)?;
    Some((first.section, *first.name == *one.package.name))
}

/// True if an override of a range may be meant for who asks with a specifier.
fn may_take(range: &str, specifier: &str) -> bool {
    match (Range::parse(range), Specifier::parse(specifier)) {
        (Some(range), Specifier::Range(asked)) => range.meets(&asked),
        (_, Specifier::Exact(_)) => takes(range, specifier),
        _ => true,
    }
}

fn section(scope: Scope) -> Section {
    match scope {
        Scope::Production => Section::Production,
        Scope::Peer => Section::Peer,
        Scope::Optional => Section::Optional,
        Scope::Development => Section::Development,
        Scope::Environment | Scope::Unreached => Section::Environment,
    }
}

fn lockfile_of<'a>(pins: impl Iterator<Item = (Pin, &'a Asked<'a>)>) -> Lockfile {
    let mut lockfile = Lockfile::empty(LockfileKind::Npm, String::new());
    let mut dependencies = Vec::new();
    for (index, (pin, asked)) in (0u32..).zip(pins) {
        dependencies.push(Wanted {
            name: pin.name.as_str().into(),
            section: Some(asked.section),
            specifier: None,
            to: Some(PackageIndex(index)),
            at: asked.at,
        });
        let locked = Locked::new(pin.name, pin.version, asked.at);
        lockfile.packages.push(locked);
    }
    lockfile.importers.push(Importer {
        path: "".into(),
        name: None,
        at: Span::default(),
        dependencies,
    });
    lockfile
}
