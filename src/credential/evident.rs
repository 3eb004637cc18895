//! What shows by itself that it is a credential, wherever it stands and whatever it is called.

use std::ops::Range;

use super::{Found, What, address, apart, armour, key, shape};

/// Nothing shorter is a credential by itself, key and all: most values are numbers and words.
pub(super) const SHORTEST: usize = 8;

/// The credentials of a text that show by themselves what they are, wherever they stand: tokens, private keys, and
/// addresses with a password that nobody guesses.
#[must_use]
pub fn find_marked(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    marked(text, &mut found);
    found.retain(|found| found.what != What::Address || !found.is_weak);
    apart(text, found)
}

/// The same behind a key that may say that browsers are given the value.
#[must_use]
pub fn find_marked_behind(key: &str, text: &str) -> Vec<Found> {
    without_published(key, find_marked(text))
}

/// What is left of a find where a key says that browsers are given the value, as they are given keys of Google's maps.
#[must_use]
pub fn without_published(key: &str, mut found: Vec<Found>) -> Vec<Found> {
    if !found.is_empty() && key::is_published(key) {
        found.retain(|found| !found.may_be_published());
    }
    found
}

/// The tokens in a text that providers mark as theirs: evidence even where nothing else would be, as in a comment.
#[must_use]
pub fn find_tokens(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    shape::scan(text, &mut |candidate| {
        let counts = candidate.shape.is_of_provider() && !candidate.shape.is_weak();
        let what = candidate.proves(text).filter(|_| counts);
        found.extend(what.map(|what| Found::new(candidate.range, what, false)));
    });
    apart(text, found)
}

/// Adds what shows by itself what it is.
pub(super) fn marked(text: &str, found: &mut Vec<Found>) {
    if text.len() < SHORTEST {
        return;
    }
    shape::scan(text, &mut |candidate| {
        if let Some(what) = candidate.proves(text) {
            let Range { start, end } = candidate.range;
            found.push(Found::new(start..end, what, candidate.shape.is_weak()));
        }
    });
    armour::scan(text, &mut |block| {
        if block.is_whole(text) {
            let is_weak = block.is_encrypted(text);
            found.push(Found::new(block.range, What::PrivateKey, is_weak));
        }
    });
    armour::scan_packed(text, &mut |packed| {
        if let Some(is_weak) = packed.proves() {
            found.push(Found::new(packed.range, What::PrivateKey, is_weak));
        }
    });
    address::scan(text, &mut |candidate| {
        if let Some(is_weak) = candidate.proves(text) {
            found.push(Found::new(candidate.password, What::Address, is_weak));
        }
    });
}
