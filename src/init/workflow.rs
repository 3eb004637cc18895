//! The workflow that runs the gate.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::action_reference::ActionReference;
use super::shape::Shape;

/// The release of `actions/checkout` that is written: the full commit, and its tag.
const CHECKOUT: &str = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0";

/// The text of the workflow.
pub(super) fn text(shape: &Shape, action: &ActionReference) -> String {
    let branch = quoted(shape.branch());
    format!(
        r#"# tidegate judges what a pull request does to the security of the cluster and of what is installed. Written by
# `tidegate init`, and yours to change.
name: tidegate

on:
  # Without `paths:`: a required check that a filter leaves out stays pending for ever.
  pull_request:
  merge_group:
  push:
    branches: [{branch}]
  schedule:
    - cron: "23 5 * * 1" # what becomes known of versions that nobody touches

permissions: {{}}

concurrency:
  group: tidegate-${{{{ github.event.pull_request.number || github.ref }}}}
  cancel-in-progress: ${{{{ github.event_name == 'pull_request' }}}}

jobs:
  tidegate:
    name: tidegate
    runs-on: ubuntu-latest
    timeout-minutes: 15
    permissions:
      contents: read
      pull-requests: write # comments on changed lines, and one that sums up
      # security-events: write # alerts in code scanning, with upload-sarif below
    steps:
      - uses: {CHECKOUT}
        with:
          fetch-depth: 0 # the merge base of the pull request
          persist-credentials: false
      - id: tidegate
        uses: {action}
        # with:
        #   upload-sarif: true
"#
    )
}

/// The name of a branch as a filter of a workflow that only this branch meets, in the words of YAML.
///
/// Source: GitHub's workflow syntax, "Filter pattern cheat sheet": a backslash takes the meaning from a sign. YAML 1.2.2,
/// 5.7: escapes in double quotes.
fn quoted(name: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    let is_word =
        name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.chars().all(is_plain);
    let means_something = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
        .iter()
        .any(|word| name.eq_ignore_ascii_case(word));
    if is_word && !means_something {
        Cow::Borrowed(name)
    } else {
        let mut text = String::from("\"");
        for letter in name.chars() {
            match letter {
                '*' | '?' | '+' | '[' | ']' | '!' => {
                    text.push_str("\\\\");
                    text.push(letter);
                }
                '\\' => text.push_str("\\\\\\\\"),
                '"' => text.push_str("\\\""),
                letter if is_shown(letter) => text.push(letter),
                letter => {
                    // Writing to a String cannot fail.
                    let _ = write!(text, "\\U{:08X}", u32::from(letter));
                }
            }
        }
        text.push('"');
        Cow::Owned(text)
    }
}

/// True for what a reader sees, and sees where it stands.
fn is_shown(letter: char) -> bool {
    letter.is_alphanumeric() || letter.is_ascii_graphic() || letter == ' '
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_branch_stays_text() {
        assert_eq!(quoted("main"), "main");
        assert_eq!(quoted("release/1.x"), "release/1.x");
        assert_eq!(quoted("1.30"), "\"1.30\"");
        assert_eq!(quoted("On"), "\"On\"");
        for (name, expected) in [
            ("it's", r#""it's""#),
            ("a#b", r#""a#b""#),
            ("ünï", r#""ünï""#),
            ("a,b", r#""a,b""#),
            ("{x}: y", r#""{x}: y""#),
            (r#"a"b"#, r#""a\"b""#),
            ("c++", r#""c\\+\\+""#),
            ("!a", r#""\\!a""#),
            (r"a\b", r#""a\\\\b""#),
            ("a\u{202e}b", r#""a\U0000202Eb""#),
        ] {
            assert_eq!(quoted(name), expected);
        }
    }
}
