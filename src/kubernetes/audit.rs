//! `audit.k8s.io` Policy: what the API server writes down of a request.
//!
//! Source: the checker of the audit policy of Kubernetes 1.37. The first rule that matches a request says how much of it
//! is logged; what no rule matches is not logged. Nothing but `*`, `*/sub` and `resource/*` is a pattern.

use crate::syntax::{Node, Span};

use super::field::Field;
use super::object::Object;

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AuditLevel {
    /// Nothing.
    None,
    /// Who asked for what.
    Metadata,
    /// The body of the request as well.
    Request,
    /// The body of the answer as well.
    RequestResponse,
}

/// A request for a resource, as a policy sees it.
#[derive(Clone, Debug)]
pub struct AuditedRequest<'r> {
    /// Who asks.
    pub user: &'r str,
    /// The groups of who asks.
    pub groups: Vec<&'r str>,
    /// What is to be done.
    pub verb: &'r str,
    /// The API group of the resource.
    pub group: &'r str,
    /// The resource.
    pub resource: &'r str,
    /// The subresource; empty for the resource itself.
    pub subresource: &'r str,
    /// The namespace.
    pub namespace: &'r str,
    /// The name of the object.
    pub name: &'r str,
}

impl<'r> AuditedRequest<'r> {
    /// A request by somebody, somewhere, that no rule speaks of in particular.
    #[must_use]
    pub fn ordinary(
        verb: &'r str,
        group: &'r str,
        resource: &'r str,
        subresource: &'r str,
    ) -> Self {
        // No rule can name what is not allowed as a name.
        const ANY: &str = "\u{0}";
        Self {
            user: ANY,
            groups: vec!["system:authenticated"],
            verb,
            group,
            resource,
            subresource,
            namespace: ANY,
            name: ANY,
        }
    }

    /// True if the server starts to answer long before it is done.
    fn is_long(&self) -> bool {
        self.verb == "watch"
            || ["attach", "exec", "log", "portforward", "proxy"].contains(&self.subresource)
    }
}

/// The stage at which the answer is known.
const COMPLETE: &str = "ResponseComplete";

/// One rule of a policy.
#[derive(Clone, Debug)]
pub struct AuditRule<'a> {
    /// How much it logs.
    pub level: AuditLevel,
    node: Node<'a>,
    users: Vec<&'a str>,
    groups: Vec<&'a str>,
    verbs: Vec<&'a str>,
    namespaces: Vec<&'a str>,
    omitted: Vec<&'a str>,
    resources: Vec<GroupResources<'a>>,
    is_about_paths: bool,
}

#[derive(Clone, Debug)]
struct GroupResources<'a> {
    group: &'a str,
    resources: Vec<&'a str>,
    names: Vec<&'a str>,
}

/// The most comparisons that a policy may cost: those of all its rules with all that they list.
const BUDGET: usize = 10_000_000;

/// A policy.
#[derive(Clone, Debug)]
pub struct AuditPolicy<'a> {
    object: Object<'a>,
    rules: Vec<AuditRule<'a>>,
}

impl<'a> AuditPolicy<'a> {
    /// The view, if the object is a policy whose levels can be read, and no larger than what is worth judging.
    #[must_use]
    pub fn of(object: Object<'a>) -> Option<Self> {
        if object.kind().name != "Policy" || object.resource().group != "audit.k8s.io" {
            return None;
        }
        let items = object.field(&["rules"]).items();
        let rules = items.map(AuditRule::of).collect::<Option<Vec<_>>>()?;
        let listed: usize = rules.iter().map(AuditRule::size).sum();
        (rules.len().saturating_mul(listed) <= BUDGET).then_some(Self { object, rules })
    }

    /// `rules`.
    #[must_use]
    pub fn field(&self) -> Field<'a> {
        self.object.field(&["rules"])
    }

    /// The rules in their order.
    #[must_use]
    pub fn rules(&self) -> &[AuditRule<'a>] {
        &self.rules
    }

    /// The `omitStages` that keeps every stage of a request out of the log, of the policy or of the rule that decides about
    /// it; none if a stage is left. That of a panic is none that an ordinary request goes through.
    #[must_use]
    pub fn omission(
        &self,
        rule: &AuditRule<'a>,
        request: &AuditedRequest<'_>,
    ) -> Option<Field<'a>> {
        let own = self.object.field(&["omitStages"]);
        let is_omitted = |stage: &str| {
            rule.omitted.contains(&stage) || own.texts().any(|omitted| omitted == stage)
        };
        let stages = ["RequestReceived", "ResponseStarted", COMPLETE];
        let mut passed = stages
            .into_iter()
            .filter(|stage| *stage != "ResponseStarted" || request.is_long());
        passed.all(is_omitted).then(|| {
            if rule.omitted.contains(&COMPLETE) {
                Field::follow(rule.node, &["omitStages"])
            } else {
                own
            }
        })
    }

    /// The number and the rule that decide about a request.
    #[must_use]
    pub fn decides(&self, request: &AuditedRequest<'_>) -> Option<(usize, &AuditRule<'a>)> {
        let mut rules = self.rules.iter().enumerate();
        rules.find(|(_, rule)| rule.matches(request))
    }
}

impl<'a> AuditRule<'a> {
    fn of(node: Node<'a>) -> Option<Self> {
        let list = |path| Field::follow(node, path).texts().collect::<Vec<_>>();
        let level = match Field::follow(node, &["level"]).as_str()? {
            "None" => AuditLevel::None,
            "Metadata" => AuditLevel::Metadata,
            "Request" => AuditLevel::Request,
            "RequestResponse" => AuditLevel::RequestResponse,
            _ => return None,
        };
        let resources = Field::follow(node, &["resources"]).items();
        Some(Self {
            level,
            node,
            users: list(&["users"]),
            groups: list(&["userGroups"]),
            verbs: list(&["verbs"]),
            namespaces: list(&["namespaces"]),
            omitted: list(&["omitStages"]),
            resources: resources.map(GroupResources::of).collect(),
            is_about_paths: Field::follow(node, &["nonResourceURLs"])
                .items()
                .next()
                .is_some(),
        })
    }

    /// Where it says how much it logs.
    #[must_use]
    pub fn level_span(&self) -> Span {
        Field::follow(self.node, &["level"]).span()
    }

    fn size(&self) -> usize {
        let lists = [&self.users, &self.groups, &self.verbs, &self.namespaces];
        let own: usize = lists.into_iter().map(Vec::len).sum();
        let resources = self.resources.iter();
        let below: usize = resources
            .map(|group| 1 + group.resources.len().saturating_mul(1 + group.names.len()))
            .sum();
        1 + own + below
    }

    /// The request for a resource that this rule itself has in mind: by its users, in its namespaces. It may match
    /// none.
    #[must_use]
    pub fn request(
        &self,
        verb: &'a str,
        group: &'a str,
        resource: &'a str,
        subresource: &'a str,
    ) -> AuditedRequest<'a> {
        let mut request = AuditedRequest::ordinary(verb, group, resource, subresource);
        let first = |list: &[&'a str]| list.first().copied();
        if let Some(user) = first(&self.users) {
            request.user = user;
        }
        request.groups.extend(first(&self.groups));
        if let Some(namespace) = first(&self.namespaces) {
            request.namespace = namespace;
        }
        let mut named = self.resources.iter().filter(|entry| entry.group == group);
        if let Some(name) = named.find_map(|entry| first(&entry.names)) {
            request.name = name;
        }
        request
    }

    fn matches(&self, request: &AuditedRequest<'_>) -> bool {
        let holds = |list: &[&str], value: &str| list.is_empty() || list.contains(&value);
        let grouped = self.groups.is_empty()
            || request
                .groups
                .iter()
                .any(|group| self.groups.contains(group));
        if !holds(&self.users, request.user) || !grouped || !holds(&self.verbs, request.verb) {
            return false;
        }
        if self.namespaces.is_empty() && self.resources.is_empty() {
            return !self.is_about_paths;
        }
        holds(&self.namespaces, request.namespace)
            && (self.resources.is_empty()
                || self.resources.iter().any(|entry| entry.matches(request)))
    }
}

impl<'a> GroupResources<'a> {
    fn of(node: Node<'a>) -> Self {
        let list = |path| Field::follow(node, path).texts().collect::<Vec<_>>();
        Self {
            group: Field::follow(node, &["group"]).as_str().unwrap_or_default(),
            resources: list(&["resources"]),
            names: list(&["resourceNames"]),
        }
    }

    fn matches(&self, request: &AuditedRequest<'_>) -> bool {
        if self.group != request.group {
            return false;
        }
        if self.resources.is_empty() {
            return true;
        }
        if !self.names.is_empty() && !self.names.contains(&request.name) {
            return false;
        }
        self.resources.iter().any(|pattern| {
            let (resource, subresource) = (request.resource, request.subresource);
            match pattern.split_once('/') {
                _ if *pattern == "*" => true,
                Some((of, "*")) => of == resource,
                Some(("*", sub)) => !subresource.is_empty() && sub == subresource,
                Some((of, sub)) => of == resource && sub == subresource,
                None => subresource.is_empty() && *pattern == resource,
            }
        })
    }
}
