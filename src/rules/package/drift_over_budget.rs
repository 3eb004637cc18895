use jiff::SignedDuration;

use crate::facts::Source;
use crate::finding::Location;
use crate::packages::Version;
use crate::packages::freshness::age::{Cause, Lag, drift, lag, years};
use crate::packages::registry::RegistryAnswers;
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::held::{Direct, direct};

declare_rule! {
    /// A change makes the dependencies older than its budget allows.
    ///
    /// ## Why it matters
    /// A libyear is a year between what is installed and what is newest. Debt of this kind comes in small steps, and is
    /// paid back at once, when an advisory leaves no choice. A budget keeps each change from adding much; what is there
    /// already blocks nobody.
    ///
    /// ## Example
    /// ```json bad
    /// # base: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"express": "^5.1.0"}},
    ///     "node_modules/express": {
    ///       "version": "5.1.0",
    ///       "resolved": "https://registry.npmjs.org/express/-/express-5.1.0.tgz",
    ///       "integrity": "sha512-abc=="
    ///     }
    ///   }
    /// }
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"express": "^4.18.2"}},
    ///     "node_modules/express": {
    ///       "version": "4.18.2",
    ///       "resolved": "https://registry.npmjs.org/express/-/express-4.18.2.tgz",
    ///       "integrity": "sha512-abc=="
    ///     }
    ///   }
    /// }
    /// # base: .tidegate.yaml
    /// packages:
    ///   drift: {budget: 1y}
    ///   outdated: {major: off}
    /// # file: .tidegate.yaml
    /// packages:
    ///   drift: {budget: 1y}
    ///   outdated: {major: off}
    /// ```
    ///
    /// ## Instead
    /// Take newer releases of what the change adds, or bring others up to date with it.
    /// ```json good
    /// # base: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"express": "^4.18.2"}},
    ///     "node_modules/express": {
    ///       "version": "4.18.2",
    ///       "resolved": "https://registry.npmjs.org/express/-/express-4.18.2.tgz",
    ///       "integrity": "sha512-abc=="
    ///     }
    ///   }
    /// }
    /// # file: package-lock.json
    /// {
    ///   "lockfileVersion": 3,
    ///   "packages": {
    ///     "": {"dependencies": {"express": "^5.1.0"}},
    ///     "node_modules/express": {
    ///       "version": "5.1.0",
    ///       "resolved": "https://registry.npmjs.org/express/-/express-5.1.0.tgz",
    ///       "integrity": "sha512-abc=="
    ///     }
    ///   }
    /// }
    /// # base: .tidegate.yaml
    /// packages:
    ///   drift: {budget: 1y}
    ///   outdated: {major: off}
    /// # file: .tidegate.yaml
    /// packages:
    ///   drift: {budget: 1y}
    ///   outdated: {major: off}
    /// ```
    ///
    /// ## Limits
    /// It looks only where `packages.drift.budget` is set, and counts what workspaces ask for themselves. Both sides are
    /// measured against the newest releases of today, so that what is published meanwhile is nobody's fault. A package
    /// whose dates are not known is left out on both sides.
    "package/drift-over-budget",
    severity: Severity::Medium,
    needs: &[Source::Dates],
    references: &["OWASP Top 10 2021: A06", "CWE-1104"],
    check: Check::Change(check),
}

/// How many causes are named.
const NAMED: usize = 3;

fn check(pair: &Pair<'_>, context: &Context, sink: &mut Sink<'_>) {
    let (Some(answers), Some(budget)) = (
        context.facts.registry.known(),
        context.packages.drift.budget,
    ) else {
        return;
    };
    let budget = SignedDuration::from_hours(i64::from(budget.hours));
    let growth = drift(&lags(pair.base, answers), &lags(pair.head, answers));
    if !growth.exceeds(budget) {
        return;
    }
    let grown = growth.causes.iter();
    let grown: Vec<_> = grown.filter(|cause| cause.growth.is_positive()).collect();
    let Some(first) = grown.first() else { return };
    let place_of = |cause: &Cause| {
        let mut all = direct(pair.head);
        let found = all.find(|direct| {
            direct.held.installation.folder == cause.project
                && direct.held.package.name() == &*cause.name
        })?;
        Some(place(found))
    };
    let Some(location) = place_of(first) else {
        return;
    };
    let named = grown.iter().take(NAMED);
    let mut named: Vec<String> = named
        .map(|cause| format!("`{}` by {}", cause.name, years(cause.growth)))
        .collect();
    if grown.len() > NAMED {
        named.push(format!("{} more", grown.len() - NAMED));
    }
    let named = match named.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => named.concat(),
    };
    let mut sink = sink.in_file(&location.path);
    let mut draft = sink.report_span(location.span);
    for cause in grown.iter().take(NAMED) {
        if let Some(at) = place_of(cause).filter(|at| *at != location) {
            let grown = years(cause.growth);
            draft = draft.related_in(at, format!("{} grows {grown} libyears older", cause.name));
        }
    }
    draft.say(&format!(
        "dependencies grow {} libyears older by this change, and packages.drift.budget allows {}: {named}; take newer releases of these, or bring others up to date as well",
        years(growth.growth()),
        years(budget)
    ));
}

fn place(direct: Direct<'_>) -> Location {
    let package = direct.held.package;
    let location = package.graph().location(direct.want);
    location.unwrap_or_else(|| package.locked_at())
}

fn lags(snapshot: &Snapshot, answers: &RegistryAnswers) -> Vec<Lag> {
    direct(snapshot)
        .map(|direct| {
            let package = direct.held.package;
            let version = Version::parse(package.version());
            let document = answers.document(package.name());
            Lag {
                project: direct.held.installation.folder.clone(),
                name: package.shared_name(),
                version: package.version().into(),
                lag: document
                    .zip(version.as_ref())
                    .and_then(|(document, version)| lag(document, version)),
            }
        })
        .collect()
}
