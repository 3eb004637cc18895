//! What `tidegate packages` prints of advisories, newer versions and ages.

use std::cmp::Reverse;
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::count;
use super::escape::code_in_table;
use crate::finding::Severity;
use crate::inventory::standing::{Against, Standing};

/// `GHSA-… (high) and 2 more`; empty where nothing is known against it.
fn vulnerable(standing: &Standing) -> String {
    let Against::Advisories(worst) = &standing.against else {
        return String::new();
    };
    let word = worst.severity.map_or("no severity", Severity::name);
    let more = match worst.advisories {
        0 | 1 => String::new(),
        more => format!(" and {} more", more - 1),
    };
    format!("{} ({word}){more}", worst.id)
}

/// The newest version, where that is another one.
fn newest<'s>(standing: &'s Standing, version: &str) -> &'s str {
    let newest = standing.newest.as_deref();
    newest
        .filter(|newest| *newest != version)
        .unwrap_or_default()
}

fn age(standing: &Standing) -> String {
    let days = standing
        .age_days
        .map(|days| usize::try_from(days).unwrap_or(usize::MAX));
    days.map_or_else(String::new, |days| count(days, "day"))
}

/// `, GHSA-… (high), 5.0.0 is newest, 812 days old`.
pub(super) fn standing(standing: &Standing, version: &str) -> String {
    let mut text = String::new();
    let vulnerable = vulnerable(standing);
    // Writing to a String cannot fail.
    if !vulnerable.is_empty() {
        let _ = write!(text, ", vulnerable: {vulnerable}");
    }
    let newest = newest(standing, version);
    if !newest.is_empty() {
        let _ = write!(text, ", {newest} is newest");
    }
    if standing.age_days.is_some() {
        let _ = write!(text, ", {} old", age(standing));
    }
    text
}

/// What sorts the gravest first, and what is known to be nothing with what is not known.
pub(super) fn gravity(standing: &Standing) -> Reverse<(bool, Option<Severity>)> {
    Reverse(match &standing.against {
        Against::Advisories(worst) => (true, worst.severity),
        Against::Nothing | Against::NotKnown => (false, None),
    })
}

/// The end of a row: what is known against it, the newest version and its age.
pub(super) fn standing_cells(
    standing: &Standing,
    version: &str,
    is_looked_at: bool,
    text: &mut String,
) {
    if is_looked_at {
        let cell = |cell: &str| match cell {
            "" => String::new(),
            cell => code_in_table(cell),
        };
        let against = match &standing.against {
            // What nobody was asked about is not free of anything.
            Against::NotKnown => "not known".to_owned(),
            Against::Nothing => "no".to_owned(),
            Against::Advisories(_) => cell(&vulnerable(standing)),
        };
        let newest = cell(newest(standing, version));
        let _ = write!(text, " {against} | {newest} | {} |", age(standing));
    }
    text.push('\n');
}

/// What the outside world says of a package.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Standing")]
pub(super) struct JsonStanding<'a> {
    /// The gravest advisory about it, or null where there is none; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[expect(
        clippy::option_option,
        reason = "the format tells what is absent from what is null"
    )]
    vulnerable: Option<Option<JsonVulnerable<'a>>>,
    /// What the registry has as its latest version; absent where that was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    newest: Option<&'a str>,
    /// The whole days since this version was published; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    age_days: Option<u64>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Vulnerable")]
struct JsonVulnerable<'a> {
    /// The gravest advisory.
    id: &'a str,
    /// Its severity; null where it has none.
    severity: Option<Severity>,
    /// How many advisories are about this version.
    advisories: usize,
}

impl<'a> From<&'a Standing> for JsonStanding<'a> {
    fn from(standing: &'a Standing) -> Self {
        let vulnerable = match &standing.against {
            Against::NotKnown => None,
            Against::Nothing => Some(None),
            Against::Advisories(worst) => Some(Some(JsonVulnerable {
                id: &worst.id,
                severity: worst.severity,
                advisories: worst.advisories,
            })),
        };
        Self {
            vulnerable,
            newest: standing.newest.as_deref(),
            age_days: standing.age_days,
        }
    }
}
