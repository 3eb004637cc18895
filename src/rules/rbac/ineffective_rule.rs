use std::collections::BTreeSet;

use crate::access::outside::is_reached_within;
use crate::kubernetes::Field;
use crate::kubernetes::api_resources::is_namespaced;
use crate::kubernetes::roles::{AGGREGATE_TO, PolicyRule, Role};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::granted::Given;
use crate::syntax::Span;

declare_rule! {
    /// A role names what has no effect.
    ///
    /// ## Why it matters
    /// Whoever reads the role believes that it gives what it names, or that it is narrower than it is, and whoever needs
    /// the right asks for more until something works.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: election
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [coordination.k8s.io]
    ///     resources: [leases]
    ///     resourceNames: [election]
    ///     verbs: [create, get, update]
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: election
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [coordination.k8s.io]
    ///     resources: [leases]
    ///     verbs: [create]
    ///   - apiGroups: [coordination.k8s.io]
    ///     resources: [leases]
    ///     resourceNames: [election]
    ///     verbs: [get, update]
    /// ```
    ///
    /// ## Limits
    /// It is told of three things: `create` and `deletecollection` with `resourceNames`, as their requests carry no name;
    /// `pods/*`, which is no resource; and resources outside of namespaces in a `Role`, which reaches none of them. Where
    /// custom resources lie is not known. `bind` on bindings is told by `rbac/bind`.
    "rbac/ineffective-rule",
    severity: Severity::Note,
    references: &["CWE-1116"],
    check: Check::Role(check),
}

/// Verbs whose requests carry no name.
const NAMELESS: [&str; 2] = ["create", "deletecollection"];

fn check(given: Given<'_>, _context: &Context, sink: &mut Sink<'_>) {
    let mut seen = BTreeSet::new();
    for rule in given.role.rules() {
        let found = named_verbs(rule)
            .into_iter()
            .chain(no_resources(rule))
            .chain(outside(given, rule));
        for (span, what, sentence) in found {
            if seen.insert(what.clone()) {
                sink.report_at(span, Some("/rules".into()))
                    .discriminator(&what)
                    .say(&sentence);
            }
        }
    }
}

/// A place, what tells it apart in its role, and what is said of it.
type Told = (Span, String, String);

/// Verbs whose requests carry no name that `resourceNames` could mean.
fn named_verbs(rule: PolicyRule<'_>) -> Vec<Told> {
    let is_own = |resource: &&str| !resource.contains('/') && *resource != "*";
    let Some(resource) = Field::texts(rule.resources()).find(is_own) else {
        return Vec::new();
    };
    if !rule.is_named() {
        return Vec::new();
    }
    let verbs = rule.verbs().items();
    let verbs = verbs.filter_map(|node| Some((node, node.as_str()?)));
    verbs
        .filter(|(_, verb)| NAMELESS.contains(verb))
        .map(|(node, verb)| {
            let sentence = format!(
                "verbs allow {verb} on {resource} with resourceNames, which has no effect, as its requests carry no name; \
                 allow it in a rule without names, or leave it out"
            );
            (node.span(), format!("{verb} {resource} named"), sentence)
        })
        .collect()
}

/// `pods/*`, which people take for all subresources.
fn no_resources(rule: PolicyRule<'_>) -> Vec<Told> {
    let resources = rule.resources().items();
    let resources = resources.filter_map(|node| Some((node, node.as_str()?)));
    resources
        .filter(|(_, text)| text.ends_with("/*") && text.len() > 2)
        .map(|(node, text)| {
            let sentence = format!(
                "resources name {text}, which matches nothing; name the subresources that are needed, such as {}log",
                text.trim_end_matches('*')
            );
            (node.span(), text.to_owned(), sentence)
        })
        .collect()
}

/// Resources outside of namespaces, in a role that counts in some alone.
fn outside(given: Given<'_>, rule: PolicyRule<'_>) -> Vec<Told> {
    let joins = |role: Role<'_>| {
        let mut labels = role.labels();
        labels.any(|label| label.key.key_text().starts_with(AGGREGATE_TO))
    };
    // A part of a sum of roles, and what nobody is given here, may be given elsewhere.
    let is_within = !given.role.is_of_cluster()
        || given.standing.is_some() && !given.is_of_cluster() && !joins(given.role);
    if !is_within {
        return Vec::new();
    }
    let lies_outside = |resource: &str| {
        let own = resource.split_once('/').map_or(resource, |(own, _)| own);
        let mut groups = rule.api_groups().texts().peekable();
        groups.peek().is_some() && groups.all(|group| is_namespaced(group, own) == Some(false))
    };
    let reaches = |resource: &str| {
        let mut groups = rule.api_groups().texts();
        groups.any(|group| {
            // Of every verb some reach a namespace, and one a ClusterRole.
            let mut verbs = rule.verbs().texts();
            let reaches = verbs.any(|verb| {
                let some = if verb == "*" {
                    &["get", "bind"][..]
                } else {
                    &[verb][..]
                };
                some.iter()
                    .any(|verb| is_reached_within(group, resource, verb))
            });
            reaches && (resource != "namespaces" || given.names_own_namespace(rule))
        })
    };
    let (nothing, own) = if given.role.is_of_cluster() {
        (
            "RoleBindings give nothing on them",
            "RoleBindings reach none but their own",
        )
    } else {
        (
            "a Role gives nothing on them",
            "a Role reaches none but its own",
        )
    };
    let resources = rule.resources().items();
    let resources = resources.filter_map(|node| Some((node, node.as_str()?)));
    resources
        .filter(|(_, text)| lies_outside(text) && !reaches(text))
        .map(|(node, text)| {
            let why = match text {
                "namespaces" => format!("of which {own}, and that by verbs that name it"),
                _ => format!("which lie outside of namespaces, so that {nothing}"),
            };
            let sentence = format!(
                "resources name {text}, {why}; use a ClusterRole and a ClusterRoleBinding if they are needed, or leave \
                 them out"
            );
            (node.span(), format!("{text} outside"), sentence)
        })
        .collect()
}
