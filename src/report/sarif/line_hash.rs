//! The hash by which code scanning follows an alert through a file that changes: `primaryLocationLineHash`.
//!
//! It covers 100 UTF-16 code units from the start of a line, without spaces and tabs. It has to be GitHub's to the
//! bit: `upload-sarif` computes it again and warns of every result where it differs.

use std::collections::{HashMap, VecDeque};
use std::fmt;

/// How many code units one hash covers.
const WINDOW: usize = 100;
/// The base of the polynomial that the hash is, in wrapping 64-bit arithmetic.
const BASE: u64 = 37;
/// What stands behind the last code unit of a file.
const END_OF_FILE: u16 = u16::MAX;

/// The hash of one line, with the number of lines up to this one that share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineHash {
    hash: u64,
    count: u32,
}

impl fmt::Display for LineHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}:{}", self.hash, self.count)
    }
}

/// The hashes of all lines of a text, in order: as many as [`Lines`](crate::syntax::Lines) counts.
#[must_use]
pub fn of_lines(text: &str) -> Vec<LineHash> {
    let mut hashes = Vec::new();
    let mut counts: HashMap<u64, u32> = HashMap::new();
    let mut rolling = Rolling::new();
    // Lines whose window is not full yet, by the number of the unit that they start with.
    let mut open = VecDeque::new();
    let mut starts_line = true;
    let padding = std::iter::repeat_n(0, WINDOW);
    for (number, unit) in kept_units(text)
        .chain([END_OF_FILE])
        .chain(padding)
        .enumerate()
    {
        if starts_line {
            open.push_back(number);
        }
        // The padding starts no line: the unit before it is the end mark.
        starts_line = unit == u16::from(b'\n');
        rolling.push(unit);
        if open
            .front()
            .is_some_and(|start| start + WINDOW == number + 1)
        {
            open.pop_front();
            let count = counts.entry(rolling.hash).or_default();
            *count += 1;
            hashes.push(LineHash {
                hash: rolling.hash,
                count: *count,
            });
        }
    }
    hashes
}

/// The code units that count: no spaces, no tabs, and every line break as one line feed.
fn kept_units(text: &str) -> impl Iterator<Item = u16> {
    const LINE_FEED: u16 = b'\n' as u16;
    const CARRIAGE_RETURN: u16 = b'\r' as u16;
    const SPACE: u16 = b' ' as u16;
    const TAB: u16 = b'\t' as u16;
    let mut after_return = false;
    text.encode_utf16().filter_map(move |unit| {
        let ends_pair = std::mem::replace(&mut after_return, unit == CARRIAGE_RETURN);
        match unit {
            SPACE | TAB => None,
            LINE_FEED if ends_pair => None,
            CARRIAGE_RETURN => Some(LINE_FEED),
            _ => Some(unit),
        }
    })
}

/// The hash of the last [`WINDOW`] units.
struct Rolling {
    window: VecDeque<u16>,
    hash: u64,
    /// The weight of the unit that leaves the window.
    oldest: u64,
}

impl Rolling {
    fn new() -> Self {
        Self {
            window: std::iter::repeat_n(0, WINDOW).collect(),
            hash: 0,
            oldest: (0..WINDOW).fold(1, |power: u64, _| power.wrapping_mul(BASE)),
        }
    }

    fn push(&mut self, unit: u16) {
        let leaving = self.window.pop_front().unwrap_or_default();
        self.window.push_back(unit);
        self.hash = self
            .hash
            .wrapping_mul(BASE)
            .wrapping_add(u64::from(unit))
            .wrapping_sub(self.oldest.wrapping_mul(u64::from(leaving)));
    }
}
