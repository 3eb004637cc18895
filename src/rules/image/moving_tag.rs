use crate::kubernetes::ImageReference;
use crate::kubernetes::field::quoted;
use crate::kubernetes::image_tag::{is_moving, is_stand_in};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::images::images;

declare_rule! {
    /// An image is named by a tag that moves.
    ///
    /// ## Why it matters
    /// Nobody can say which code runs behind `latest`, `main` or no tag at all: two nodes may run different releases, a
    /// restart in the night brings in what was pushed that day, and going back to the manifest of yesterday does not
    /// bring back the image of yesterday. Whoever may push to the tag changes what runs without a pull request.
    ///
    /// A name without registry and folder that is no official image of Docker Hub is low: it mostly stands in for what
    /// a build puts in its place.
    ///
    /// ## Example
    /// ```yaml bad
    /// image: registry.example.com/shop:latest
    /// ```
    ///
    /// ## Instead
    /// Name a release, or better what it is: its digest.
    /// ```yaml good
    /// image: registry.example.com/shop:1.4.2@sha256:8f3c0e6f5f3f8d4c3f0b1c5b7f0e5d9a2b6c4d8e1f7a9b3c5d7e9f1a3b5c7d9e
    /// ```
    ///
    /// ## Limits
    /// A tag moves here if it is missing, or consists of words such as `latest`, `stable` or `main` and of words for
    /// the distribution below, such as `alpine`. A major version alone moves as well, but says how far;
    /// `image/unpinned` tells of it. Nothing is said where a kustomization, one of its patches, Skaffold, or a trigger
    /// in the cluster puts a tag in its place, and of placeholders that no runtime would accept. `imagePullPolicy` has
    /// no say: it decides when a node asks for an image, not which one it gets.
    "image/moving-tag",
    severity: Severity::Medium,
    other_severities: &[Severity::Low],
    references: &["OWASP K8s 2025: K01", "CWE-1357"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for found in images(snapshot) {
        let Some(image) = found.image().filter(|_| !found.elsewhere.tag) else {
            continue;
        };
        if let Some(sentence) = sentence(&image) {
            let severity = if is_stand_in(&image) {
                Severity::Low
            } else {
                Severity::Medium
            };
            sink.say_of_image(&found, severity, &sentence);
        }
    }
}

fn sentence(image: &ImageReference<'_>) -> Option<String> {
    let tag = image.effective_tag()?;
    let name = quoted(&image.written_name());
    if image.tag().is_none() {
        return Some(format!(
            "image {name} has no tag, so that it is whatever \"latest\" is when it is pulled; name a release, or its digest"
        ));
    }
    is_moving(image, tag).then(|| {
        format!(
            "image {name} has the tag {}, which moves; name a release, or its digest",
            quoted(tag)
        )
    })
}
