//! The rules of the roles of a revision, each with who is given it: what rules about rights look at.

use std::collections::HashSet;

use crate::access::standing::Standing;
use crate::config::clusters::Clusters;
use crate::finding::{Location, Severity};
use crate::kubernetes::Object;
use crate::kubernetes::pod_security::VersionSet;
use crate::kubernetes::roles::{Named, PolicyRule, Role};

use super::Snapshot;

/// A right that rules look for: an API group, resources of it, verbs.
pub type Wanted<'w> = (&'w str, &'w [&'w str], &'w [&'w str]);

/// One rule of one role.
#[derive(Clone, Copy, Debug)]
pub struct Granted<'a> {
    /// The role.
    pub role: Role<'a>,
    /// The rule.
    pub rule: PolicyRule<'a>,
    /// Who is given the role, and where; none where nobody is.
    pub standing: Option<&'a Standing>,
}

impl<'a> Granted<'a> {
    /// The object.
    #[must_use]
    pub fn object(&self) -> Object<'a> {
        self.role.object()
    }

    /// True if it counts in the whole cluster, or would if somebody were given it: a `ClusterRole` is bound anywhere.
    #[must_use]
    pub fn is_of_cluster(&self) -> bool {
        match self.standing {
            Some(standing) => standing.is_of_cluster(),
            None => self.role.is_of_cluster(),
        }
    }

    /// How grave it is, by how grave it is in the whole cluster and in one namespace. What nobody is given is less.
    #[must_use]
    pub fn severity(&self, of_cluster: Severity, of_namespace: Severity) -> Severity {
        let severity = if self.is_of_cluster() {
            of_cluster
        } else {
            of_namespace
        };
        match (self.standing, severity) {
            (Some(_), severity) => severity,
            (None, Severity::Critical) => Severity::High,
            (None, Severity::High) => Severity::Medium,
            (None, Severity::Medium) => Severity::Low,
            (None, Severity::Low | Severity::Note) => Severity::Note,
        }
    }

    /// True if it counts in this one namespace alone, or would if somebody were given it.
    #[must_use]
    pub fn is_confined_to(&self, namespace: &str) -> bool {
        if self.is_of_cluster() {
            return false;
        }
        let object = self.object();
        self.standing.map_or_else(
            || object.namespace().is_some_and(|(own, _)| own == namespace),
            |standing| standing.reaches(namespace),
        )
    }

    /// True if some rule of the same role gives one of some rights on all objects.
    #[must_use]
    pub fn has_beside(&self, wanted: &[Wanted<'_>]) -> bool {
        self.role.rules().any(|rule| {
            let mut wanted = wanted.iter();
            !rule.is_named()
                && wanted
                    .any(|(group, resources, verbs)| rule.named(group, resources, verbs).is_some())
        })
    }

    /// True if a right has no effect: requests that make objects have no name that `resourceNames` could mean.
    fn is_void(&self, named: Named<'_>) -> bool {
        let is_sub = named.resource.as_str().is_some_and(|it| it.contains('/'));
        let is_nameless = matches!(named.verb.as_str(), Some("create" | "deletecollection"));
        self.rule.is_named() && is_nameless && !is_sub
    }

    /// Who has it, in words.
    #[must_use]
    pub fn holders(&self) -> String {
        self.standing
            .map_or_else(|| Standing::default().told(), Standing::told)
    }
}

/// All rules of all roles of a revision, object by object. Sums of roles have none of their own.
pub fn granted<'a>(
    snapshot: &'a Snapshot,
    clusters: &Clusters,
    targets: VersionSet,
) -> Vec<Granted<'a>> {
    let access = snapshot.access(clusters, targets);
    if access.is_empty() {
        return Vec::new();
    }
    let standings = access.standings();
    let roles = snapshot.objects().filter_map(Role::of);
    let roles = roles.filter(|role| !role.aggregation().is_set());
    roles
        .flat_map(|role| {
            let object = role.object();
            let standing = standings.at(&Location {
                path: std::sync::Arc::clone(object.path()),
                span: object.name_span(),
            });
            role.rules().map(move |rule| Granted {
                role,
                rule,
                standing,
            })
        })
        .collect()
}

/// Where roles name one of some rights, each right once a role.
#[must_use]
pub fn naming<'a>(
    snapshot: &'a Snapshot,
    (clusters, targets): (&Clusters, VersionSet),
    wanted: &[Wanted<'_>],
) -> Vec<(Granted<'a>, Named<'a>)> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for granted in granted(snapshot, clusters, targets) {
        for (group, resources, verbs) in wanted {
            let Some(named) = granted.rule.named(group, resources, verbs) else {
                continue;
            };
            let object = granted.object();
            let is_new = seen.insert((object.path(), object.node().id(), named.right()));
            if is_new {
                found.push((granted, named));
            }
        }
    }
    found
}

/// Where roles name one of some rights that have an effect, once a role: the first place.
#[must_use]
pub fn naming_once<'a>(
    snapshot: &'a Snapshot,
    of_access: (&Clusters, VersionSet),
    wanted: &[Wanted<'_>],
) -> Vec<(Granted<'a>, Named<'a>)> {
    let mut seen = HashSet::new();
    let mut found = naming(snapshot, of_access, wanted);
    found.retain(|(granted, named)| {
        let object = granted.object();
        !granted.is_void(*named) && seen.insert((object.path(), object.node().id()))
    });
    found
}

/// Where roles let somebody make certificates for signers whose users the API server knows, each with how grave it is:
/// a verb on `signers`, and writing what belongs to it of the requests.
#[must_use]
pub fn signing<'a>(
    snapshot: &'a Snapshot,
    of_access: (&Clusters, VersionSet),
    verb: &str,
    part: &str,
) -> Vec<(Granted<'a>, Named<'a>, Severity)> {
    const GROUP: &str = "certificates.k8s.io";
    let of_requests = [(GROUP, &[part][..], &["update", "patch"][..])];
    let found = naming_once(snapshot, of_access, &[(GROUP, &["signers"], &[verb])]);
    found
        .into_iter()
        .filter(|(granted, _)| granted.is_of_cluster() && granted.has_beside(&of_requests))
        .filter_map(|(granted, named)| {
            let has = |name: &str| {
                let mut names = granted.rule.resource_names().texts();
                names.any(|own| own == name)
            };
            let makes_users = !granted.rule.is_named()
                || has("kubernetes.io/*")
                || has("kubernetes.io/kube-apiserver-client");
            let severity = if makes_users {
                Severity::Critical
            } else if has("kubernetes.io/kube-apiserver-client-kubelet") {
                Severity::High
            } else {
                return None;
            };
            Some((granted, named, granted.severity(severity, severity)))
        })
        .collect()
}
