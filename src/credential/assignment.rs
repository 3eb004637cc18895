//! Values behind a key that says what they are: `password=…`, `"token": "…"`.

use std::ops::Range;

use super::drawn::is_passphrase;
use super::key::{Class, class};
use super::qualifier::class_before;
use super::stem::Stems;
use super::{Found, What, is_placeholder, proved_by_key, proved_by_qualified};

/// Who wrote the text: a line of source may hold any value, our own messages hold few.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A sentence of ours.
    Message,
    /// A file.
    Source,
}

/// A telling key and what stands behind it.
#[derive(Debug)]
pub(super) struct Assignment<'t> {
    key: &'t str,
    key_start: usize,
    pub(super) value: Range<usize>,
    class: Class,
    /// True for an equals sign.
    assigned: bool,
    quoted: bool,
}

impl Assignment<'_> {
    /// True if the value must not be shown.
    pub(super) fn is_to_hide(&self, text: &str, reader: Reader) -> bool {
        let value = text.get(self.value.clone()).unwrap_or_default();
        if reader == Reader::Source {
            // Where it stands is enough. Quotes leave nothing of the notation in it.
            let is_shown = value.is_empty() || value.starts_with(['$', '{']) || is_switch(value);
            return !is_shown && (self.quoted || is_literal_start(value));
        }
        let is_named = matches!(self.class, Class::Password | Class::Secret);
        let is_enough = is_named && (self.assigned || is_strong(value))
            || proved_by_key(self.key, value, false).is_some();
        is_enough && is_literal(value)
    }

    /// What key and value prove together.
    pub(super) fn proves(&self, text: &str, weak_too: bool) -> Option<Found> {
        let value = text.get(self.value.clone())?;
        // Code calls functions and looks things up.
        let is_code = !self.quoted && value.contains(['(', ')', '[', ']', '{', '}', '<', '>']);
        // Where nothing ends it, words may go on that are none of it.
        let is_open = !self.quoted && is_passphrase(value);
        if !is_literal(value) || is_code || is_open {
            return None;
        }
        let found = proved_by_key(self.key, value, weak_too).or_else(|| {
            let is_one = self.class == Class::Password && self.is_of_connection(text);
            let is_value = is_one && !is_placeholder(self.key, value);
            is_value.then(|| Found::new(0..value.len(), What::ConnectionString, true))
        })?;
        let start = self.value.start;
        Some(Found {
            range: start + found.range.start..start + found.range.end,
            ..found
        })
    }

    /// True between the other parts of a connection string.
    fn is_of_connection(&self, text: &str) -> bool {
        const PARTS: [&str; 6] = [
            "server=",
            "host=",
            "datasource=",
            "userid=",
            "uid=",
            "username=",
        ];
        let start = text.ceil_char_boundary(self.key_start.saturating_sub(200));
        let before = text.get(start..self.key_start).unwrap_or_default();
        let line = before.rsplit(['\n', '"', '\'']).next().unwrap_or_default();
        let plain: String = line
            .chars()
            .filter(|character| !character.is_whitespace())
            .map(|character| character.to_ascii_lowercase())
            .collect();
        plain.ends_with(';') && self.assigned && PARTS.iter().any(|part| plain.contains(part))
    }
}

/// The longest key that is looked at.
const LONGEST_KEY: usize = 64;
/// Nobody writes more than this between a key and its mark.
const MOST_BETWEEN: usize = 16;

/// Visits the values behind telling keys, in order.
pub(super) fn scan(
    text: &str,
    stems: &Stems<'_>,
    reader: Reader,
    visit: &mut dyn FnMut(Assignment<'_>),
) {
    let mut stems = stems.walk();
    let mut from = 0;
    for at in memchr::memchr2_iter(b'=', b':', text.as_bytes()) {
        if at < from || !stems.any_in(at.saturating_sub(LONGEST_KEY + MOST_BETWEEN)..at) {
            continue;
        }
        let Some((assignment, end)) = assignment(text, at, reader) else {
            continue;
        };
        // What a value holds belongs to it, and is not looked at again.
        from = end;
        if !assignment.value.is_empty() {
            visit(assignment);
        }
    }
}

/// The value behind a mark, if a telling key stands before it, and where reading goes on.
fn assignment(text: &str, at: usize, reader: Reader) -> Option<(Assignment<'_>, usize)> {
    let bytes = text.as_bytes().get(..at)?;
    let is_between = |byte: &&u8| b" \"'\\:".contains(byte);
    let before = bytes.iter().rev().take(MOST_BETWEEN);
    let between = before.take_while(is_between).count();
    let bytes = bytes.get(..at - between)?;
    let is_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-/".contains(byte);
    let length = bytes
        .iter()
        .rev()
        .take(LONGEST_KEY)
        .take_while(|byte| is_key(byte))
        .count();
    let key_start = bytes.len() - length;
    let key = text.get(key_start..bytes.len())?;
    if key.is_empty() {
        return None;
    }
    let assigned = text.as_bytes().get(at) == Some(&b'=');
    let behind = text.get(at + 1..)?;
    let value = behind.trim_start_matches(' ');
    // A colon within a word, as in an image's name, is none of a key.
    if !assigned && value.len() == behind.len() && !value.starts_with(['"', '\'']) {
        return None;
    }
    let by_end = class(key);
    let class = by_end.or_else(|| class_before(key))?;
    let unescaped = value.strip_prefix('\\').unwrap_or(value);
    let quote = unescaped.bytes().next();
    let quote = quote.filter(|first| matches!(first, b'"' | b'\''));
    let value = quote.map_or(value, |_| unescaped.get(1..).unwrap_or(value));
    if quote.is_none() && !is_literal_start(value) {
        return None;
    }
    let start = text.len() - value.len();
    let end = match (quote, reader) {
        (Some(quote), _) => memchr::memchr2(quote, b'\n', value.as_bytes()),
        // Scheme and value belong together.
        (None, _) if class == Class::Authorization => {
            value.find(|character: char| "\"'`,;\n\r…".contains(character))
        }
        (None, Reader::Source) if !assigned => end_of_line(value),
        (None, _) => value
            .find(|character: char| character.is_whitespace() || "\"'`,;&)]}…".contains(character)),
    };
    let end = end.unwrap_or(value.len());
    let value = value.get(..end)?;
    let mut value = value.trim_end();
    if quote.is_some() {
        value = value.trim_end_matches('\\');
    } else if reader == Reader::Source && !assigned {
        value = value.trim_end_matches([',', '}', ']', '"', '\'', '\\', ' ']);
    }
    // Any word may stand behind a word for a secret: only what was drawn belongs to such a key.
    if by_end.is_none() && proved_by_key(key, value, false).is_none() {
        return None;
    }
    let assignment = Assignment {
        key,
        key_start,
        value: start..start + value.len(),
        class,
        assigned,
        quoted: quote.is_some(),
    };
    Some((assignment, start + end))
}

/// Where a line ends, or a comment in it begins.
fn end_of_line(text: &str) -> Option<usize> {
    let line = memchr::memchr2(b'\n', b'\r', text.as_bytes()).unwrap_or(text.len());
    let line = text.get(..line)?;
    Some(line.find(" #").unwrap_or(line.len()))
}

/// True for what nobody would write in a sentence.
fn is_strong(value: &str) -> bool {
    value.len() >= 12
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn is_literal_start(value: &str) -> bool {
    !value.starts_with(['$', '{', '[', '&', '*', '!', '|', '>', '='])
}

/// False for what is a switch, a structure or a reference to something else.
fn is_literal(value: &str) -> bool {
    !value.is_empty() && !is_switch(value) && is_literal_start(value)
}

/// True for the words that turn something on or off.
pub(super) fn is_switch(value: &str) -> bool {
    ["true", "false", "null", "yes", "no", "on", "off", "~"]
        .iter()
        .any(|word| value.eq_ignore_ascii_case(word))
}

/// True for a value behind a telling key that must not be shown, whether or not it looks secret.
pub(super) fn is_told(key: &str, value: &str) -> bool {
    let is_shown = value.is_empty() || value.starts_with(['$', '{']) || is_switch(value);
    // Behind a key that says nothing by its end, only what was drawn counts.
    !is_shown && (class(key).is_some() || proved_by_qualified(key, value).is_some())
}
