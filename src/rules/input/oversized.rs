use crate::declare_rule;
use crate::rule::{Check, Context, Severity, Sink};
use crate::snapshot::{SourceFile, State};
use crate::syntax::{MAX_FILE_SIZE, Span};

declare_rule! {
    /// A manifest is too large to be judged.
    ///
    /// ## Why it matters
    /// Padding is a cheap way to hide an object from a gate. A file that shows `apiVersion` and `kind` and has more than 16 MiB is not judged, so the run is incomplete.
    ///
    /// ## Example
    /// ```text bad
    /// a manifest of 20 MiB
    /// ```
    ///
    /// ## Instead
    /// ```text good
    /// the same objects, one file each
    /// ```
    "input/oversized",
    severity: Severity::High,
    references: &["CWE-400"],
    check: Check::File(check),
}

fn check(file: &SourceFile, _context: &Context, sink: &mut Sink<'_>) {
    let State::Oversized(size) = &*file.state else {
        return;
    };
    let limit = MAX_FILE_SIZE / (1024 * 1024);
    let size = size.div_ceil(1024 * 1024);
    let draft = sink.report_span(Span::default()).unread();
    draft.say(&format!(
        "this file has {size} MiB, and only files up to {limit} MiB are judged; split it"
    ));
}
