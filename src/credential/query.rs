//! Credentials in the query of an address: `?sig=…`, `&X-Amz-Signature=…`.
//!
//! Who has such an address has what it opens. Nothing is proved here: these values are only not shown.

use std::ops::Range;

use super::key::class;
use super::strength::{is_identifier, is_random};

/// Parameters that carry what opens the address, in small letters: signatures of the clouds, keys, codes.
const TELLING: [&str; 12] = [
    "awsaccesskeyid",
    "code",
    "id_token",
    "jwt",
    "key",
    "sas",
    "sig",
    "sign",
    "signature",
    "x-amz-credential",
    "x-amz-signature",
    "x-goog-signature",
];

/// Parameters that name a state of something, which looks drawn and is no secret.
const NAMING: [&str; 10] = [
    "branch", "checksum", "commit", "digest", "hash", "ref", "rev", "sha256", "tag", "version",
];

/// What is left of a value that was cut must at least be this long.
const LEAST_CUT: usize = 6;

/// Visits the values of queries that must not be shown, in order.
pub(super) fn scan(text: &str, visit: &mut dyn FnMut(Range<usize>)) {
    let bytes = text.as_bytes();
    let mut from = 0;
    for mark in memchr::memchr_iter(b'?', bytes) {
        let before = mark.checked_sub(1).and_then(|at| bytes.get(at));
        if mark < from || before.is_none_or(u8::is_ascii_whitespace) {
            continue;
        }
        let rest = text.get(mark + 1..).unwrap_or_default();
        let is_end =
            |character: char| character.is_whitespace() || "\"'`<>\\()[]{}|…".contains(character);
        let length = rest.find(is_end).unwrap_or(rest.len());
        let end = mark + 1 + length;
        from = end;
        let is_cut = text.get(end..).is_some_and(|rest| rest.starts_with('…'));
        let mut at = mark + 1;
        for part in text.get(at..end).unwrap_or_default().split(['&', ';', '?']) {
            let start = at;
            at += part.len() + 1;
            let Some((key, value)) = part.split_once('=') else {
                continue;
            };
            // The end of a sentence is none of the address.
            let value = value.trim_end_matches([',', '.', ':', '!']);
            let is_last = at > end;
            if !value.is_empty() && is_to_hide(key, value, is_cut && is_last) {
                let value_start = start + key.len() + 1;
                visit(value_start..value_start + value.len());
            }
        }
    }
}

fn is_to_hide(key: &str, value: &str, is_cut: bool) -> bool {
    let key = key.strip_prefix("amp;").unwrap_or(key).to_ascii_lowercase();
    if value.starts_with(['$', '{']) || NAMING.contains(&&*key) {
        return false;
    }
    let holds = |is: fn(&u8) -> bool| value.bytes().any(|byte| is(&byte));
    let is_rest = is_cut
        && value.len() >= LEAST_CUT
        && holds(u8::is_ascii_digit)
        && holds(u8::is_ascii_alphabetic);
    let is_drawn = is_random(value) && !is_identifier(value);
    TELLING.contains(&&*key) || class(&key).is_some() || is_drawn || is_rest
}
