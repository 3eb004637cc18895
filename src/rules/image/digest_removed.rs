use crate::kubernetes::ImageReference;
use crate::kubernetes::field::quoted;
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::snapshot::image_pairs::{changed_bases, changed_images};

declare_rule! {
    /// A change takes the digest from an image.
    ///
    /// ## Why it matters
    /// With the digest, the manifest said which image runs. Without it, whoever may push to the registry says so: the
    /// change reads like a tidier line, and gives away what kept the image from being exchanged.
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
    ///       image: registry.example.com/shop:1.4.3
    /// ```
    ///
    /// ## Instead
    /// Upgrade the tag and the digest together.
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
    /// Containers are held against each other by name, within one object; the `FROM` lines of a Dockerfile by the name of
    /// their stage and of their image, and `--from` by the name of the image. Nothing is said where a kustomization, one of its patches, Skaffold, or a trigger
    /// in the cluster puts a digest in its place, nor of a container or a stage that is new.
    "image/digest-removed",
    severity: Severity::High,
    references: &["OWASP K8s 2022: K02", "CWE-1357"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, _context: &Context, sink: &mut Sink<'_>) {
    for (before, after) in changed_images(pair) {
        let (Some(was), Some(now)) = (before.image(), after.image()) else {
            continue;
        };
        let (Some(digest), None) = (was.short_digest(), now.digest()) else {
            continue;
        };
        if after.elsewhere.digest || after.elsewhere.name && after.elsewhere.tag {
            continue;
        }
        sink.say_of_image(
            &after,
            Severity::High,
            &sentence("image", &was, &now, &digest),
        );
    }
    for found in changed_bases(pair) {
        let images = (
            ImageReference::parse(&found.before),
            ImageReference::parse(&found.after),
        );
        let (Ok(was), Ok(now)) = images else {
            continue;
        };
        if let (Some(digest), None) = (was.short_digest(), now.digest()) {
            let name = now.written_name();
            let from = if found.what == "FROM" { "" } else { "--from " };
            sink.in_file(found.path)
                .report_span(found.span)
                .discriminator(&format!("{from}{name}"))
                .say(&sentence(found.what, &was, &now, &digest));
        }
    }
}

fn sentence(
    what: &str,
    was: &ImageReference<'_>,
    now: &ImageReference<'_>,
    digest: &str,
) -> String {
    if was.name() != now.name() {
        return format!(
            "{what} {} replaces {}, which had the digest {}, and has none; add the digest of the new image",
            quoted(&now.written_name()),
            quoted(&was.written_name()),
            quoted(digest)
        );
    }
    format!(
        "{what} {} had the digest {} and has none any longer; add the digest of the new image",
        quoted(&now.written_name()),
        quoted(digest)
    )
}
