//! What strategic merge patches make of an object, with the place of each value that comes out.
//!
//! Source: the `OpenAPI` description of Kubernetes 1.37 (`x-kubernetes-patch-merge-key`) for the fields that are read here,
//! and Kustomize 5: maps merge, lists of which the API names no key are replaced as a whole, `null` and `$patch` take away.

use crate::syntax::{Composed, Node, Part, Value};

use super::kinds::Kind;

/// How many pairs of what a patch says and what is there are looked at in one mapping or list.
const MOST_PAIRS: usize = 1 << 20;

/// Why nobody can say what a patch comes to.
#[derive(Debug)]
pub enum Failure {
    /// Something in it is not known here.
    Unknown,
    /// It says more than is looked at.
    TooLarge,
}

/// What becomes of a value: nothing where it is taken away.
type Merged<'a> = Result<Option<Composed<'a>>, Failure>;

/// What a patch makes of an object of a kind: none where it is gone. Which object it is does not change.
///
/// # Errors
/// Where that is not known.
pub fn patched<'a>(
    object: Composed<'a>,
    patch: Part<'a>,
    kind: &Kind,
) -> Result<Option<Composed<'a>>, Failure> {
    let group = kind.groups.first().copied().unwrap_or_default();
    let merging = Merging {
        // Of a kind that is not built in, nobody knows the keys of its lists.
        has_keys: !group.contains('.') || group.ends_with(".k8s.io"),
        is_service: kind.name == "Service",
    };
    let changes = without_identity(patch).ok_or(Failure::Unknown)?;
    merging.merged(object, patch, Some(changes))
}

/// What says in a mapping how it is merged.
const DIRECTIVE: &str = "$patch";

fn directive(node: Node<'_>) -> Option<&str> {
    node.get(DIRECTIVE).map(Node::key_text)
}

#[derive(Clone, Copy)]
struct Merging {
    has_keys: bool,
    is_service: bool,
}

/// The entries of a mapping.
type Entries<'a> = Vec<(Part<'a>, Composed<'a>)>;

impl Merging {
    /// What a mapping of a patch makes of what is there; `changes` are its entries where not all of them count.
    fn merged<'a>(
        self,
        old: Composed<'a>,
        patch: Part<'a>,
        changes: Option<Entries<'a>>,
    ) -> Merged<'a> {
        let (place, old) = match directive(patch.node) {
            Some("delete") => return Ok(None),
            Some("replace") => (patch, None),
            None | Some("merge") => (old.part(), old.into_entries()),
            Some(_) => return Err(Failure::Unknown),
        };
        let is_new = old.is_none();
        let mut entries = old.unwrap_or_default();
        let changes = changes.or_else(|| Composed::Whole(patch).into_entries());
        let changes = changes.unwrap_or_default();
        if changes
            .len()
            .saturating_mul(entries.len().max(changes.len()))
            > MOST_PAIRS
        {
            return Err(Failure::TooLarge);
        }
        for (key, change) in changes {
            let name = key.node.key_text();
            if name == DIRECTIVE || name.starts_with("$setElementOrder/") {
                continue;
            }
            if name.starts_with('$') {
                return Err(Failure::Unknown);
            }
            let mut known = entries.iter();
            let known = known.position(|(own, _)| own.node.key_text() == name);
            let old = known.and_then(|at| entries.get(at).cloned());
            let at = known.unwrap_or(entries.len());
            let new = match old {
                Some((own, value)) => self.changed(name, (own, value), (key, change))?,
                None => self.fresh(change)?.map(|value| (key, value)),
            };
            entries.splice(at..(at + usize::from(known.is_some())), new);
        }
        Ok(Some(Composed::Mapping(
            if is_new { patch } else { place },
            entries,
        )))
    }

    /// What becomes of an entry that is there. What is said again stays where it stands.
    fn changed<'a>(
        self,
        name: &str,
        (own, old): (Part<'a>, Composed<'a>),
        (key, change): (Part<'a>, Composed<'a>),
    ) -> Result<Option<(Part<'a>, Composed<'a>)>, Failure> {
        let part = change.part();
        if part.node.is_null() {
            return Ok(None);
        }
        if means(&old, part.node) {
            return Ok(Some((own, old)));
        }
        if part.node.is_mapping() {
            let new = self.merged(old.clone(), part, change.into_entries())?;
            let stays = new.as_ref().is_some_and(|new| is_same(&old, new));
            let key = if stays { own } else { key };
            return Ok(new.map(|new| (key, if stays { old } else { new })));
        }
        if part.node.is_sequence()
            && let Some(merge_key) = self.merge_key(name)
            && let Some(items) = old.clone().into_items()
        {
            let items = self.merged_items(items, part, merge_key)?;
            return Ok(Some((own, Composed::Sequence(old.part(), items))));
        }
        Ok(self.fresh(change)?.map(|value| (key, value)))
    }

    /// What a patch writes where nothing is.
    fn fresh(self, change: Composed<'_>) -> Merged<'_> {
        let part = change.part();
        match part.node.value() {
            Value::Null => Ok(None),
            Value::Mapping => {
                let changes = change.into_entries();
                let nothing = Composed::Mapping(part, Vec::new());
                self.merged(nothing, part, changes)
            }
            Value::Sequence if part.node.items().any(|it| directive(it).is_some()) => {
                Err(Failure::Unknown)
            }
            _ => Ok(Some(change)),
        }
    }

    /// What items of a patch make of those of a list whose items have a key.
    fn merged_items<'a>(
        self,
        mut items: Vec<Composed<'a>>,
        patch: Part<'a>,
        key: &str,
    ) -> Result<Vec<Composed<'a>>, Failure> {
        let is_bare = |item: Node<'_>| item.get(key).is_none();
        let replaces = |item: &Node<'_>| directive(*item) == Some("replace") && is_bare(*item);
        if patch.node.items().any(|item| replaces(&item)) {
            items.clear();
        }
        let changes = patch.node.items().filter(|item| !replaces(item));
        let changes: Vec<Node<'a>> = changes.collect();
        if changes.len().saturating_mul(items.len().max(changes.len())) > MOST_PAIRS {
            return Err(Failure::TooLarge);
        }
        for change in changes {
            let part = patch.beside(change);
            let id = identity(key, |name| change.get(name));
            let known = id.as_ref().and_then(|id| {
                let mut known = items.iter();
                known.position(|item| {
                    let field = |name: &str| item.get(name).map(|it| it.part().node);
                    identity(key, field).as_ref() == Some(id)
                })
            });
            let new = match known.and_then(|at| items.get(at).cloned()) {
                Some(old) if means(&old, change) => Some(old),
                Some(old) if change.is_mapping() => self.merged(old, part, None)?,
                _ => self.fresh(Composed::Whole(part))?,
            };
            let at = known.unwrap_or(items.len());
            items.splice(at..(at + usize::from(known.is_some())), new);
        }
        Ok(items)
    }

    /// The field by which items of a list are the same; none of a list that is replaced as a whole.
    fn merge_key(self, list: &str) -> Option<&'static str> {
        if !self.has_keys {
            return None;
        }
        match list {
            "containers"
            | "initContainers"
            | "ephemeralContainers"
            | "volumes"
            | "env"
            | "secrets"
            | "schedulingGates"
            | "resourceClaims"
            | "imagePullSecrets" => Some("name"),
            "ports" if self.is_service => Some("port"),
            "ports" => Some("containerPort"),
            "volumeMounts" => Some("mountPath"),
            "volumeDevices" => Some("devicePath"),
            "hostAliases" => Some("ip"),
            "topologySpreadConstraints" => Some("topologyKey"),
            "ownerReferences" => Some("uid"),
            _ => None,
        }
    }
}

/// What a patch says, but for what tells which object it is for. None where it is no mapping.
fn without_identity(patch: Part<'_>) -> Option<Entries<'_>> {
    let mut changes = Composed::Whole(patch).into_entries()?;
    changes.retain(|(key, _)| !matches!(key.node.key_text(), "apiVersion" | "kind"));
    for (key, value) in &mut changes {
        if key.node.key_text() == "metadata" {
            let part = value.part();
            let mut entries = value.clone().into_entries().unwrap_or_default();
            entries.retain(|(key, _)| !matches!(key.node.key_text(), "name" | "namespace"));
            *value = Composed::Mapping(part, entries);
        }
    }
    Some(changes)
}

/// What makes an item the same one: its key, and of a port the protocol.
fn identity<'n>(key: &str, field: impl Fn(&str) -> Option<Node<'n>>) -> Option<(&'n str, &'n str)> {
    let own = field(key)?.key_text();
    let is_port = matches!(key, "port" | "containerPort");
    let protocol = field("protocol").filter(|_| is_port).map(Node::key_text);
    Some((own, protocol.unwrap_or(if is_port { "TCP" } else { "" })))
}

/// True if a patch says what is there.
fn means(old: &Composed<'_>, patch: Node<'_>) -> bool {
    let Composed::Whole(own) = old else {
        return false;
    };
    let (one, other) = (own.node.value(), patch.value());
    match one {
        Value::Mapping | Value::Sequence => {
            one == other && own.node.content_hash() == patch.content_hash()
        }
        _ => one == other,
    }
}

/// True if nothing has changed: all that stands there stood there before.
fn is_same(old: &Composed<'_>, new: &Composed<'_>) -> bool {
    let is_at = |part: &Part<'_>| old.part().node == part.node;
    match new {
        Composed::Whole(part) => {
            matches!(old, Composed::Whole(own) if own.from == part.from) && is_at(part)
        }
        Composed::Mapping(part, entries) => {
            let own = old.clone().into_entries().filter(|_| is_at(part));
            own.is_some_and(|own| {
                let values = own.iter().map(|(_, value)| value);
                are_same(values, entries.iter().map(|(_, value)| value))
            })
        }
        Composed::Sequence(part, items) => {
            let own = old.clone().into_items().filter(|_| is_at(part));
            own.is_some_and(|own| are_same(own.iter(), items.iter()))
        }
    }
}

fn are_same<'c, 'a: 'c>(
    old: impl ExactSizeIterator<Item = &'c Composed<'a>>,
    new: impl ExactSizeIterator<Item = &'c Composed<'a>>,
) -> bool {
    old.len() == new.len() && old.zip(new).all(|(old, new)| is_same(old, new))
}

#[cfg(test)]
mod tests {
    use super::super::kinds;
    use super::*;
    use crate::kubernetes::merge::value;
    use crate::syntax::{Format, Tree, parse};

    fn tree(text: &str) -> Tree {
        parse(Format::Yaml, text.to_owned())
    }

    fn root(tree: &Tree) -> Node<'_> {
        tree.root(tree.documents().first().unwrap())
    }

    /// What a patch makes of an object, as a value; none where it is gone.
    fn after(version: &str, kind: &str, object: &str, patch: &str) -> Option<serde_json::Value> {
        let (own, patch) = (tree(object), tree(patch));
        let whole = Composed::Whole(Part {
            node: root(&own),
            from: 0,
        });
        let part = Part {
            node: root(&patch),
            from: 1000,
        };
        let after = patched(whole, part, kinds::find(version, kind).unwrap());
        let tree = Tree::composed(&after.expect("it is known")?, 1000).unwrap();
        value(root(&tree))
    }

    fn pod(spec: &str) -> String {
        format!("{{metadata: {{name: a}}, spec: {spec}}}")
    }

    #[test]
    fn maps_merge_and_lists_do_by_their_keys() {
        for (old, patch, new) in [
            (
                "{a: 1, b: {c: 2}}",
                "{b: {d: 3}}",
                "{a: 1, b: {c: 2, d: 3}}",
            ),
            ("{a: 1, b: 2}", "{a: null}", "{b: 2}"),
            ("{b: {c: 2}}", "{b: {$patch: replace, d: 3}}", "{b: {d: 3}}"),
            ("{a: 1, b: {c: 2}}", "{b: {$patch: delete}}", "{a: 1}"),
            // A list without a key is another one.
            ("{args: [a, b]}", "{args: [c]}", "{args: [c]}"),
            (
                "{tolerations: [{key: a}]}",
                "{tolerations: [{key: b}]}",
                "{tolerations: [{key: b}]}",
            ),
            (
                "{containers: [{name: a, image: x}, {name: b}]}",
                "{containers: [{name: c}, {name: a, tty: true}]}",
                "{containers: [{name: a, image: x, tty: true}, {name: b}, {name: c}]}",
            ),
            (
                "{containers: [{name: a}, {name: b}]}",
                "{containers: [{name: a, $patch: delete}]}",
                "{containers: [{name: b}]}",
            ),
            (
                "{containers: [{name: a}, {name: b}]}",
                "{containers: [{$patch: replace}, {name: c}]}",
                "{containers: [{name: c}]}",
            ),
            (
                "{containers: [{name: a, ports: [{containerPort: 1}, {containerPort: 2, protocol: UDP}]}]}",
                "{containers: [{name: a, ports: [{containerPort: 1, name: x}, {containerPort: 2}]}]}",
                "{containers: [{name: a, ports: [{containerPort: 1, name: x}, {containerPort: 2, protocol: UDP}, {containerPort: 2}]}]}",
            ),
        ] {
            let expected = value(root(&tree(&pod(new))));
            let found = after("v1", "Pod", &pod(old), &pod(patch));
            assert_eq!(found, expected, "{old} with {patch}");
        }
    }

    #[test]
    fn what_it_is_stays_and_a_whole_object_goes() {
        let own = "{kind: Pod, metadata: {name: a, namespace: b}, spec: {}}";
        let patch = "{kind: Node, metadata: {name: c, namespace: d, labels: {e: f}}}";
        let new = "{kind: Pod, metadata: {name: a, namespace: b, labels: {e: f}}, spec: {}}";
        assert_eq!(after("v1", "Pod", own, patch), value(root(&tree(new))));
        assert_eq!(after("v1", "Pod", own, "{$patch: delete}"), None);
    }

    #[test]
    fn lists_of_kinds_that_are_not_built_in_are_replaced() {
        let version = "argoproj.io/v1alpha1";
        let old = pod("{template: {spec: {containers: [{name: a}]}}}");
        let new = pod("{template: {spec: {containers: [{name: b}]}}}");
        assert_eq!(
            after(version, "Rollout", &old, &new),
            value(root(&tree(&new)))
        );
    }

    #[test]
    fn what_is_said_again_stays_where_it_stands() {
        let own = tree("{spec: {a: 1, b: {c: [1, 2]}, d: x}}");
        let patch = tree("{spec: {b: {c: [1, 2]}, d: y, a: 1}}");
        let whole = Composed::Whole(Part {
            node: root(&own),
            from: 0,
        });
        let part = Part {
            node: root(&patch),
            from: 1000,
        };
        let kind = kinds::find("v1", "Pod").unwrap();
        let Ok(Some(object)) = patched(whole, part, kind) else {
            panic!("it is an object");
        };
        let tree = Tree::composed(&object, 100).unwrap();
        let spec = root(&tree).get("spec").unwrap();
        let is_of_patch = |key: &str| spec.entry(key).unwrap().key.span().start >= 1000;
        assert_eq!(["a", "b", "d"].map(is_of_patch), [false, false, true]);
    }
}
