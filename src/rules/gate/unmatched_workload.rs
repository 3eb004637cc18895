use crate::config::KubernetesConfig;
use crate::kubernetes::kinds::Declared;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::declared::{Fit, fits};
use crate::syntax::Node;

declare_rule! {
    /// The configuration declares a kind of workload that nothing fits.
    ///
    /// ## Why it matters
    /// A mistyped kind, group or path of the pod template leaves the pods of that kind unjudged, and nothing else would show it.
    ///
    /// ## Example
    /// ```yaml bad
    /// # file: .tidegate.yaml
    /// kubernetes:
    ///   workloads:
    ///     - {kind: GameSrver, group: agones.dev, pod-template: spec.template}
    /// # file: arena.yaml
    /// apiVersion: agones.dev/v1
    /// kind: GameServer
    /// metadata: {name: arena}
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// # file: .tidegate.yaml
    /// kubernetes:
    ///   workloads:
    ///     - {kind: GameServer, group: agones.dev, pod-template: spec.template}
    /// # file: arena.yaml
    /// apiVersion: agones.dev/v1
    /// kind: GameServer
    /// metadata: {name: arena}
    /// spec:
    ///   template: {}
    /// ```
    ///
    /// ## Limits
    /// A kind is declared in vain only if no object of the whole revision fits; a path, if it leads nowhere in all of them. Single objects without pods are told by `input/not-judged` where they change. Objects in templates that are not rendered are not seen.
    "gate/unmatched-workload",
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
    let declared: Vec<Declared> = of(&config.kubernetes);
    if declared.is_empty() {
        return;
    }
    let fits = fits(snapshot, &declared);
    let nodes = config_file.node(&["kubernetes", "workloads"]);
    let nodes = nodes.into_iter().flat_map(Node::items);
    for ((declared, fit), node) in declared.iter().zip(fits).zip(nodes) {
        let (key, sentence) = match fit {
            Fit { objects: 0, .. } => ("kind", "no object of this revision is of this kind and group; correct them, or take the entry away".to_owned()),
            Fit { has_pods: false, objects } => {
                let where_ = match objects {
                    1 => "the one object of this kind".to_owned(),
                    _ => format!("all {objects} objects of this kind"),
                };
                ("pod-template", format!("nothing stands at this path in {where_}, so that no pod of it is judged; correct the path"))
            }
            Fit { .. } => continue,
        };
        let at = node.get(key).unwrap_or(node);
        let group = declared.group().unwrap_or("*");
        let name = format!("{group}/{} {}", declared.kind(), declared.pod_template());
        sink.in_file(&file.path)
            .report_at(at.span(), Some("/kubernetes/workloads".into()))
            .discriminator(&name)
            .say(&sentence);
    }
}

/// The kinds that are declared. A configuration with one that makes no sense is none.
fn of(config: &KubernetesConfig) -> Vec<Declared> {
    config.declared().filter_map(Result::ok).collect()
}
