//! Which lines of a change are why somebody may do more, or reaches more.

use super::Compared;
use super::proof::Evidence;
use super::reasons::lines_of;
use super::rights::Asked;
use super::subject::Subject;

/// So many rights are looked at of all that somebody gains.
const MOST_RIGHTS: usize = 8;

impl Compared {
    /// The lines that what somebody gains takes, and those that close the ways that they are led by now: what they reach
    /// may change far from all that names them.
    #[must_use]
    pub fn lines_behind(&self, subject: &Subject) -> Vec<Evidence> {
        let own: Vec<Subject> = subject.with_groups().collect();
        let mut lines: Vec<Evidence> = Vec::new();
        for change in self.changes.iter().filter(|it| own.contains(&it.subject)) {
            let namespace = change.scope.namespace();
            for (key, verbs) in change.gained.resources().take(MOST_RIGHTS) {
                let Some(verb) = verbs.iter().next() else {
                    continue;
                };
                let asked = Asked {
                    group: key.group,
                    resource: key.resource,
                    verb,
                    name: key.name,
                };
                lines.extend(lines_of(&self.after, &change.subject, namespace, asked));
            }
        }
        for (cause, closing) in self.causes.iter().zip(&self.closings) {
            let mut ways = cause.iter().filter_map(|way| self.new_proofs.get(*way));
            if ways.any(|proof| own.contains(&proof.subject)) {
                lines.extend(closing.iter().cloned());
            }
        }
        lines
    }
}
