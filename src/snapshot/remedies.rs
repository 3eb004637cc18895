//! How an affected package can be left: the smallest version that is proved to mend it, and who has to move for it.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::facts::Facts;
use crate::packages::advisory::Advisory;
use crate::packages::advisory::fix::{is_clean, remedy, smallest};
use crate::packages::freshness::parent::{Parent, Way, way_to};
use crate::packages::freshness::{Acceptance, Cooldown, Engines};
use crate::packages::graph::{Installed, Step, Want};
use crate::packages::lockfile::LockfileKind;
use crate::packages::registry::Document;
use crate::packages::upgrade::{refresh, respelled};
use crate::packages::{Range, Version};

use super::installations::Installation;

/// What is to be said of an advisory: what to do, or that nothing is known.
#[must_use]
pub fn action(
    installation: &Installation,
    package: Installed<'_>,
    advisory: &Advisory,
    known: &[Arc<Advisory>],
    facts: &Facts,
    (cooldown, engines): (&Cooldown, Option<&Engines>),
) -> String {
    let Some(current) = Version::parse(package.version()) else {
        return "its version cannot be compared, so that no fix is proposed".to_owned();
    };
    let said = remedy(advisory, known, &current);
    let Some(from) = said.from() else {
        return "no version is known that mends it; remove the package, or waive the finding with the reason why it does no harm here".to_owned();
    };
    let document = document(facts, package.name());
    let acceptance = facts.now.map(|now| Acceptance {
        cooldown,
        engines,
        now,
    });
    let severe = advisory.rating.severity >= Some(crate::finding::Severity::High);
    let (version, is_verified) = match (document, &acceptance) {
        (Some(document), Some(acceptance)) => {
            let published = document.releases.iter().map(|release| &release.version);
            let accepts = |version: &Version| {
                acceptance
                    .accept(package.name(), document, version, severe)
                    .is_ok()
            };
            match smallest(known, &current, from, published, accepts) {
                Some(version) => (version, true),
                None => {
                    return format!(
                        "{from} would mend it, but no release from there on is free of advisories, old enough and fit for the Node.js of this repository"
                    );
                }
            }
        }
        // Without the registry only a version that somebody names is proposed.
        _ => match said.fixes.iter().find(|fix| is_clean(fix, known)) {
            Some(fix) => (fix.clone(), false),
            None => return format!("versions above {from} are not affected"),
        },
    };
    let mut text = moves(
        installation,
        package,
        &version,
        facts,
        acceptance.as_ref(),
        severe,
    );
    if !is_verified {
        // Writing to a String cannot fail.
        let _ = write!(text, " (the registry was not asked whether it is there)");
    }
    text
}

fn document<'a>(facts: &'a Facts, name: &str) -> Option<&'a Document> {
    facts.registry.known()?.document(name)
}

/// Who has to move so that a version is installed.
fn moves(
    installation: &Installation,
    package: Installed<'_>,
    version: &Version,
    facts: &Facts,
    acceptance: Option<&Acceptance<'_>>,
    severe: bool,
) -> String {
    let name = package.name();
    let Some(origin) = package.origin() else {
        return format!("{version} mends it");
    };
    if origin.distance == 1 {
        return of_direct(installation, name, origin.want, version);
    }
    let path = package.paths_in(origin.workspace, 1).into_iter().next();
    let mut steps = path.iter().flatten().rev().skip(1);
    let parent = match steps.next() {
        Some(Step::Package(parent)) => *parent,
        _ => return format!("{version} mends it"),
    };
    let takes = parent
        .entries()
        .flat_map(|entry| &entry.dependencies)
        .filter(|dependency| is_to(&dependency.name, name))
        .any(|dependency| {
            let range = Range::parse(&dependency.specifier);
            range.is_some_and(|range| range.satisfies(version))
        });
    if takes {
        return format!(
            "{version} mends it and `{}` takes that, so that `{}` is enough",
            parent.name(),
            refresh(installation.lockfile(), name)
        );
    }
    let override_it = || {
        format!(
            "{version} mends it, and no release of `{}` that could be found takes it: put it into `{}`",
            parent.name(),
            overrides(installation.kind())
        )
    };
    let (Some(document), Some(acceptance), Some(own)) = (
        document(facts, parent.name()),
        acceptance,
        Version::parse(parent.version()),
    ) else {
        return format!(
            "{version} mends it; update `{}`, which brings it, or put it into `{}`",
            parent.name(),
            overrides(installation.kind())
        );
    };
    let range = (origin.distance == 2)
        .then(|| Range::parse(origin.want.specifier()))
        .flatten();
    let of_parent = Parent {
        name: parent.name(),
        document,
        version: &own,
        range: range.as_ref(),
    };
    match way_to(of_parent, name, version, acceptance, severe) {
        Way::AsItIs => format!(
            "{version} mends it and `{}` takes that, so that `{}` is enough",
            parent.name(),
            refresh(installation.lockfile(), name)
        ),
        Way::InRange(step) => format!(
            "update `{0}` to {1}, which {2} and which its range takes: `{3}`",
            parent.name(),
            step.release.version,
            needs(step.drops, name, version),
            refresh(installation.lockfile(), parent.name())
        ),
        Way::BeyondRange(step) => format!(
            "update `{}` to {}, which {}",
            parent.name(),
            step.release.version,
            needs(step.drops, name, version)
        ),
        Way::None { .. } => override_it(),
    }
}

fn needs(drops: bool, name: &str, version: &Version) -> String {
    if drops {
        format!("does without `{name}`")
    } else {
        format!("takes `{name}` {version}")
    }
}

/// True if a name leads to a package: an alias is another name.
fn is_to(installed_as: &str, name: &str) -> bool {
    installed_as == name
}

fn of_direct(installation: &Installation, name: &str, want: &Want, version: &Version) -> String {
    let specifier = want.specifier();
    let is_taken = Range::parse(specifier).is_some_and(|range| range.satisfies(version));
    if is_taken {
        return format!(
            "{version} mends it and `{specifier}` takes that, so that `{}` is enough",
            refresh(installation.lockfile(), name)
        );
    }
    match respelled(specifier, &version.to_string()) {
        Some(new) => format!("write `{new}` in place of `{specifier}`"),
        None => format!("{version} mends it"),
    }
}

/// Where versions are put over those that packages ask for.
fn overrides(kind: Option<LockfileKind>) -> &'static str {
    match kind {
        Some(LockfileKind::Yarn) => "resolutions",
        Some(LockfileKind::Pnpm) => "pnpm.overrides",
        _ => "overrides",
    }
}
