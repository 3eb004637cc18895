use crate::kubernetes::field::quoted;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::images::images;

declare_rule! {
    /// An image comes from a registry that the configuration does not allow.
    ///
    /// ## Why it matters
    /// What lies in a registry of one's own was built, scanned and signed the way the others were. An image from
    /// elsewhere was not, and a name that differs by one letter, or that lies below a host that only looks like a
    /// trusted one, is all that an attacker needs.
    ///
    /// ## Example
    /// ```yaml bad
    /// # file: .tidegate.yaml
    /// images:
    ///   registries: [registry.example.com, ghcr.io/acme]
    /// # file: kustomization.yaml
    /// images:
    ///   - name: shop
    ///     newName: ghcr.io.evil.example/acme/shop
    ///     newTag: 1.4.2
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// # file: .tidegate.yaml
    /// images:
    ///   registries: [registry.example.com, ghcr.io/acme]
    /// # file: kustomization.yaml
    /// images:
    ///   - name: shop
    ///     newName: ghcr.io/acme/shop
    ///     newTag: 1.4.2
    /// ```
    ///
    /// ## Limits
    /// It speaks only where the configuration lists `images.registries`. Labels of hosts and segments of paths are
    /// compared whole, a port belongs to the host, and `*` stands for one label or segment. An image that names no
    /// registry is of `docker.io`, and one without a folder of `docker.io/library`. What images are built from, in
    /// Dockerfiles, is not looked at. Nothing is said where a kustomization, one of its patches, Skaffold, or a trigger
    /// in the cluster puts another name in its place.
    "image/registry-not-allowed",
    severity: Severity::Medium,
    references: &["OWASP K8s 2025: K01", "CIS 1.12: 5.5.1", "CWE-829"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let Some(registries) = context.registries.as_deref() else {
        return;
    };
    for found in images(snapshot) {
        let Some(image) = found.image().filter(|_| !found.elsewhere.name) else {
            continue;
        };
        if !registries.allow(&image) {
            let sentence = format!(
                "image {} lies in no registry that images.registries of the configuration allows; take it from {registries}",
                quoted(&image.name()),
            );
            sink.say_of_image(&found, Severity::Medium, &sentence);
        }
    }
}
