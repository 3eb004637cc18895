use crate::kubernetes::field::quoted;
use crate::kubernetes::image_tag::is_moving;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::images::images;

declare_rule! {
    /// An image is named by a tag and not by its digest.
    ///
    /// ## Why it matters
    /// A tag is a word that can be put on another image; a digest is the image. With the digest beside the tag, what
    /// was reviewed is what runs, on every node and after every restart.
    ///
    /// Most manifests name tags alone, so that this rule looks only where the configuration names it.
    ///
    /// ## Example
    /// ```yaml bad
    /// image: registry.example.com/shop:1.4.2
    /// ```
    ///
    /// ## Instead
    /// Keep the tag for people, and let a bot keep the digest up to date.
    /// ```yaml good
    /// image: registry.example.com/shop:1.4.2@sha256:8f3c0e6f5f3f8d4c3f0b1c5b7f0e5d9a2b6c4d8e1f7a9b3c5d7e9f1a3b5c7d9e
    /// ```
    ///
    /// ## Limits
    /// Nothing is said of what `image/moving-tag` tells of, nor where a kustomization, one of its patches, Skaffold, or
    /// a trigger in the cluster puts an image in its place.
    "image/unpinned",
    severity: Severity::Note,
    opt_in: true,
    references: &["OWASP K8s 2025: K01", "CIS 1.12: 5.5.1", "CWE-1357"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for found in images(snapshot) {
        let elsewhere = found.elsewhere;
        let is_open = !(elsewhere.digest || elsewhere.tag && elsewhere.name);
        let Some(image) = found.image().filter(|_| is_open) else {
            continue;
        };
        let Some(tag) = image.tag().filter(|_| image.digest().is_none()) else {
            continue;
        };
        if !is_moving(&image, tag) {
            let sentence = format!(
                "image {} is named by the tag {} alone; add its digest",
                quoted(&image.written_name()),
                quoted(tag)
            );
            sink.say_of_image(&found, Severity::Note, &sentence);
        }
    }
}
