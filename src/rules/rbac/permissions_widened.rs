use std::collections::BTreeMap;

use crate::access::Compared;
use crate::access::cluster::Source;
use crate::access::describe::phrases;
use crate::access::difference::Change;
use crate::access::gravity::gravity;
use crate::access::rights::Asked;
use crate::access::subject::Scope;
use crate::finding::Location;
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};

declare_rule! {
    /// A change lets somebody do what they could not do before.
    ///
    /// ## Why it matters
    /// What a subject may do is the sum of all bindings and roles that are about it, so that one line in one file can give
    /// rights to many. It is as grave as what is gained: critical for rights to become somebody else in the whole cluster,
    /// high for secrets and pods of every namespace, low for what writes little, a note for what only reads.
    ///
    /// ## Example
    /// ```yaml bad
    /// # base: role.yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata: {name: deployer, namespace: shop}
    /// rules:
    ///   - apiGroups: [apps]
    ///     resources: [deployments]
    ///     verbs: [get]
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: deployer, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer}
    /// subjects:
    ///   - {kind: ServiceAccount, name: deployer, namespace: ci}
    /// # file: role.yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata: {name: deployer, namespace: shop}
    /// rules:
    ///   - apiGroups: [apps]
    ///     resources: [deployments]
    ///     verbs: [get, delete]
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: deployer, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer}
    /// subjects:
    ///   - {kind: ServiceAccount, name: deployer, namespace: ci}
    /// ```
    ///
    /// ## Instead
    /// Rights that are moved to another role, split, joined or put in another order are the same rights.
    /// ```yaml good
    /// # base: role.yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata: {name: deployer, namespace: shop}
    /// rules:
    ///   - apiGroups: [apps]
    ///     resources: [deployments]
    ///     verbs: [get, list]
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: deployer, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer}
    /// subjects:
    ///   - {kind: ServiceAccount, name: deployer, namespace: ci}
    /// # file: role.yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata: {name: renamed, namespace: shop}
    /// rules:
    ///   - apiGroups: [apps]
    ///     resources: [deployments]
    ///     verbs: [list]
    ///   - apiGroups: [apps]
    ///     resources: [deployments]
    ///     verbs: [get]
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: deployer, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: renamed}
    /// subjects:
    ///   - {kind: ServiceAccount, name: deployer, namespace: ci}
    /// ```
    ///
    /// ## Limits
    /// Nothing is said of a subject that the base neither gives rights nor holds an account or a workload of: what is
    /// wholly new is judged by what it is. Bindings of other repositories are not seen, so that what is new here may have
    /// been given before. What is narrowed is told beside the findings.
    "rbac/permissions-widened",
    severity: Severity::Medium,
    other_severities: &[Severity::Critical, Severity::High, Severity::Low, Severity::Note],
    references: &["OWASP K8s 2025: K02", "CWE-266"],
    check: Check::Change(check),
}

/// What is told in one sentence: the same gain of several subjects by one line.
#[derive(Default)]
struct Gain {
    subjects: Vec<String>,
    scopes: Vec<Scope>,
    severity: Option<Severity>,
    related: Vec<(Location, String)>,
}

fn check(pair: &Pair<'_>, context: &Context, sink: &mut Sink<'_>) {
    let (clusters, targets) = context.of_access();
    for compared in &pair.access(clusters, targets).clusters {
        let mut gains: BTreeMap<(Location, Vec<String>), Gain> = BTreeMap::new();
        let widened = compared.changes.iter();
        for change in widened.filter(|it| it.is_known && !it.gained.is_empty()) {
            let Some((place, related)) = places(compared, change) else {
                continue;
            };
            let symbols = &compared.after.symbols;
            let gain = gains
                .entry((place, phrases(&change.gained, symbols)))
                .or_default();
            gain.subjects.push(change.subject.to_string());
            gain.scopes.push(change.scope.clone());
            gain.related.extend(related);
            let severity = gravity(&change.gained, &change.scope, symbols);
            gain.severity = gain.severity.max(Some(severity));
        }
        for ((place, phrases), gain) in gains {
            tell(pair, &place, &phrases, gain, sink);
        }
    }
}

/// The line that gives what is gained, and the further lines that it takes.
fn places(compared: &Compared, change: &Change) -> Option<(Location, Vec<(Location, String)>)> {
    let cluster = &compared.after;
    let namespace = change.scope.namespace();
    let asked = change.gained.resources().next().and_then(|(key, verbs)| {
        Some(Asked {
            group: key.group,
            resource: key.resource,
            verb: verbs.iter().next()?,
            name: key.name,
        })
    });
    let source = asked.and_then(|asked| {
        let source = cluster.source(&change.subject, namespace, asked)?;
        Some((source, cluster.place(source, asked)?))
    });
    let source = source.or_else(|| {
        let (url, verbs) = change.gained.urls().next()?;
        cluster.source_of_url(&change.subject, url, verbs.iter().next()?)
    });
    let (source, place): (Option<Source>, Location) = if let Some((source, place)) = source {
        (Some(source), place)
    } else {
        // What is too much to be looked at is told where a binding gives it.
        let held = cluster.held(&change.subject, &change.scope)?;
        let binding = cluster.bindings.get(held.grants.first()?.binding)?;
        (None, binding.place(binding.role_at))
    };
    let mut related = Vec::new();
    if let Some(binding) = source.and_then(|source| cluster.bindings.get(source.binding)) {
        let role = binding.place(binding.role_at);
        if role != place {
            related.push((role, format!("{} gives {}", binding.title(), binding.role)));
        }
        let bound = source.and_then(|source| binding.subjects.get(source.subject));
        if let Some(bound) = bound {
            let at = binding.place(bound.span);
            related.push((at, format!("{} binds {}", binding.title(), bound.subject)));
        }
    }
    if let Some(source) = source {
        if let Some((sum, at)) = cluster.summed_at(source) {
            related.push((at, format!("{sum} takes in roles by their labels")));
        }
        related.extend(
            cluster
                .joining_label(source)
                .map(|(label, at)| (at, format!("{label} adds the role to another one"))),
        );
    }
    Some((place, related))
}

fn tell(pair: &Pair<'_>, place: &Location, phrases: &[String], gain: Gain, sink: &mut Sink<'_>) {
    let Some(object) = pair.head.object_at(place) else {
        return;
    };
    let who = match gain.subjects.as_slice() {
        [one] => one.clone(),
        [first, other] => format!("{first} and {other}"),
        [first, others @ ..] => format!("{first} and {} others", others.len()),
        [] => return,
    };
    let scope = match gain.scopes.as_slice() {
        [one] => one.to_string(),
        [first, rest @ ..] if rest.iter().all(|scope| scope == first) => first.to_string(),
        scopes => format!("{} scopes", scopes.len()),
    };
    let shown = 4;
    let mut what: Vec<String> = phrases.iter().take(shown).cloned().collect();
    if phrases.len() > shown {
        what.push(format!("and {} more", phrases.len() - shown));
    }
    let what = what.join("; ");
    let mut sink = sink.about(object);
    let draft = sink
        .report_at(place.span, Some("/rules".into()))
        .discriminator(&format!("{} {scope}", gain.subjects.join(",")))
        .severity(gain.severity.unwrap_or(Severity::Note));
    let mut seen = Vec::new();
    let related = gain.related.into_iter().filter(|it| {
        let is_new = !seen.contains(it);
        if is_new {
            seen.push(it.clone());
        }
        is_new
    });
    related
        .take(8)
        .fold(draft, |draft, (at, what)| draft.related_in(at, what))
        .say(&format!(
            "{who} may now do in {scope} what they could not before: {what}; leave out what is not needed"
        ));
}
