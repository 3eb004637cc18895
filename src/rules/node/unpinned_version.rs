use crate::kubernetes::field::quoted;
use crate::packages::NodeVersion;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::node_versions::{Source, is_node_image, node_versions};
use crate::syntax::dockerfile::{Base, Dockerfile, Stage};

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
    /// used, nor of a matrix of several versions that tests the newest among others. Of images with arguments without a
    /// default only those whose whole version is one are told.
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
    for file in snapshot.files() {
        let Some(dockerfile) = file.dockerfile() else {
            continue;
        };
        for stage in dockerfile.stages().all() {
            if let (Some(argument), Some(written)) =
                (version_from_outside(dockerfile, stage), &stage.written)
            {
                sink.in_file(&file.path)
                    .report_span(written.span)
                    .discriminator(&stage.image.text)
                    .say(&format!(
                        "FROM {} takes its version from ARG {argument}, which has no default, so that whoever builds chooses it; give it a major version as its default",
                        quoted(&written.text)
                    ));
            }
        }
    }
}

/// The argument without a default that is the whole version of an image of Node.js.
fn version_from_outside<'s>(dockerfile: &Dockerfile, stage: &'s Stage) -> Option<&'s str> {
    let (name, tag) = stage.image.text.rsplit_once(':')?;
    let (argument, behind) = tag.strip_prefix("${")?.split_once('}')?;
    let is_whole = behind.is_empty() || behind.starts_with('-') && !behind.contains('@');
    let is_node = !name.contains('$') && is_node_image(&format!("{name}:24"));
    let before = dockerfile.instructions().iter();
    let mut declared = before
        .take_while(|found| found.keyword != "FROM")
        .filter(|found| found.keyword == "ARG")
        .flat_map(|found| dockerfile.pairs(found));
    let is_empty = declared.any(|pair| pair.name == argument && pair.value.is_none());
    (stage.base == Base::Image && is_whole && is_node && is_empty).then_some(argument)
}
