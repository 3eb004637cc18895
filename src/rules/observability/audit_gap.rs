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
    let mut omission = None;
    let mut is_omitted = |request: &AuditedRequest<'_>| {
        let deciding = policy.decides(request).map(|(_, rule)| rule);
        let deciding = deciding.filter(|rule| rule.level != AuditLevel::None);
        let found = deciding.and_then(|rule| policy.omission(rule, request));
        omission = omission.or(found);
        found.is_some()
    };
    let omitted = Gap::ALL
        .into_iter()
        .filter_map(|gap| gap.left_out(&mut is_omitted));
    let omitted: Vec<String> = omitted.collect();
    if let Some(field) = omission {
        sink.report(field).discriminator("omitStages").say(&format!(
            "omitStages leaves out every stage of {}, so that nothing is written about them; take ResponseComplete out of it",
            listed(&omitted)
        ));
    }
    for kind in Gap::ALL {
        let mut swallowing = BTreeSet::new();
        let unlogged = kind.left_out(|request| match policy.decides(request) {
            Some((_, rule)) if rule.level != AuditLevel::None => false,
            Some((number, _)) => {
                swallowing.insert(number);
                true
            }
            None => true,
        });
        let Some(unlogged) = unlogged else {
            continue;
        };
        let mut rules = swallowing
            .into_iter()
            .filter_map(|number| policy.rules().get(number));
        let (draft, message) = match rules.next() {
            Some(rule) => (
                sink.report_span(rule.level_span()),
                format!(
                    "this rule leaves {unlogged} out of the log; put a rule of level Metadata for that before it"
                ),
            ),
            None => (
                sink.report(policy.field()),
                format!("rules do not log {unlogged}; add a rule of level Metadata for that"),
            ),
        };
        let draft = rules.fold(draft, |draft, rule| {
            draft.related(rule.level_span(), "this rule logs nothing of it either")
        });
        // Each gap has an identity of its own, so that one more is news beside those that were there.
        draft.discriminator(kind.name()).say(&message);
    }
}

/// Something that has to be logged.
#[derive(Clone, Copy)]
enum Gap {
    Secrets,
    Rights,
    Shells,
}

impl Gap {
    const ALL: [Self; 3] = [Self::Secrets, Self::Rights, Self::Shells];

    /// What tells it from others.
    fn name(self) -> &'static str {
        match self {
            Self::Secrets => "secrets",
            Self::Rights => "rights",
            Self::Shells => "pods/exec",
        }
    }

    /// What of it is left out, in words; none if nothing is.
    fn left_out(self, mut is_left_out: impl FnMut(&AuditedRequest<'_>) -> bool) -> Option<String> {
        let mut is_left_out = |verb, group, resource, subresource| {
            is_left_out(&AuditedRequest::ordinary(
                verb,
                group,
                resource,
                subresource,
            ))
        };
        match self {
            Self::Secrets => {
                let verbs = READS.into_iter().chain(WRITES);
                let verbs: Vec<_> = verbs
                    .filter(|verb| is_left_out(*verb, "", "secrets", ""))
                    .collect();
                if verbs.len() == READS.len() + WRITES.len() {
                    return Some("requests for Secrets".to_owned());
                }
                (!verbs.is_empty()).then(|| format!("{} of Secrets", listed(&verbs)))
            }
            Self::Rights => {
                let mut changes = RBAC
                    .into_iter()
                    .flat_map(|kind| WRITES.map(|verb| (kind, verb)));
                let is_one = changes.any(|(kind, verb)| is_left_out(verb, RBAC_GROUP, kind, ""));
                is_one.then(|| "changes of roles and their bindings".to_owned())
            }
            // A WebSocket opens a shell by a `get`.
            Self::Shells => ["create", "get"]
                .into_iter()
                .any(|verb| is_left_out(verb, "", "pods", "exec"))
                .then(|| "pods/exec".to_owned()),
        }
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed<T: AsRef<str>>(parts: &[T]) -> String {
    let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
    match parts.as_slice() {
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        parts => parts.concat(),
    }
}
