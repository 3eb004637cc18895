use crate::kubernetes::field::quoted;
use crate::kubernetes::image_repair::{is_stand_in_text, slip};
use crate::kubernetes::{Completeness, ImageReference};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::images::{ImagePlace, ImageUse, images};

declare_rule! {
    /// The name of an image is one that no container runtime accepts.
    ///
    /// ## Why it matters
    /// The API server takes most of such names, and so do linters of manifests. It is the kubelet that refuses them, with
    /// `InvalidImageName`: the pod is there, its container never starts, and a rollout hangs until somebody looks.
    ///
    /// ## Example
    /// ```yaml bad
    /// image: ghcr.io/Acme/shop:1.4.2
    /// ```
    ///
    /// ## Instead
    /// Registries that show capitals in the name of an owner serve its images below the same name in lower case.
    /// ```yaml good
    /// image: ghcr.io/acme/shop:1.4.2
    /// ```
    ///
    /// ## Limits
    /// The grammar is that of `github.com/distribution/reference`. Whether an image of the name exists is not asked.
    /// Nothing is said of what stands in for a name: what holds the marks of a template, words such as `YOUR_REGISTRY`
    /// or `IMAGE`, addresses such as `ko://…`, and names that a kustomization, one of its patches, Skaffold, or a trigger
    /// in the cluster replaces; nor of the templates of charts, nor of a container without `image`.
    "image/invalid-reference",
    severity: Severity::Medium,
    references: &["CWE-1286"],
    check: Check::Manifests(check),
}

/// What `OpenShift` notes its triggers in, on workloads whose image they fill in.
const TRIGGERS: &str = "image.openshift.io/triggers";

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for found in images(snapshot) {
        let Err(why) = ImageReference::parse(&found.text) else {
            continue;
        };
        if found.elsewhere.name || is_filled_in(&found) || is_stand_in_text(&found.text) {
            continue;
        }
        let (what, meant) = slip(&found.text, why);
        let remedy = match meant {
            Some(meant) => format!("write {}", quoted(&meant)),
            None => {
                "write it as the registry shows it, such as \"registry.example.com/shop:1.4.2\""
                    .to_owned()
            }
        };
        let image = if found.text.is_empty() {
            "image".to_owned()
        } else {
            format!("image {}", quoted(&found.text))
        };
        let what_hangs = match found.place {
            ImagePlace::Volume(..) => "pod",
            ImagePlace::Container(..) | ImagePlace::Kustomization(..) => "container",
        };
        let sentence = format!(
            "{image} {what}, which no container runtime accepts, so that its {what_hangs} never starts; {remedy}"
        );
        sink.say_of_image(&found, Severity::Medium, &sentence);
    }
}

/// True where rendering, or a trigger in the cluster, may write another image.
fn is_filled_in(found: &ImageUse<'_>) -> bool {
    let (ImagePlace::Container(object, ..) | ImagePlace::Volume(object, ..)) = found.place else {
        return false;
    };
    let annotations = object.field(&["metadata", "annotations"]).node();
    object.completeness() == Completeness::Template
        || annotations.is_some_and(|annotations| annotations.get(TRIGGERS).is_some())
}
