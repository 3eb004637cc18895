//! Which version mends an advisory without being affected itself.
//!
//! What entries call fixed is only a proposal: another entry may be about that very version. So each is held against
//! everything that is known of the package. Whether it was published, is deprecated, is old enough or runs on the
//! engines at hand is known to the registry alone: the caller says so through a predicate.

use std::sync::Arc;

use super::super::version::Version;
use super::matching::{End, Installed};
use super::merge::Advisory;

/// What the entries themselves say of a way out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remedy {
    /// Versions above the current one that mend the advisory and that no other advisory is about, the lowest first.
    pub fixes: Vec<Version>,
    /// Where nobody names a fix, but the last affected version: what is above is not affected.
    pub unaffected_above: Option<Version>,
}

impl Remedy {
    /// The version from which on a release is a way out, if there is any.
    #[must_use]
    pub fn from(&self) -> Option<&Version> {
        self.fixes.first().or(self.unaffected_above.as_ref())
    }
}

/// What is said about leaving a version that an advisory affects, given all advisories of the package.
#[must_use]
pub fn remedy(advisory: &Advisory, all: &[Arc<Advisory>], current: &Version) -> Remedy {
    let mut remedy = Remedy::default();
    let mut is_mended = false;
    let mut has_end = true;
    let holding = advisory.affected.stretches().iter();
    for stretch in holding.filter(|stretch| stretch.holds(current)) {
        match &stretch.end {
            End::Fixed(_) => is_mended = true,
            End::Last(last) => {
                remedy.unaffected_above = remedy.unaffected_above.max(Some(last.clone()));
            }
            End::Open | End::Limit(_) => has_end = false,
        }
    }
    if is_mended {
        remedy.unaffected_above = None;
        // A fix of another advisory may be the first version that has none.
        let ends = all
            .iter()
            .flat_map(|advisory| advisory.affected.stretches());
        remedy.fixes = ends
            .filter_map(|stretch| match &stretch.end {
                End::Fixed(fixed) => Some(settled(fixed, current)),
                _ => None,
            })
            .filter(|fixed| fixed > current && is_clean(fixed, all) && is_clean_of(fixed, advisory))
            .collect();
        remedy.fixes.sort_unstable();
        remedy.fixes.dedup();
    } else if !has_end {
        remedy.unaffected_above = None;
    }
    remedy
}

/// The lowest published version, from one on, that nothing is known against and that the caller accepts. A prerelease
/// only for who has one already.
#[must_use]
pub fn smallest<'a>(
    all: &[Arc<Advisory>],
    current: &Version,
    from: &Version,
    published: impl IntoIterator<Item = &'a Version>,
    mut accepts: impl FnMut(&Version) -> bool,
) -> Option<Version> {
    let mut candidates: Vec<&Version> = published
        .into_iter()
        .filter(|version| *version >= from && *version > current)
        .filter(|version| !version.is_prerelease() || current.is_prerelease())
        .collect();
    candidates.sort_unstable();
    candidates
        .into_iter()
        .find(|version| is_clean(version, all) && accepts(version))
        .cloned()
}

/// True if no advisory is about a version.
#[must_use]
pub fn is_clean(version: &Version, all: &[Arc<Advisory>]) -> bool {
    all.iter().all(|advisory| is_clean_of(version, advisory))
}

fn is_clean_of(version: &Version, advisory: &Advisory) -> bool {
    !advisory.affects(&Installed::from(version))
}

/// For who runs a release, the release that a fixed prerelease became.
fn settled(fixed: &Version, current: &Version) -> Version {
    let release = format!("{}.{}.{}", fixed.major(), fixed.minor(), fixed.patch());
    match Version::parse(&release) {
        Some(release) if fixed.is_prerelease() && !current.is_prerelease() => release,
        _ => fixed.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::matching::Event::{self, Fixed, Introduced, LastAffected};
    use super::super::merge::merge;
    use super::super::record::Record;
    use super::*;

    fn all(entries: &[&[&[Event<'_>]]]) -> Vec<Arc<Advisory>> {
        let records = entries.iter().enumerate().map(|(index, ranges)| {
            let json = format!(
                r#"{{"id":"GHSA-{index}","affected":[{{"package":{{"ecosystem":"npm","name":"a"}}}}]}}"#
            );
            let mut record = super::super::record::read(json.as_bytes()).unwrap().remove(0).1;
            ranges.iter().for_each(|events| record.affected.add_range(events));
            record
        });
        let records: Vec<Record> = records.collect();
        merge(records).into_iter().map(Arc::new).collect()
    }

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    fn fixes(all: &[Arc<Advisory>], current: &str) -> Vec<String> {
        let remedy = remedy(&all[0], all, &version(current));
        remedy.fixes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_fix_that_is_affected_itself_is_none() {
        let all = all(&[
            &[&[Introduced("0"), Fixed("1.2.3")]],
            &[&[Introduced("1.2.0"), Fixed("1.2.5")]],
        ]);
        assert_eq!(fixes(&all, "1.0.0"), ["1.2.5"]);
    }

    #[test]
    fn each_line_has_its_own_fix_and_the_lowest_comes_first() {
        let arms: &[&[Event<'_>]] = &[
            &[Introduced("1.0.0"), Fixed("1.3.2")],
            &[Introduced("2.0.0"), Fixed("2.0.1")],
        ];
        let all = all(&[arms]);
        assert_eq!(fixes(&all, "1.1.0"), ["1.3.2", "2.0.1"]);
        assert_eq!(fixes(&all, "2.0.0"), ["2.0.1"]);
    }

    #[test]
    fn the_last_affected_version_is_no_fix_but_an_end() {
        let last = all(&[&[&[Introduced("0"), LastAffected("1.5.1")]]]);
        let told = remedy(&last[0], &last, &version("1.0.0"));
        assert_eq!(told.fixes, []);
        assert_eq!(told.unaffected_above, Some(version("1.5.1")));
        let open = all(&[&[
            &[Introduced("0"), LastAffected("1.5.1")],
            &[Introduced("0")],
        ]]);
        assert_eq!(
            remedy(&open[0], &open, &version("1.0.0")),
            Remedy::default()
        );
    }

    #[test]
    fn a_release_is_not_mended_by_a_prerelease() {
        let all = all(&[&[&[Introduced("0"), Fixed("2.0.0-rc.2")]]]);
        assert_eq!(fixes(&all, "1.0.0"), ["2.0.0"]);
        assert_eq!(fixes(&all, "2.0.0-rc.1"), ["2.0.0-rc.2"]);
    }

    #[test]
    fn the_registry_has_the_last_word() {
        let all = all(&[&[
            &[Introduced("0"), Fixed("1.2.0")],
            &[Introduced("1.3.0"), Fixed("1.4.0")],
        ]]);
        let published = ["1.4.1", "1.1.0", "1.2.1", "1.3.5", "1.4.0-rc.1", "1.2.2"].map(version);
        let smallest = |accepts: fn(&Version) -> bool| {
            smallest(
                &all,
                &version("1.0.0"),
                &version("1.2.0"),
                &published,
                accepts,
            )
        };
        assert_eq!(smallest(|_| true), Some(version("1.2.1")));
        assert_eq!(smallest(|found| found.patch() != 1), Some(version("1.2.2")));
        assert_eq!(smallest(|found| found.minor() > 2), Some(version("1.4.1")));
        assert_eq!(smallest(|_| false), None);
    }
}
