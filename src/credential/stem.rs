//! Parts of the words that speak of a credential. Where none stands near, no key and no word says anything, and most of
//! a text needs no closer look.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, FindIter, Input};

/// One of these is part of every key that `key` knows and of every word that `directive` knows.
const STEMS: [&str; 11] = [
    "auth",
    "basic",
    "bearer",
    "cred",
    "identified",
    "key",
    "pass",
    "psk",
    "pw",
    "secret",
    "token",
];

/// None where it could not be built, so that everything is looked at.
static AUTOMATON: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(STEMS)
        .ok()
});

/// The stems of a text.
pub(super) struct Stems<'t> {
    text: &'t str,
    /// Where the first one begins; none where there is none, and where nobody looked.
    first: Option<usize>,
}

impl<'t> Stems<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let automaton = AUTOMATON.as_ref();
        let first = automaton.and_then(|automaton| automaton.find(text));
        Self {
            text,
            first: first.map(|stem| stem.start()),
        }
    }

    /// Walks over them, from front to back.
    pub(super) fn walk(&self) -> Walk<'t> {
        let automaton = AUTOMATON.as_ref();
        let rest = automaton.map(|automaton| {
            let start = self.first.map_or(self.text.len(), |first| first + 1);
            automaton.find_iter(Input::new(self.text).range(start..))
        });
        Walk {
            rest,
            last: None,
            next: self.first,
        }
    }
}

/// A walk over the stems of a text.
pub(super) struct Walk<'t> {
    rest: Option<FindIter<'static, 't>>,
    /// Where the last one begins that was passed, and the next one.
    last: Option<usize>,
    next: Option<usize>,
}

impl Walk<'_> {
    /// True if a stem begins in a range. No later range may end before this one.
    pub(super) fn any_in(&mut self, range: Range<usize>) -> bool {
        let Some(rest) = &mut self.rest else {
            return true;
        };
        while let Some(next) = self.next.filter(|next| *next < range.end) {
            self.last = Some(next);
            self.next = rest.next().map(|stem| stem.start());
        }
        self.last.is_some_and(|last| last >= range.start)
    }
}

/// True for a word that holds none.
#[cfg(test)]
pub(super) fn is_without(word: &str) -> bool {
    !Stems::of(word).walk().any_in(0..word.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_stem_before_a_place_counts() {
        let text = "a: b\nApiKey: c\nx: y\nPASSWORD z pw";
        let mut stems = Stems::of(text).walk();
        let of_lines = text.split_inclusive('\n').scan(0, |at, line| {
            let start = *at;
            *at += line.len();
            Some(start..*at)
        });
        let any: Vec<bool> = of_lines.map(|line| stems.any_in(line)).collect();
        assert_eq!(any, [false, true, false, true]);
        assert!(!Stems::of("").walk().any_in(0..0));
    }
}
