//! Sets of connections by number, so that what is worked out for two of them is worked out once.

use std::collections::HashMap;

use super::connections::Connections;

/// The number of no connection.
pub const NONE: u32 = 0;
/// The number of every connection.
pub const ALL: u32 = 1;

/// Sets of connections by number. Equal sets have equal numbers.
#[derive(Clone, Debug)]
pub struct Table {
    sets: Vec<Connections>,
    numbers: HashMap<Connections, u32>,
    known: HashMap<(Operation, u32, u32), u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Operation {
    Union,
    Intersection,
    Minus,
}

impl Default for Table {
    fn default() -> Self {
        let mut table = Self {
            sets: Vec::new(),
            numbers: HashMap::new(),
            known: HashMap::new(),
        };
        table.number(Connections::none());
        table.number(Connections::all());
        table
    }
}

impl Table {
    /// The number of a set.
    pub fn number(&mut self, set: Connections) -> u32 {
        if let Some(known) = self.numbers.get(&set) {
            return *known;
        }
        let number = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
        self.sets.push(set.clone());
        self.numbers.insert(set, number);
        number
    }

    /// The set of a number.
    #[must_use]
    pub fn set(&self, number: u32) -> &Connections {
        static NO_SET: std::sync::OnceLock<Connections> = std::sync::OnceLock::new();
        let set = usize::try_from(number)
            .ok()
            .and_then(|at| self.sets.get(at));
        set.unwrap_or_else(|| NO_SET.get_or_init(Connections::none))
    }

    /// All sets, by number.
    #[must_use]
    pub fn sets(&self) -> &[Connections] {
        &self.sets
    }

    fn operate(&mut self, operation: Operation, one: u32, other: u32) -> u32 {
        if let Some(known) = self.known.get(&(operation, one, other)) {
            return *known;
        }
        let (a, b) = (self.set(one), self.set(other));
        let set = match operation {
            Operation::Union => a.union(b),
            Operation::Intersection => a.intersection(b),
            Operation::Minus => a.minus(b),
        };
        let number = self.number(set);
        self.known.insert((operation, one, other), number);
        number
    }

    /// The connections of either.
    pub fn union(&mut self, one: u32, other: u32) -> u32 {
        match (one, other) {
            (NONE, it) | (it, NONE) => it,
            (ALL, _) | (_, ALL) => ALL,
            _ if one == other => one,
            _ => self.operate(Operation::Union, one.min(other), one.max(other)),
        }
    }

    /// The connections of both.
    pub fn intersection(&mut self, one: u32, other: u32) -> u32 {
        match (one, other) {
            (ALL, it) | (it, ALL) => it,
            (NONE, _) | (_, NONE) => NONE,
            _ if one == other => one,
            _ => self.operate(Operation::Intersection, one.min(other), one.max(other)),
        }
    }

    /// The connections of the first one that the other lacks.
    pub fn minus(&mut self, one: u32, other: u32) -> u32 {
        match (one, other) {
            (it, NONE) => it,
            (NONE, _) | (_, ALL) => NONE,
            _ if one == other => NONE,
            _ => self.operate(Operation::Minus, one, other),
        }
    }
}
