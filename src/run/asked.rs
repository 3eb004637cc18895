//! What became of the sources that were asked: for the coverage, and as reasons why a run is incomplete.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use crate::facts::Facts;
use crate::packages::advisory::answer::SourceAnswer;
use crate::packages::registry::{Answer, RegistryAnswers};
use crate::verdict::AskedSource;

/// What became of each source.
pub(super) fn asked(facts: &Facts) -> Vec<AskedSource> {
    let mut sources = Vec::new();
    let untold = facts.advisories.known().map_or(0, |known| known.untold);
    for state in facts
        .advisories
        .known()
        .map_or(&[][..], |known| known.sources())
    {
        let mut asked = AskedSource {
            source: state.source,
            place: state.place.clone(),
            answers: 0,
            date: None,
            problem: None,
        };
        match &state.answer {
            SourceAnswer::Answered { records, date } => {
                asked.answers = *records;
                let date = date.map(|date| date.to_zoned(TimeZone::UTC).date().to_string());
                asked.date = date;
                if state.source == "osv" && untold > 0 {
                    let packages = crate::report::count(untold, "package");
                    asked.problem = Some(format!(
                        "{packages} of registries that are not public were not named to it; the database knows what is published about them without telling anybody"
                    ));
                }
            }
            SourceAnswer::Unavailable { reason } => asked.problem = Some(reason.clone()),
        }
        sources.push(asked);
    }
    sources.extend(facts.registry.known().and_then(registry));
    sources
}

/// Where the registries are. Of many the first ones are named.
fn places(answers: &RegistryAnswers) -> String {
    const SHOWN: usize = 3;
    let hosts: Vec<&str> = answers.hosts().collect();
    let (shown, more) = hosts.split_at(hosts.len().min(SHOWN));
    match (shown, more.len()) {
        ([], _) => "nowhere".to_owned(),
        (shown, 0) => shown.join(", "),
        (shown, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The registries as one source: how many documents they gave, and the most frequent reason for what is missing.
fn registry(answers: &RegistryAnswers) -> Option<AskedSource> {
    let (mut given, mut absent) = (0, 0);
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for (_, answer) in answers.iter() {
        match answer {
            Answer::Known(_) => given += 1,
            Answer::Absent => absent += 1,
            Answer::Unavailable(why) => *reasons.entry(why.to_string()).or_default() += 1,
        }
    }
    let missing: usize = reasons.values().sum();
    if given + absent + missing == 0 {
        return None;
    }
    let most = reasons.into_iter().max_by_key(|(_, number)| *number);
    Some(AskedSource {
        source: "registry",
        place: places(answers),
        answers: given,
        date: None,
        problem: most.map(|(reason, _)| {
            let documents = crate::report::count(missing, "package document");
            format!("{documents} could not be had: {reason}")
        }),
    })
}

/// Why a run does not know what it was asked to find out. What only an account may see is told in the coverage, and
/// is no reason: the account is not this run's.
pub(super) fn unavailable(facts: &Facts) -> Vec<String> {
    let mut reasons = Vec::new();
    let states = facts
        .advisories
        .known()
        .map_or(&[][..], |known| known.sources());
    for state in states {
        if let SourceAnswer::Unavailable { reason } = &state.answer {
            let place = if state.place.is_empty() || reason.starts_with(&state.place) {
                String::new()
            } else {
                format!(" ({})", state.place)
            };
            reasons.push(format!(
                "advisories from {}{place} are not available: {reason}; name other sources in packages.sources.advisories, or run with --offline to do without",
                state.source
            ));
        }
    }
    if facts
        .advisories
        .known()
        .is_some_and(|known| known.is_all_untold)
    {
        reasons.push(
            "no source of advisories was asked about any package, as all of them are of registries that are not public; make a database (`tidegate advisories update`), or let those registries be asked by packages.sources.advisories: [npm]"
                .to_owned(),
        );
    }
    let shortcomings = facts
        .registry
        .known()
        .into_iter()
        .flat_map(RegistryAnswers::shortcomings);
    let mut by_reason: BTreeMap<String, usize> = BTreeMap::new();
    for why in shortcomings {
        *by_reason.entry(why.to_string()).or_default() += 1;
    }
    if let Some((reason, _)) = by_reason.into_iter().max_by_key(|(_, number)| *number) {
        reasons.push(format!(
            "the registry does not say what it was asked for: {reason}; set packages.sources.registry to false, or run with --offline to do without"
        ));
    }
    reasons
}
