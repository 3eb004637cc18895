//! How long is waited, and for what.

use std::sync::Mutex;
use std::time::Duration;

use super::failure::Failure;

/// How long is waited in all, and the unit of the waits that nobody prescribes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The pause between two writes, and the unit of all waits that GitHub does not name. GitHub asks for a second.
    pub pace: Duration,
    /// What all waits of a client together may take.
    pub budget: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            pace: Duration::from_secs(1),
            budget: Duration::from_mins(3),
        }
    }
}

/// How often a question is asked again.
const RETRIES: u32 = 3;

/// Without a word from GitHub, this many paces after its limit on bursts was met: it asks for a minute.
const PACES_AFTER_BURST: u32 = 60;

/// What was waited so far.
#[derive(Debug)]
pub(super) struct Waits {
    patience: Patience,
    spent: Mutex<Duration>,
}

impl Waits {
    pub(super) fn new(patience: Patience) -> Self {
        Self {
            patience,
            spent: Mutex::new(Duration::ZERO),
        }
    }

    pub(super) fn pace(&self) -> Duration {
        self.patience.pace
    }

    /// How long to wait before a question is asked once more that failed so often before; none if that is pointless, or
    /// takes longer than there is left.
    pub(super) fn after(&self, failure: &Failure, retries: u32) -> Option<Duration> {
        if retries >= RETRIES {
            return None;
        }
        let pace = self.patience.pace;
        let wait = match failure {
            Failure::Limited {
                wait: Some(wait), ..
            } => *wait,
            Failure::Limited { wait: None, .. } => {
                pace.saturating_mul(PACES_AFTER_BURST << retries.min(4))
            }
            Failure::Unavailable { .. } => pace.saturating_mul(1 << retries.min(4)),
            _ => return None,
        };
        let mut spent = self
            .spent
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let total = spent.saturating_add(wait);
        (total <= self.patience.budget).then(|| {
            *spent = total;
            wait
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_come_out_of_one_budget() {
        let waits = Waits::new(Patience::default());
        let limited = |seconds| Failure::Limited {
            wait: Some(Duration::from_secs(seconds)),
            secondary: true,
        };
        let unavailable = Failure::Unavailable {
            what: String::new(),
        };
        let seconds =
            |failure: &Failure, retries| waits.after(failure, retries).map(|wait| wait.as_secs());
        assert_eq!(seconds(&limited(3600), 0), None);
        assert_eq!(seconds(&limited(100), 0), Some(100));
        let silent = Failure::Limited {
            wait: None,
            secondary: true,
        };
        assert_eq!(seconds(&silent, 0), Some(60));
        assert_eq!(seconds(&silent, 0), None);
        assert_eq!(seconds(&unavailable, 1), Some(2));
        assert_eq!(seconds(&unavailable, RETRIES), None);
        assert_eq!(seconds(&Failure::NotFound, 0), None);
    }
}
