use crate::kubernetes::pod_security::Version;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::syntax::Node;

declare_rule! {
    /// The configuration names a version of Kubernetes that is not known yet.
    ///
    /// ## Why it matters
    /// What that version asks for beyond the newest known one is not judged; and a mistyped version is judged by rules that are not those of the cluster.
    ///
    /// ## Example
    /// ```yaml bad
    /// # file: .tidegate.yaml
    /// kubernetes:
    ///   versions: ["1.360"]
    /// ```
    ///
    /// ## Instead
    /// Correct the version, or use a newer release of tidegate.
    /// ```yaml good
    /// # file: .tidegate.yaml
    /// kubernetes:
    ///   versions: ["1.36"]
    /// ```
    "gate/unknown-version",
    severity: Severity::Note,
    references: &["CWE-693"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    let Some((file, config_file)) = snapshot.configuration() else {
        return;
    };
    let Ok(config) = &config_file.config else {
        return;
    };
    let nodes = config_file.node(&["kubernetes", "versions"]);
    let nodes = nodes.into_iter().flat_map(Node::items);
    let versions = config.kubernetes.versions.iter().flatten();
    for (version, node) in versions.map(|version| version.0).zip(nodes) {
        if version > Version::LATEST {
            sink.in_file(&file.path)
                .report_at(node.span(), Some("/kubernetes/versions".into()))
                .discriminator(&version.to_string())
                .say(&format!(
                    "{version} is newer than {}, the newest version that is known here, and is judged by that one; correct it, or use a newer release of tidegate",
                    Version::LATEST
                ));
        }
    }
}
