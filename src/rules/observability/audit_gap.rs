use std::collections::BTreeSet;

use crate::kubernetes::audit::{AuditLevel, AuditPolicy, AuditedRequest};
use crate::kubernetes::{Completeness, Object};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// The audit policy leaves out who reads Secrets, changes rights or opens a shell.
    ///
    /// ## Why it matters
    /// These are the requests that an intruder cannot do without. What the API server does not log at the moment of the
    /// request cannot be found out afterwards.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: audit.k8s.io/v1
    /// kind: Policy
    /// rules:
    ///   - level: None
    ///     verbs: [get, list, watch]
    ///   - level: Metadata
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: audit.k8s.io/v1
    /// kind: Policy
    /// rules:
    ///   - level: Metadata
    ///     resources:
    ///       - group: ""
    ///         resources: [secrets, configmaps, serviceaccounts/token, pods/exec]
    ///   - level: None
    ///     verbs: [get, list, watch]
    ///   - level: Metadata
    /// ```
    ///
    /// ## Limits
    /// The rules are judged in their order, as the API server does it, for a user, a namespace and an object that none of
    /// them speaks of: what is left out for one controller alone is not told, and what is logged for one namespace alone
    /// does not count. Of stages it is told where `omitStages` leaves none that such a request goes through.
    "observability/audit-gap",
    severity: Severity::Medium,
    references: &["CIS 1.12: 3.2.2", "OWASP K8s 2022: K05", "CWE-778"],
    check: Check::Object(check),
}

const READS: [&str; 3] = ["get", "list", "watch"];
const WRITES: [&str; 4] = ["create", "update", "patch", "delete"];
const RBAC: [&str; 4] = [
    "roles",
    "rolebindings",
    "clusterroles",
    "clusterrolebindings",
];
const RBAC_GROUP: &str = "rbac.authorization.k8s.io";

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    if object.completeness() != Completeness::Complete {
        return;
    }
    let Some(policy) = AuditPolicy::of(object) else {
        return;
    };
    let mut swallowing = BTreeSet::new();
    let unlogged = gaps(|request| match policy.decides(request) {
        Some((_, rule)) if rule.level != AuditLevel::None => false,
        Some((number, _)) => {
            swallowing.insert(number);
            true
        }
        None => true,
    });
    let mut omission = None;
    let omitted = gaps(|request| {
        let deciding = policy.decides(request).map(|(_, rule)| rule);
        let deciding = deciding.filter(|rule| rule.level != AuditLevel::None);
        let found = deciding.and_then(|rule| policy.omission(rule, request));
        omission = omission.or(found);
        found.is_some()
    });
    if let Some(field) = omission {
        sink.report(field).discriminator("omitStages").say(&format!(
            "omitStages leaves out every stage of {}, so that nothing is written about them; take ResponseComplete out of it",
            listed(&omitted)
        ));
    }
    if unlogged.is_empty() {
        return;
    }
    let mut draft = sink.report(policy.field());
    for rule in swallowing
        .into_iter()
        .filter_map(|number| policy.rules().get(number))
    {
        draft = draft.related(
            rule.level_span(),
            "the first rule that matches logs nothing",
        );
    }
    draft.say(&format!(
        "rules do not log {}; put a rule of level Metadata for them first",
        listed(&unlogged)
    ));
}

/// What is left out of all that has to be logged, in words.
fn gaps(mut is_left_out: impl FnMut(&AuditedRequest<'_>) -> bool) -> Vec<String> {
    let mut is_left_out = |verb, group, resource, subresource| {
        is_left_out(&AuditedRequest::ordinary(
            verb,
            group,
            resource,
            subresource,
        ))
    };
    let mut gaps = Vec::new();
    let verbs = READS.into_iter().chain(WRITES);
    let verbs: Vec<_> = verbs
        .filter(|verb| is_left_out(*verb, "", "secrets", ""))
        .collect();
    if verbs.len() == READS.len() + WRITES.len() {
        gaps.push("requests for Secrets".to_owned());
    } else if !verbs.is_empty() {
        gaps.push(format!("{} of Secrets", listed(&verbs)));
    }
    let mut changes = RBAC
        .into_iter()
        .flat_map(|kind| WRITES.map(|verb| (kind, verb)));
    if changes.any(|(kind, verb)| is_left_out(verb, RBAC_GROUP, kind, "")) {
        gaps.push("changes of roles and their bindings".to_owned());
    }
    // A WebSocket opens a shell by a `get`.
    if ["create", "get"]
        .into_iter()
        .any(|verb| is_left_out(verb, "", "pods", "exec"))
    {
        gaps.push("pods/exec".to_owned());
    }
    gaps
}

/// `a`, `a and b`, `a, b and c`.
fn listed<T: AsRef<str>>(parts: &[T]) -> String {
    let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
    match parts.as_slice() {
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        parts => parts.concat(),
    }
}
