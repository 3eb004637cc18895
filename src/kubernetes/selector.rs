//! Which pods a Service sends traffic to.

use crate::syntax::Node;

use super::object::Object;

/// The labels that a Service selects its pods by; empty where it selects none.
pub fn service_selector(service: Object<'_>) -> impl Iterator<Item = (&str, &str)> {
    let selector = service.field(&["spec", "selector"]).node();
    let entries = selector.into_iter().flat_map(Node::entries);
    entries.map(|entry| (entry.key.key_text(), entry.value.key_text()))
}
