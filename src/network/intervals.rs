//! Sets of whole numbers as ranges, in a form that makes equal sets equal values.

/// A number of a bounded line: a port or an address.
pub trait Point: Copy + Ord + std::fmt::Debug {
    /// The number after this one; none after the last.
    fn next(self) -> Option<Self>;
    /// The last number.
    const LAST: Self;
    /// The number before this one; none before the first.
    fn previous(self) -> Option<Self>;
}

macro_rules! point {
    ($($number:ty),*) => {
        $(impl Point for $number {
            const LAST: Self = <$number>::MAX;
            fn next(self) -> Option<Self> {
                self.checked_add(1)
            }
            fn previous(self) -> Option<Self> {
                self.checked_sub(1)
            }
        })*
    };
}
point!(u16, u32, u128);

/// A set of numbers: ranges with both ends included, in order, that neither overlap nor touch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Intervals<T> {
    ranges: Vec<(T, T)>,
}

impl<T> Default for Intervals<T> {
    fn default() -> Self {
        Self { ranges: Vec::new() }
    }
}

impl<T: Point> Intervals<T> {
    /// No number.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The numbers from one to another, both included; none if they are the wrong way round.
    #[must_use]
    pub fn range(first: T, last: T) -> Self {
        Self {
            ranges: if first <= last {
                vec![(first, last)]
            } else {
                Vec::new()
            },
        }
    }

    /// The numbers of some ranges, in any order.
    #[must_use]
    pub fn of(mut ranges: Vec<(T, T)>) -> Self {
        ranges.retain(|(first, last)| first <= last);
        ranges.sort_unstable();
        let mut joined: Vec<(T, T)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match joined.last_mut() {
                // It touches what comes before: nothing lies between them.
                Some((_, end)) if end.next().is_none_or(|after| first <= after) => {
                    *end = (*end).max(last);
                }
                _ => joined.push((first, last)),
            }
        }
        Self { ranges: joined }
    }

    /// The ranges, in order.
    #[must_use]
    pub fn ranges(&self) -> &[(T, T)] {
        &self.ranges
    }

    /// True if there is no number in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// True if a number is in it.
    #[must_use]
    pub fn contains(&self, number: T) -> bool {
        let after = self.ranges.partition_point(|(first, _)| *first <= number);
        let before = after.checked_sub(1).and_then(|at| self.ranges.get(at));
        before.is_some_and(|(_, last)| number <= *last)
    }

    /// The numbers of either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        if other.is_empty() || self == other {
            return self.clone();
        }
        if self.is_empty() {
            return other.clone();
        }
        let ranges = self.ranges.iter().chain(&other.ranges);
        Self::of(ranges.copied().collect())
    }

    /// The numbers of both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let (mut own, mut others) = (self.ranges.iter(), other.ranges.iter());
        let (mut one, mut two) = (own.next(), others.next());
        let mut ranges = Vec::new();
        while let (Some((from, to)), Some((first, last))) = (one, two) {
            let (start, end) = (*from.max(first), *to.min(last));
            if start <= end {
                ranges.push((start, end));
            }
            if to < last {
                one = own.next();
            } else {
                two = others.next();
            }
        }
        Self { ranges }
    }

    /// The numbers of this one that the other lacks.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut ranges = Vec::new();
        let mut others = other.ranges.iter().peekable();
        for (first, last) in &self.ranges {
            let mut start = Some(*first);
            while let Some((from, to)) = others.peek().copied() {
                if from > last {
                    break;
                }
                if let Some(at) = start
                    && at < *from
                    && let Some(end) = from.previous()
                {
                    ranges.push((at, end));
                }
                if start.is_some_and(|at| at <= *to) {
                    start = to.next();
                }
                if to > last {
                    break;
                }
                others.next();
            }
            if let Some(at) = start.filter(|at| at <= last) {
                ranges.push((at, *last));
            }
        }
        Self { ranges }
    }

    /// True if every number of it is in the other.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.minus(other).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All sets of a line of eight numbers, by their bits.
    fn of_bits(bits: u16) -> Intervals<u16> {
        let numbers = (0..8).filter(|at| bits & (1 << at) != 0);
        Intervals::of(numbers.map(|at| (at, at)).collect())
    }

    #[test]
    fn every_operation_agrees_with_bits() {
        for one in 0..256 {
            for other in 0..256 {
                let (a, b) = (of_bits(one), of_bits(other));
                assert_eq!(a.union(&b), of_bits(one | other));
                assert_eq!(a.intersection(&b), of_bits(one & other));
                assert_eq!(a.minus(&b), of_bits(one & !other), "{a:?} without {b:?}");
                assert_eq!(a.is_within(&b), one & !other == 0);
            }
            for at in 0..8 {
                assert_eq!(of_bits(one).contains(at), one & (1 << at) != 0);
            }
        }
    }

    #[test]
    fn the_ends_of_the_line_are_no_trap() {
        let all = Intervals::range(0, u32::MAX);
        let last = Intervals::range(u32::MAX, u32::MAX);
        assert_eq!(all.minus(&last).ranges(), [(0, u32::MAX - 1)]);
        assert_eq!(all.minus(&last).union(&last), all);
        assert!(all.minus(&all).is_empty());
        assert_eq!(
            Intervals::of(vec![(5, u32::MAX), (0, 4), (7, 9)]),
            all,
            "ranges that touch are one"
        );
        assert!(Intervals::range(2_u16, 1).is_empty());
    }
}
