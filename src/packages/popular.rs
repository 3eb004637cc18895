//! Names that many know, and names that could be mistaken for one of them.
//!
//! The names are generated: `data/popular_packages.txt`, by `data/popular_packages.py`.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// How many of the most used names are worth imitating: the shorter one is, the more innocent names stand beside it.
///
/// Of 3,785 names from the end of the list, 39 lie beside one of these.
fn imitated(letters: usize) -> usize {
    match letters {
        ..SHORTEST => 0,
        SHORTEST => 1_000,
        6 => 2_000,
        _ => 10_000,
    }
}

/// The shortest name, in letters, that a slip does not turn into many others. It must be a slip of the finger: two
/// letters that changed places, or one that came twice.
const SHORTEST: usize = 5;

static NAMES: &str = include_str!("../../data/popular_packages.txt");

struct Popular {
    all: HashSet<&'static str>,
    /// The names that are imitated, with their rank, by what is left of them when any one letter, or none, is taken out.
    nearly: HashMap<String, Vec<(usize, &'static str)>>,
    /// The same by their letters and digits alone.
    bare: HashMap<String, &'static str>,
}

static POPULAR: LazyLock<Popular> = LazyLock::new(|| {
    let names: Vec<&str> = NAMES
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let mut nearly: HashMap<String, Vec<(usize, &str)>> = HashMap::new();
    let mut bare = HashMap::new();
    let numbered = names.iter().enumerate();
    let is_imitated = |(rank, name): &(usize, &&str)| *rank < imitated(name.len());
    for (rank, name) in numbered.filter(is_imitated) {
        if !name.is_ascii() {
            continue;
        }
        let ranked = (rank, *name);
        nearly.entry((*name).to_owned()).or_default().push(ranked);
        for less in shortened(name) {
            nearly.entry(less).or_default().push(ranked);
        }
        if name.len() > SHORTEST {
            bare.entry(letters(name)).or_insert(*name);
        }
    }
    Popular {
        all: names.into_iter().collect(),
        nearly,
        bare,
    }
});

/// True for a name that many depend on.
#[must_use]
pub fn is_popular(name: &str) -> bool {
    POPULAR.all.contains(name)
}

/// The much used name that one could take a name for: it is one letter more, less or other, two that changed places, or
/// the same without its hyphens, dots and scope. None for a name that is much used itself.
#[must_use]
pub fn mistaken_for(name: &str) -> Option<&'static str> {
    if name.len() < SHORTEST || !name.is_ascii() || is_popular(name) {
        return None;
    }
    let popular = &*POPULAR;
    if let Some(known) = popular.bare.get(&letters(name)) {
        return Some(known);
    }
    let own = std::iter::once(name.to_owned()).chain(shortened(name));
    let mut candidates = own.flat_map(|less| popular.nearly.get(&less).into_iter().flatten());
    let found = candidates.find(|(rank, known)| {
        is_one_edit(name, known)
            && is_within_word(name, known)
            && is_open(name, known)
            && (*rank < ENDED_OTHERWISE || !differs_by_ending(name, known))
    });
    found.map(|(_, known)| *known)
}

/// How many of the most used names are worth imitating by another ending: `memoize` stands beside `memoizer` as plurals
/// stand beside their words, and both are real.
const ENDED_OTHERWISE: usize = 1_000;

/// True if the one name is the other with a letter behind it.
fn differs_by_ending(name: &str, known: &str) -> bool {
    name.starts_with(known) || known.starts_with(name)
}

/// True if somebody else could own a name: in a scope there is its owner alone, whose name must be the odd one.
fn is_open(name: &str, known: &str) -> bool {
    if known.len() <= SHORTEST && !is_slip(name, known) {
        return false;
    }
    match (name.split_once('/'), known.split_once('/')) {
        (Some((scope, bare)), Some((other, same))) => scope != other && bare == same,
        (None, None) => true,
        _ => false,
    }
}

/// True if two letters changed places, or one came twice.
fn is_slip(name: &str, known: &str) -> bool {
    let (name, known) = (name.as_bytes(), known.as_bytes());
    if name.len() == known.len() {
        let odd = name.iter().zip(known).filter(|(one, other)| one != other);
        return odd.count() == 2;
    }
    let same = name
        .iter()
        .zip(known)
        .take_while(|(one, other)| one == other);
    let same = same.count();
    let letter = name.get(same);
    name.len() > known.len() && same > 0 && letter == name.get(same - 1)
}

/// True if the word in which two names begin to differ is long enough to be mistyped: `vis` is no slip for `is`.
fn is_within_word(name: &str, known: &str) -> bool {
    const SHORTEST_WORD: usize = 4;
    let pairs = name.bytes().zip(known.bytes());
    let same = pairs.take_while(|(one, other)| one == other).count();
    let mut end = 0;
    let mut words = known.split(['-', '.', '_', '/']);
    let word = words.find(|word| {
        end += word.len() + 1;
        same < end
    });
    word.is_none_or(|word| word.len() >= SHORTEST_WORD)
}

/// A name without its hyphens, dots, underscores and slashes. What differs by these alone reads the same.
fn letters(name: &str) -> String {
    let kept = name.bytes().filter(u8::is_ascii_alphanumeric);
    kept.map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect()
}

/// What is left when one letter is taken out.
fn shortened(name: &str) -> impl Iterator<Item = String> {
    (0..name.len()).filter_map(move |at| {
        let rest = name.get(at + 1..)?;
        Some(format!("{}{rest}", name.get(..at)?))
    })
}

/// True if one letter more, less or other makes the one name of the other, or two neighbours that change places. A
/// digit in the place of another is a version, and no slip of the finger.
fn is_one_edit(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (
        one.get(same..).unwrap_or_default(),
        other.get(same..).unwrap_or_default(),
    );
    match (one, other) {
        // A digit at the end is a version, too.
        ([more], []) | ([], [more]) => !more.is_ascii_digit(),
        ([_, rest @ ..], _) if rest == other => true,
        (_, [_, rest @ ..]) if rest == one => true,
        ([a, b, rest @ ..], [c, d, others @ ..]) if a == d && b == c && rest == others => true,
        ([a, rest @ ..], [b, others @ ..]) if rest == others => {
            !(a.is_ascii_digit() && b.is_ascii_digit())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_noticed() {
        for (name, known) in [
            ("expresss", Some("express")),
            ("exprss", Some("express")),
            ("exrpess", Some("express")),
            ("ecpress", Some("express")),
            ("cross-spwan", Some("cross-spawn")),
            ("cross-envv", None),
            ("crossenv", Some("cross-env")),
            ("babelcore", Some("@babel/core")),
            ("express", None),
            ("loadsh", Some("lodash")),
            ("webpack6", None),
            ("preact", None),
            ("react-vis", None),
            ("our-own-service", None),
            ("reac", None),
            ("raect", Some("react")),
            ("axois", Some("axios")),
            ("reactt", Some("react")),
            ("reacts", None),
            ("chalky", None),
            ("mongose", Some("mongoose")),
            ("electorn", Some("electron")),
            ("@tyeps/node", Some("@types/node")),
            ("@types/nodes", None),
            ("@our/node", None),
            // Real packages beside others of their name.
            ("lru-memoize", None),
            ("lru-memoizers", None),
            ("lru-memiozer", Some("lru-memoizer")),
            ("expres", Some("express")),
        ] {
            assert_eq!(mistaken_for(name), known, "{name}");
        }
    }
}
