//! Who may do other things than before, in a report: the same list on a terminal and in a summary.

use std::fmt::Write as _;

use crate::verdict::AccessChange;

use super::access::scope;
use super::escape::{code_in_table, prose};
use super::one_line;

/// The longest list that a terminal shows without being asked for.
const MOST_ON_TERMINAL: usize = 12;
/// The most phrases of one cell.
const MOST_PHRASES: usize = 6;

/// The list for a terminal.
pub(super) fn terminal(changes: &[AccessChange], text: &mut String) {
    if changes.is_empty() {
        return;
    }
    text.push_str("Access:\n");
    for change in changes.iter().take(MOST_ON_TERMINAL) {
        let place = scope(change.namespace.as_deref());
        let who = one_line(&format!("{} in {place}", change.subject));
        let _ = writeln!(text, "  {who}");
        for (sign, phrases) in [('+', &change.gained), ('-', &change.lost)] {
            for phrase in phrases.iter().take(MOST_PHRASES) {
                let _ = writeln!(text, "    {sign} {}", one_line(phrase));
            }
            let more = phrases.len().saturating_sub(MOST_PHRASES);
            if more > 0 {
                let _ = writeln!(text, "    {sign} and {more} more");
            }
        }
    }
    let more = changes.len().saturating_sub(MOST_ON_TERMINAL);
    if more > 0 {
        let _ = writeln!(
            text,
            "  and {more} more; `tidegate access --base …` has all"
        );
    }
}

/// The head of the table of a summary.
pub(super) const TABLE: &str =
    "### Access\n\n| Subject | Where | May now | No longer |\n| --- | --- | --- | --- |\n";

/// One row of it.
pub(super) fn row(change: &AccessChange) -> String {
    let cell = |phrases: &[String]| {
        let mut shown: Vec<String> = phrases
            .iter()
            .take(MOST_PHRASES)
            .map(|phrase| code_in_table(phrase))
            .collect();
        let more = phrases.len().saturating_sub(MOST_PHRASES);
        if more > 0 {
            shown.push(format!("and {more} more"));
        }
        shown.join("<br>")
    };
    format!(
        "| {} | {} | {} | {} |\n",
        code_in_table(&change.subject),
        prose(&scope(change.namespace.as_deref())).replace('|', "&#124;"),
        cell(&change.gained),
        cell(&change.lost)
    )
}
