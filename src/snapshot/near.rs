//! Copies of something by where they stand, so that the nearest ones are found without looking at all of them.

use std::collections::HashMap;

/// The most copies of one place that are told apart.
pub(super) const MOST: usize = 8;

/// Copies by place. Equal ones are kept once a place.
#[derive(Debug)]
pub(super) struct Near<T> {
    /// By the file that holds them, and by its folder.
    beside: HashMap<Box<str>, Vec<T>>,
    /// By every folder above their file.
    below: HashMap<Box<str>, Vec<T>>,
}

impl<T> Default for Near<T> {
    fn default() -> Self {
        Self {
            beside: HashMap::new(),
            below: HashMap::new(),
        }
    }
}

impl<T: Clone> Near<T> {
    /// Adds a copy that stands in a file.
    pub(super) fn add(&mut self, path: &str, copy: &T, same: fn(&T, &T) -> bool) {
        for place in [path, above(path).unwrap_or_default()] {
            keep(self.beside.entry(place.into()).or_default(), copy, same);
        }
        let mut at = path;
        while let Some(folder) = above(at) {
            keep(self.below.entry(folder.into()).or_default(), copy, same);
            at = folder;
        }
    }

    /// The copies that are nearest to a file: those in it, else those in its folder, else those that share the most
    /// folders with it.
    pub(super) fn near(&self, path: &str) -> &[T] {
        let folder = above(path).unwrap_or_default();
        let beside = self.beside.get(path).or_else(|| self.beside.get(folder));
        let mut found = beside;
        let mut at = path;
        while let (None, Some(folder)) = (found, above(at)) {
            found = self.below.get(folder);
            at = folder;
        }
        found.map(Vec::as_slice).unwrap_or_default()
    }
}

/// The folder of a file or of a folder; the root is empty, and nothing is above it.
pub(super) fn above(path: &str) -> Option<&str> {
    match path.rsplit_once('/') {
        Some((folder, _)) => Some(folder),
        None => (!path.is_empty()).then_some(""),
    }
}

/// Keeps what says something else than the others.
pub(super) fn keep<T: Clone>(copies: &mut Vec<T>, copy: &T, same: fn(&T, &T) -> bool) {
    if copies.len() < MOST && !copies.iter().any(|known| same(known, copy)) {
        copies.push(copy.clone());
    }
}
