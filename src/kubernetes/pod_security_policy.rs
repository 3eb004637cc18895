//! What is left of `PodSecurityPolicy`: Kubernetes 1.25 removed it, and what names it decides nothing any longer.

use crate::syntax::Node;

use super::object::Object;

/// True for a `PodSecurityPolicy`.
#[must_use]
pub fn is_policy(object: Object<'_>) -> bool {
    object.kind().name == "PodSecurityPolicy"
}

/// True if the policy let everything in, so that nothing is lost with it.
#[must_use]
pub fn allows_privileged(policy: Object<'_>) -> bool {
    policy.field(&["spec", "privileged"]).is_true()
}

/// Where a Role or a `ClusterRole` lets someone `use` such policies: the resource in the first rule that does.
#[must_use]
pub fn use_of_policies(object: Object<'_>) -> Option<Node<'_>> {
    if !matches!(object.kind().name, "Role" | "ClusterRole") {
        return None;
    }
    let holds = |rule: Node<'_>, key: &str, wanted: &[&str]| {
        let values = rule.present(key).into_iter().flat_map(Node::items);
        values
            .filter_map(Node::as_str)
            .any(|value| wanted.contains(&value))
    };
    let rules = object.field(&["rules"]).node()?;
    rules
        .items()
        .filter(|rule| {
            holds(*rule, "verbs", &["use"])
                && holds(*rule, "apiGroups", &["policy", "extensions", "*"])
        })
        .flat_map(|rule| rule.present("resources").into_iter().flat_map(Node::items))
        .find(|resource| resource.as_str() == Some("podsecuritypolicies"))
}
