//! Credentials in the values of charts that objects of Flux, Argo CD and K3s carry, and in what kubectl is configured by:
//! their keys say what they are, and only what was drawn is evidence.

use std::collections::BTreeSet;

use crate::credential::{self, Found};
use crate::syntax::Node;

use super::handed_over::sources;
use super::marked::walk;

/// Visits what the values of a chart show that an object of this kind carries. Nodes in `told` are left out.
pub fn of_chart<'a>(
    object: Node<'a>,
    kind: &str,
    told: &mut BTreeSet<u32>,
    visit: &mut dyn FnMut(Node<'a>, &'a str, Vec<Found>),
) {
    let mut keep = |from: Option<Node<'a>>, field: &'static str| {
        if let Some(node) = from.and_then(|from| from.get(field)) {
            walk(node, field, credential::of_value, told, visit);
        }
    };
    let spec = object.get("spec");
    match kind {
        // What kubectl is configured by.
        "Config" => keep(Some(object), "users"),
        "HelmRelease" => keep(spec, "values"),
        "HelmChart" | "HelmChartConfig" => keep(spec, "valuesContent"),
        _ => {
            for source in sources(object, kind) {
                for field in ["values", "valuesObject"] {
                    keep(source.get("helm"), field);
                }
            }
        }
    }
}
