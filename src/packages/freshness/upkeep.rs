//! Whether somebody still cares for a package.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::packages::registry::{Document, Release};

/// The time without a release after which a package counts as unmaintained where the configuration does not say: three
/// years.
pub const SILENCE: SignedDuration = SignedDuration::from_hours(3 * 365 * 24);

/// A text by which a publisher advises against a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deprecation {
    /// What it says, as written.
    pub text: Arc<str>,
    /// Who passes it on.
    pub from: DeprecationSource,
}

/// Where a deprecation was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeprecationSource {
    /// The registry, today.
    Registry,
    /// The lockfile: what the registry said when it was written.
    Lockfile,
}

/// Whether a version is deprecated. The registry knows better than a lockfile, which may be older than the advice or
/// than its withdrawal.
#[must_use]
pub fn deprecation(locked: Option<&str>, release: Option<&Release>) -> Option<Deprecation> {
    if let Some(release) = release {
        return release.deprecated.as_ref().map(|text| Deprecation {
            text: Arc::clone(text),
            from: DeprecationSource::Registry,
        });
    }
    let text = locked.map(str::trim).filter(|text| !text.is_empty())?;
    Some(Deprecation {
        text: text.into(),
        from: DeprecationSource::Lockfile,
    })
}

/// A package that got no release for long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unmaintained {
    /// When its last release was, whatever version that was.
    pub last: Timestamp,
    /// How long ago that is.
    pub silence: SignedDuration,
}

/// Whether a package got no release for longer than that. A package whose dates are not known is not judged.
#[must_use]
pub fn unmaintained(
    document: &Document,
    longest: SignedDuration,
    now: Timestamp,
) -> Option<Unmaintained> {
    let last = document.last_published()?;
    let silence = now.duration_since(last);
    (silence > longest).then_some(Unmaintained { last, silence })
}
