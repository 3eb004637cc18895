//! The override that decides in which version a package is installed.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::finding::Location;
use crate::packages::graph::{Installed, Step};
use crate::packages::lockfile::LockfileKind;
use crate::packages::overrides::{Override, Replacement};
use crate::packages::specifier::Specifier;
use crate::packages::upgrade::target;
use crate::packages::{PackageJson, PnpmWorkspace, Range, Version};

use super::SourceFile;
use super::installations::Installation;

/// How many ways to a package are looked at for the parent that an override names.
const WAYS: usize = 16;

/// An override, with its file.
#[derive(Clone, Debug)]
pub struct Overriding<'a> {
    /// The specifier that it puts in.
    pub specifier: &'a str,
    /// The key and the value.
    pub at: Location,
}

/// The override that a package owes its version to; the last of several, which is the nearest that npm and pnpm take.
#[must_use]
pub fn overriding<'a>(
    installation: &'a Installation,
    package: Installed<'_>,
) -> Option<Overriding<'a>> {
    if is_kept_by_root(installation, package) {
        return None;
    }
    let version = Version::parse(package.version())?;
    let decides = |one: &Override<'a>| {
        // Before there is a lockfile, it is not known who installs.
        if (installation.kind()).is_some_and(|kind| !one.home.is_read_by(kind)) {
            return false;
        }
        let Replacement::Specifier(specifier) = one.replacement else {
            return false;
        };
        let (name, range) = target(one.package.name, specifier);
        name == package.name()
            && Range::parse(range).is_some_and(|range| range.satisfies(&version))
            && is_within(one, package)
    };
    let all = override_files(installation).flat_map(|(file, overrides)| {
        let overrides = overrides.into_iter();
        overrides.map(move |one| (file, one))
    });
    let (file, found) = all.filter(|(_, one)| decides(one)).last()?;
    let Replacement::Specifier(specifier) = found.replacement else {
        return None;
    };
    Some(Overriding {
        specifier,
        at: Location {
            path: Arc::clone(&file.path),
            span: found.span(),
        },
    })
}

/// The names in whose place an override puts something else than the package of that name. Where nobody knows who
/// installs, every override counts.
pub(super) fn led_away(installation: &Installation) -> BTreeSet<&str> {
    let kind = installation.kind();
    let overrides = installation.overrides().into_iter();
    let read = overrides.filter(|one| kind.is_none_or(|kind| one.home.is_read_by(kind)));
    let led = read.filter(|one| match one.replacement {
        Replacement::Specifier(specifier) => match Specifier::parse(specifier) {
            Specifier::Alias { name, .. } => name != one.package.name,
            specifier => !specifier.is_of_registry(),
        },
        Replacement::OfRoot(_) => false,
        Replacement::Nothing => true,
    });
    led.map(|one| one.package.name).collect()
}

/// The files of an installation that hold overrides, in their order.
pub(super) fn override_files(
    installation: &Installation,
) -> impl Iterator<Item = (&SourceFile, Vec<Override<'_>>)> {
    let of_root = installation.root_file().and_then(|file| {
        let package = PackageJson::of(file.tree()?)?;
        Some((file, package.overrides()))
    });
    let of_pnpm = installation.pnpm_workspace_file().and_then(|file| {
        let workspace = PnpmWorkspace::of(file.tree()?)?;
        Some((file, workspace.overrides()))
    });
    of_root.into_iter().chain(of_pnpm)
}

/// True if npm installs nothing where an override says something else of a package: the root asks for it itself.
pub(super) fn is_kept_by_root(installation: &Installation, package: Installed<'_>) -> bool {
    if installation.kind() != Some(LockfileKind::Npm) {
        return false;
    }
    let graph = installation.graph();
    let wants = graph.wants_of_root().iter();
    let Some(lockfile) = installation.lockfile() else {
        return false;
    };
    let mut targets = wants.filter_map(|want| graph.target(lockfile, want));
    targets.any(|target| target.number() == package.number())
}

/// True if a package is one of those that an override is for, by the nearest parent that it names.
pub(super) fn is_within(one: &Override<'_>, package: Installed<'_>) -> bool {
    let Some(parent) = one.within.iter().rev().find(|parent| parent.name != "**") else {
        return true;
    };
    let workspaces = package.workspaces();
    let ways = workspaces.flat_map(|(workspace, _)| package.paths_in(workspace, WAYS));
    let mut steps = ways.take(WAYS).flatten();
    steps.any(|step| match step {
        Step::Package(step) => step.name() == parent.name,
        Step::Workspace(workspace) => *workspace.name == *parent.name,
        Step::Gap(_) => false,
    })
}
