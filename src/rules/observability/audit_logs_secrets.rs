use std::collections::BTreeMap;

use crate::kubernetes::audit::{AuditLevel, AuditPolicy};
use crate::kubernetes::{Completeness, Object};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};

declare_rule! {
    /// The audit log gets the contents of Secrets or of tokens.
    ///
    /// ## Why it matters
    /// At the levels `Request` and `RequestResponse` the API server writes bodies down. Whoever reads the log, the systems
    /// it is shipped to, or a backup of them, then has the credentials. `ConfigMaps` alone are medium.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: audit.k8s.io/v1
    /// kind: Policy
    /// rules:
    ///   - level: RequestResponse
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
    ///         resources: [secrets, configmaps, serviceaccounts/token]
    ///       - group: authentication.k8s.io
    ///         resources: [tokenreviews]
    ///   - level: RequestResponse
    /// ```
    ///
    /// ## Limits
    /// Each rule is judged for what it speaks of itself (its first user, group, namespace and name), and only if no rule
    /// before it matches first, as for the API server.
    "observability/audit-logs-secrets",
    severity: Severity::High,
    other_severities: &[Severity::Medium],
    references: &["CIS 1.12: 3.2.2", "OWASP K8s 2022: K05", "CWE-532"],
    check: Check::Object(check),
}

/// A resource whose bodies hold something that no log should.
struct Confidential {
    title: &'static str,
    group: &'static str,
    resource: &'static str,
    subresource: &'static str,
    /// Verbs whose requests hold it.
    sent: &'static [&'static str],
    /// Verbs whose answers hold it.
    answered: &'static [&'static str],
    severity: Severity,
}

const CONFIDENTIAL: [Confidential; 4] = [
    Confidential {
        title: "Secrets",
        group: "",
        resource: "secrets",
        subresource: "",
        sent: &["create", "update", "patch"],
        answered: &["get", "list", "create", "update", "patch"],
        severity: Severity::High,
    },
    Confidential {
        title: "the tokens of ServiceAccounts",
        group: "",
        resource: "serviceaccounts",
        subresource: "token",
        sent: &[],
        answered: &["create"],
        severity: Severity::High,
    },
    Confidential {
        title: "TokenReviews",
        group: "authentication.k8s.io",
        resource: "tokenreviews",
        subresource: "",
        sent: &["create"],
        answered: &["create"],
        severity: Severity::High,
    },
    Confidential {
        title: "ConfigMaps",
        group: "",
        resource: "configmaps",
        subresource: "",
        sent: &["create", "update", "patch"],
        answered: &["get", "list", "create", "update", "patch"],
        severity: Severity::Medium,
    },
];

fn check(object: Object<'_>, _context: &Context, sink: &mut Sink<'_>) {
    if object.completeness() != Completeness::Complete {
        return;
    }
    let Some(policy) = AuditPolicy::of(object) else {
        return;
    };
    // What each rule is the first to write down.
    let mut written: BTreeMap<usize, Vec<&Confidential>> = BTreeMap::new();
    for confidential in &CONFIDENTIAL {
        let leaks = |number: usize| {
            let Some(rule) = policy.rules().get(number) else {
                return false;
            };
            let verbs = match rule.level {
                AuditLevel::None | AuditLevel::Metadata => return false,
                AuditLevel::Request => confidential.sent,
                AuditLevel::RequestResponse => confidential.answered,
            };
            verbs.iter().any(|verb| {
                let (group, resource) = (confidential.group, confidential.resource);
                let request = rule.request(verb, group, resource, confidential.subresource);
                policy
                    .decides(&request)
                    .is_some_and(|(first, _)| first == number)
            })
        };
        if let Some(number) = (0..policy.rules().len()).find(|number| leaks(*number)) {
            written.entry(number).or_default().push(confidential);
        }
    }
    for (number, what) in written {
        let Some(rule) = policy.rules().get(number) else {
            continue;
        };
        let titles: Vec<_> = what.iter().map(|confidential| confidential.title).collect();
        let listed = match titles.as_slice() {
            [] => continue,
            [one] => (*one).to_owned(),
            [before @ .., last] => format!("{} and {last}", before.join(", ")),
        };
        let severities = what.iter().map(|confidential| confidential.severity);
        let severity = severities.max().unwrap_or(Severity::Medium);
        let level = match rule.level {
            AuditLevel::RequestResponse => "RequestResponse",
            _ => "Request",
        };
        sink.report(policy.field())
            .at(rule.level_span())
            .severity(severity)
            .discriminator(&listed)
            .say(&format!(
                "level is {level}, which writes the contents of {listed} to the log; put a rule of level Metadata for \
                 them before it"
            ));
    }
}
