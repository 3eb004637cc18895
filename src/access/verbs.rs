//! Sets of verbs.

use std::sync::Arc;

use super::symbols::Symbol;

/// A set of verbs. Those that are known are bits.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Verbs {
    bits: u32,
    /// Those that are not, in order; none where there are none.
    others: Option<Arc<[Symbol]>>,
}

/// Every verb, as a bit.
const ANY: u32 = 1;

impl Verbs {
    /// Every verb.
    pub const EVERY: Self = Self {
        bits: ANY,
        others: None,
    };

    /// Adds a verb.
    pub fn add(&mut self, verb: Symbol) {
        if verb.0 < u32::BITS {
            self.bits |= 1 << verb.0;
        } else if let Err(at) = self.unknown().binary_search(&verb) {
            let mut others = self.unknown().to_vec();
            others.insert(at, verb);
            self.others = Some(others.into());
        }
    }

    pub(super) fn add_all(&mut self, other: &Self) {
        self.bits |= other.bits;
        if self.others.is_none() {
            self.others.clone_from(&other.others);
            return;
        }
        for verb in other.unknown() {
            self.add(*verb);
        }
    }

    fn unknown(&self) -> &[Symbol] {
        self.others.as_deref().unwrap_or_default()
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bits == 0 && self.others.is_none()
    }

    /// True if every verb is meant.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.bits & ANY != 0
    }

    /// True if a verb is among them, or all are.
    #[must_use]
    pub fn allows(&self, verb: Symbol) -> bool {
        self.is_any() || self.has(verb)
    }

    fn has(&self, verb: Symbol) -> bool {
        if verb.0 < u32::BITS {
            self.bits & 1 << verb.0 != 0
        } else {
            self.unknown().binary_search(&verb).is_ok()
        }
    }

    /// The same without some verbs that are known.
    pub(super) fn without(&self, verbs: &[Symbol]) -> Self {
        let mut left = self.clone();
        for verb in verbs {
            if verb.0 < u32::BITS {
                left.bits &= !(1 << verb.0);
            }
        }
        left
    }

    /// Those that others do not allow. Of every verb, nothing but every verb leaves nothing.
    pub(super) fn beyond(&self, others: &Self) -> Self {
        if others.is_any() {
            return Self::default();
        }
        if self.is_any() {
            return Self::EVERY;
        }
        let unknown = self.unknown().iter().copied();
        let unknown: Vec<Symbol> = unknown.filter(|verb| !others.has(*verb)).collect();
        Self {
            bits: self.bits & !others.bits,
            others: (!unknown.is_empty()).then(|| unknown.into()),
        }
    }

    /// Every verb makes the others needless.
    pub(super) fn settled(self) -> Self {
        if self.is_any() { Self::EVERY } else { self }
    }

    /// The verbs, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = Symbol> {
        let bits = self.bits;
        let known = (0..u32::BITS).filter(move |bit| bits & 1 << bit != 0);
        known.map(Symbol).chain(self.unknown().iter().copied())
    }
}

impl FromIterator<Symbol> for Verbs {
    fn from_iter<T: IntoIterator<Item = Symbol>>(symbols: T) -> Self {
        let mut verbs = Self::default();
        for symbol in symbols {
            verbs.add(symbol);
        }
        verbs
    }
}
