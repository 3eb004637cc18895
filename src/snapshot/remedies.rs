//! How an affected package can be left: the smallest version that is proved to mend it, and who has to move for it.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::facts::Facts;
use crate::packages::advisory::Advisory;
use crate::packages::advisory::fix::{is_clean, remedy, smallest};
use crate::packages::freshness::age::{age, in_words};
use crate::packages::freshness::ascent::{Leaf, ascend};
use crate::packages::freshness::cooldown::Exemption;
use crate::packages::freshness::parent::{Parent, Way, way_to};
use crate::packages::freshness::{Acceptance, Cooldown, Engines};
use crate::packages::graph::{Installed, Origin, Step, Want};
use crate::packages::lockfile::LockfileKind;
use crate::packages::registry::Document;
use crate::packages::specifier::Specifier;
use crate::packages::upgrade::{refresh, refresh_below, respelled, take, target};
use crate::packages::{Range, Version};

use super::held::{Direct, Held};
use super::installations::Installation;
use super::overriding::overriding;

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
    let document = document(facts, package.name());
    let acceptance = facts.now.map(|now| Acceptance {
        cooldown,
        engines,
        now,
    });
    let severe = advisory.rating.severity >= Some(crate::finding::Severity::High);
    let Some(from) = said.from() else {
        let known_of = document.zip(acceptance.as_ref());
        let version = known_of.and_then(|(document, acceptance)| {
            let range = range_of(installation, package);
            spared(document, known, &current, range.as_ref(), |version| {
                let accepted = acceptance.accept(package.name(), document, version, severe);
                accepted.is_ok()
            })
        });
        let Some(version) = version else {
            return "no version is known that mends it; remove the package, or waive the finding with the reason why it does no harm here".to_owned();
        };
        let claim = format!("no advisory is about {version}");
        let mut text = moves(
            installation,
            package,
            (&version, &claim),
            facts,
            acceptance.as_ref(),
            severe,
        );
        if !text.contains(&claim) {
            // Writing to a String cannot fail.
            let _ = write!(text, " ({claim})");
        }
        let young = known_of.and_then(|known_of| youth(package.name(), &version, known_of));
        text.push_str(young.as_deref().unwrap_or_default());
        return text;
    };
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
        (&version, &format!("{version} mends it")),
        facts,
        acceptance.as_ref(),
        severe,
    );
    if !is_verified {
        // Writing to a String cannot fail.
        let _ = write!(text, " (the registry was not asked whether it is there)");
    } else if let Some(known_of) = document.zip(acceptance.as_ref()) {
        let young = youth(package.name(), &version, known_of);
        text.push_str(young.as_deref().unwrap_or_default());
    }
    text
}

/// What is to be said of a proposed version that is younger than somebody asks: a package manager that has a cooldown
/// of its own does not take it, whatever it mends.
fn youth(
    name: &str,
    version: &Version,
    (document, acceptance): (&Document, &Acceptance<'_>),
) -> Option<String> {
    let age = age(document, document.release(version)?, acceptance.now)?;
    let unmet = acceptance.cooldown.unmet(name, version, age);
    // Who holds up the installation comes before who lets it through.
    let gate = unmet.max_by_key(|gate| (gate.exemption != Exemption::Unneeded, gate.least))?;
    let is_young = format!(
        "; {version} is {} old, and `{}` asks for {}",
        in_words(age),
        gate.from,
        in_words(gate.least)
    );
    let way = match gate.exemption {
        Exemption::Unneeded => {
            return Some(format!(
                "{is_young}, which what mends a high or critical advisory need not wait for"
            ));
        }
        Exemption::Option(option) => format!("add `{option}` to the command"),
        Exemption::Names(list) => format!("put `{name}` into `{list}` there"),
        Exemption::Versions(list) => format!("put `{name}@{version}` into `{list}` there"),
    };
    Some(format!(
        "{is_young}, so that it is not taken as things stand: {way}, until it is old enough"
    ))
}

/// The lowest release above the current one that no advisory is about, though none calls it fixed: first among those
/// that are taken as things stand.
fn spared(
    document: &Document,
    known: &[Arc<Advisory>],
    current: &Version,
    range: Option<&Range>,
    accepts: impl Fn(&Version) -> bool,
) -> Option<Version> {
    let lowest = |is_taken: &dyn Fn(&Version) -> bool| {
        let published = document.releases.iter().map(|release| &release.version);
        smallest(known, current, current, published, |version| {
            !version.is_prerelease() && is_taken(version) && accepts(version)
        })
    };
    range
        .and_then(|range| lowest(&|version| range.satisfies(version)))
        .or_else(|| lowest(&|_| true))
}

fn document<'a>(facts: &'a Facts, name: &str) -> Option<&'a Document> {
    facts.registry.known()?.document(name)
}

/// Who has to move so that a version is installed.
fn moves(
    installation: &Installation,
    package: Installed<'_>,
    (version, claim): (&Version, &str),
    facts: &Facts,
    acceptance: Option<&Acceptance<'_>>,
    severe: bool,
) -> String {
    let name = package.name();
    if let Some(by) = overriding(installation, package) {
        // Whatever else asks for the package, this is what it gets.
        return match respelled(by.specifier, &version.to_string()) {
            Some(new) => format!("write `{new}` in place of `{}` there", by.specifier),
            None => claim.to_owned(),
        };
    }
    let Some(origin) = package.origin() else {
        return claim.to_owned();
    };
    if origin.distance == 1 {
        return of_direct(installation, package, origin.want, (version, claim));
    }
    let Some(parent) = parent_of(package, origin.workspace) else {
        return claim.to_owned();
    };
    let takes = ranges_in(parent, name).any(|range| range.satisfies(version));
    if takes {
        return format!(
            "{claim} and `{}` takes that, so that {} is enough",
            parent.name(),
            again_below(installation, name)
        );
    }
    let override_it = || {
        format!(
            "{claim}, and no release of `{}` that could be found takes it: put it into `{}`",
            parent.name(),
            overrides(installation.kind())
        )
    };
    if let Some(acceptance) = acceptance.filter(|_| origin.distance > 2) {
        let way = Descent {
            installation,
            package,
            origin,
        };
        if let Some(text) = way.up(version, facts, acceptance, severe) {
            return text;
        }
    }
    let (Some(document), Some(acceptance), Some(own)) = (
        document(facts, parent.name()),
        acceptance,
        Version::parse(parent.version()),
    ) else {
        return format!(
            "{claim}; update `{}`, which brings it, or put it into `{}`",
            parent.name(),
            overrides(installation.kind())
        );
    };
    let asks_itself = origin.distance == 2;
    let range = asks_itself
        .then(|| wanted_range(installation, parent, origin.want))
        .flatten();
    let parent_name = if asks_itself {
        &origin.want.name
    } else {
        parent.name()
    };
    let of_parent = Parent {
        name: parent.name(),
        document,
        version: &own,
        range: range.as_ref(),
    };
    match way_to(of_parent, name, version, acceptance, severe) {
        Way::AsItIs => format!(
            "{claim} and `{}` takes that, so that {} is enough",
            parent.name(),
            again_below(installation, name)
        ),
        Way::InRange(step) => format!(
            "update `{0}` to {1}, which {2} and which its range takes: {3}",
            parent.name(),
            step.release.version,
            needs(step.drops, name, version),
            if asks_itself {
                format!("`{}`", again(installation, parent_name))
            } else {
                again_below(installation, parent_name)
            }
        ),
        Way::BeyondRange(step) if asks_itself => format!(
            "update `{}` to {}, which {}: `{}`",
            parent.name(),
            step.release.version,
            needs(step.drops, name, version),
            take_of(installation, parent, origin, &step.release.text)
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

/// The command that moves what a workspace asks for itself within its range.
pub fn again(installation: &Installation, name: &str) -> String {
    let workspaces = installation.graph().workspaces().len();
    refresh(installation.lockfile(), name, workspaces)
}

/// The same in words for what other packages bring.
fn again_below(installation: &Installation, name: &str) -> String {
    let workspaces = installation.graph().workspaces().len();
    refresh_below(installation.lockfile(), name, workspaces)
}

/// The command that has a workspace ask for a release of what it asks for itself.
fn take_of(
    installation: &Installation,
    package: Installed<'_>,
    origin: Origin<'_>,
    release: &str,
) -> String {
    let workspaces = installation.graph().workspaces();
    let folder = workspaces
        .get(origin.want.workspace)
        .map_or("", |own| &own.path);
    let names = (&*origin.want.name, package.name());
    take(installation.lockfile(), names, release, folder)
}

/// The way to a package that lies deeper than one step below what a workspace asks for.
struct Descent<'a> {
    installation: &'a Installation,
    package: Installed<'a>,
    origin: Origin<'a>,
}

impl Descent<'_> {
    /// Who on it can move so that a version arrives; none where nothing of that is known.
    fn up(
        &self,
        version: &Version,
        facts: &Facts,
        acceptance: &Acceptance<'_>,
        severe: bool,
    ) -> Option<String> {
        let steps = self.package.paths_in(self.origin.workspace, 1);
        let steps: Vec<Installed<'_>> = steps
            .first()?
            .iter()
            .map(|step| match step {
                Step::Package(package) => Some(*package),
                // What another workspace asks for is not this one's to move.
                Step::Workspace(_) | Step::Gap(_) => None,
            })
            .collect::<Option<_>>()?;
        let (_, above) = steps.split_last()?;
        let known: Vec<(Option<&Document>, Option<Version>, Option<Range>)> = above
            .iter()
            .enumerate()
            .map(|(number, own)| {
                let before = number.checked_sub(1).and_then(|before| above.get(before));
                let range = match before {
                    Some(before) => ranges_in(*before, own.name()).next(),
                    None => wanted_range(self.installation, *own, self.origin.want),
                };
                (
                    document(facts, own.name()),
                    Version::parse(own.version()),
                    range,
                )
            })
            .collect();
        let parents: Vec<Option<Parent<'_>>> = above
            .iter()
            .zip(&known)
            .map(|(own, (document, version, range))| {
                Some(Parent {
                    name: own.name(),
                    document: (*document)?,
                    version: version.as_ref()?,
                    range: range.as_ref(),
                })
            })
            .collect();
        // Above whoever the registry says nothing of, nothing can be proved.
        let known = parents.iter().rev().take_while(|parent| parent.is_some());
        let first = parents.len() - known.count();
        let way: Vec<Parent<'_>> = parents.iter().skip(first).copied().flatten().collect();
        let current = Version::parse(self.package.version())?;
        let leaf = Leaf {
            name: self.package.name(),
            version: &current,
            fix: version,
        };
        let found = ascend(&way, first == 0, leaf, acceptance, severe)?;
        let mover = *above.get(first + found.link)?;
        let is_direct = first + found.link == 0;
        let command = match (found.is_in_range, is_direct) {
            (true, true) => format!("`{}`", again(self.installation, &self.origin.want.name)),
            (true, false) => again_below(self.installation, mover.name()),
            (false, _) => {
                let text = &found.release.text;
                format!("`{}`", take_of(self.installation, mover, self.origin, text))
            }
        };
        let mut text = format!(
            "update `{}` to {}, which {}",
            mover.name(),
            found.release.version,
            chain(&found.below)
        );
        // Writing to a String cannot fail.
        if found.is_in_range {
            text.push_str(" and which its range takes");
        }
        let _ = write!(text, ": {command}");
        if let Some(held) = found.held.first() {
            let _ = write!(text, ", then {}", again_below(self.installation, held));
        }
        Some(text)
    }
}

/// ``takes `body-parser` 1.20.2 and with it `qs` 6.11.0``
fn chain(below: &[(&str, Option<Version>)]) -> String {
    let mut text = String::new();
    for (number, (name, version)) in below.iter().enumerate() {
        let _ = match (number, version) {
            (0, Some(version)) => write!(text, "takes `{name}` {version}"),
            (_, Some(version)) => write!(text, " and with it `{name}` {version}"),
            (0, None) => write!(text, "does without `{name}`"),
            (_, None) => write!(text, ", which does without `{name}`"),
        };
    }
    text
}

fn needs(drops: bool, name: &str, version: &Version) -> String {
    if drops {
        format!("does without `{name}`")
    } else {
        format!("takes `{name}` {version}")
    }
}

/// The package that brings another one into a workspace.
fn parent_of(package: Installed<'_>, workspace: usize) -> Option<Installed<'_>> {
    let path = package.paths_in(workspace, 1).into_iter().next()?;
    match path.iter().rev().nth(1) {
        Some(Step::Package(parent)) => Some(*parent),
        _ => None,
    }
}

/// The ranges in which a package asks for another one, by whatever name.
fn ranges_in<'a>(parent: Installed<'a>, name: &'a str) -> impl Iterator<Item = Range> + 'a {
    let asked = parent.entries().flat_map(|entry| &entry.dependencies);
    // What pnpm resolved says nothing of what was asked for.
    let asked = asked.filter(|dependency| !dependency.specifier.is_empty());
    asked.filter_map(move |dependency| {
        let (real, range) = target(&dependency.name, &dependency.specifier);
        (real == name).then(|| Range::parse(range)).flatten()
    })
}

/// What a workspace asks for, also where a catalogue says it.
fn specifier<'a>(
    installation: &'a Installation,
    package: Installed<'a>,
    want: &'a Want,
) -> Option<&'a str> {
    let held = Held {
        installation,
        package,
    };
    Direct { held, want }.specifier()
}

fn wanted_range(installation: &Installation, package: Installed<'_>, want: &Want) -> Option<Range> {
    let specifier = specifier(installation, package, want)?;
    Range::parse(target(&want.name, specifier).1)
}

/// The range in which whoever brings a package asks for it.
fn range_of(installation: &Installation, package: Installed<'_>) -> Option<Range> {
    let origin = package.origin()?;
    if origin.distance == 1 {
        return wanted_range(installation, package, origin.want);
    }
    ranges_in(parent_of(package, origin.workspace)?, package.name()).next()
}

fn of_direct(
    installation: &Installation,
    package: Installed<'_>,
    want: &Want,
    (version, claim): (&Version, &str),
) -> String {
    let Some(specifier) = specifier(installation, package, want) else {
        return claim.to_owned();
    };
    let range = Range::parse(target(&want.name, specifier).1);
    if range.is_some_and(|range| range.satisfies(version)) {
        return format!(
            "{claim} and `{specifier}` takes that, so that `{}` is enough",
            again(installation, &want.name)
        );
    }
    let place = match Specifier::parse(want.specifier()) {
        Specifier::Catalog(_) => " in the catalogue",
        _ => "",
    };
    match respelled(specifier, &version.to_string()) {
        Some(new) => format!("write `{new}` in place of `{specifier}`{place}"),
        None => claim.to_owned(),
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
