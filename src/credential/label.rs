//! What a credential is called where it stands.

use std::ops::Range;

use super::strength::is_random;
use super::{class, directive, netrc, section};

/// Nobody writes a longer name.
const LONGEST: usize = 64;

/// The host behind it, or the key or flag before it; nothing where nothing names it.
pub(super) fn of(text: &str, range: &Range<usize>) -> String {
    let behind = text.get(range.end..).unwrap_or_default();
    if let Some(host) = behind.strip_prefix('@') {
        let is_host = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        let length = host.bytes().take(4 * LONGEST).take_while(is_host).count();
        return host.get(..length).unwrap_or_default().to_owned();
    }
    if let Some(machine) = netrc::machine_of(text, range.start) {
        return fit(machine).to_owned();
    }
    let start = text.floor_char_boundary(range.start.saturating_sub(4 * LONGEST));
    let before = text.get(start..range.start).unwrap_or_default();
    // A flag may stand on the line before.
    let before = before.trim_end_matches(['"', '\'', ' ', '\\', '\t']);
    let before = match before
        .strip_suffix('\n')
        .or_else(|| before.strip_suffix(','))
    {
        Some(flag) if flag.trim_end().ends_with(['\\', '"', '\'']) => {
            flag.trim_end().trim_end_matches(['"', '\'', ' ', '\\'])
        }
        _ => before,
    };
    let line = before.rsplit('\n').next().unwrap_or_default();
    // `Authorization: Bearer …`.
    let line = ["Bearer", "Basic", "bearer", "basic", "token"]
        .iter()
        .find_map(|scheme| line.strip_suffix(scheme).map(str::trim_end))
        .filter(|line| line.ends_with([':', '=']))
        .unwrap_or(line);
    if let Some(line) = line.strip_suffix(['=', ':']) {
        let key = fit(key_before(line));
        return section::of(text, range.start, key);
    }
    let word = line.rsplit([' ', '\t', '"', '\'', ',', '[']).next();
    let word = word.unwrap_or_default();
    // What stands beside it is its name only where it says so.
    if word.starts_with('-') {
        return of_flag(word).to_owned();
    }
    // A tag, or whatever else stands before it without a blank, may hold another credential.
    // A key of npm's names its registry, `//host/:_authToken`.
    let marks: &[u8] = if word.starts_with("//") {
        b"_.-:/"
    } else {
        b"_.-"
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || marks.contains(&byte);
    let is_name = word.bytes().all(is_plain) && (class(word).is_some() || directive::is_name(word));
    let key = if is_name { word } else { "" };
    fit(key).to_owned()
}

/// The key at the end of a line, before its mark.
fn key_before(line: &str) -> &str {
    let line = line.trim_end_matches(['"', '\'', ' ', '\\']);
    let is_key = |letter: char| letter.is_ascii_alphanumeric() || "_.-/:".contains(letter);
    let key = line.trim_end_matches(is_key).len();
    let key = line.get(key..).unwrap_or_default();
    // npm's settings name their registry, `//host/:_authToken`.
    if key.starts_with("//") {
        return key;
    }
    key.rsplit([':', '/']).next().unwrap_or_default()
}

/// The name of a flag, without what is written with it in one word.
pub(super) fn of_flag(word: &str) -> &str {
    let flag = word.split('=').next().unwrap_or_default();
    if flag.starts_with("--") {
        return fit(flag);
    }
    fit(flag.get(..2).unwrap_or(flag))
}

/// A name that is none of a secret, or nothing.
pub(super) fn fit(key: &str) -> &str {
    let key = key.trim_start_matches('-');
    let is_name = key.len() <= LONGEST && (class(key).is_some() || !is_random(key));
    if is_name { key } else { "" }
}
