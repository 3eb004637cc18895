//! Which versions of a package an entry is about.
//!
//! The evaluation is that of the OSV schema (<https://ossf.github.io/osv-schema/#evaluation>): the events of a range,
//! sorted by version, switch it on and off; a version is affected if it is listed or if a range is on at it. The order
//! is plain SemVer precedence. npm's rule that a prerelease is in a range only if the range names one has no place here:
//! `2.0.0-rc.1` is before `2.0.0`, and has what `2.0.0` fixed.
//!
//! What cannot be read makes more affected, never less: an `introduced` that is no version is the beginning, and
//! anything else that is none ends nothing.

use super::super::range::Range;
use super::super::version::Version;

/// No list of versions and no range is read further than this. Real ones have hundreds.
pub const MOST: usize = 100_000;

/// A version as it is installed.
#[derive(Clone, Debug)]
pub struct Installed {
    text: Box<str>,
    version: Option<Version>,
}

impl Installed {
    /// Reads a version. What npm would not read can still be in a list.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let version = Version::parse(text);
        Self {
            text: canonical(text, version.as_ref()),
            version,
        }
    }

    /// The version, if npm can read it.
    #[must_use]
    pub fn version(&self) -> Option<&Version> {
        self.version.as_ref()
    }
}

impl From<&Version> for Installed {
    fn from(version: &Version) -> Self {
        Self {
            text: canonical("", Some(version)),
            version: Some(version.clone()),
        }
    }
}

/// The way that a version is listed: as npm writes it, without build metadata, which npm knows not to tell apart.
fn canonical(text: &str, version: Option<&Version>) -> Box<str> {
    let Some(version) = version else {
        return text.trim().into();
    };
    let written = version.to_string();
    written.split('+').next().unwrap_or_default().into()
}

/// What one event of a range says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// Affected from this version on; `0` is before all versions.
    Introduced(&'a str),
    /// No longer affected from this version on.
    Fixed(&'a str),
    /// The last version that is affected.
    LastAffected(&'a str),
    /// The range says nothing of this version and later ones; `*` is after all versions.
    Limit(&'a str),
}

/// How a stretch of affected versions ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It does not.
    Open,
    /// Before this version, which mends it.
    Fixed(Version),
    /// With this version; what comes after it is not affected, and nobody says that it was mended.
    Last(Version),
    /// Before this version, of which nothing is known.
    Limit(Version),
}

/// Versions without a gap that are affected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first one; none is before all versions.
    pub from: Option<Version>,
    /// Where it ends.
    pub end: End,
}

impl Stretch {
    /// True if a version lies in it.
    #[must_use]
    pub fn holds(&self, version: &Version) -> bool {
        self.from.as_ref().is_none_or(|from| version >= from)
            && match &self.end {
                End::Open => true,
                End::Fixed(end) | End::Limit(end) => version < end,
                End::Last(last) => version <= last,
            }
    }

    fn is_empty(&self) -> bool {
        let Some(from) = &self.from else { return false };
        match &self.end {
            End::Open => false,
            End::Fixed(end) | End::Limit(end) => end <= from,
            End::Last(last) => last < from,
        }
    }
}

/// The versions of one package that an entry is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Affected {
    pub(super) stretches: Vec<Stretch>,
    /// Sorted, without doubles, each as [`canonical`] writes it.
    pub(super) versions: Vec<Box<str>>,
}

impl Affected {
    /// True if the entry is about a version.
    #[must_use]
    pub fn holds(&self, installed: &Installed) -> bool {
        let is_listed = self.versions.binary_search(&installed.text).is_ok();
        let in_a_stretch = |version| self.stretches.iter().any(|stretch| stretch.holds(version));
        is_listed || installed.version().is_some_and(in_a_stretch)
    }

    /// True if the entry is about every version that there is and will be.
    #[must_use]
    pub fn is_about_all(&self) -> bool {
        let mut stretches = self.stretches.iter();
        stretches.any(|stretch| stretch.from.is_none() && stretch.end == End::Open)
    }

    /// The stretches of versions, those of each range in their order.
    #[must_use]
    pub fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// The versions that are listed one by one.
    pub fn versions(&self) -> impl Iterator<Item = &str> {
        self.versions.iter().map(AsRef::as_ref)
    }

    /// True if the entry is about no version at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stretches.is_empty() && self.versions.is_empty()
    }

    /// Adds a range, given by its events in any order.
    pub fn add_range(&mut self, events: &[Event<'_>]) {
        let (mut points, limit) = points(events);
        // Stable: what is written first of one version comes first.
        points.sort_by(|one, other| one.0.cmp(&other.0));
        let mut range: Vec<Stretch> = Vec::new();
        let mut is_on = false;
        for (at, point) in points {
            match point {
                Point::Introduced if is_on => {}
                Point::Introduced => {
                    is_on = true;
                    range.push(Stretch {
                        from: at,
                        end: End::Open,
                    });
                }
                Point::Fixed => {
                    let Some(at) = at else { continue };
                    for stretch in range.iter_mut().rev() {
                        match &stretch.end {
                            End::Open => stretch.end = End::Fixed(at.clone()),
                            // A version that is both the last one and fixed is fixed.
                            End::Last(last) if *last == at => stretch.end = End::Fixed(at.clone()),
                            _ => break,
                        }
                    }
                    is_on = false;
                }
                Point::LastAffected => {
                    let Some(at) = at else { continue };
                    if let Some(stretch) = range.last_mut().filter(|_| is_on) {
                        stretch.end = End::Last(at);
                    }
                    is_on = false;
                }
            }
        }
        if let Some(limit) = limit {
            for stretch in &mut range {
                let is_beyond = match &stretch.end {
                    End::Open => true,
                    End::Fixed(end) | End::Limit(end) => *end > limit,
                    End::Last(last) => *last >= limit,
                };
                if is_beyond {
                    stretch.end = End::Limit(limit.clone());
                }
            }
        }
        range.retain(|stretch| !stretch.is_empty());
        self.stretches.append(&mut range);
    }

    /// Adds versions one by one.
    pub fn add_versions<'a>(&mut self, versions: impl IntoIterator<Item = &'a str>) {
        let versions = versions.into_iter().take(MOST);
        self.versions
            .extend(versions.map(|text| canonical(text, Version::parse(text).as_ref())));
        self.versions.sort_unstable();
        self.versions.dedup();
    }

    /// Adds all that another entry is about.
    pub fn add(&mut self, other: &Self) {
        for stretch in &other.stretches {
            if !self.stretches.contains(stretch) {
                self.stretches.push(stretch.clone());
            }
        }
        self.versions.extend_from_slice(&other.versions);
        self.versions.sort_unstable();
        self.versions.dedup();
    }

    /// Adds a range in npm's notation, by plain order. All versions if it cannot be read.
    pub fn add_npm_range(&mut self, text: &str) {
        // GitHub writes commas where npm writes blanks.
        let arms = Range::parse(&text.replace(',', " ")).and_then(|range| {
            let canonical = range.to_string();
            canonical
                .split("||")
                .map(|arm| stretch_of(arm.trim()))
                .collect::<Option<Vec<Stretch>>>()
        });
        let all = Stretch {
            from: None,
            end: End::Open,
        };
        let arms = arms.unwrap_or_else(|| vec![all]);
        self.stretches
            .extend(arms.into_iter().filter(|stretch| !stretch.is_empty()));
    }
}

/// An event, without its version.
#[derive(Clone, Copy)]
enum Point {
    Introduced,
    Fixed,
    LastAffected,
}

/// The events that switch, each with its version (none is before all versions), and the highest limit.
fn points(events: &[Event<'_>]) -> (Vec<(Option<Version>, Point)>, Option<Version>) {
    let mut points = Vec::with_capacity(events.len().min(MOST));
    let mut limits = Vec::new();
    let mut is_unlimited = false;
    for event in events.iter().take(MOST) {
        match *event {
            Event::Introduced(text) => {
                // `0` reads as 0.0.0, after the prereleases of it: it is the beginning.
                let at = Some(text).filter(|text| *text != "0").and_then(read);
                points.push((at, Point::Introduced));
            }
            Event::Fixed(text) => {
                points.extend(read(text).map(|at| (Some(at), Point::Fixed)));
            }
            Event::LastAffected(text) => {
                points.extend(read(text).map(|at| (Some(at), Point::LastAffected)));
            }
            Event::Limit(text) => match read(text) {
                Some(limit) => limits.push(limit),
                None => is_unlimited = true,
            },
        }
    }
    (points, limits.into_iter().max().filter(|_| !is_unlimited))
}

/// A version of an event; `1` and `1.2` are taken as `1.0.0` and `1.2.0`.
fn read(text: &str) -> Option<Version> {
    let text = text.trim();
    Version::parse(text).or_else(|| {
        let is_short = text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
        let missing = 2_usize.checked_sub(text.matches('.').count())?;
        is_short.then(|| Version::parse(&format!("{text}{}", ".0".repeat(missing))))?
    })
}

/// One arm of a range, as comparators that all have to hold.
fn stretch_of(arm: &str) -> Option<Stretch> {
    let mut stretch = Stretch {
        from: None,
        end: End::Open,
    };
    for comparator in arm.split_whitespace().filter(|part| *part != "*") {
        let digits = comparator.find(|letter: char| letter.is_ascii_digit())?;
        let (operator, version) = comparator.split_at_checked(digits)?;
        let version = Version::parse(version)?;
        match operator {
            ">=" => raise(&mut stretch, version),
            ">" => raise(&mut stretch, after(&version)?),
            "<" => lower(&mut stretch, End::Fixed(version)),
            "<=" => lower(&mut stretch, End::Last(version)),
            "" | "=" => {
                raise(&mut stretch, version.clone());
                lower(&mut stretch, End::Last(version));
            }
            _ => return None,
        }
    }
    Some(stretch)
}

fn raise(stretch: &mut Stretch, from: Version) {
    if stretch.from.as_ref().is_none_or(|old| *old < from) {
        stretch.from = Some(from);
    }
}

fn lower(stretch: &mut Stretch, end: End) {
    // At the same version the end that leaves it out is the lower one.
    let rank = |end: &End| match end {
        End::Open => None,
        End::Fixed(end) | End::Limit(end) => Some((end.clone(), false)),
        End::Last(last) => Some((last.clone(), true)),
    };
    let is_lower = match (rank(&end), rank(&stretch.end)) {
        (Some(new), Some(old)) => new < old,
        (new, old) => new.is_some() && old.is_none(),
    };
    if is_lower {
        stretch.end = end;
    }
}

/// The very next version in the order of SemVer: no other lies between.
fn after(version: &Version) -> Option<Version> {
    if version.is_prerelease() {
        let text = canonical("", Some(version));
        return Version::parse(&format!("{text}.0"));
    }
    let patch = version.patch().checked_add(1)?;
    Version::parse(&format!(
        "{}.{}.{patch}-0",
        version.major(),
        version.minor()
    ))
}

impl From<&str> for Installed {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(events: &[Event<'_>]) -> Affected {
        let mut affected = Affected::default();
        affected.add_range(events);
        affected
    }

    fn held(affected: &Affected, versions: &[&str]) -> Vec<bool> {
        versions
            .iter()
            .map(|version| affected.holds(&Installed::new(version)))
            .collect()
    }

    use Event::{Fixed, Introduced, LastAffected, Limit};

    #[test]
    fn events_in_any_order_switch_a_range_on_and_off() {
        let affected = ranges(&[
            Introduced("0"),
            Introduced("2.0.0"),
            Fixed("2.0.1"),
            Fixed("1.3.2"),
        ]);
        let versions = [
            "0.0.0-alpha",
            "1.3.1",
            "1.3.2-rc.1",
            "1.3.2",
            "1.9.0",
            "2.0.0-0",
            "2.0.0",
            "2.0.1",
            "v2.0.0+7",
        ];
        let is_held = [true, true, true, false, false, false, true, false, true];
        assert_eq!(held(&affected, &versions), is_held);
    }

    #[test]
    fn prereleases_stand_where_precedence_puts_them() {
        let affected = ranges(&[Introduced("0"), Fixed("2.0.0")]);
        assert_eq!(held(&affected, &["2.0.0-rc.1", "2.0.0"]), [true, false]);
        let affected = ranges(&[Introduced("1.0.0"), LastAffected("1.2.0")]);
        let versions = ["1.0.0-rc.1", "1.0.0", "1.2.0", "1.2.1-0", "1.2.1"];
        assert_eq!(
            held(&affected, &versions),
            [false, true, true, false, false]
        );
    }

    #[test]
    fn a_limit_ends_what_is_said_unless_there_is_none() {
        let affected = ranges(&[Introduced("0"), Limit("2.0.0"), Limit("3.0.0")]);
        assert_eq!(
            held(&affected, &["1.0.0", "2.5.0", "3.0.0"]),
            [true, true, false]
        );
        assert_eq!(
            affected.stretches()[0].end,
            End::Limit(Version::parse("3.0.0").unwrap())
        );
        let affected = ranges(&[Introduced("0"), Limit("2.0.0"), Limit("*")]);
        assert_eq!(held(&affected, &["9.0.0"]), [true]);
        let affected = ranges(&[Introduced("0"), Fixed("1.0.0"), Limit("2.0.0")]);
        assert_eq!(
            affected.stretches()[0].end,
            End::Fixed(Version::parse("1.0.0").unwrap())
        );
    }

    #[test]
    fn what_cannot_be_read_makes_more_affected_never_less() {
        assert_eq!(
            held(&ranges(&[Introduced("then"), Fixed("now")]), &["9.0.0"]),
            [true]
        );
        let affected = ranges(&[Introduced("1"), Fixed("1.2")]);
        assert_eq!(
            held(&affected, &["0.9.9", "1.0.0", "1.2.0"]),
            [false, true, false]
        );
        let mut affected = Affected::default();
        affected.add_npm_range("whatever that is");
        assert_eq!(held(&affected, &["1.0.0"]), [true]);
    }

    #[test]
    fn what_is_no_version_can_only_be_listed() {
        let mut affected = ranges(&[Introduced("0")]);
        assert_eq!(held(&affected, &["latest", "1.0"]), [false, false]);
        affected.add_versions(["latest", "v1.2.0"]);
        assert_eq!(held(&affected, &["latest"]), [true]);
        let mut listed = Affected::default();
        listed.add_versions(["v1.2.0"]);
        assert_eq!(
            held(&listed, &["1.2.0", "1.2.0+7", "1.2.1"]),
            [true, true, false]
        );
    }

    #[test]
    fn ranges_of_npm_are_read_by_plain_order() {
        let held_in = |text, versions: &[&str]| {
            let mut affected = Affected::default();
            affected.add_npm_range(text);
            held(&affected, versions)
        };
        assert_eq!(held_in("<2.0.0", &["2.0.0-rc.1", "2.0.0"]), [true, false]);
        assert_eq!(
            held_in(
                ">=1.0.0 <1.2.3 || >=2.0.0, <=2.1.0",
                &["1.2.2", "1.2.3", "2.1.0", "2.1.1-0"]
            ),
            [true, false, true, false]
        );
        assert_eq!(
            held_in(">1.0.0", &["1.0.0", "1.0.1-0", "1.0.1"]),
            [false, true, true]
        );
        assert_eq!(
            held_in(">1.0.0-rc", &["1.0.0-rc", "1.0.0-rc.0", "1.0.0"]),
            [false, true, true]
        );
        assert_eq!(
            held_in("=1.0.0 || 3.0.0", &["1.0.0", "2.0.0", "3.0.0"]),
            [true, false, true]
        );
        assert_eq!(held_in("^1.2.0", &["1.3.0-rc.1", "2.0.0-0"]), [true, false]);
        for all in ["*", "", ">=0.0.0-0 || *"] {
            assert_eq!(held_in(all, &["0.0.0-0", "7.0.0"]), [true, true], "{all:?}");
        }
    }
}
