use crate::kubernetes::ImageReference;
use crate::kubernetes::field::quoted;
use crate::kubernetes::image_tag::heavier_variant;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::images::{ImagePlace, images};
use crate::snapshot::node_starts::is_development_image;
use crate::snapshot::{Snapshot, SourceFile};
use crate::syntax::Span;
use crate::syntax::dockerfile::Dockerfile;

declare_rule! {
    /// A Node.js image holds more than a service needs.
    ///
    /// ## Why it matters
    /// The full image of Node.js carries compilers, Python, Git and several hundred packages of Debian; debug variants
    /// carry a shell. None of it runs in a service, all of it is there for an attacker, and most findings of image
    /// scanners are about it.
    ///
    /// ## Example
    /// ```yaml bad
    /// image: registry.example.com/mirror/library/node:24.11.1-bookworm@sha256:8f3c0e6f5f3f8d4c3f0b1c5b7f0e5d9a2b6c4d8e1f7a9b3c5d7e9f1a3b5c7d9e
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// image: registry.example.com/mirror/library/node:24.11.1-bookworm-slim@sha256:8f3c0e6f5f3f8d4c3f0b1c5b7f0e5d9a2b6c4d8e1f7a9b3c5d7e9f1a3b5c7d9e
    /// ```
    ///
    /// ## Limits
    /// Images are known by name and tag: those of Docker Hub's `node` and copies below a folder `library`, distroless
    /// images with a debug tag, Chainguard's with `-dev`, Red Hat's without `-minimal`, and development containers. Of
    /// a Dockerfile the last stage counts: earlier ones build; one that is for development or tests by its name is left
    /// alone. Nothing is said where the image depends on an argument of the build.
    "image/full-base",
    severity: Severity::Note,
    references: &["OWASP K8s 2025: K01", "CWE-1104"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for found in images(snapshot) {
        // An entry of a kustomization is told of only where it says the name as well.
        let is_elsewhere = match found.place {
            ImagePlace::Container(..) => found.elsewhere.tag || found.elsewhere.name,
            // Nothing of it runs.
            ImagePlace::Volume(..) => true,
            ImagePlace::Kustomization(..) => found.elsewhere.tag,
        };
        if let Some(image) = found.image().filter(|_| !is_elsewhere)
            && let Some(sentence) = sentence(&image)
        {
            sink.say_of_image(&found, Severity::Note, &sentence);
        }
    }
    for file in snapshot.files() {
        let Some(dockerfile) = file.dockerfile() else {
            continue;
        };
        if !is_development_image(file, &dockerfile.stages())
            && let Some((span, text)) = base_of_last_stage(dockerfile)
            && let Ok(image) = ImageReference::parse(text)
            && let Some(sentence) = sentence(&image)
        {
            report(file, span, &sentence, sink);
        }
    }
}

fn report(file: &SourceFile, span: Span, sentence: &str, sink: &mut Sink<'_>) {
    sink.in_file(&file.path).report_span(span).say(sentence);
}

fn sentence(image: &ImageReference<'_>) -> Option<String> {
    let (what, instead) = heavier_variant(image)?;
    Some(format!(
        "image {} is {what}; take {instead} for what runs in the cluster",
        quoted(&image.to_string())
    ))
}

/// The image that the last stage of a Dockerfile is built on, followed through the stages that it names.
fn base_of_last_stage(file: &Dockerfile) -> Option<(Span, &str)> {
    let text = |span: Span| file.text().get(span.range()).unwrap_or_default();
    let stages: Vec<(Span, Option<&str>)> = file
        .instructions()
        .iter()
        .filter(|instruction| instruction.keyword == "FROM")
        .filter_map(|instruction| {
            let arguments = text(instruction.arguments);
            let mut words = arguments
                .split_whitespace()
                .filter(|word| !word.starts_with("--"));
            let base = words.next()?;
            let at = instruction.arguments.range().start + arguments.find(base)?;
            let name = words.next().filter(|word| word.eq_ignore_ascii_case("as"));
            Some((
                Span::new(at, at + base.len()),
                name.and_then(|_| words.next()),
            ))
        })
        .collect();
    let (mut at, mut last) = (stages.len().checked_sub(1)?, stages.last()?.0);
    // A stage can only be built on one before it.
    while let Some(earlier) = stages
        .get(..at)?
        .iter()
        .rposition(|(_, name)| name.is_some_and(|name| name.eq_ignore_ascii_case(text(last))))
    {
        at = earlier;
        last = stages.get(earlier)?.0;
    }
    Some((last, text(last)))
}
