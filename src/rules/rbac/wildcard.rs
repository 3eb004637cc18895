use std::collections::HashSet;

use crate::kubernetes::Field;
use crate::kubernetes::api_resources::is_group_of_kubernetes;
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
    /// It is told once a rule. What all resources of a group include is as grave as it is by its name: `bind` and
    /// `escalate` on all of `rbac.authorization.k8s.io`, and signing certificates, are critical. A group of custom
    /// resources, or one that only answers questions such as `custom.metrics.k8s.io`, is low. A role that no binding of the repository gives to anybody is one level less grave. A `*` in
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
        // What is no resource at all, such as paths alone, is not meant, nor what gives nothing.
        let has_all = [rule.api_groups(), rule.resources(), rule.verbs()]
            .iter()
            .all(|list| list.texts().next().is_some());
        let Some((_, first)) = wild.first().filter(|_| has_all) else {
            continue;
        };
        let meaning = meaning(rule);
        if !seen.insert(meaning.clone()) {
            continue;
        }
        let names: Vec<&str> = wild.iter().map(|(name, _)| *name).collect();
        let (severity, included) = severity(given, rule, wild.len());
        let list = match names.as_slice() {
            [one] => format!("{one} is"),
            [one, other] => format!("{one} and {other} are"),
            _ => "apiGroups, resources and verbs are".to_owned(),
        };
        let what = if names.len() == 3 {
            "which is all that cluster-admin has".to_owned()
        } else {
            format!("which includes {included}")
        };
        sink.report_at(first.span(), Some("/rules".into()))
            .discriminator(&meaning)
            .severity(given.settled(severity))
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

/// What is included where nothing is graver.
const UNKNOWN: &str = "what nobody has looked at yet";

/// APIs that answer questions and take nothing in, whatever verbs are allowed: those of metrics.
const READ_ONLY: [&str; 3] = [
    "custom.metrics.k8s.io",
    "external.metrics.k8s.io",
    "metrics.k8s.io",
];

/// Verbs that read.
const READ: &[&str] = &["get", "list", "watch"];
/// Verbs that write.
const WRITE: &[&str] = &["create", "update", "patch"];

/// What all resources of a group include that is graver by its name.
struct Included {
    /// The group.
    group: &'static str,
    /// Verbs that it takes: one of each list.
    verbs: &'static [&'static [&'static str]],
    /// How grave it is in the whole cluster.
    of_cluster: Severity,
    /// How grave it is in one namespace.
    namespaced: Severity,
    /// What is included, behind `which includes`.
    what: &'static str,
}

const INCLUDED: &[Included] = &[
    Included {
        group: "",
        verbs: &[READ],
        of_cluster: Severity::High,
        namespaced: Severity::Medium,
        what: "secrets",
    },
    Included {
        group: "",
        verbs: &[WRITE],
        of_cluster: Severity::High,
        namespaced: Severity::Medium,
        what: "pods, programs in them and tokens of accounts",
    },
    Included {
        group: "rbac.authorization.k8s.io",
        verbs: &[&["bind", "escalate"]],
        of_cluster: Severity::Critical,
        namespaced: Severity::High,
        what: "what hands on rights that its holder does not have",
    },
    Included {
        group: "certificates.k8s.io",
        verbs: &[&["approve", "sign"], &["update", "patch"]],
        of_cluster: Severity::Critical,
        namespaced: Severity::Low,
        what: "the certificates of every user",
    },
    Included {
        group: "admissionregistration.k8s.io",
        verbs: &[WRITE],
        of_cluster: Severity::High,
        namespaced: Severity::Low,
        what: "what the cluster admits",
    },
    Included {
        group: "apiextensions.k8s.io",
        verbs: &[WRITE],
        of_cluster: Severity::High,
        namespaced: Severity::Low,
        what: "the definitions of APIs",
    },
    Included {
        group: "apiregistration.k8s.io",
        verbs: &[WRITE],
        of_cluster: Severity::High,
        namespaced: Severity::Low,
        what: "who answers for APIs",
    },
];

/// How grave it is where somebody has it, by how many of the three are `*`, and by what all resources include; and what
/// that is.
fn severity(given: Given<'_>, rule: PolicyRule<'_>, wild: usize) -> (Severity, &'static str) {
    let is_custom = |group: &str| {
        group != "*" && (READ_ONLY.contains(&group) || !is_group_of_kubernetes(group))
    };
    let verbs = || rule.verbs().texts();
    let reads = verbs().all(|verb| READ.contains(&verb));
    let is_little = wild == 1 && (reads || rule.is_named());
    let (of_cluster, namespaced) = if is_little || rule.api_groups().texts().all(is_custom) {
        (Severity::Low, Severity::Low)
    } else {
        match wild {
            3 => (Severity::Critical, Severity::High),
            2 => (Severity::High, Severity::Medium),
            _ => (Severity::Medium, Severity::Low),
        }
    };
    let has = |wanted: &[&str]| verbs().any(|verb| verb == "*" || wanted.contains(&verb));
    let of_scope = |of_cluster: Severity, namespaced: Severity| {
        if given.is_of_cluster() {
            of_cluster
        } else {
            namespaced
        }
    };
    let mut told = (of_scope(of_cluster, namespaced), UNKNOWN);
    if rule.is_named() || star(rule.resources()).is_none() {
        return told;
    }
    for own in INCLUDED {
        let severity = of_scope(own.of_cluster, own.namespaced);
        let is_meant = rule.is_of_group(own.group) && own.verbs.iter().all(|wanted| has(wanted));
        if is_meant && severity > told.0 {
            told = (severity, own.what);
        }
    }
    // Whoever names the verb means it.
    let severity = of_scope(Severity::Critical, Severity::High);
    let becomes = rule.is_of_group("") && verbs().any(|verb| verb == "impersonate");
    if becomes && severity > told.0 {
        told = (severity, "acting as anybody");
    }
    told
}
