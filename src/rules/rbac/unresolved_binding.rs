use std::collections::{BTreeMap, BTreeSet};

use crate::access::built_in::is_unmodelled;
use crate::access::subject::Subject;
use crate::finding::Location;
use crate::kubernetes::accounts::DEFAULT;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;

declare_rule! {
    /// A binding names a role or a `ServiceAccount` that is in no file.
    ///
    /// ## Why it matters
    /// A binding to what is not there gives nothing, until somebody makes something of that name, which then has rights
    /// or gives them.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// roleRef:
    ///   apiGroup: rbac.authorization.k8s.io
    ///   kind: Role
    ///   name: cart
    /// subjects:
    ///   - kind: ServiceAccount
    ///     namespace: shop
    ///     name: cart
    /// ---
    /// apiVersion: v1
    /// kind: ServiceAccount
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// roleRef:
    ///   apiGroup: rbac.authorization.k8s.io
    ///   kind: ClusterRole
    ///   name: view
    /// subjects:
    ///   - kind: ServiceAccount
    ///     namespace: shop
    ///     name: cart
    /// ---
    /// apiVersion: v1
    /// kind: ServiceAccount
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// ```
    ///
    /// ## Limits
    /// Roles and accounts may lie in other repositories, so that the rule is of use where the repository holds all of a
    /// cluster, and is off unless the configuration asks for it. Roles that a cluster brings along and the account
    /// `default` are always there.
    "rbac/unresolved-binding",
    severity: Severity::Note,
    opt_in: true,
    references: &["OWASP K8s 2025: K02"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, context: &Context, sink: &mut Sink<'_>) {
    let (clusters, targets) = context.of_access();
    // What is missing in one cluster and stands in another one is not missing.
    let mut all: BTreeMap<Location, String> = BTreeMap::new();
    let mut found: BTreeSet<Location> = BTreeSet::new();
    for cluster in &snapshot.access(clusters, targets).clusters {
        let accounts: BTreeSet<&Subject> = cluster.accounts.iter().map(|it| &it.subject).collect();
        for (binding, meant) in cluster.bindings.iter().zip(&cluster.meant) {
            if binding.is_patch {
                continue;
            }
            let mut add = |at: Location, is_missing: bool, what: &dyn Fn() -> String| {
                if is_missing {
                    all.entry(at).or_insert_with(what);
                } else {
                    found.insert(at);
                }
            };
            let is_missing = meant.roles.is_empty() && !is_unmodelled(&binding.role);
            let role = binding.place(binding.role_at);
            add(role, is_missing, &|| binding.role.to_string());
            for bound in &binding.subjects {
                let is_missing = match &bound.subject {
                    Subject::Account(_, name) => {
                        **name != *DEFAULT && !accounts.contains(&bound.subject)
                    }
                    _ => false,
                };
                let account = binding.place(bound.span);
                add(account, is_missing, &|| bound.subject.to_string());
            }
        }
    }
    for (at, what) in all.into_iter().filter(|(at, _)| !found.contains(at)) {
        if let Some(object) = snapshot.object_at(&at) {
            sink.about(object)
                .report_at(at.span, None)
                .discriminator(&what)
                .say(&format!(
                    "{what} is in no file, so that the binding gives nothing until somebody makes it; add it, or take the binding away"
                ));
        }
    }
}
