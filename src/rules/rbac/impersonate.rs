use crate::access::goal::Goal;
use crate::access::powers::Means;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::granted::{Given, Granted};

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
    /// Users, groups and what else is told of a user lie outside of namespaces: what a `Role` says of them has no
    /// effect, and nothing is said of it. The uid and extra fields are taken on together with a user alone, so that by
    /// themselves they are medium. Where `resourceNames` say as whom, it is as grave as what these lead to: high where
    /// they lead to nodes or to the secrets of `kube-system`, and as grave as any where they lead to every right. A
    /// role that no binding of the repository gives to anybody is one level less grave.
    "rbac/impersonate",
    severity: Severity::Critical,
    other_severities: &[Severity::High, Severity::Medium, Severity::Low],
    references: &["CIS 1.12: 5.1.8", "CWE-269"],
    check: Check::Role(check),
}

const VERBS: &[&str] = &["impersonate"];
/// People and what they are in, which lie outside of namespaces.
const PEOPLE: &[&str] = &["users", "groups"];
/// The group of what else is told of a user.
const AUTHENTICATION: &str = "authentication.k8s.io";

fn check(given: Given<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let of_cluster = given.is_of_cluster();
    if of_cluster {
        for granted in given.naming(&[("", PEOPLE, VERBS)]) {
            tell(&granted, Severity::Critical, sink);
        }
    }
    for granted in given.naming(&[("", &["serviceaccounts"], VERBS)]) {
        // The role is told once, where it says more.
        if of_cluster && granted.rule.named("", PEOPLE, VERBS).is_some() {
            continue;
        }
        let any = if of_cluster || given.reaches_system() {
            Severity::Critical
        } else {
            Severity::High
        };
        tell(&granted, any, sink);
    }
    if !of_cluster {
        return;
    }
    // The uid, and extra fields each of which is a subresource.
    let texts = given
        .role
        .rules()
        .flat_map(|rule| rule.resources().texts().collect::<Vec<_>>());
    let extras: Vec<&str> = texts
        .filter(|text| text.starts_with("userextras/"))
        .collect();
    let extras: Vec<_> = std::iter::once("uids")
        .chain(extras)
        .map(|text| [text])
        .collect();
    let wanted: Vec<_> = extras
        .iter()
        .map(|it| (AUTHENTICATION, &it[..], VERBS))
        .collect();
    for granted in given.naming(&wanted) {
        sink.report_right(granted.named)
            .severity(given.settled(Severity::Medium))
            .say(&sentence(&granted, None));
    }
}

/// Where `resourceNames` say as whom, it is as grave as what these reach.
fn tell(granted: &Granted<'_>, any: Severity, sink: &mut Sink<'_>) {
    let goal = granted.makes(&[Means::Impersonate]);
    let mut names = granted.rule.resource_names().texts();
    let severity = if !granted.is_named() || names.any(|name| name == "system:masters") {
        any
    } else {
        match goal {
            Some(Goal::ClusterAdmin | Goal::Masters) => any,
            Some(_) => Severity::High,
            None => Severity::Medium,
        }
    };
    sink.report_right(granted.named)
        .severity(granted.given.settled(severity))
        .say(&sentence(granted, goal));
}

fn sentence(granted: &Granted<'_>, goal: Option<Goal>) -> String {
    let instead = if granted.is_named() {
        "give the rights that are needed instead"
    } else {
        "give the rights that are needed instead, or say with resourceNames as whom"
    };
    format!(
        "verbs allow {}, and whoever acts as somebody else has all of their rights; {}; {instead}",
        granted.named.told(),
        granted.given.told_with(goal)
    )
}
