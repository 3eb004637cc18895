use std::collections::BTreeSet;

use crate::kubernetes::Object;
use crate::kubernetes::roles::{AGGREGATE_TO, PolicyRule, Role};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// A label adds rights to a role that every cluster has, beyond what this role is for.
    ///
    /// ## Why it matters
    /// Everybody who has `view`, `edit` or `admin` gets the rights at once: who was to look on writes or reads secrets,
    /// and who was to run programs in a namespace gives away rights.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: reports
    ///   labels:
    ///     rbac.authorization.k8s.io/aggregate-to-view: "true"
    /// rules:
    ///   - apiGroups: [example.com]
    ///     resources: [reports]
    ///     verbs: [get, create]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: reports
    ///   labels:
    ///     rbac.authorization.k8s.io/aggregate-to-view: "true"
    /// rules:
    ///   - apiGroups: [example.com]
    ///     resources: [reports]
    ///     verbs: [get, list]
    /// ```
    ///
    /// ## Limits
    /// Nothing is said of what the role holds anyhow, nor of own API groups in `edit` and `admin`, which is what the
    /// label is for. Writing of own groups through `view` is medium.
    "rbac/aggregate-to-built-in",
    severity: Severity::High,
    other_severities: &[Severity::Medium],
    references: &["OWASP K8s 2025: K02", "CWE-266"],
    check: Check::Object(check),
}

const RBAC: &str = "rbac.authorization.k8s.io";

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let role = Role::of(object).filter(|role| role.is_of_cluster());
    let Some(role) = role.filter(|role| !role.aggregation().is_set()) else {
        return;
    };
    let written = role.labels().map(|label| {
        let (key, value) = (label.key.key_text(), label.value.key_text());
        (key, value, label.value.span(), None)
    });
    let added = object.added_labels().iter().map(|label| {
        let (key, value) = (&*label.key, &*label.value);
        (key, value, object.name_span(), Some(&label.at))
    });
    let mut told = BTreeSet::new();
    for (key, value, span, added_at) in added.chain(written) {
        let Some(to) = key.strip_prefix(AGGREGATE_TO) else {
            continue;
        };
        // What a kustomization says takes the place of what is written.
        if !told.insert(to) || value != "true" {
            continue;
        }
        let worst = role.rules().filter_map(|rule| match to {
            "view" => to_view(rule),
            "edit" => to_edit(rule).or_else(|| to_admin(rule)),
            "admin" => to_admin(rule),
            _ => None,
        });
        if let Some((severity, what)) = worst.max_by_key(|(severity, _)| *severity) {
            let draft = sink
                .report_at(span, Some("/metadata/labels".into()))
                .discriminator(to)
                .severity(severity);
            let added_at = added_at.into_iter().cloned();
            added_at
                .fold(draft, |draft, at| {
                    draft.related_in(at, "this kustomization puts the label on it")
                })
                .say(&format!(
                    "{AGGREGATE_TO}{to} gives everybody who has {to} also {what}, which that role is not for; take the label away, and bind the role to those who need it"
                ));
        }
    }
}

/// What those who look on are not to have.
fn to_view(rule: PolicyRule<'_>) -> Option<(Severity, String)> {
    let reads = [
        ("", &["secrets"][..], &["get", "list", "watch"][..]),
        (
            "",
            &["pods/exec", "pods/attach"][..],
            &["create", "get"][..],
        ),
    ];
    let read = reads
        .iter()
        .find_map(|(group, resources, verbs)| rule.named(group, resources, verbs));
    if let Some(named) = read {
        return Some((Severity::High, named.told()));
    }
    let is_write = |verb: &str| ["*", "create", "update", "patch", "delete"].contains(&verb);
    let verb = rule.verbs().texts().find(|verb| is_write(verb))?;
    let is_own = |group: &str| group.contains('.') && !group.ends_with(".k8s.io");
    let severity = if rule.api_groups().texts().all(is_own) {
        Severity::Medium
    } else {
        Severity::High
    };
    let resource = rule.resources().texts().next()?;
    Some((severity, format!("{verb} on {resource}")))
}

/// What those who run programs in a namespace are not to have.
fn to_edit(rule: PolicyRule<'_>) -> Option<(Severity, String)> {
    let verbs = ["create", "update", "patch"];
    let named = rule.named(RBAC, &["rolebindings", "roles"], &verbs)?;
    Some((Severity::High, named.told()))
}

/// What not even the administrator of a namespace is to have.
fn to_admin(rule: PolicyRule<'_>) -> Option<(Severity, String)> {
    let verbs = ["bind", "escalate"];
    let named = rule.named(RBAC, &["clusterroles", "roles"], &verbs)?;
    Some((Severity::High, named.told()))
}
