//! Many lines about pairs of ends. There may be one for each pair of workloads, so that ends and words are kept once, and a
//! line is a few numbers.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::notation::Named;

/// Lines about pairs of ends, each with so many words about them, in order and each once.
#[derive(Clone, Debug)]
pub struct Lines<const WORDS: usize> {
    ends: Vec<Named>,
    words: Vec<Arc<str>>,
    rows: Vec<Row<WORDS>>,
}

/// The numbers of two ends and of what is said of them.
type Row<const WORDS: usize> = ([u32; 2], [u32; WORDS]);

impl<const WORDS: usize> Default for Lines<WORDS> {
    fn default() -> Self {
        Self {
            ends: Vec::new(),
            words: Vec::new(),
            rows: Vec::new(),
        }
    }
}

impl<const WORDS: usize> Lines<WORDS> {
    /// The ends, in order; some may be of no line.
    #[must_use]
    pub fn ends(&self) -> &[Named] {
        &self.ends
    }

    /// The words, in order.
    #[must_use]
    pub fn words(&self) -> &[Arc<str>] {
        &self.words
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The lines by the numbers of their ends and words.
    pub fn rows(&self) -> impl Iterator<Item = ([usize; 2], [usize; WORDS])> {
        let at = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        self.rows
            .iter()
            .map(move |(ends, words)| (ends.map(at), words.map(at)))
    }

    /// The lines: from where, to where, and the words.
    pub fn iter(&self) -> impl Iterator<Item = (&Named, &Named, [&Arc<str>; WORDS])> {
        self.rows().filter_map(|([from, to], words)| {
            let (from, to) = (self.ends.get(from)?, self.ends.get(to)?);
            let first = self.words.get(*words.first()?)?;
            let words = words.map(|word| self.words.get(word).unwrap_or(first));
            Some((from, to, words))
        })
    }
}

/// Lines that are being gathered.
#[derive(Debug)]
pub struct Gathered<const WORDS: usize> {
    ends: HashMap<Named, u32>,
    words: HashMap<Arc<str>, u32>,
    rows: Vec<Row<WORDS>>,
}

impl<const WORDS: usize> Default for Gathered<WORDS> {
    fn default() -> Self {
        Self {
            ends: HashMap::new(),
            words: HashMap::new(),
            rows: Vec::new(),
        }
    }
}

impl<const WORDS: usize> Gathered<WORDS> {
    /// The number of an end.
    pub fn end(&mut self, end: &Named) -> u32 {
        if let Some(known) = self.ends.get(end) {
            return *known;
        }
        let number = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.ends.insert(end.clone(), number);
        number
    }

    /// The number of a word.
    pub fn word(&mut self, word: &str) -> u32 {
        if let Some(known) = self.words.get(word) {
            return *known;
        }
        let number = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        self.words.insert(word.into(), number);
        number
    }

    /// Makes room for so many more lines.
    pub fn reserve(&mut self, more: usize) {
        self.rows.reserve_exact(more);
    }

    /// Adds a line.
    pub fn add(&mut self, from: u32, to: u32, words: [u32; WORDS]) {
        self.rows.push(([from, to], words));
    }

    /// The lines, in the order of their ends and words, each once.
    #[must_use]
    pub fn lines(self) -> Lines<WORDS> {
        let (ends, end_of) = in_order(self.ends);
        let (words, word_of) = in_order(self.words);
        let new = |numbers: &[u32], old: u32| {
            let at = usize::try_from(old).ok();
            at.and_then(|at| numbers.get(at)).copied().unwrap_or(old)
        };
        let mut rows = self.rows;
        for (ends, words) in &mut rows {
            *ends = ends.map(|end| new(&end_of, end));
            *words = words.map(|word| new(&word_of, word));
        }
        rows.sort_unstable();
        rows.dedup();
        Lines { ends, words, rows }
    }
}

/// Things in order, and the place of each by the number that it had.
fn in_order<T: Ord>(numbers: HashMap<T, u32>) -> (Vec<T>, Vec<u32>) {
    let numbers: BTreeMap<T, u32> = numbers.into_iter().collect();
    let mut places = vec![0; numbers.len()];
    for (place, old) in (0..).zip(numbers.values()) {
        let own = usize::try_from(*old).ok();
        if let Some(own) = own.and_then(|at| places.get_mut(at)) {
            *own = place;
        }
    }
    (numbers.into_keys().collect(), places)
}
