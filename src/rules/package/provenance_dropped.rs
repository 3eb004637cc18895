use std::collections::BTreeMap;

use crate::facts::Source;
use crate::packages::Version;
use crate::packages::registry::{Document, Release};
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::snapshot::held::{Held, arrivals, held};

declare_rule! {
    /// A change takes a release that nothing proves the origin of, where the one before was proved.
    ///
    /// ## Why it matters
    /// The release before was published by the pipeline of its repository, and the registry can show from which commit.
    /// This one was published by hand or with a token: which is what somebody does who has stolen one.
    ///
    /// High is what a trusted publisher published before, as such a package needs no tokens at all.
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
    /// Stay with the release before until its publishers say why.
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
    /// It is silent about packages that publish both ways: of which, between the first release that was proved and this
    /// one, a third or more were not. What the release says of itself is not verified here; `npm audit signatures` does.
    "package/provenance-dropped",
    severity: Severity::Medium,
    other_severities: &[Severity::High],
    needs: &[Source::Registry],
    references: &["SLSA v1.0", "CICD-SEC-9", "CWE-345"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, context: &Context, sink: &mut Sink<'_>) {
    let Some(answers) = context.facts.registry.known() else {
        return;
    };
    let mut known: BTreeMap<&str, Vec<Version>> = BTreeMap::new();
    for (name, version) in held(pair.base).map(Held::key) {
        known
            .entry(name)
            .or_default()
            .extend(Version::parse(version));
    }
    for held in arrivals(Some(pair.base), pair.head) {
        let (name, text) = held.key();
        let (Some(document), Some(version), Some(before)) = (
            answers.document(name),
            Version::parse(text),
            known.get(name),
        ) else {
            continue;
        };
        // An upgrade leaves the highest one below it behind.
        let before = before.iter().filter(|before| **before < version).max();
        let before = before.and_then(|before| document.release(before));
        if let (Some(before), Some(release)) = (before, document.release(&version))
            && is_proved(before)
            && !is_proved(release)
            && !publishes_both_ways(document, release)
        {
            report(held, before, sink);
        }
    }
}

/// True if the registry can show where a release was built, or that no person's token published it.
fn is_proved(release: &Release) -> bool {
    release.has_provenance || release.by_trusted_publisher
}

/// True if releases without a proof are nothing unusual since there are any with one.
fn publishes_both_ways(document: &Document, release: &Release) -> bool {
    let mut earlier: Vec<_> = document
        .releases
        .iter()
        .filter_map(|other| Some((document.published(other)?, is_proved(other))))
        .collect();
    earlier.sort_unstable();
    let until = document.published(release);
    let earlier = earlier
        .into_iter()
        .filter(|(published, _)| until.is_none_or(|until| *published < until))
        .skip_while(|(_, is_proved)| !is_proved);
    let (mut all, mut bare) = (0_usize, 0_usize);
    for (_, is_proved) in earlier {
        all += 1;
        bare += usize::from(!is_proved);
    }
    bare * 3 >= all && bare > 0
}

fn report(held: Held<'_>, before: &Release, sink: &mut Sink<'_>) {
    let location = held.package.location();
    let (severity, how) = if before.by_trusted_publisher {
        (Severity::High, "by a trusted publisher")
    } else {
        (Severity::Medium, "with provenance")
    };
    sink.report_package(held, &location)
        .discriminator(held.package.version())
        .severity(severity)
        .say(&format!(
            "{} was published without a proof of its origin, where {} was published {how}; stay with that one until its publishers say why",
            held.called(),
            before.text
        ));
}
