//! A Kubernetes object of one file.

use std::sync::Arc;

use crate::finding::{Location, Resource};
use crate::syntax::{Node, Span, Tree};

use super::field::{Field, anchor};
use super::kinds::Kind;
use super::kustomization::AddedLabel;
use super::manifest::Record;
use super::miswritten::Fault;
use super::patched::{Patched, Piece};
use super::pod::Pod;
use super::schema::Oddity;
use super::variant::Variant;

/// Whether an object says all that the API server will be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Completeness {
    /// The object can be applied as it stands.
    Complete,
    /// A patch, or an object that lacks what the API requires: what is absent here may stand elsewhere.
    Partial,
    /// A template's text that happens to be YAML: rendering may add to it.
    Template,
}

/// Where the namespace of an object comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamespaceSource {
    /// `metadata.namespace`.
    Written,
    /// The kustomization of its folder.
    Kustomization,
    /// Nothing says: what `kubectl apply` without `-n` would take.
    Default,
}

/// An object, borrowed from the tree of its file.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    path: &'a Arc<str>,
    node: Node<'a>,
    record: &'a Record,
    completeness: Completeness,
    namespace: Option<(&'a str, NamespaceSource)>,
    added_labels: &'a [AddedLabel],
    variant: Option<&'a Arc<Variant>>,
    built_name: Option<&'a str>,
    pieces: &'a [Piece],
}

impl<'a> Object<'a> {
    /// Puts an object together from what its file and its folder say.
    #[must_use]
    pub fn new(
        path: &'a Arc<str>,
        tree: &'a Tree,
        record: &'a Record,
        completeness: Completeness,
        namespace: Option<(&'a str, NamespaceSource)>,
    ) -> Self {
        Self {
            path,
            node: tree.node(record.root),
            record,
            completeness,
            namespace,
            added_labels: &[],
            variant: None,
            built_name: None,
            pieces: &[],
        }
    }

    /// The same with the labels that kustomizations put on it.
    #[must_use]
    pub fn labelled(self, added_labels: &'a [AddedLabel]) -> Self {
        Self {
            added_labels,
            ..self
        }
    }

    /// The same as part of a variant.
    #[must_use]
    pub fn within(self, variant: Option<&'a Arc<Variant>>) -> Self {
        Self { variant, ..self }
    }

    /// The same where a kustomization says a namespace: it gives its name to what is one. Source: the namespace transformer
    /// of Kustomize 5.
    #[must_use]
    pub fn landing_in(self, namespace: Option<&'a str>) -> Self {
        let built_name = namespace.filter(|_| self.kind().name == "Namespace");
        Self { built_name, ..self }
    }

    /// The name that it is built with, where each variant is looked at for itself; as it is written where nothing is known
    /// to change it.
    #[must_use]
    pub fn built_name(self) -> &'a str {
        self.built_name.unwrap_or(&self.record.resource.name)
    }

    /// What patches make of it.
    #[must_use]
    pub fn patched(self, patched: &'a Patched) -> Self {
        Self {
            node: patched.tree.node(patched.record.root),
            record: &patched.record,
            pieces: &patched.pieces,
            ..self
        }
    }

    /// True if what it says does not all stand in its own file.
    #[must_use]
    pub fn is_patched(self) -> bool {
        !self.pieces.is_empty()
    }

    /// The files that say what it is, its own first; none where its own says it all.
    #[must_use]
    pub fn pieces(self) -> &'a [Piece] {
        self.pieces
    }

    /// Where some of its bytes stand: in its file, or in one that patches it.
    #[must_use]
    pub fn location(self, span: Span) -> Location {
        let piece = self.pieces.iter().rev().find(|it| it.from <= span.start);
        match piece {
            Some(piece) => piece.location(span),
            None => Location {
                path: Arc::clone(self.path),
                span,
            },
        }
    }

    /// True if a place is one of what says what it is.
    #[must_use]
    pub fn holds(self, place: &Location) -> bool {
        let within = |span: Span| span.start <= place.span.start && place.span.end <= span.end;
        if self.pieces.is_empty() {
            return place.path == *self.path && within(self.node.span());
        }
        let mut pieces = self.pieces.iter();
        pieces.any(|piece| piece.path == place.path && within(piece.within))
    }

    /// The variant that it is part of, where each is looked at for itself; none for what no kustomization takes in.
    #[must_use]
    pub fn variant(self) -> Option<&'a Arc<Variant>> {
        self.variant
    }

    /// The labels that kustomizations put on it. Several may take it in, and say different things.
    #[must_use]
    pub fn added_labels(self) -> &'a [AddedLabel] {
        self.added_labels
    }

    /// The file.
    #[must_use]
    pub fn path(self) -> &'a Arc<str> {
        self.path
    }

    /// The object's mapping.
    #[must_use]
    pub fn node(self) -> Node<'a> {
        self.node
    }

    /// Its identity as written.
    #[must_use]
    pub fn resource(self) -> &'a Arc<Resource> {
        &self.record.resource
    }

    /// Its kind.
    #[must_use]
    pub fn kind(self) -> &'static Kind {
        self.record.kind
    }

    /// Whether what is absent here is absent for the API server.
    #[must_use]
    pub fn completeness(self) -> Completeness {
        self.completeness
    }

    /// The namespace that it lands in, and who says so; none for cluster-scoped kinds.
    #[must_use]
    pub fn namespace(self) -> Option<(&'a str, NamespaceSource)> {
        self.namespace
    }

    /// The namespace that it lands in, where it or its kustomization says which.
    #[must_use]
    pub fn stated_namespace(self) -> Option<&'a str> {
        match self.namespace? {
            (namespace, NamespaceSource::Written | NamespaceSource::Kustomization) => {
                Some(namespace)
            }
            (_, NamespaceSource::Default) => None,
        }
    }

    /// What in it is no field of its kind, or has a type that the API refuses.
    pub fn oddities(self) -> impl Iterator<Item = &'a Oddity> {
        self.record.oddities.iter()
    }

    /// What is wrong with its `apiVersion` and `kind`.
    #[must_use]
    pub fn fault(self) -> Option<&'a Fault> {
        self.record.fault.as_ref()
    }

    /// A field below the object.
    #[must_use]
    pub fn field(self, path: &'static [&'static str]) -> Field<'a> {
        Field::follow(self.node, path)
    }

    /// The line that stands for the object: its name.
    #[must_use]
    pub fn name_span(self) -> Span {
        let name = self.field(&["metadata", "name"]);
        match name.node().and_then(Node::key) {
            Some(key) => key.span().to(name.span()),
            None => self.node.entry("kind").map_or_else(
                || anchor(self.node),
                |kind| kind.key.span().to(kind.value.span()),
            ),
        }
    }

    /// The pod that it is, or the templates of the pods that it makes: some kinds have several.
    pub fn pods(self) -> impl Iterator<Item = Pod<'a>> {
        let tree = self.node.tree();
        let roots = self.record.pods.iter();
        roots.filter_map(|root| Pod::new(tree.node(*root)))
    }
}
