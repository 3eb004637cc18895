use std::collections::HashSet;

use crate::kubernetes::roles::{Named, PolicyRule};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::granted::{Granted, granted, naming};

declare_rule! {
    /// A role allows to act as other users, groups or `ServiceAccounts`.
    ///
    /// ## Why it matters
    /// Whoever acts as somebody else has all rights of that one, and the audit log is the only place that still tells
    /// them apart. To act as any user or group is to be an administrator; to act as the `ServiceAccounts` of one namespace
    /// is to have all that its workloads have (high). Where `resourceNames` say as whom, it is medium, unless
    /// `system:masters` is among them.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: support
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [users, groups]
    ///     verbs: [impersonate]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: support
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [pods]
    ///     verbs: [get]
    /// ```
    ///
    /// ## Limits
    /// Users, groups and what else is told of a user lie outside of namespaces: what a `Role` says of them has no effect,
    /// and nothing is said of it. A role that no binding of the repository gives to anybody is one level less grave.
    "rbac/impersonate",
    severity: Severity::Critical,
    other_severities: &[Severity::High, Severity::Medium, Severity::Low],
    references: &["CIS 1.12: 5.1.8", "CWE-269"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let verbs = &["impersonate"][..];
    let people = ("", &["users", "groups"][..], verbs);
    for (granted, named) in naming(snapshot, context.of_access(), &[people]) {
        if granted.is_of_cluster() {
            let severity = gravity(granted.rule, Severity::Critical);
            sink.about(granted.object())
                .report_right(named)
                .severity(granted.severity(severity, severity))
                .say(&sentence(&granted, named));
        }
    }
    let accounts = ("", &["serviceaccounts"][..], verbs);
    for (granted, named) in naming(snapshot, context.of_access(), &[accounts]) {
        let (of_cluster, namespaced) = (
            gravity(granted.rule, Severity::Critical),
            gravity(granted.rule, Severity::High),
        );
        // The role is told once, where it says more.
        if granted.is_of_cluster() && granted.rule.named("", people.1, verbs).is_some() {
            continue;
        }
        sink.about(granted.object())
            .report_right(named)
            .severity(granted.severity(of_cluster, namespaced))
            .say(&sentence(&granted, named));
    }
    let resources = granted_extras(snapshot, context);
    for (granted, named) in resources {
        sink.about(granted.object())
            .report_right(named)
            .severity(granted.severity(Severity::Medium, Severity::Medium))
            .say(&sentence(&granted, named));
    }
}

/// What else is told of a user: the uid, and extra fields each of which is a subresource.
fn granted_extras<'a>(snapshot: &'a Snapshot, context: &Context) -> Vec<(Granted<'a>, Named<'a>)> {
    let group = "authentication.k8s.io";
    let verbs = &["impersonate"][..];
    let (clusters, targets) = context.of_access();
    let mut found = naming(
        snapshot,
        (clusters, targets),
        &[(group, &["uids"][..], verbs)],
    );
    let all = granted(snapshot, clusters, targets);
    for granted in all {
        let items = granted.rule.resources().texts();
        for text in items.filter(|text| text.starts_with("userextras/")) {
            found.extend(
                granted
                    .rule
                    .named(group, &[text], verbs)
                    .map(|named| (granted, named)),
            );
        }
    }
    found.retain(|(granted, _)| granted.is_of_cluster());
    let mut seen = HashSet::new();
    found.retain(|(granted, named)| {
        let object = granted.object();
        seen.insert((object.path(), object.node().id(), named.right()))
    });
    found
}

fn gravity(rule: PolicyRule<'_>, any: Severity) -> Severity {
    let names = rule.resource_names();
    let is_any = names.items().next().is_none();
    if is_any || names.texts().any(|name| name == "system:masters") {
        any
    } else {
        Severity::Medium
    }
}

fn sentence(granted: &Granted<'_>, named: Named<'_>) -> String {
    let is_named = granted.rule.is_named();
    let instead = if is_named {
        "give the rights that are needed instead"
    } else {
        "give the rights that are needed instead, or say with resourceNames as whom"
    };
    format!(
        "verbs allow {}, and whoever acts as somebody else has all of their rights; {}; {instead}",
        named.told(),
        granted.holders()
    )
}
