//! Rules about one right: which it is, how grave, and what is said of it.

use crate::access::goal::Goal;
use crate::access::powers::Means;
use crate::finding::Severity;
use crate::snapshot::granted::{Given, Granted, Wanted};

use super::Sink;

/// A right that roles are not to give lightly.
#[derive(Debug)]
pub struct Right {
    /// What names it; of several verbs the first is told that is there.
    pub wanted: &'static [Wanted<'static>],
    /// What names it as well where a websocket is opened by `get`: below Kubernetes 1.35.
    pub below_1_35: &'static [Wanted<'static>],
    /// True if each of what names it is told; else the gravest of a role, of equally grave ones the first.
    pub is_told_each: bool,
    /// By which uses of it somebody reaches what they do not reach else.
    pub by: &'static [Means],
    /// How grave it is where somebody has it, by what they reach with it; none where it is not worth a word.
    pub gravity: fn(&Granted<'_>, Option<Goal>) -> Option<Severity>,
    /// What comes behind the right: where all objects are meant, and where `resourceNames` say which.
    pub extent: (&'static str, &'static str),
    /// What it lets its holder do, beginning with `which`.
    pub lets: &'static str,
    /// What one of the rights lets its holder do, where that is something else.
    pub lets_else: fn(&Granted<'_>) -> Option<&'static str>,
    /// What to do instead.
    pub instead: &'static str,
}

impl Right {
    /// A right that is looked for in no role: what others are filled up with.
    pub const NONE: Self = Self {
        wanted: &[],
        below_1_35: &[],
        is_told_each: false,
        by: &[],
        gravity: |_, _| None,
        extent: ("", ""),
        lets: "",
        lets_else: |_| None,
        instead: "",
    };

    /// Says where a role names it.
    pub fn tell(&self, given: Given<'_>, sink: &mut Sink<'_>) {
        let wanted = if self.below_1_35.is_empty() || !given.is_opened_by_get() {
            self.wanted
        } else {
            self.below_1_35
        };
        let mut told: Vec<(Granted<'_>, Option<Goal>, Severity)> = Vec::new();
        for granted in given.naming(wanted) {
            let goal = granted.makes(self.by);
            let Some(severity) = (self.gravity)(&granted, goal) else {
                continue;
            };
            match told.first_mut() {
                Some(first) if !self.is_told_each && first.2 >= severity => {}
                Some(first) if !self.is_told_each => *first = (granted, goal, severity),
                _ => told.push((granted, goal, severity)),
            }
        }
        for (granted, goal, severity) in told {
            let extent = if granted.is_named() {
                self.extent.1
            } else {
                self.extent.0
            };
            sink.report_right(granted.named)
                .severity(given.settled(severity))
                .say(&format!(
                    "verbs allow {}{extent}, {}; {}; {}",
                    granted.named.told(),
                    (self.lets_else)(&granted).unwrap_or(self.lets),
                    given.told_with(goal),
                    self.instead
                ));
        }
    }
}
