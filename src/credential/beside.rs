//! What stands beside a credential on its line: a line that holds one often holds another that nothing names.

use std::ops::Range;

use super::is_placeholder;
use super::strength::{is_identifier, is_strong_password};

/// Nothing shorter is taken for drawn where nothing says what it is.
const SHORTEST: usize = 10;

/// The words of a line that look as if somebody drew them, in order: letters, digits and marks in a mixture that no
/// name has. They are no evidence, and are not shown where the line holds a credential.
#[must_use]
pub fn drawn_words(line: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let breaks = |letter: char| letter.is_whitespace() || "\"'`,[]{}()<>\\;".contains(letter);
    let breaks_value = |letter: char| letter == '=';
    let breaks_address = |letter: char| "/?&=#".contains(letter);
    let mut start = 0;
    for word in line.split_inclusive(breaks) {
        let mut at = start;
        start += word.len();
        let bare = word.trim_end_matches(breaks);
        let is_address = bare.contains("://");
        let is_end = |letter| {
            if is_address {
                breaks_address(letter)
            } else {
                breaks_value(letter)
            }
        };
        for part in bare.split(is_end) {
            if is_drawn(part) {
                words.push(at..at + part.len());
            }
            at += part.len() + 1;
        }
    }
    words
}

fn is_drawn(word: &str) -> bool {
    let is_sum = || word.contains("sha256:") || is_identifier(word);
    word.len() >= SHORTEST && is_strong_password(word) && !is_sum() && !is_placeholder("", word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_drawn_is_told_from_names() {
        let words = |line: &'static str| -> Vec<&str> {
            drawn_words(line)
                .into_iter()
                .map(|range| &line[range])
                .collect()
        };
        assert_eq!(words("ENV A=\"x\" B=Pq9!vRt2xLm8 C=é"), ["Pq9!vRt2xLm8"]);
        assert_eq!(
            words("https://x.io/LVPA2oQUP44XPSL2oRlPhDBu?a=1&b=x-y"),
            ["LVPA2oQUP44XPSL2oRlPhDBu"]
        );
        assert_eq!(words("with: {p: \"Pq9!vRt2xLm8\", q: 1}"), ["Pq9!vRt2xLm8"]);
        assert_eq!(
            words("[npm, start, \"-phunter2Z9#qq\"]"),
            ["-phunter2Z9#qq"]
        );
        for silent in [
            "- uses: actions/setup-node@v4 # node-version 24.11.1",
            "image: node@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "livenessProbe: {initialDelaySeconds: 10, httpGet: {path: /healthz}}",
            "RUN NODE_TLS_REJECT_UNAUTHORIZED=0 npm ci --omit=dev",
        ] {
            assert_eq!(words(silent), Vec::<&str>::new(), "{silent}");
        }
    }
}
