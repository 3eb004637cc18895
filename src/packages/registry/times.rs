//! Whether the dates of a document can be relied upon.
//!
//! A mirror may tell when it fetched a version instead of when that was published. An age computed from that is
//! wrong, and a wrong age is worse than none: such dates are taken away.

use jiff::{Timestamp, ToSpan};

use super::document::Release;

/// What the dates of a document are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// They make sense.
    Known,
    /// There are none.
    Missing,
    /// They contradict each other.
    Nonsense,
}

/// What is later than this much after now was never published; clocks differ by less, in minutes.
const SKEW: i64 = 60;

/// So many contradictions could be an accident of the registry.
const ACCIDENTS: usize = 2;

/// Reads a date of a document: an instant in ISO 8601 since npm exists and not after now.
pub(super) fn read(text: &str, now: Timestamp) -> Option<Timestamp> {
    let time: Timestamp = text.trim().parse().ok()?;
    // npm's first version is of 2009.
    let first: Timestamp = "2009-01-01T00:00:00Z".parse().ok()?;
    let last = now.checked_add(SKEW.minutes()).ok()?;
    (first..=last).contains(&time).then_some(time)
}

/// Weighs dates. Patches of one line are published one after the other; where more than a tenth of the neighbours
/// are the other way round, or most dates are one and the same instant, somebody else's clock speaks.
pub(super) fn weigh(releases: &[Release]) -> Times {
    let mut seen = 0_usize;
    let mut pairs = 0_usize;
    let mut turned = 0_usize;
    let mut instants: Vec<Timestamp> = Vec::new();
    let mut before: Option<&Release> = None;
    for release in releases {
        let Some(published) = release.stamped else {
            continue;
        };
        seen += 1;
        instants.push(published);
        if release.version.is_prerelease() {
            continue;
        }
        let of_line = |other: &&Release| {
            let (one, other) = (&release.version, &other.version);
            one.major() == other.major() && one.minor() == other.minor()
        };
        if let Some(earlier) = before.filter(of_line).and_then(|other| other.stamped) {
            pairs += 1;
            let day_after = published.checked_add(24.hours());
            turned += usize::from(day_after.is_ok_and(|day_after| earlier > day_after));
        }
        before = Some(release);
    }
    instants.sort_unstable();
    let longest = instants
        .chunk_by(|one, other| one == other)
        .map(<[_]>::len)
        .max()
        .unwrap_or_default();
    let is_turned = turned > ACCIDENTS && turned * 10 > pairs;
    let is_stamped = seen > 3 && longest * 2 > seen;
    match seen {
        0 => Times::Missing,
        _ if is_turned || is_stamped => Times::Nonsense,
        _ => Times::Known,
    }
}
