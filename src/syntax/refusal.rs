//! What is well written and nevertheless nothing that can be read as what it has to be.

use super::tree::{Problem, ProblemKind, Span, Tree};

impl Tree {
    /// Says that what it holds, though it is well written, cannot be what it has to be.
    pub fn refuse(&mut self, why: String, at: Span) {
        let lost = Span::new(0, self.text.len());
        let kind = ProblemKind::Syntax(why);
        self.problems.push(Problem { kind, at, lost });
    }
}
