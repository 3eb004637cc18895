use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::facts::Source;
use crate::kubernetes::field::shortened;
use crate::packages::Version;
use crate::packages::advisory::{Advisories, Advisory};
use crate::packages::freshness::age::in_words;
use crate::packages::freshness::cooldown::{Cooldown, Maturity, Youth};
use crate::packages::registry::Document;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::cooldowns::visit_arrivals;
use crate::snapshot::held::{Held, held};

declare_rule! {
    /// A release is installed that is younger than the cooldown allows.
    ///
    /// ## Why it matters
    /// Most stolen releases are found and taken back within hours or a few days. Who waits that long never installs
    /// them; who takes each release at once is the one who finds out.
    ///
    /// ## Example
    /// ```json bad
    /// # base: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.1.3"}},
    ///     "node_modules/ms": {
    ///       "version": "2.1.3",
    ///       "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.3.tgz",
    ///       "integrity": "sha512-abc=="
    ///     }
    ///   }
    /// }
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.1.3"}},
    ///     "node_modules/ms": {
    ///       "version": "2.1.4",
    ///       "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.4.tgz",
    ///       "integrity": "sha512-xyz=="
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// Stay where you are for those days, and let the package manager keep the cooldown by itself (`min-release-age` of
    /// npm, `minimumReleaseAge` of pnpm).
    /// ```json good
    /// # base: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"ms": "^2.1.2"}},
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
    ///     "": {"dependencies": {"ms": "^2.1.2"}},
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
    /// The longest demand counts: that of `packages.cooldown` (three days where nothing is written), of npm, pnpm, Yarn
    /// and Bun, and of Renovate, as their files on the side of the base have it; what any of them excludes need not be
    /// old. Judged is what a change brings in, also through other packages; without a base, what workspaces ask for
    /// themselves. A release that mends a high or critical advisory of the version before, or of the one that would be
    /// taken instead, is let through, and told as a note. Packages that come with another one in the same version, as those for single platforms do, are told with it.
    /// A release whose date the registry does not know is not judged, and named in the coverage.
    "package/too-new",
    severity: Severity::Medium,
    other_severities: &[Severity::Note],
    needs: &[Source::Dates],
    references: &["CICD-SEC-3", "CWE-1357", "CWE-829"],
    check: Check::Arrivals(check),
}

/// A release that is too young.
struct Young<'a> {
    held: Held<'a>,
    youth: Youth,
    /// The newest release before it that is old enough.
    before: Option<&'a str>,
}

fn check(base: Option<&Snapshot>, head: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let facts = &context.facts;
    let (Some(answers), Some(now)) = (facts.registry.known(), facts.now) else {
        return;
    };
    let mut known: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, version) in base.into_iter().flat_map(held).map(Held::key) {
        known.entry(name).or_default().insert(version);
    }
    let mut young = Vec::new();
    let own = context.packages.cooldown;
    visit_arrivals(
        base,
        head,
        answers,
        own,
        &mut |held, document, release, cooldown| {
            let (name, text) = held.key();
            let before = known.get(name).into_iter().flatten().copied();
            let advisories = facts.advisories.known();
            let mature = || mature(document, &release.version, name, cooldown, now);
            let mended = mended(advisories, name, text, before).map(|(advisory, old)| Mended {
                advisory,
                old,
                is_held: true,
            });
            // Whoever would wait for it took the last one that is old enough, also where nobody has that yet.
            let mended = mended.or_else(|| {
                let (advisory, old) = self::mended(advisories, name, text, mature().take(1))?;
                Some(Mended {
                    advisory,
                    old,
                    is_held: false,
                })
            });
            let published = document.published(release);
            let severe = mended.is_some();
            match (
                cooldown.judge(name, &release.version, published, now, severe),
                mended,
            ) {
                (Maturity::Young(youth), _) => young.push(Young {
                    held,
                    youth,
                    before: mature().find(|old| !is_worse(advisories, name, old, text)),
                }),
                (Maturity::Excused(youth), Some(mended)) => {
                    excuse(held, &youth, &mended, sink);
                }
                _ => {}
            }
        },
    );
    for one in heads(&young) {
        report(&young, one, sink);
    }
}

/// The severe advisory that a new version mends, and the version that has it. None where the new one has one itself.
fn mended<'a>(
    advisories: Option<&'a Advisories>,
    name: &str,
    version: &str,
    before: impl Iterator<Item = &'a str>,
) -> Option<(&'a Advisory, &'a str)> {
    let advisories = advisories?;
    let severe = |version: &str| {
        let mut affecting = advisories.affecting(name, version);
        affecting.find(|advisory| {
            advisory.is_malware || advisory.rating.severity >= Some(Severity::High)
        })
    };
    if severe(version).is_some() {
        return None;
    }
    let mut before = before;
    before.find_map(|old| Some((&**severe(old)?, old)))
}

/// The severe advisory that a young release mends.
struct Mended<'a> {
    advisory: &'a Advisory,
    /// The version that has it.
    old: &'a str,
    /// True if the base has that version; else it is the one that would be taken instead.
    is_held: bool,
}

/// True if an older version has an advisory that the new one has not.
fn is_worse(advisories: Option<&Advisories>, name: &str, old: &str, new: &str) -> bool {
    let of = |version| {
        let known = advisories.into_iter();
        known.flat_map(move |known| known.affecting(name, version))
    };
    of(old).any(|advisory| of(new).all(|other| other.id != advisory.id))
}

/// The stable releases below a version that are old enough and that nobody advises against, the highest first.
fn mature<'a>(
    document: &'a Document,
    version: &Version,
    name: &str,
    cooldown: &Cooldown,
    now: Timestamp,
) -> impl Iterator<Item = &'a str> {
    let below = document.releases.iter().rev().filter(|release| {
        release.version < *version
            && !release.version.is_prerelease()
            && release.deprecated.is_none()
    });
    let found = below.filter(move |release| {
        let published = document.published(release);
        let maturity = cooldown.judge(name, &release.version, published, now, false);
        matches!(maturity, Maturity::Mature)
    });
    found.map(|release| &*release.text)
}

/// Those that are told by themselves: not what comes with another young one in its version.
fn heads<'y, 'a>(young: &'y [Young<'a>]) -> impl Iterator<Item = &'y Young<'a>> {
    young
        .iter()
        .filter(|one| !young.iter().any(|other| comes_with(one, other)))
}

/// True if one is brought by the other, in its version.
fn comes_with(one: &Young<'_>, other: &Young<'_>) -> bool {
    one.held.key().1 == other.held.key().1
        && one.held.key().0 != other.held.key().0
        && one.held.installation.folder == other.held.installation.folder
        && !one.held.package.is_direct()
        && brings(other.held).contains(one.held.key().0)
}

fn brings(held: Held<'_>) -> BTreeSet<&str> {
    let dependencies = held.package.entries().flat_map(|entry| &entry.dependencies);
    dependencies.map(|dependency| &*dependency.name).collect()
}

fn report(young: &[Young<'_>], one: &Young<'_>, sink: &mut Sink<'_>) {
    let with = young.iter().filter(|other| comes_with(other, one)).count();
    let mut who = one.held.called();
    if with > 0 {
        let (number, come) = if with == 1 {
            ("one more package".to_owned(), "comes")
        } else {
            (format!("{with} more packages"), "come")
        };
        who = format!(
            "{}, with {number} that {come} with it,",
            who.trim_end_matches(',')
        );
    }
    let Youth {
        age,
        least,
        from,
        mature_at,
        ..
    } = &one.youth;
    let until = mature_at
        .to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%d %H:%M UTC");
    let instead = match one.before {
        Some(before) => format!("take {before} until {until}"),
        None => format!("wait until {until}"),
    };
    let location = one.held.package.location();
    sink.report_package(one.held, &location)
        .discriminator(one.held.package.version())
        .say(&format!(
            "{who} was published {} ago, and {} asks for {} before it is installed, as stolen releases are found within days; {instead}",
            in_words(*age),
            shortened(from),
            in_words(*least),
        ));
}

fn excuse(held: Held<'_>, youth: &Youth, mended: &Mended<'_>, sink: &mut Sink<'_>) {
    let which = if mended.is_held {
        ""
    } else {
        ", the last release that is old enough"
    };
    let location = held.package.location();
    sink.report_package(held, &location)
        .discriminator(held.package.version())
        .severity(Severity::Note)
        .say(&format!(
            "{} was published {} ago, and {} asks for {}; it is let through, as it mends {}, which {} has{which}; read what else it changes",
            held.called(),
            in_words(youth.age),
            shortened(&youth.from),
            in_words(youth.least),
            shortened(mended.advisory.told_of(mended.old).id),
            shortened(mended.old),
        ));
}
