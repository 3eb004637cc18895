//! Passwords as `.netrc` keeps them: `machine … login … password …`.
//!
//! Source: the manual of `ftp(1)`, and of curl, about the file.

use std::ops::Range;

use memchr::memmem;

use super::argument::{Argument, piped};

/// What an entry says of its machine. What follows each is its value.
const KEYS: [&str; 4] = ["login", "account", "password", "passwd"];

/// How many pairs an entry has before its password.
const PAIRS: usize = 3;

/// Visits the passwords of the entries of a text, in order.
pub(super) fn scan(text: &str, visit: &mut dyn FnMut(Argument)) {
    let mut from = 0;
    for at in memmem::find_iter(text.as_bytes(), "login") {
        let behind = text.as_bytes().get(at + "login".len());
        if at < from || !behind.is_some_and(u8::is_ascii_whitespace) {
            continue;
        }
        let mut words = Words { text, at };
        let mut is_entry = is_of_entry(text, at);
        for _ in 0..PAIRS {
            let (Some(key), Some(value)) = (words.next(), words.next()) else {
                break;
            };
            let key = text.get(key).unwrap_or_default();
            is_entry &= KEYS.contains(&key);
            if !is_entry {
                break;
            }
            from = value.end;
            if key.starts_with("pass") {
                piped(text, value, false).into_iter().for_each(&mut *visit);
                break;
            }
        }
    }
}

/// True behind `machine NAME` or `default`.
fn is_of_entry(text: &str, at: usize) -> bool {
    let mut before = last_words(text, at);
    let last = before.next();
    last == Some("default") || before.next() == Some("machine")
}

/// The machine whose password stands behind this place; nothing where none does.
pub(super) fn machine_of(text: &str, at: usize) -> Option<&str> {
    let mut before = last_words(text, at);
    if !before.next()?.starts_with("pass") {
        return None;
    }
    let mut behind = "";
    for word in before.take(2 * PAIRS) {
        match word {
            "machine" => return Some(behind),
            "default" => return Some(word),
            _ => behind = word,
        }
    }
    None
}

/// The words before a place, the last one first.
fn last_words(text: &str, at: usize) -> impl Iterator<Item = &str> {
    let start = text.floor_char_boundary(at.saturating_sub(512));
    let before = text.get(start..at).unwrap_or_default();
    let words = before.rsplit(is_between);
    let words = words.flat_map(|word| word.rsplit(LINE_END));
    words.filter(|word| !word.is_empty())
}

/// The end of a line as `printf` takes it.
const LINE_END: &str = "\\n";

fn is_between(letter: char) -> bool {
    letter.is_whitespace() || "\"'`".contains(letter)
}

struct Words<'t> {
    text: &'t str,
    at: usize,
}

impl Iterator for Words<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let rest = self.text.get(self.at..)?;
        let mut word = rest.trim_start();
        while let Some(behind) = word.strip_prefix(LINE_END) {
            word = behind.trim_start();
        }
        let start = rest.len() - word.len();
        let end = word.find(is_between).unwrap_or(word.len());
        let whole = word.get(..end)?;
        let end = whole.find(LINE_END).unwrap_or(end);
        let word = self.at + start..self.at + start + end;
        self.at = word.end;
        (!word.is_empty()).then_some(word)
    }
}
