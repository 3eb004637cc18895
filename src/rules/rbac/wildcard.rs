use std::collections::HashSet;

use crate::kubernetes::Field;
use crate::kubernetes::roles::PolicyRule;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::granted::{Granted, granted};
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
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let mut seen = HashSet::new();
    let (clusters, targets) = context.of_access();
    for granted in granted(snapshot, clusters, targets) {
        let rule = granted.rule;
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
        let object = granted.object();
        let meaning = meaning(rule);
        if !seen.insert((object.path(), object.node().id(), meaning.clone())) {
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
        sink.about(object)
            .report_at(first.span(), Some("/rules".into()))
            .discriminator(&meaning)
            .severity(severity(&granted, wild.len()))
            .say(&format!(
                "{list} \"*\", {what}; {}; name what is needed",
                granted.holders()
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

fn severity(granted: &Granted<'_>, wild: usize) -> Severity {
    let rule = granted.rule;
    let is_custom = |group: &str| group.contains('.') && !group.ends_with(".k8s.io");
    let reads = rule
        .verbs()
        .texts()
        .all(|verb| ["get", "list", "watch"].contains(&verb));
    let is_named = rule.is_named();
    // All resources of the core group are secrets as well.
    let reads_secrets = !is_named && rule.is_of_group("") && star(rule.resources()).is_some();
    if rule.api_groups().texts().all(is_custom) {
        return granted.severity(Severity::Low, Severity::Low);
    }
    if wild == 1 && (reads || is_named) {
        return if reads_secrets {
            granted.severity(Severity::High, Severity::Medium)
        } else {
            granted.severity(Severity::Low, Severity::Low)
        };
    }
    match wild {
        3 => granted.severity(Severity::Critical, Severity::High),
        2 => granted.severity(Severity::High, Severity::Medium),
        _ => granted.severity(Severity::Medium, Severity::Low),
    }
}
