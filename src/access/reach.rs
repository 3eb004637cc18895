//! How many objects a right reaches.

use super::symbols::Symbol;

/// How many objects a right reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// None.
    Nothing,
    /// Those of these names.
    Named(Vec<Symbol>),
    /// All.
    All,
}

impl Reach {
    /// True if it is anything at all.
    #[must_use]
    pub fn is_some(&self) -> bool {
        *self != Self::Nothing
    }

    /// True if it reaches all.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self::All
    }

    /// What both reach.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Nothing, _) | (_, Self::Nothing) => Self::Nothing,
            (Self::All, other) => other.clone(),
            (own, Self::All) => own,
            (Self::Named(mut names), Self::Named(others)) => {
                names.retain(|name| others.contains(name));
                if names.is_empty() {
                    Self::Nothing
                } else {
                    Self::Named(names)
                }
            }
        }
    }

    /// Both together.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::Nothing, other) => other,
            (own, Self::Nothing) => own,
            (Self::Named(mut names), Self::Named(more)) => {
                names.extend(more);
                names.sort_unstable();
                names.dedup();
                Self::Named(names)
            }
        }
    }
}
