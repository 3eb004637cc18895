//! What mends a finding, in the report for programs.

use schemars::JsonSchema;
use serde::Serialize;

use super::json::JsonLocation;
use super::places::Region;
use crate::finding::{Finding, Fix};

/// What to write instead, so that the finding is gone and nothing as urgent takes its place.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Fix")]
pub(super) struct JsonFix<'r> {
    /// What it does, in a few words.
    title: String,
    /// What is to be replaced in the head, all at once.
    edits: Vec<JsonEdit<'r>>,
}

/// One replacement.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(
    rename = "Edit",
    description = "What stands at a place of the head is replaced."
)]
struct JsonEdit<'r> {
    #[serde(flatten)]
    place: JsonLocation<'r>,
    /// What stands there afterwards.
    replacement: &'r str,
}

impl<'r> JsonFix<'r> {
    /// The fix of a finding, and what it stands in place of.
    pub(super) fn of(finding: &'r Finding, (region, fix): (Region, &'r Fix)) -> Self {
        Self {
            title: fix.title(),
            edits: vec![JsonEdit {
                place: JsonLocation::of(&finding.location, region),
                replacement: &fix.replacement,
            }],
        }
    }
}
