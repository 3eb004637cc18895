use crate::kubernetes::ImageReference;
use crate::kubernetes::field::quoted;
use crate::kubernetes::image_tag::names_release;
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::snapshot::image_pairs::{changed_bases, changed_images};

declare_rule! {
    /// A change gives the same tag of an image another digest.
    ///
    /// ## Why it matters
    /// A release does not change after it was made. If its tag now stands for other bytes, then the tag was pushed
    /// again, by mistake or by somebody who should not have been able to, or the digest is of another image altogether.
    /// The line still reads like the release that everybody knows.
    ///
    /// Tags that are built again by design are low: those that name no exact release, such as `22-alpine`, and those of
    /// official images of Docker Hub, which are built again whenever what is below them changes.
    ///
    /// ## Example
    /// ```yaml bad
    /// # base: shop.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: shop
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/shop:1.4.2@sha256:8f3c0e6f5f3f8d4c3f0b1c5b7f0e5d9a2b6c4d8e1f7a9b3c5d7e9f1a3b5c7d9e
    /// # file: shop.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: shop
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/shop:1.4.2@sha256:1b5c7d9e8f3c0e6f5f3f8d4c3f0b1c5b7f0e5d9a2b6c4d8e1f7a9b3c5d7e9f1a
    /// ```
    ///
    /// ## Instead
    /// Ask who pushed the tag again and why; a new image gets a new tag.
    /// ```yaml good
    /// # base: shop.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: shop
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/shop:1.4.2@sha256:8f3c0e6f5f3f8d4c3f0b1c5b7f0e5d9a2b6c4d8e1f7a9b3c5d7e9f1a3b5c7d9e
    /// # file: shop.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: shop
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/shop:1.4.3@sha256:1b5c7d9e8f3c0e6f5f3f8d4c3f0b1c5b7f0e5d9a2b6c4d8e1f7a9b3c5d7e9f1a
    /// ```
    ///
    /// ## Limits
    /// Containers are held against each other by name, within one object, and the `FROM` lines of a Dockerfile by the
    /// name of their stage and of their image; an image that is moved to another registry or folder is another image.
    /// Nothing is said of a digest without a tag.
    "image/digest-changed",
    severity: Severity::High,
    other_severities: &[Severity::Low],
    references: &["OWASP K8s 2022: K02", "CWE-1357"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, _context: &Context, sink: &mut Sink<'_>) {
    for (before, after) in changed_images(pair) {
        if let (Some(was), Some(now)) = (before.image(), after.image())
            && let Some((severity, sentence)) = judged("image", &was, &now)
        {
            sink.say_of_image(&after, severity, &sentence);
        }
    }
    for found in changed_bases(pair) {
        if let Ok(was) = ImageReference::parse(&found.before)
            && let Ok(now) = ImageReference::parse(&found.after)
            && let Some((severity, sentence)) = judged(found.what, &was, &now)
        {
            let name = now.written_name();
            let from = if found.what == "FROM" { "" } else { "--from " };
            sink.in_file(found.path)
                .report_span(found.span)
                .discriminator(&format!("{from}{name}"))
                .severity(severity)
                .say(&sentence);
        }
    }
}

fn judged(
    what: &str,
    was: &ImageReference<'_>,
    now: &ImageReference<'_>,
) -> Option<(Severity, String)> {
    let (tag, old, new) = (now.tag()?, was.digest()?, now.digest()?);
    if was.tag() != Some(tag) || old == new || was.name() != now.name() {
        return None;
    }
    let sentence = format!(
        "the tag {} of {what} {} stays, and its digest goes from {} to {}; find out why the tag was pushed again",
        quoted(tag),
        quoted(&now.written_name()),
        quoted(&was.short_digest().unwrap_or_default()),
        quoted(&now.short_digest().unwrap_or_default())
    );
    Some((severity(now, tag), sentence))
}

fn severity(image: &ImageReference<'_>, tag: &str) -> Severity {
    if names_release(tag) && image.official().is_none() {
        Severity::High
    } else {
        Severity::Low
    }
}
