//! Which lines of a change are why something is said of rights where nothing of it stands in the lines that changed.

use std::collections::BTreeMap;

use crate::access::Compared;
use crate::access::proof::Evidence;
use crate::access::subject::Subject;
use crate::finding::{Finding, Location};
use crate::rule::{Context, Pair};

use super::about_rights::{About, Places};

/// So many of those whom a finding is about are looked at.
const MOST_HOLDERS: usize = 8;

/// What a change does to those whom findings are about.
pub struct RightsReasons<'c> {
    sides: Vec<(
        &'c Compared,
        Places<'c>,
        BTreeMap<&'c Location, &'c Subject>,
    )>,
}

impl<'c> RightsReasons<'c> {
    /// Looks at a change.
    #[must_use]
    pub fn of(pair: &Pair<'c>, context: &Context) -> Self {
        let (clusters, targets) = context.of_access();
        let compared = pair.access(clusters, targets).clusters.iter();
        let sides = compared.map(|it| {
            let runners = it.after.runners.iter();
            let runners = runners.map(|runner| (&runner.at, &runner.account));
            let places = Places::of(&it.after, it.is_new_copy);
            (it, places, runners.collect())
        });
        Self {
            sides: sides.collect(),
        }
    }

    /// The lines that may be why something is said of somebody.
    #[must_use]
    pub fn behind(&self, finding: &Finding) -> Vec<Evidence> {
        let mut lines = Vec::new();
        for (compared, places, runners) in &self.sides {
            let mut subjects: Vec<&Subject> = Vec::new();
            if let Some(about) = About::of(places, finding) {
                let holders = about.holders.iter().map(|holder| holder.subject);
                subjects.extend(holders.take(MOST_HOLDERS));
            }
            subjects.extend(runners.get(&finding.location));
            subjects.dedup();
            for subject in subjects {
                lines.extend(compared.lines_behind(subject));
            }
        }
        lines
    }
}
