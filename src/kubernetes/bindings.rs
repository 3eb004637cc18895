//! `RoleBinding` and `ClusterRoleBinding`: who is given which role.
//!
//! Source: the API reference of `rbac.authorization.k8s.io/v1`, Kubernetes 1.37.

use crate::syntax::{Node, Span};

use super::field::{Field, anchor};
use super::object::Object;

/// The API group of roles and bindings, and of the users and groups in these.
const GROUP: &str = "rbac.authorization.k8s.io";

/// A binding.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    object: Object<'a>,
}

impl<'a> Binding<'a> {
    /// The view, if the object is a binding.
    #[must_use]
    pub fn of(object: Object<'a>) -> Option<Self> {
        let is_binding = matches!(object.kind().name, "RoleBinding" | "ClusterRoleBinding");
        is_binding.then_some(Self { object })
    }

    /// The object.
    #[must_use]
    pub fn object(self) -> Object<'a> {
        self.object
    }

    /// True for a `ClusterRoleBinding`, which counts in all namespaces and outside of them.
    #[must_use]
    pub fn is_of_cluster(self) -> bool {
        self.object.kind().name == "ClusterRoleBinding"
    }

    /// `roleRef.kind`.
    #[must_use]
    pub fn role_kind(self) -> Field<'a> {
        self.object.field(&["roleRef", "kind"])
    }

    /// `roleRef.name`.
    #[must_use]
    pub fn role_name(self) -> Field<'a> {
        self.object.field(&["roleRef", "name"])
    }

    /// True if the API server refuses it whatever it binds, as its `roleRef` can be none: it gives nothing.
    #[must_use]
    pub fn is_refused(self) -> bool {
        let is_wrong = |field: Field<'a>, right: &[&str]| {
            let word = field.as_str();
            word.is_some_and(|word| {
                let is_filled_in = word.contains("{{") || word.contains('$');
                !is_filled_in && !right.contains(&word)
            })
        };
        let kinds: &[&str] = if self.is_of_cluster() {
            &["ClusterRole"]
        } else {
            &["ClusterRole", "Role"]
        };
        is_wrong(self.role_kind(), kinds) || is_wrong(self.role_group(), &[GROUP, ""])
    }

    /// `roleRef.apiGroup`.
    #[must_use]
    pub fn role_group(self) -> Field<'a> {
        self.object.field(&["roleRef", "apiGroup"])
    }

    /// Whom it binds.
    pub fn subjects(self) -> impl Iterator<Item = BoundSubject<'a>> {
        let subjects = self.object.field(&["subjects"]).items();
        subjects.map(|node| BoundSubject { node })
    }
}

/// One of the subjects of a binding.
#[derive(Clone, Copy, Debug)]
pub struct BoundSubject<'a> {
    node: Node<'a>,
}

impl<'a> BoundSubject<'a> {
    fn text(self, key: &str) -> Option<&'a str> {
        self.node.present(key).and_then(Node::as_str)
    }

    /// Its mapping.
    #[must_use]
    pub fn node(self) -> Node<'a> {
        self.node
    }

    /// `ServiceAccount`, `User` or `Group`.
    #[must_use]
    pub fn kind(self) -> Option<&'a str> {
        self.text("kind")
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> Option<&'a str> {
        self.text("name")
    }

    /// The namespace of a `ServiceAccount`, where it is written.
    #[must_use]
    pub fn namespace(self) -> Option<&'a str> {
        self.text("namespace")
    }

    /// The line that stands for it: its name.
    #[must_use]
    pub fn span(self) -> Span {
        anchor(self.node)
    }
}
