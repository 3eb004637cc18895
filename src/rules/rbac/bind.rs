use crate::access::goal::Goal;
use crate::access::powers::Means;
use crate::kubernetes::Field;
use crate::kubernetes::roles::PolicyRule;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::granted::{Given, Wanted};

declare_rule! {
    /// A role allows to bind roles whose rights the one who binds does not hold.
    ///
    /// ## Why it matters
    /// The API server lets nobody give away rights that they do not hold, unless they may `bind` the role. Who may bind
    /// any role, and write bindings, makes themselves an administrator of the cluster; in one namespace, of that (high).
    /// Where `resourceNames` say which roles are meant, it is as grave as these: low, where `cluster-admin`, `admin` and
    /// `edit` are not among them.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: onboarding
    /// rules:
    ///   - apiGroups: [rbac.authorization.k8s.io]
    ///     resources: [clusterroles]
    ///     verbs: [bind]
    /// ```
    ///
    /// ## Instead
    /// Give who binds the rights that they hand on, and do without `bind`.
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: onboarding
    /// rules:
    ///   - apiGroups: [rbac.authorization.k8s.io]
    ///     resources: [clusterroles]
    ///     verbs: [get]
    /// ```
    ///
    /// ## Limits
    /// `bind` is asked for on roles alone: on `rolebindings` and `clusterrolebindings` it has no effect, which is told
    /// as a note. A role of the repository that is named and gives every right counts as `cluster-admin` does where its
    /// holder may write bindings. A role that no binding of the repository gives to anybody is one level less grave.
    "rbac/bind",
    severity: Severity::Critical,
    other_severities: &[Severity::High, Severity::Medium, Severity::Low, Severity::Note],
    references: &["CIS 1.12: 5.1.8", "CWE-269"],
    check: Check::Role(check),
}

const GROUP: &str = "rbac.authorization.k8s.io";

const ROLES: Wanted<'_> = (GROUP, &["clusterroles", "roles"], &["bind"]);

const BINDINGS: Wanted<'_> = (GROUP, &["clusterrolebindings", "rolebindings"], &["bind"]);

fn check(given: Given<'_>, _context: &Context, sink: &mut Sink<'_>) {
    for granted in given.naming(&[ROLES]) {
        let (of_cluster, namespaced) = gravity(granted.rule);
        let severity = if given.is_of_cluster() {
            of_cluster
        } else {
            namespaced
        };
        let goal = granted.makes(&[Means::Bind]);
        let reached = match goal {
            Some(Goal::ClusterAdmin) => Severity::Critical,
            Some(_) => Severity::High,
            None => severity,
        };
        let severity = severity.max(reached);
        sink.report_right(granted.named)
            .severity(given.settled(severity))
            .say(&format!(
                "verbs allow {}{}, so that whoever may write bindings gives away rights that they do not hold; {}; leave bind out, and give who binds the rights that they hand on",
                granted.named.told(),
                names(granted.rule),
                given.told_with(goal)
            ));
    }
    for granted in given.naming(&[BINDINGS]) {
        let named = granted.named;
        // What stands for all verbs means others.
        if named.verb.as_str() != Some("bind")
            || granted.rule.named(ROLES.0, ROLES.1, ROLES.2).is_some()
        {
            continue;
        }
        sink.report_right(named)
            .severity(Severity::Note)
            .say(&format!(
                "bind on {} has no effect, as it is asked for on the role; leave it out",
                named.resource.as_str().unwrap_or_default()
            ));
    }
}

/// How grave it is in the whole cluster and in one namespace, by the roles that are meant.
fn gravity(rule: PolicyRule<'_>) -> (Severity, Severity) {
    let names = rule.resource_names();
    if names.items().next().is_none() {
        return (Severity::Critical, Severity::High);
    }
    let has = |name: &str| names.texts().any(|own| own == name);
    if has("cluster-admin") {
        (Severity::Critical, Severity::High)
    } else if has("admin") || has("edit") {
        (Severity::Medium, Severity::Medium)
    } else {
        (Severity::Low, Severity::Low)
    }
}

fn names(rule: PolicyRule<'_>) -> String {
    let names: Vec<&str> = Field::texts(rule.resource_names()).take(3).collect();
    if names.is_empty() {
        return String::new();
    }
    format!(" named {}", names.join(", "))
}
