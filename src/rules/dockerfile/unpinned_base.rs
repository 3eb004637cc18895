use crate::kubernetes::ImageReference;
use crate::kubernetes::field::shortened;
use crate::kubernetes::image_tag::{is_moving, is_stand_in};
use crate::packages::NodeVersion;
use crate::packages::node_image::node_image;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::SourceFile;
use crate::syntax::Span;
use crate::syntax::dockerfile::{Base, Stage, Stages};

declare_rule! {
    /// A build starts from an image whose tag is not written, or moves.
    ///
    /// ## Why it matters
    /// The next build of the same commit may start from another major version, or from an image that somebody has
    /// replaced, and nothing in the pull request shows it. What was tested is not what is built later.
    ///
    /// ## Example
    /// ```dockerfile bad
    /// FROM nginxinc/nginx-unprivileged
    /// COPY dist /usr/share/nginx/html
    /// ```
    ///
    /// ## Instead
    /// Write the version, and its digest where an updater such as Renovate or Dependabot keeps it fresh.
    /// ```dockerfile good
    /// FROM nginxinc/nginx-unprivileged:1.29.3-alpine
    /// COPY dist /usr/share/nginx/html
    /// ```
    ///
    /// ## Limits
    /// All stages are looked at, and the images of `COPY --from` and `RUN --mount=from=`; a name alone counts there if it is
    /// one of the official images of Docker Hub, as it may be that of another build context. Tags move as in
    /// `image/moving-tag`. A reference with an argument that has no default says nothing. Other moving tags of Node.js, such as `lts`, are a matter of
    /// `node/unpinned-version`.
    "dockerfile/unpinned-base",
    severity: Severity::Medium,
    references: &["CIS Docker 1.6: 4.2", "CWE-1357"],
    check: Check::File(check),
}

fn check(file: &SourceFile, _context: &Context, sink: &mut Sink<'_>) {
    let Some(dockerfile) = file.dockerfile() else {
        return;
    };
    let stages = dockerfile.stages();
    let mut told = std::collections::BTreeSet::new();
    for stage in stages.all() {
        if let (Base::Image, Some(image)) = (stage.base, stage.image.known())
            && let Some(tag) = moving(image)
            && told.insert(image.to_owned())
        {
            say(sink, place(&stages, stage), "FROM", image, tag);
        }
        for (image, span) in stages.images_in(stage) {
            if looks_like_image(&image)
                && let Some(tag) = moving(&image)
                && told.insert(image.clone())
            {
                say(sink, span, "--from", &image, tag);
            }
        }
    }
}

fn say(sink: &mut Sink<'_>, span: Span, what: &str, image: &str, tag: Moving<'_>) {
    let shown = shortened(image);
    let why = match tag {
        Moving::Untagged => {
            format!("{what} `{shown}` says no tag, so that every build takes what is newest then")
        }
        Moving::Tag(tag) => format!(
            "{what} `{shown}` has the tag `{tag}`, which moves, so that every build takes what is newest then"
        ),
    };
    let reference = ImageReference::parse(image).ok();
    let remedy = if reference.is_some_and(|image| has_no_releases(&image)) {
        "write its digest, as none of its tags names a release".to_owned()
    } else {
        format!("write a version, such as `{}`", example(image))
    };
    sink.report_span(span)
        .discriminator(image)
        .say(&format!("{why}; {remedy}"));
}

/// True for images all of whose tags move, as far as everybody may pull them.
fn has_no_releases(image: &ImageReference<'_>) -> bool {
    let repository = image.repository();
    image.registry() == "cgr.dev"
        || repository.starts_with("distroless/")
        || repository.contains("/distroless/")
}

/// A reference with a version, so that a person sees what is meant.
fn example(image: &str) -> String {
    let Ok(reference) = ImageReference::parse(image) else {
        return "NAME:1.2.3".to_owned();
    };
    let name = shortened(&reference.written_name());
    match reference.official() {
        Some("node") => format!("{name}:24-slim"),
        _ => format!("{name}:1.2.3"),
    }
}

/// How an image says that it means what is newest.
#[derive(Clone, Copy)]
enum Moving<'a> {
    Untagged,
    Tag(&'a str),
}

fn moving(image: &str) -> Option<Moving<'_>> {
    let reference = ImageReference::parse(image).ok()?;
    if reference.digest().is_some() {
        return None;
    }
    match reference.tag() {
        None => Some(Moving::Untagged),
        Some(tag) => {
            let node = node_image(&reference.registry(), &reference.repository(), Some(tag));
            let is_told = tag != "latest"
                && node.is_some_and(|node| matches!(node.version, Some(NodeVersion::Moving)));
            (!is_told && is_moving(&reference, tag)).then_some(Moving::Tag(tag))
        }
    }
}

/// A name alone behind `--from` may be that of a context which the command line of the build names.
fn looks_like_image(name: &str) -> bool {
    let is_official = || ImageReference::parse(name).is_ok_and(|image| !is_stand_in(&image));
    !name.contains('$') && (name.contains(['/', ':']) || is_official())
}

/// What a person edits: the default of the argument that brings the tag, or the image as it is written.
fn place(stages: &Stages<'_>, stage: &Stage) -> Span {
    let Some(written) = &stage.written else {
        return Span::default();
    };
    let ends_with_variable = written.raw.ends_with('}')
        || written.raw.rsplit_once('$').is_some_and(|(_, name)| {
            name.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        });
    let used = stage.image.used.last().filter(|_| ends_with_variable);
    used.and_then(|name| stages.default_of(name))
        .unwrap_or(written.span)
}
