//! Policies of network plugins: their content is not analysed, but whom they may be about is known.
//!
//! Sources: the references of `CiliumNetworkPolicy` (an endpoint for which a policy has a section of a direction is closed
//! in it by default; `enableDefaultDeny` says otherwise) and of Calico's `NetworkPolicy` and `GlobalNetworkPolicy` (`types`
//! names the directions; what is staged is not enforced; selectors are expressions such as `app == 'web'`).

use std::sync::Arc;

use crate::kubernetes::{Field, Object};
use crate::syntax::Node;

use super::read::{landing, selector};
use super::selector::Selector;
use super::world::{Direction, Workload};

/// Whom a policy of a network plugin may be about.
#[derive(Clone, Debug, Default)]
pub struct Extent {
    /// Its namespace; none where it is of the whole cluster.
    namespace: Option<Arc<str>>,
    /// The pods, for each of its parts, with the directions that the part closes. What it asks for and is not
    /// understood is left out, so that these may be more than it means.
    parts: Vec<(Selector, [bool; 2])>,
}

impl Extent {
    /// That of an object of a plugin.
    #[must_use]
    pub fn of(object: Object<'_>) -> Self {
        let kind = object.kind();
        let is_enforced = kind.name.ends_with("NetworkPolicy") && !kind.name.starts_with("Staged");
        if !is_enforced {
            return Self::default();
        }
        let is_of_cluster =
            kind.name.starts_with("Global") || kind.name.starts_with("CiliumClusterwide");
        let spec = object.field(&["spec"]);
        let specs = spec.node().into_iter();
        let specs = specs.chain(object.field(&["specs"]).items());
        let is_of_cilium = kind.groups.contains(&"cilium.io");
        let part = |spec| {
            if is_of_cilium {
                of_cilium(spec)
            } else {
                Some(of_calico(spec))
            }
        };
        Self {
            namespace: (!is_of_cluster).then(|| landing(object).into()),
            parts: specs.filter_map(part).collect(),
        }
    }

    /// True if it may say what passes to or from the pods of a workload.
    #[must_use]
    pub fn may_hold(&self, workload: &Workload, direction: Direction) -> bool {
        let namespace = self.namespace.as_ref();
        let mut parts = self.parts.iter();
        namespace.is_none_or(|own| *own == workload.namespace)
            && parts.any(|(pods, closes)| {
                let closes = match direction {
                    Direction::Ingress => closes[0],
                    Direction::Egress => closes[1],
                };
                closes && pods.selects(&workload.labels)
            })
    }
}

/// A part of a policy of Cilium; none where it is about nodes.
fn of_cilium(spec: Node<'_>) -> Option<(Selector, [bool; 2])> {
    let pods = selector(Field::follow(spec, &["endpointSelector"]))?;
    // Labels may have their source before them; those of Cilium itself are not known.
    let mut known = Selector::all();
    for (key, asked) in pods.asked() {
        let key = ["k8s:", "any:"]
            .iter()
            .find_map(|source| key.strip_prefix(source))
            .unwrap_or(key);
        if !key.contains(':') && !key.contains("io.kubernetes.pod.") && !key.contains("io.cilium.")
        {
            known = known.with(key, asked.clone());
        }
    }
    let closes = [["ingress", "ingressDeny"], ["egress", "egressDeny"]].map(|[allows, denies]| {
        let by_default = spec.present("enableDefaultDeny");
        let is_open = by_default.and_then(|it| it.present(allows)?.as_bool()) == Some(false);
        !is_open && (spec.present(allows).is_some() || spec.present(denies).is_some())
    });
    Some((known, closes))
}

/// A policy of Calico.
fn of_calico(spec: Node<'_>) -> (Selector, [bool; 2]) {
    let written = Field::follow(spec, &["selector"]).as_str();
    let has = |name: &str| spec.present(name).is_some();
    let types = Field::follow(spec, &["types"]);
    let closes = if types.node().is_some() {
        ["Ingress", "Egress"].map(|name| types.texts().any(|own| own == name))
    } else {
        [has("ingress") || !has("egress"), has("egress")]
    };
    (expression(written.unwrap_or_default()), closes)
}

/// What an expression asks for by labels that must have a value; what else it asks for is left out.
fn expression(text: &str) -> Selector {
    if text.contains(['|', '!', '(', '{']) && text.trim() != "all()" {
        return Selector::all();
    }
    let mut all = Selector::all();
    for part in text.split("&&") {
        let Some((key, value)) = part.split_once("==") else {
            continue;
        };
        let value = value.trim().trim_matches(['\'', '"']);
        all = all.with_label(key.trim(), value);
    }
    all
}
