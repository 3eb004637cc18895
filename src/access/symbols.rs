//! Words of policy rules as numbers, so that sets of rights are small and quickly compared.

use std::collections::HashMap;
use std::sync::Arc;

/// A word: an API group, a resource, a verb, the name of an object or a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(pub(super) u32);

/// The words that are known from the start, in the order of their numbers. Verbs come first: their numbers are bits.
const KNOWN: [&str; 24] = [
    "*",
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "bind",
    "escalate",
    "impersonate",
    "approve",
    "sign",
    "attest",
    "use",
    "proxy",
    "redirect",
    "post",
    "put",
    "head",
    "options",
    "",
    "namespaces",
];

/// The number of the last verb that is one of resources.
const LAST_OF_RESOURCES: usize = 15;

/// The verbs that the API server of Kubernetes asks for itself on resources, beside `*`.
#[must_use]
pub fn verbs() -> &'static [&'static str] {
    KNOWN.get(1..=LAST_OF_RESOURCES).unwrap_or_default()
}

/// Groups, resources and names that the engine itself asks for.
const ASKED: [&str; 47] = [
    "apps",
    "batch",
    "authentication.k8s.io",
    "certificates.k8s.io",
    "rbac.authorization.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "discovery.k8s.io",
    "pods",
    "pods/exec",
    "pods/attach",
    "pods/ephemeralcontainers",
    "pods/portforward",
    "pods/proxy",
    "services/proxy",
    "nodes/proxy",
    "deployments",
    "statefulsets",
    "daemonsets",
    "replicasets",
    "replicationcontrollers",
    "jobs",
    "cronjobs",
    "secrets",
    "configmaps",
    "serviceaccounts",
    "serviceaccounts/token",
    "users",
    "groups",
    "uids",
    "userextras",
    "roles",
    "clusterroles",
    "rolebindings",
    "clusterrolebindings",
    "signers",
    "certificatesigningrequests",
    "certificatesigningrequests/approval",
    "certificatesigningrequests/status",
    "kube-system",
    "cluster-admin",
    "system:masters",
    "aws-auth",
    "coredns",
    "kubernetes.io/kube-apiserver-client",
    "kubernetes.io/kube-apiserver-client-kubelet",
];

impl Symbol {
    /// `*`: every group, resource or verb.
    pub const ANY: Self = Self(0);
    /// Reads one object.
    pub const GET: Self = Self(1);
    /// Reads all objects.
    pub const LIST: Self = Self(2);
    /// Reads all objects, as they change.
    pub const WATCH: Self = Self(3);
    /// Makes an object.
    pub const CREATE: Self = Self(4);
    /// Replaces an object.
    pub const UPDATE: Self = Self(5);
    /// Changes an object.
    pub const PATCH: Self = Self(6);
    /// Deletes an object.
    pub const DELETE: Self = Self(7);
    /// Deletes all objects.
    pub const DELETE_COLLECTION: Self = Self(8);
    /// Binds a role whose rights one does not hold.
    pub const BIND: Self = Self(9);
    /// Writes rights into a role that one does not hold.
    pub const ESCALATE: Self = Self(10);
    /// Acts as somebody else.
    pub const IMPERSONATE: Self = Self(11);
    /// Approves certificates for a signer.
    pub const APPROVE: Self = Self(12);
    /// Signs certificates as a signer.
    pub const SIGN: Self = Self(13);
    /// The empty word: the core group, or no name.
    pub const EMPTY: Self = Self(22);
    /// The resource whose objects are namespaces.
    pub const NAMESPACES: Self = Self(23);
}

/// All words of a run, both ways.
#[derive(Clone, Debug)]
pub struct Symbols {
    texts: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, Symbol>,
    /// For `pods/exec` the number of `*/exec`.
    every: Vec<Option<Symbol>>,
}

impl Default for Symbols {
    fn default() -> Self {
        let mut symbols = Self {
            texts: Vec::new(),
            numbers: HashMap::new(),
            every: Vec::new(),
        };
        for word in KNOWN.into_iter().chain(ASKED) {
            symbols.intern(word);
        }
        symbols
    }
}

impl Symbols {
    /// The number of a word, which it gets now if it has none.
    pub fn intern(&mut self, text: &str) -> Symbol {
        if let Some(symbol) = self.numbers.get(text) {
            return *symbol;
        }
        let symbol = Symbol(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(Arc::clone(&text), symbol);
        self.every.push(None);
        if let Some((resource, subresource)) = text.split_once('/')
            && resource != "*"
        {
            let every = self.intern(&format!("*/{subresource}"));
            if let Some(slot) = self.every.get_mut(symbol.0 as usize) {
                *slot = Some(every);
            }
        }
        symbol
    }

    /// The number of a word, if some rule uses it.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Symbol> {
        self.numbers.get(text).copied()
    }

    /// The word.
    #[must_use]
    pub fn text(&self, symbol: Symbol) -> &str {
        self.texts.get(symbol.0 as usize).map_or("", |text| text)
    }

    /// `*/exec` for `pods/exec`: the same subresource of every resource.
    #[must_use]
    pub(super) fn of_every(&self, resource: Symbol) -> Option<Symbol> {
        self.every.get(resource.0 as usize).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_words_have_their_numbers() {
        let symbols = Symbols::default();
        for (word, symbol) in [
            ("*", Symbol::ANY),
            ("get", Symbol::GET),
            ("deletecollection", Symbol::DELETE_COLLECTION),
            ("escalate", Symbol::ESCALATE),
            ("sign", Symbol::SIGN),
            ("", Symbol::EMPTY),
            ("namespaces", Symbol::NAMESPACES),
        ] {
            assert_eq!(symbols.find(word), Some(symbol), "{word}");
            assert_eq!(symbols.text(symbol), word);
        }
    }
}
