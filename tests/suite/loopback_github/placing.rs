//! Whether a comment has a place in the diff, and GitHub's reasons where it has none.

use serde_json::Value;

use super::anchors::{Anchors, Side};
use super::reviews::LONGEST_BODY;
use super::state::State;

pub(crate) const REASON_OF_COMMIT: &str = "The commitOID is not part of the pull request";
const NO_HUNK: &str = "Pull request review thread diff hunk can't be blank";

/// Where a comment goes. No line: on the file as a whole.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) path: String,
    pub(crate) commit: String,
    pub(crate) side: Side,
    pub(crate) line: Option<u64>,
    pub(crate) start: Option<(Side, u64)>,
    pub(crate) hunk: String,
}

/// Looks at everything that GitHub looks at before it takes a comment.
pub(crate) fn place(
    state: &mut State,
    pull: u64,
    commit: &str,
    comment: &Value,
) -> Result<Place, Vec<&'static str>> {
    let words = comment["body"].as_str().unwrap_or_default();
    if words.trim().is_empty() {
        return Err(vec!["Body can't be blank"]);
    }
    if words.chars().count() > LONGEST_BODY {
        return Err(vec!["Body is too long (maximum is 65536 characters)"]);
    }
    let path = comment["path"].as_str().unwrap_or_default();
    let files = state.pull_files_at(pull, commit);
    let Some(file) = files.iter().find(|file| file.path == path) else {
        return Err(vec!["Pull request review thread path is invalid", NO_HUNK]);
    };
    let side = |name: &str, default: Side| match &comment[name] {
        Value::Null => Some(default),
        value => value.as_str().and_then(Side::parse),
    };
    let Some(right) = side("side", Side::Right) else {
        return Err(vec!["Pull request review thread side is invalid"]);
    };
    let place = |line, start, hunk: &str| Place {
        path: path.to_owned(),
        commit: commit.to_owned(),
        side: right,
        line,
        start,
        hunk: hunk.to_owned(),
    };
    if comment["subject_type"] == "file" {
        return Ok(place(None, None, ""));
    }
    let anchors = file.patch.as_deref().map(Anchors::of).unwrap_or_default();
    let line_reason = "Pull request review thread line must be part of the diff";
    let line = comment["line"].as_u64().unwrap_or_default();
    let start = comment["start_line"].as_u64();
    let start_side = side("start_side", right);
    let Some(hunk) = anchors.hunk_of(right, line) else {
        let mut reasons = vec![line_reason];
        if start.is_some() {
            reasons.push(
                "Pull request review thread start line must be part of the same hunk as the line.",
            );
        }
        reasons.push(NO_HUNK);
        return Err(reasons);
    };
    let shown = anchors.text_to(right, line).unwrap_or_default();
    let (Some(start), Some(start_side)) = (start, start_side) else {
        if !comment["start_line"].is_null() || start_side.is_none() {
            return Err(vec!["Pull request review thread start line is invalid"]);
        }
        return Ok(place(Some(line), None, shown));
    };
    if start_side == right && start >= line {
        return Err(vec![
            "Pull request review thread start line must precede the end line.",
        ]);
    }
    if anchors.hunk_of(start_side, start) != Some(hunk) {
        return Err(vec![
            "Pull request review thread start line must be part of the same hunk as the line.",
        ]);
    }
    Ok(place(Some(line), Some((start_side, start)), shown))
}
