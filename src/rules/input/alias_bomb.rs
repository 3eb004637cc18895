use crate::declare_rule;
use crate::rule::{Check, Context, Severity, Sink};
use crate::snapshot::SourceFile;
use crate::syntax::ProblemKind;

declare_rule! {
    /// A manifest's aliases expand beyond any honest size.
    ///
    /// ## Why it matters
    /// A few lines of nested aliases can stand for billions of values, and are written to exhaust whoever reads them. The document was not judged, so the run is incomplete.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: bomb}
    /// a: &a [x, x, x, x, x, x, x, x, x, x]
    /// b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
    /// c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
    /// d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: settings}
    /// data:
    ///   a: &value x
    ///   b: *value
    /// ```
    ///
    /// ## Limits
    /// The budget is 20 times the values that the file spells out, at least 2,000 and at most 250,000 copies a file.
    "input/alias-bomb",
    severity: Severity::High,
    references: &["CWE-776", "CVE-2019-11253"],
    check: Check::File(check),
}

fn check(file: &SourceFile, _context: &Context, sink: &mut Sink<'_>) {
    let Some(manifest) = file.manifest() else {
        return;
    };
    for problem in &manifest.unreadable {
        if problem.kind == ProblemKind::AliasBomb {
            let name = manifest.tree.lost_name(problem);
            let draft = sink.report_span(problem.at).unread().discriminator(&name);
            draft.say("the aliases of this document expand beyond the budget, so it was not judged; write the values out");
        }
    }
}
