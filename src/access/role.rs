//! Roles and bindings as the engine keeps them: what they say in symbols, and where each word stands.

use std::sync::Arc;

use crate::finding::Location;
use crate::kubernetes::roles::{self, PolicyRule, Requirement};
use crate::kubernetes::{Completeness, Field, NamespaceSource, Object, bindings};
use crate::syntax::{Node, Span};

use super::patterns::Names;
use super::rights::{Asked, Gathering, Rights, Verbs};
use super::subject::{Scope, Subject};
use super::symbols::{Symbol, Symbols};

/// The most patterns of one rule that are told apart. A rule that has more is taken to be about every resource.
const MOST_PATTERNS: usize = 4096;
/// The most paths outside of resources of one rule that are told apart; of more, all are meant.
const MOST_URLS: usize = 128;

/// A word of a rule, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word.
    pub symbol: Symbol,
    /// Its bytes.
    pub span: Span,
}

/// One rule of a role.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The line that stands for it.
    pub span: Span,
    /// `apiGroups`.
    pub groups: Vec<Word>,
    /// `resources`.
    pub resources: Vec<Word>,
    /// `verbs`.
    pub verbs: Vec<Word>,
    /// `resourceNames`.
    pub names: Vec<Word>,
    /// `nonResourceURLs`.
    pub urls: Vec<Word>,
}

impl Rule {
    fn read(rule: PolicyRule<'_>, symbols: &mut Symbols) -> Self {
        let mut words = |field: Field<'_>| -> Vec<Word> {
            let items = field.items();
            let texts = items.filter_map(|item| Some((item, item.as_str()?)));
            texts
                .map(|(item, text)| Word {
                    symbol: symbols.intern(text),
                    span: item.span(),
                })
                .collect()
        };
        Self {
            groups: words(rule.api_groups()),
            resources: words(rule.resources()),
            verbs: words(rule.verbs()),
            names: words(rule.resource_names()),
            urls: words(rule.urls()),
            span: first_line(rule.node()),
        }
    }

    /// Adds what it grants. False if it has more patterns than are told apart.
    fn add_to(&self, rights: &mut Gathering, symbols: &Symbols) -> bool {
        let verbs: Verbs = self.verbs.iter().map(|word| word.symbol).collect();
        let patterns = self.groups.len().saturating_mul(self.resources.len());
        let is_whole = patterns.saturating_mul(self.names.len().max(1)) <= MOST_PATTERNS;
        if is_whole {
            let names = self.name_list();
            for pair in self.pairs() {
                rights.add(pair, names.as_ref(), &verbs, symbols);
            }
        } else {
            rights.add((Symbol::ANY, Symbol::ANY), None, &verbs, symbols);
        }
        if self.urls.len() > MOST_URLS {
            rights.add_url(Symbol::ANY, &verbs);
        }
        for url in self.urls.iter().take(MOST_URLS) {
            rights.add_url(url.symbol, &verbs);
        }
        is_whole && self.urls.len() <= MOST_URLS
    }

    /// The names of `resourceNames`, each once; none where all objects are meant.
    fn name_list(&self) -> Option<Names> {
        if self.names.is_empty() {
            return None;
        }
        let mut names: Vec<Symbol> = self.names.iter().map(|word| word.symbol).collect();
        names.sort_unstable();
        names.dedup();
        Some(names.into())
    }

    fn pairs(&self) -> impl Iterator<Item = (Symbol, Symbol)> {
        let groups = self.groups.iter();
        groups.flat_map(|group| {
            let resources = self.resources.iter();
            resources.map(|resource| (group.symbol, resource.symbol))
        })
    }

    /// True if it gives a right.
    #[must_use]
    pub fn gives(&self, asked: Asked, symbols: &Symbols) -> bool {
        let has = |words: &[Word], symbol: Symbol| {
            let mut words = words.iter();
            words.any(|word| word.symbol == symbol || word.symbol == Symbol::ANY)
        };
        let of_every = symbols.of_every(asked.resource);
        has(&self.verbs, asked.verb)
            && has(&self.groups, asked.group)
            && (has(&self.resources, asked.resource)
                || of_every.is_some_and(|every| has(&self.resources, every)))
            && (self.names.is_empty()
                || match asked.name {
                    Some(name) => self.names.iter().any(|word| word.symbol == name),
                    None => asked.verb != Symbol::CREATE || of_every.is_some(),
                })
    }

    /// The word by which it gives a path outside of resources as it is written.
    #[must_use]
    pub fn gives_url(&self, url: Symbol, verb: Symbol) -> Option<Word> {
        let mut verbs = self.verbs.iter();
        if !verbs.any(|word| word.symbol == verb || word.symbol == Symbol::ANY) {
            return None;
        }
        self.urls.iter().find(|word| word.symbol == url).copied()
    }

    /// The rights of this rule alone.
    #[must_use]
    pub fn rights(&self, symbols: &Symbols) -> Rights {
        let mut rights = Gathering::default();
        self.add_to(&mut rights, symbols);
        rights.rights()
    }
}

/// What a list item shows first.
fn first_line(node: Node<'_>) -> Span {
    let mut entries = node.entries();
    entries.next().map_or_else(
        || node.span(),
        |entry| entry.key.span().to(entry.value.span()),
    )
}

/// What makes a role the same one: whether it is a `ClusterRole`, its namespace, which is empty for one, and its name.
pub type RoleName<'r> = (bool, &'r str, &'r str);

/// A role.
#[derive(Clone, Debug)]
pub struct Role {
    /// True for a `ClusterRole`.
    pub is_of_cluster: bool,
    /// The namespace of a `Role`; empty for a `ClusterRole`.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Where its name stands; none for what a cluster brings along.
    pub at: Option<Location>,
    /// What it says itself.
    pub rules: Vec<Rule>,
    /// The rights that these rules give, in their normal form.
    pub rights: Arc<Rights>,
    /// For the sum of others: which ones, each by all that its labels must meet.
    pub selectors: Option<Vec<Vec<Requirement>>>,
    /// Where it says so.
    pub selectors_at: Option<Span>,
    /// Its labels, and where each stands: those that kustomizations put on it first, as these count.
    pub labels: Vec<(String, String, Location)>,
    /// True if it is a patch: it says what another object of its name becomes.
    pub is_patch: bool,
    /// False if it has more patterns than are told apart, so that it counts for more than it says.
    pub is_exact: bool,
}

impl Role {
    /// Reads a role.
    #[must_use]
    pub fn read(role: roles::Role<'_>, symbols: &mut Symbols) -> Self {
        let object = role.object();
        let rules: Vec<Rule> = role.rules().map(|rule| Rule::read(rule, symbols)).collect();
        let mut rights = Gathering::default();
        let mut is_exact = true;
        for rule in &rules {
            is_exact &= rule.add_to(&mut rights, symbols);
        }
        let mut rights = rights.rights();
        rights.normalise(symbols);
        let selectors = role.aggregation().is_set().then(|| {
            let selectors = role.selectors();
            selectors.map(roles::LabelSelector::requirements).collect()
        });
        let namespace = if role.is_of_cluster() {
            ""
        } else {
            landing(object)
        };
        symbols.intern(namespace);
        let labels = role.labels().map(|entry| {
            let (key, value) = (entry.key.key_text(), entry.value.key_text());
            let span = entry.key.span().to(entry.value.span());
            (key.to_owned(), value.to_owned(), place(object, span))
        });
        let added = object.added_labels().iter();
        let added = added.map(|it| (it.key.clone(), it.value.clone(), it.at.clone()));
        Self {
            is_of_cluster: role.is_of_cluster(),
            namespace: namespace.into(),
            name: Arc::clone(&object.resource().name),
            at: Some(place(object, object.name_span())),
            rights: Arc::new(rights),
            rules,
            selectors,
            selectors_at: role.aggregation().is_set().then(|| {
                let first = role.selectors().next();
                first.map_or_else(|| role.aggregation().span(), |it| first_line(it.node()))
            }),
            labels: added.chain(labels).collect(),
            is_patch: object.completeness() == Completeness::Partial,
            is_exact,
        }
    }

    /// A label by its key.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&str> {
        let mut labels = self.labels.iter();
        let label = labels.find(|(own, _, _)| own == key);
        label.map(|(_, value, _)| value.as_str())
    }

    /// True if it is among those that a sum of roles selects.
    #[must_use]
    pub fn is_selected(&self, selectors: &[Vec<Requirement>]) -> bool {
        self.is_of_cluster
            && selectors.iter().any(|requirements| {
                let mut requirements = requirements.iter();
                requirements.all(|it| it.is_met(|key| self.label(key).map(str::to_owned)))
            })
    }

    /// What makes it the same role wherever it stands.
    #[must_use]
    pub fn known_as(&self) -> RoleName<'_> {
        (self.is_of_cluster, &self.namespace, &self.name)
    }

    /// `ClusterRole reader`, `Role shop/reader`.
    #[must_use]
    pub fn title(&self) -> String {
        if self.is_of_cluster {
            format!("ClusterRole {}", self.name)
        } else {
            format!("Role {}/{}", self.namespace, self.name)
        }
    }
}

/// Somebody whom a binding names.
#[derive(Clone, Debug)]
pub struct Bound {
    /// Who.
    pub subject: Subject,
    /// Where the binding names them.
    pub span: Span,
}

/// A binding.
#[derive(Clone, Debug)]
pub struct Binding {
    /// `RoleBinding` or `ClusterRoleBinding`.
    pub is_of_cluster: bool,
    /// Where what it gives counts.
    pub scope: Scope,
    /// Its name.
    pub name: Arc<str>,
    /// Its file, and where its name stands there.
    pub at: Location,
    /// True if it names a `ClusterRole`.
    pub names_cluster_role: bool,
    /// The name of the role.
    pub role: Arc<str>,
    /// Where that stands.
    pub role_at: Span,
    /// Whom it binds.
    pub subjects: Vec<Bound>,
    /// True if it is a patch: it says what another object of its name becomes.
    pub is_patch: bool,
    /// The namespace that a kustomization moves it to: copies that several of them move are alternatives.
    pub moved_to: Option<Arc<str>>,
}

impl Binding {
    /// Reads a binding. `moved` tells in which namespace an account lies that is written with a namespace and a name.
    #[must_use]
    pub fn read<'m>(
        binding: bindings::Binding<'_>,
        moved: impl Fn(&str, &str) -> Option<&'m str>,
        symbols: &mut Symbols,
    ) -> Self {
        let object = binding.object();
        let namespace = landing(object);
        let is_of_cluster = binding.is_of_cluster();
        let scope = if is_of_cluster {
            Scope::Cluster
        } else {
            symbols.intern(namespace);
            Scope::Namespace(namespace.into())
        };
        let kustomized = match object.namespace() {
            Some((moved, NamespaceSource::Kustomization)) => Some(moved),
            _ => None,
        };
        let written = object.resource().namespace.as_deref();
        let subjects = binding.subjects().filter_map(|bound| {
            // A kustomization that moves accounts has the bindings that it takes in follow them, and one that moves a
            // binding moves the accounts beside it.
            let own = bound.namespace();
            let follows = own.zip(bound.name());
            let own = match follows.and_then(|(namespace, name)| moved(namespace, name)) {
                Some(moved) => Some(moved),
                None if own.is_some() && own == written => kustomized.or(own),
                None => own,
            };
            let namespace = own.or((!is_of_cluster).then_some(namespace));
            let subject = Subject::of(bound.kind()?, bound.name()?, namespace)?;
            if let Subject::Account(namespace, name) = &subject {
                symbols.intern(namespace);
                symbols.intern(name);
            }
            Some(Bound {
                subject,
                span: bound.span(),
            })
        });
        let role = binding.role_name();
        let kind = binding.role_kind().as_str();
        let subjects = subjects.collect();
        let role_name = role.as_str().unwrap_or_default();
        symbols.intern(role_name);
        Self {
            is_of_cluster,
            scope,
            name: Arc::clone(&object.resource().name),
            at: place(object, object.name_span()),
            names_cluster_role: is_of_cluster || kind == Some("ClusterRole"),
            role: role_name.into(),
            role_at: role.span(),
            subjects,
            is_patch: object.completeness() == Completeness::Partial,
            moved_to: kustomized.map(Arc::from),
        }
    }

    /// The role that it names.
    #[must_use]
    pub fn names(&self) -> RoleName<'_> {
        let namespace = match (self.names_cluster_role, &self.scope) {
            (false, Scope::Namespace(namespace)) => namespace,
            _ => "",
        };
        (self.names_cluster_role, namespace, &self.role)
    }

    /// `ClusterRoleBinding readers`, `RoleBinding shop/readers`.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.scope {
            Scope::Cluster => format!("ClusterRoleBinding {}", self.name),
            Scope::Namespace(namespace) => format!("RoleBinding {namespace}/{}", self.name),
        }
    }

    /// A place of its file.
    #[must_use]
    pub fn place(&self, span: Span) -> Location {
        Location {
            path: Arc::clone(&self.at.path),
            span,
        }
    }
}

/// The namespace that an object lands in; the one that `kubectl apply` takes where nothing says.
pub(super) fn landing(object: Object<'_>) -> &str {
    object.namespace().map_or("", |(namespace, _)| namespace)
}

/// A place of the file of an object.
pub(super) fn place(object: Object<'_>, span: Span) -> Location {
    object.location(span)
}
