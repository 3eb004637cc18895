use crate::packages::NodeVersion;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::node_versions::{Source, node_versions};

declare_rule! {
    /// A version of Node.js is whatever is newest on the day.
    ///
    /// ## Why it matters
    /// `node`, `lts/*`, `latest` and images such as `node:lts` or `node:alpine` mean another major version from one
    /// day to the next. What was tested is then not what is built, and nobody sees the change in a pull request.
    ///
    /// ## Example
    /// ```ini bad
    /// # file: .nvmrc
    /// lts/*
    /// ```
    ///
    /// ## Instead
    /// ```ini good
    /// # file: .nvmrc
    /// 24
    /// ```
    ///
    /// ## Limits
    /// Images without a tag, or with `latest`, are told by the rules about images and Dockerfiles, and images in
    /// manifests by those about images alone. Nothing is said of `engines`, which say what is allowed and not what is
    /// used, nor of a matrix of several versions that tests the newest among others.
    "node/unpinned-version",
    severity: Severity::Note,
    references: &["CWE-1357"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for place in node_versions(snapshot) {
        let is_told_elsewhere = place.source == Source::Image || place.is_untagged;
        if is_told_elsewhere
            || place.is_one_of_several
            || !matches!(place.version, NodeVersion::Moving)
        {
            continue;
        }
        sink.in_file(place.path)
            .report_span(place.span)
            .discriminator(&place.key)
            .say(&format!(
                "{} is whatever Node.js is newest on the day; name a major version",
                place.title
            ));
    }
}
