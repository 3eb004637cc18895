use std::collections::BTreeSet;

use crate::kubernetes::ImageReference;
use crate::kubernetes::field::shortened;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::SourceFile;
use crate::syntax::dockerfile::Base;

declare_rule! {
    /// A build starts from an image by its tag alone.
    ///
    /// ## Why it matters
    /// Tags are moved: `node:24-slim` is another image every few weeks, and whoever takes over the account of its
    /// publisher moves it at once. A digest is the image that was looked at.
    ///
    /// ## Example
    /// ```dockerfile bad
    /// FROM nginxinc/nginx-unprivileged:1.29.3-alpine
    /// COPY dist /usr/share/nginx/html
    /// ```
    ///
    /// ## Instead
    /// Let an updater such as Renovate or Dependabot write the digest, and keep it fresh.
    /// ```dockerfile good
    /// FROM nginxinc/nginx-unprivileged:1.29.3-alpine@sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d
    /// COPY dist /usr/share/nginx/html
    /// ```
    ///
    /// ## Limits
    /// It looks only where the configuration names it: a digest that nobody refreshes keeps old vulnerabilities in. An
    /// image without a tag, or with `latest`, is a matter of `dockerfile/unpinned-base`.
    "dockerfile/base-without-digest",
    severity: Severity::Note,
    opt_in: true,
    references: &["CICD-SEC-3"],
    check: Check::File(check),
}

fn check(file: &SourceFile, _context: &Context, sink: &mut Sink<'_>) {
    let Some(dockerfile) = file.dockerfile() else {
        return;
    };
    let mut told = BTreeSet::new();
    for stage in dockerfile.stages().all() {
        let (Base::Image, Some(image), Some(written)) =
            (stage.base, stage.image.known(), &stage.written)
        else {
            continue;
        };
        let Ok(reference) = ImageReference::parse(image) else {
            continue;
        };
        let moves_openly = reference.tag().is_none_or(|tag| tag == "latest");
        if reference.digest().is_some() || moves_openly || !told.insert(image.to_owned()) {
            continue;
        }
        sink.report_span(written.span)
            .discriminator(image)
            .say(&format!(
                "FROM `{}` names no digest, so that another image may stand behind its tag tomorrow; add `@sha256:…`",
                shortened(image)
            ));
    }
}
