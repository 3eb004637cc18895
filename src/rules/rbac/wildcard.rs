use std::collections::HashSet;

use crate::kubernetes::Field;
use crate::kubernetes::roles::PolicyRule;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::granted::Given;
use crate::syntax::Node;

declare_rule! {
    /// A role allows all verbs, or names all resources or all API groups.
    ///
    /// ## Why it matters
    /// A `*` grows with the cluster: each new kind, subresource and verb is included, and nobody has looked at them. With
    /// all three, a role is `cluster-admin` under another name (critical where it counts in the whole cluster). Of two it
    /// is high, of one medium, and one level less in a single namespace. To read all of the core group is to read its
    /// secrets (high, in one namespace medium). To read with one other `*`, or to do all with the groups of custom resources
    /// that the role names, is low: that is how operators are written.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: deployer
    /// rules:
    ///   - apiGroups: ["*"]
    ///     resources: ["*"]
    ///     verbs: ["*"]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: deployer
    /// rules:
    ///   - apiGroups: [apps]
    ///     resources: [deployments]
    ///     verbs: [get, list, watch]
    /// ```
    ///
    /// ## Limits
    /// It is told once a rule. A role that no binding of the repository gives to anybody is one level less grave. A `*` in
    /// `resourceNames` is a name like any other, and a `*` in `nonResourceURLs` is not looked at.
    "rbac/wildcard",
    severity: Severity::High,
    other_severities: &[Severity::Critical, Severity::Medium, Severity::Low, Severity::Note],
    references: &["CIS 1.12: 5.1.3", "CWE-250"],
    check: Check::Role(check),
}

fn check(given: Given<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let mut seen = HashSet::new();
    for rule in given.role.rules() {
        let fields = [
            ("apiGroups", rule.api_groups()),
            ("resources", rule.resources()),
            ("verbs", rule.verbs()),
        ];
        let wild = fields.map(|(name, field)| (name, star(field)));
        let wild: Vec<(&str, Node<'_>)> = wild
            .into_iter()
            .filter_map(|(name, node)| Some((name, node?)))
            .collect();
        // What is no resource at all, such as paths alone, is not meant.
        let is_about_resources = rule.resources().items().next().is_some();
        let Some((_, first)) = wild.first().filter(|_| is_about_resources) else {
            continue;
        };
        let meaning = meaning(rule);
        if !seen.insert(meaning.clone()) {
            continue;
        }
        let names: Vec<&str> = wild.iter().map(|(name, _)| *name).collect();
        let (list, what) = match names.as_slice() {
            [one] => (
                format!("{one} is"),
                "which includes what nobody has looked at yet",
            ),
            [one, other] => (
                format!("{one} and {other} are"),
                "which includes what nobody has looked at yet",
            ),
            _ => (
                "apiGroups, resources and verbs are".to_owned(),
                "which is all that cluster-admin has",
            ),
        };
        sink.report_at(first.span(), Some("/rules".into()))
            .discriminator(&meaning)
            .severity(given.settled(severity(given, rule, wild.len())))
            .say(&format!(
                "{list} \"*\", {what}; {}; name what is needed",
                given.told()
            ));
    }
}

fn star(field: Field<'_>) -> Option<Node<'_>> {
    let mut items = field.items();
    items.find(|item| item.as_str() == Some("*"))
}

/// What the rule is about, whatever the order of its words: the same after it has moved.
fn meaning(rule: PolicyRule<'_>) -> String {
    let sorted = |field: Field<'_>| {
        let mut words: Vec<&str> = field.texts().collect();
        words.sort_unstable();
        words.join(",")
    };
    format!(
        "{} {} {}",
        sorted(rule.verbs()),
        sorted(rule.resources()),
        sorted(rule.api_groups())
    )
}

/// How grave it is where somebody has it, by how many of the three are `*`.
fn severity(given: Given<'_>, rule: PolicyRule<'_>, wild: usize) -> Severity {
    let is_custom = |group: &str| group.contains('.') && !group.ends_with(".k8s.io");
    let mut verbs = rule.verbs().texts();
    let reads = verbs.all(|verb| ["get", "list", "watch"].contains(&verb));
    // All resources of the core group are secrets as well.
    let reads_secrets =
        !rule.is_named() && rule.is_of_group("") && star(rule.resources()).is_some();
    let (of_cluster, namespaced) = if rule.api_groups().texts().all(is_custom) {
        (Severity::Low, Severity::Low)
    } else if wild == 1 && (reads || rule.is_named()) {
        if reads_secrets {
            (Severity::High, Severity::Medium)
        } else {
            (Severity::Low, Severity::Low)
        }
    } else {
        match wild {
            3 => (Severity::Critical, Severity::High),
            2 => (Severity::High, Severity::Medium),
            _ => (Severity::Medium, Severity::Low),
        }
    };
    if given.is_of_cluster() {
        of_cluster
    } else {
        namespaced
    }
}
