use crate::kubernetes::exposed::severity;
use crate::kubernetes::field::shortened;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::SourceFile;
use crate::snapshot::image_credentials::in_image;

declare_rule! {
    /// A Dockerfile writes a credential into the image.
    ///
    /// ## Why it matters
    /// Variables, labels, arguments with their defaults and the text of every command are part of the image or of its
    /// history: everybody who can pull it reads them, also where a later step deletes the file.
    ///
    /// ## Example
    /// ```dockerfile bad
    /// FROM registry.example.com/node@sha256:8f3c0e6f5f3f8d4c3f0b1c5b7f0e5d9a2b6c4d8e1f7a9b3c5d7e9f1a3b5c7d9e
    /// RUN git clone https://shop:tR7kq2Vz9xQ4@git.internal/shop/library.git
    /// USER 1000
    /// ```
    ///
    /// ## Instead
    /// Mount what a step needs as a secret of the build, give the rest when the container starts, and replace the
    /// credential wherever it was valid.
    /// ```dockerfile good
    /// FROM registry.example.com/node@sha256:8f3c0e6f5f3f8d4c3f0b1c5b7f0e5d9a2b6c4d8e1f7a9b3c5d7e9f1a3b5c7d9e
    /// RUN --mount=type=secret,id=netrc,target=/root/.netrc git clone https://git.internal/shop/library.git
    /// USER 1000
    /// ```
    ///
    /// ## Limits
    /// The evidence is the value: a variable whose name says that it is secret needs a value that looks like one.
    "secret/in-image",
    severity: Severity::High,
    other_severities: &[Severity::Medium],
    references: &["OWASP K8s 2022: K03", "CWE-798", "CWE-538"],
    check: Check::File(check),
}

fn check(file: &SourceFile, _context: &Context, sink: &mut Sink<'_>) {
    let Some(dockerfile) = file.dockerfile() else {
        return;
    };
    for held in in_image(dockerfile) {
        sink.report_span(held.line)
            .discriminator(&held.discriminator)
            .severity(severity(&held.found))
            .say(&format!(
                "{} writes {} into the image or its history; use a secret of the build or of the container, and replace the credential",
                shortened(&held.place),
                held.found.what.name()
            ));
    }
}
