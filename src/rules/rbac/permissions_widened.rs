use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::access::cluster::{Cluster, Source};
use crate::access::describe::phrases;
use crate::access::difference::Change;
use crate::access::gravity::gravity;
use crate::access::rights::{Asked, Rights};
use crate::access::subject::{Scope, Subject};
use crate::access::{self, Compared};
use crate::finding::Location;
use crate::kubernetes::Object;
use crate::kubernetes::accounts::DEFAULT;
use crate::kubernetes::roles::Role;
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
    /// What a role gives that comes with the change, or that nobody was given before, is told of the role where it is given
    /// to somebody whom the base does not know: a new application with its own role is judged by what it is. Bindings of
    /// other repositories are not seen, so that what is new here may have been given before. What is narrowed is told beside
    /// the findings, and so is an account that has another name alone. Where a new way to what is guarded begins with it, that
    /// is told in its place.
    "rbac/permissions-widened",
    severity: Severity::Medium,
    other_severities: &[Severity::Critical, Severity::High, Severity::Low, Severity::Note],
    overlaps: &[
        "rbac/anonymous-binding",
        "rbac/authenticated-binding",
        "rbac/cluster-admin-binding",
        "rbac/default-account-binding",
        "rbac/escalation-path-added",
        "rbac/masters-group",
        "rbac/system-role-binding",
    ],
    references: &["OWASP K8s 2025: K02", "CWE-266"],
    check: Check::Change(check),
}

/// What is told in one sentence: the same gain of several subjects by one line.
#[derive(Default)]
struct Gain {
    place: Option<Location>,
    is_by_binding: bool,
    subjects: Vec<String>,
    scopes: Vec<Scope>,
    severity: Option<Severity>,
    related: Vec<(Location, String)>,
}

impl Gain {
    /// Adds somebody who gains it somewhere.
    fn add(&mut self, subject: String, scope: &Scope) {
        let mut known = self.subjects.iter().zip(&self.scopes);
        if !known.any(|(own, at)| *own == subject && at == scope) {
            self.subjects.push(subject);
            self.scopes.push(scope.clone());
        }
    }
}

/// Where what is gained comes from.
struct Origin {
    /// The line that gives it.
    place: Location,
    /// The further lines that it takes.
    related: Vec<(Location, String)>,
    /// Where the role is named, if it is the binding of the subject that is new.
    by_binding: Option<Location>,
}

fn check(pair: &Pair<'_>, context: &Context, sink: &mut Sink<'_>) {
    let (clusters, targets) = context.of_access();
    let mut unheard: Option<RolePlaces> = None;
    // What several clusters give by the same line is told once.
    let mut gains: BTreeMap<(Location, Option<&Subject>, Vec<String>), Gain> = BTreeMap::new();
    for compared in &pair.access(clusters, targets).clusters {
        for change in compared.changes.iter().filter(|it| is_told(compared, it)) {
            let unheard = unheard.get_or_insert_with(|| unheard_of(pair, context));
            let symbols = &compared.after.symbols;
            let gained = untold(compared, change, unheard);
            if gained.is_empty() {
                continue;
            }
            let Some(origin) = origin(compared, change, &gained, unheard) else {
                continue;
            };
            let is_special = origin.by_binding.is_some()
                && (is_told_alone(&change.subject) || goes_on(compared, &change.subject));
            let alone = is_special.then_some(&change.subject);
            let is_by_binding = origin.by_binding.is_some();
            let cause = origin.by_binding.unwrap_or_else(|| origin.place.clone());
            let phrases = phrases(&gained, symbols);
            let gain = gains.entry((cause, alone, phrases)).or_default();
            gain.is_by_binding = is_by_binding;
            gain.place.get_or_insert(origin.place);
            gain.related.extend(origin.related);
            let severity = gravity(&gained, &change.scope, symbols);
            gain.severity = gain.severity.max(Some(severity));
            gain.add(change.subject.to_string(), &change.scope);
        }
    }
    for ((_, _, phrases), gain) in gains {
        tell(pair, &phrases, gain, sink);
    }
}

/// True for what is news of somebody: who may do everything anyhow gains nothing, nor does who has another name alone.
fn is_told(compared: &Compared, change: &Change) -> bool {
    !change.gained.is_empty()
        && !Cluster::is_master(&change.subject)
        && !compared.renamed.contains_key(&change.subject)
}

/// True for who gains a way with the change: that is told of them alone.
fn goes_on(compared: &Compared, subject: &Subject) -> bool {
    let mut ways = compared.new_proofs.iter();
    ways.any(|way| !way.is_possession && way.subject == *subject)
}

/// True for those of whom rules about bindings speak by their own lines.
fn is_told_alone(subject: &Subject) -> bool {
    match subject {
        Subject::Account(_, name) => **name == *DEFAULT,
        Subject::User(name) | Subject::Group(name) => name.starts_with("system:"),
    }
}

/// The places of the names of some roles: file and offset.
type RolePlaces = BTreeSet<(Arc<str>, u32)>;

fn role_place(object: Object<'_>) -> (Arc<str>, u32) {
    (Arc::clone(object.path()), object.name_span().start)
}

/// The roles of the head that come with the change, or that nobody was given before: what these give is told of them.
fn unheard_of(pair: &Pair<'_>, context: &Context) -> RolePlaces {
    let standings = pair
        .base
        .access(context.of_access().0, context.of_access().1);
    let standings = standings.standings();
    let is_role = |object: &Object<'_>| Role::of(*object).is_some();
    let mut before = HashMap::new();
    for object in pair.base.objects().filter(is_role) {
        let place = Location {
            path: Arc::clone(object.path()),
            span: object.name_span(),
        };
        let is_given = standings.at(&place).is_some();
        before.insert(
            (Arc::clone(object.resource()), Arc::clone(object.path())),
            is_given,
        );
    }
    let roles = pair.head.objects().filter(is_role).filter(|object| {
        let resource = object.resource();
        let path = pair.pairs.base_path(resource, object.path());
        let known = path.and_then(|path| before.get(&(Arc::clone(resource), Arc::clone(path))));
        known != Some(&true)
    });
    roles.map(role_place).collect()
}

/// What of a gain is not told of the roles that give it: to somebody who is as new as they are.
fn untold(compared: &Compared, change: &Change, unheard: &RolePlaces) -> Rights {
    if change.is_known {
        return change.gained.clone();
    }
    let cluster = &compared.after;
    let held = cluster.held(&change.subject, &change.scope).into_iter();
    // What the same lines give in other variants is no more in a new one of these.
    let is_copied = |number: usize| {
        let own = cluster.bindings.get(number);
        let mut copied = compared.copied.iter();
        own.is_some_and(|own| copied.any(|it| Arc::ptr_eq(own, it)))
    };
    let mut leaves: BTreeSet<usize> = BTreeSet::new();
    for grant in held.flat_map(|held| &held.grants) {
        let meant = cluster.meant.get(grant.binding).into_iter();
        let meant = meant.flat_map(|meant| meant.leaves.iter());
        let is_copied = is_copied(grant.binding);
        leaves.extend(meant.filter(|leaf| {
            let role = cluster.roles.get(**leaf);
            is_copied || role.is_some_and(|role| is_among(role, unheard))
        }));
    }
    let roles = leaves.iter().filter_map(|leaf| cluster.roles.get(*leaf));
    let told = cluster.rights_by(roles.map(|role| &**role), &change.scope);
    change.gained.beyond(&told, &cluster.symbols)
}

fn is_among(role: &access::role::Role, places: &RolePlaces) -> bool {
    let place = role.at.as_ref();
    place.is_some_and(|at| places.contains(&(Arc::clone(&at.path), at.span.start)))
}

/// The line that gives what is gained, and the further lines that it takes.
fn origin(
    compared: &Compared,
    change: &Change,
    gained: &Rights,
    unheard: &RolePlaces,
) -> Option<Origin> {
    let cluster = &compared.after;
    let namespace = change.scope.namespace();
    let asked = gained.resources().next().and_then(|(key, verbs)| {
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
        let (url, verbs) = gained.urls().next()?;
        cluster.source_of_url(&change.subject, url, verbs.iter().next()?)
    });
    let (source, given): (Option<Source>, Location) = if let Some((source, place)) = source {
        (Some(source), place)
    } else {
        // What is too much to be looked at is told where a binding gives it.
        let held = cluster.held(&change.subject, &change.scope)?;
        let binding = cluster.bindings.get(held.grants.first()?.binding)?;
        (None, binding.place(binding.role_at))
    };
    let mut origin = Origin {
        place: given.clone(),
        related: Vec::new(),
        by_binding: None,
    };
    let Some(source) = source else {
        return Some(origin);
    };
    let related = &mut origin.related;
    if let Some(binding) = cluster.bindings.get(source.binding) {
        let role_at = binding.place(binding.role_at);
        let bound = binding.subjects.get(source.subject);
        let role = cluster.roles.get(source.role);
        let is_old = role.is_some_and(|role| !is_among(role, unheard));
        let newly = bound.filter(|bound| is_old && !compared.before.binds(binding, &bound.subject));
        if let Some(bound) = newly {
            // The role was there, and others have it: it is their line that a person would take out again.
            origin.place = binding.place(bound.span);
            origin.by_binding = Some(role_at.clone());
            if role_at != given {
                related.push((given, "what gives it".to_owned()));
            }
        }
        if role_at != origin.place {
            related.push((
                role_at,
                format!("{} gives {}", binding.title(), binding.role),
            ));
        }
        if let Some(bound) = bound {
            let at = binding.place(bound.span);
            related.push((at, format!("{} binds {}", binding.title(), bound.subject)));
        }
    }
    if let Some((sum, at)) = cluster.summed_at(source) {
        related.push((at, format!("{sum} takes in roles by their labels")));
    }
    related.extend(
        cluster
            .joining_label(source)
            .map(|(label, at)| (at, format!("{label} adds the role to another one"))),
    );
    Some(origin)
}

fn tell(pair: &Pair<'_>, phrases: &[String], gain: Gain, sink: &mut Sink<'_>) {
    let Some(place) = &gain.place else {
        return;
    };
    let Some(object) = pair.head.object_at(place) else {
        return;
    };
    let field = match object.kind().name {
        "RoleBinding" | "ClusterRoleBinding" if gain.is_by_binding => "/subjects",
        "RoleBinding" | "ClusterRoleBinding" => "/roleRef/name",
        _ => "/rules",
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
        .report_at(place.span, Some(field.into()))
        .discriminator(&format!("{} {scope}", gain.subjects.join(",")))
        .severity(gain.severity.unwrap_or(Severity::Note));
    let mut seen = Vec::new();
    let related = gain.related.into_iter().filter(|it| {
        let is_new = it.0 != *place && !seen.contains(it);
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
