use crate::kubernetes::ImageReference;
use crate::kubernetes::field::quoted;
use crate::kubernetes::image_tag::{is_moving, is_stand_in};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::images::{ImagePlace, ImageUse, images};
use crate::syntax::Node;

declare_rule! {
    /// An image is named by a tag that moves.
    ///
    /// ## Why it matters
    /// Nobody can say which code runs behind `latest`, `main` or no tag at all: two nodes may run different releases, a
    /// restart in the night brings in what was pushed that day, and going back to the manifest of yesterday does not
    /// bring back the image of yesterday. Whoever may push to the tag changes what runs without a pull request.
    ///
    /// It is medium where every start of a container pulls the tag anew, and a push replaces in silence what runs: with
    /// `imagePullPolicy: Always`, and, as that is the default then, with `latest` or no tag where no policy is stated. It
    /// is low where nodes keep what they pulled once (`IfNotPresent`, the default for other tags): nodes drift apart,
    /// and each new one brings in what is newest then.
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
    /// in the cluster puts a tag in its place, and of placeholders that no runtime would accept. What a cluster
    /// does to `imagePullPolicy` by itself, as the admission plugin `AlwaysPullImages` does, is not known here, nor is
    /// the policy behind the images of a kustomization: the default counts.
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
        let is_pulled_anew = is_pulled_anew(&found, &image);
        if let Some(sentence) = sentence(&image, is_pulled_anew) {
            let severity = if is_stand_in(&image) || !is_pulled_anew {
                Severity::Low
            } else {
                Severity::Medium
            };
            sink.say_of_image(&found, severity, &sentence);
        }
    }
}

/// True if every start of a container asks the registry what the tag means by then.
fn is_pulled_anew(found: &ImageUse<'_>, image: &ImageReference<'_>) -> bool {
    let policy = match found.place {
        ImagePlace::Container(.., container) => container.image_pull_policy().as_str(),
        ImagePlace::Volume(.., volume) => {
            let policy = volume.image().and_then(|image| image.present("pullPolicy"));
            policy.and_then(Node::as_str)
        }
        ImagePlace::Kustomization(..) => None,
    };
    match policy {
        Some(policy) => policy == "Always",
        // The default of the API server.
        None => image.effective_tag() == Some("latest"),
    }
}

fn sentence(image: &ImageReference<'_>, is_pulled_anew: bool) -> Option<String> {
    let tag = image.effective_tag()?;
    let name = quoted(&image.written_name());
    let remedy = "name a release, or its digest";
    if image.tag().is_none() {
        return Some(if is_pulled_anew {
            format!(
                "image {name} has no tag, so that every start of a container runs whatever \"latest\" is by then; {remedy}"
            )
        } else {
            format!(
                "image {name} has no tag, so that each node keeps whatever \"latest\" was when it pulled it, and nodes drift apart; {remedy}"
            )
        });
    }
    is_moving(image, tag).then(|| {
        let tag = quoted(tag);
        if is_pulled_anew {
            format!(
                "image {name} has the tag {tag}, which moves and is pulled anew at every start of a container; {remedy}"
            )
        } else {
            format!(
                "image {name} has the tag {tag}, which moves, so that nodes that pulled it at different times run different images; {remedy}"
            )
        }
    })
}
