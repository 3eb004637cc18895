//! JSON patch operations (RFC 6902) of a kustomization, read as the part of an object that they write.
//!
//! They are carried out in their order, as far as that is known without the object: what a later one takes away or
//! replaces was never there. What they take away from the object itself, move or copy cannot be told.

use std::collections::BTreeMap;

use crate::syntax::{Graft, Node, Span, Tree, unescape_segment};

use super::harmless_operation::is_harmless;
use super::kinds::{self, Kind};
use super::patch::Target;

/// The longest path that is followed, in segments.
const DEEPEST: usize = 32;

/// Where new items begin: behind all that have a number.
const NEW: u64 = 1 << 32;

/// The step to a new item of a list.
const NEW_ITEM: &str = "-";

/// How many items of lists may get another number. What would need more is no patch that anybody wrote.
const MOST_MOVED: usize = 1 << 20;

/// What was read of a list of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// True if they write something that can be judged.
    pub writes: bool,
    /// True if nothing is left that could matter.
    pub is_whole: bool,
}

/// Adds the object that a list of operations writes into to its tree, where that is a workload, a Service or an Ingress.
/// None if the list holds anything but operations.
pub(super) fn put_together(tree: &mut Tree, list: u32, target: Option<&Target>) -> Option<Outcome> {
    let node = tree.node(list);
    let mut paths = Vec::new();
    for item in node.items() {
        let text = |key: &str| item.get(key).and_then(Node::as_str);
        paths.push((text("op")?, text("path")?));
    }
    let workload = written_kind(target, paths.iter().map(|(_, path)| *path));
    let entrance = target.filter(|_| workload.is_none()).and_then(Entrance::of);
    let kind = workload.or(entrance.map(|entrance| entrance.kind));
    let mut patched = Patched {
        tree,
        root: Graft::Mapping(BTreeMap::new()),
        moves_left: MOST_MOVED,
    };
    let (mut any, mut whole) = (false, true);
    for (item, (op, path)) in node.items().zip(paths) {
        let span = item.get("path").map(Node::span).unwrap_or_default();
        let is_read = match entrance {
            // What else its `spec` holds may be of a kind of others with that name.
            Some(entrance) => entrance.is_judged(path) || is_at(path, ANNOTATIONS),
            None => workload.is_some() && is_at(path, "/spec"),
        };
        let value = item.entry("value").filter(|_| is_read);
        let is_judged = match (op, value) {
            ("add" | "replace", Some(value)) => {
                let place = Place {
                    path,
                    span,
                    key: value.key.span(),
                    inserts: op == "add",
                };
                let was_set = patched.set(&place, value.value.id());
                any |= was_set;
                let is_known = entrance.is_none_or(|entrance| entrance.is_judged(path));
                was_set && is_known && !replaces_protections(op, path, value.value)
            }
            ("remove", _) if is_read => {
                patched.remove(path);
                false
            }
            ("test", Some(value)) if path.ends_with("/name") && value.value.as_str().is_some() => {
                let place = Place {
                    path,
                    span,
                    key: value.key.span(),
                    inserts: false,
                };
                patched.set(&place, value.value.id());
                true
            }
            ("test", _) => true,
            _ => false,
        };
        let is_elsewhere = workload.is_some() && decides_elsewhere(path);
        whole &= !is_elsewhere && (is_judged || is_harmless(item, op, path, workload, target));
    }
    let mut object = patched.root;
    let holds = matches!(&object, Graft::Mapping(fields) if !fields.is_empty());
    let writes = any && holds;
    if let Some(kind) = kind.filter(|_| writes) {
        let span = node.span();
        name(&mut object, kind, target, span);
        tree.graft(&object, span);
    }
    Some(Outcome {
        writes,
        is_whole: whole,
    })
}

/// True if what protected a pod or container may have stood where a whole mapping is written in its place. Whoever adds
/// one that says something means to protect.
fn replaces_protections(op: &str, path: &str, value: Node<'_>) -> bool {
    let mut steps = path.rsplit('/');
    let last = steps.next().unwrap_or_default();
    let holder = if index(last).is_some() {
        steps.next()
    } else {
        Some(last)
    };
    let says_nothing = value.written_entries().next().is_none();
    match last {
        "securityContext" | "capabilities" => return op == "replace" || says_nothing,
        "seccompProfile" => return says_nothing,
        _ => {}
    }
    // A pod or a container that is written anew has of the old one's protections what it repeats. What every workload has
    // is never added, but for a further item of a list.
    let is_pod = matches!(last, "spec" | "template" | "jobTemplate" | "containers");
    let holds_containers = matches!(holder, Some("containers" | "initContainers"));
    is_pod || op == "replace" && holds_containers
}

/// True for what of a workload decides by what other objects say of it: the labels by which policies select its pods, and
/// the account that these run as. What operations make of that is not known without the object.
fn decides_elsewhere(path: &str) -> bool {
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    matches!(
        steps.as_slice(),
        [
            "spec",
            "template" | "jobTemplate",
            ..,
            "metadata" | "labels"
        ] | ["spec", "template" | "jobTemplate", .., "labels", _]
            | [.., "serviceAccountName" | "serviceAccount"]
    )
}

/// Where the annotations of an object stand.
const ANNOTATIONS: &str = "/metadata/annotations";

/// True for a path that leads to a place or to something below it.
fn is_at(path: &str, place: &str) -> bool {
    let rest = path.strip_prefix(place);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What lets others in, and where rules find by a part of it alone that it does.
#[derive(Clone, Copy)]
struct Entrance {
    kind: &'static Kind,
    judged: &'static [&'static str],
}

impl Entrance {
    /// The Service or the Ingress that a target names by its kind.
    fn of(target: &Target) -> Option<Self> {
        let (version, judged): (_, &'static [&'static str]) = match target.kind()? {
            "Service" => (
                "v1",
                &[
                    "/spec/type",
                    "/spec/externalIPs",
                    "/spec/loadBalancerSourceRanges",
                ],
            ),
            "Ingress" => ("networking.k8s.io/v1", &["/spec/ingressClassName"]),
            _ => return None,
        };
        let kind = kinds::find(version, target.kind()?)?;
        let group = kinds::group_of(version);
        let is_it = target.may_select(group, kind.name, None);
        is_it.then_some(Self { kind, judged })
    }

    /// True where what is written needs nothing beside it to be judged. All annotations at once take others away.
    fn is_judged(self, path: &str) -> bool {
        let is_annotation = self.kind.name == "Ingress" && path.len() > ANNOTATIONS.len();
        is_annotation && is_at(path, ANNOTATIONS)
            || self.judged.iter().any(|place| is_at(path, place))
    }
}

/// The workload that operations are for: what their target says, or else what their paths show.
fn written_kind<'a>(
    target: Option<&Target>,
    mut paths: impl Iterator<Item = &'a str>,
) -> Option<&'static Kind> {
    let pattern = target.and_then(Target::kind).unwrap_or(".*");
    let mut names = pattern
        .trim_matches(['^', '$', '(', ')'])
        .split('|')
        .map(str::trim);
    if let Some(kind) = names.find_map(kinds::built_in_workload) {
        return Some(kind);
    }
    if !pattern.contains('*') {
        return None;
    }
    let shown = paths.find_map(|path| {
        if path.starts_with("/spec/template/spec/") {
            Some("Deployment")
        } else if path.starts_with("/spec/jobTemplate/spec/") {
            Some("CronJob")
        } else {
            None
        }
    });
    shown.and_then(kinds::built_in_workload)
}

/// Writes what tells which object it is. A target that selects many has no name to give.
fn name(object: &mut Graft, kind: &Kind, target: Option<&Target>, span: Span) {
    let Graft::Mapping(fields) = object else {
        return;
    };
    let version = match kind.groups.first() {
        None | Some(&"") => "v1".to_owned(),
        Some(group) => format!("{group}/v1"),
    };
    let name = target.and_then(Target::plain_name).unwrap_or("*");
    let text = |text: &str| (span, Graft::Text(text.to_owned()));
    fields.insert("apiVersion".to_owned(), text(&version));
    fields.insert("kind".to_owned(), text(kind.name));
    let metadata = fields.entry("metadata".to_owned());
    let (_, metadata) = metadata.or_insert_with(|| (span, Graft::Mapping(BTreeMap::new())));
    if let Graft::Mapping(metadata) = metadata {
        metadata.insert("name".to_owned(), text(name));
    }
}

/// Where an operation writes.
struct Place<'a> {
    path: &'a str,
    /// The bytes of the path.
    span: Span,
    /// The bytes that stand for what is written.
    key: Span,
    /// True if items of a list make room for another one.
    inserts: bool,
}

/// What is known of the object so far.
struct Patched<'t> {
    tree: &'t Tree,
    root: Graft,
    moves_left: usize,
}

impl Patched<'_> {
    /// Puts a copy of a value at a place; false if something else stands on the way.
    fn set(&mut self, place: &Place<'_>, value: u32) -> bool {
        let Some(steps) = steps(place.path) else {
            return false;
        };
        let last = steps.len().saturating_sub(1);
        let mut at = &mut self.root;
        for (number, step) in steps.iter().enumerate() {
            let is_last = number == last;
            let span = if is_last { place.key } else { place.span };
            open(at, self.tree);
            // Where no room can be made, it is looked at behind the others.
            let up = |index: u64| index + 1;
            let has_room =
                !(is_last && place.inserts) || renumber(at, step, up, &mut self.moves_left);
            let step = if has_room { step } else { NEW_ITEM };
            let Some(below) = child(at, step, span) else {
                return false;
            };
            at = below;
        }
        *at = Graft::Copy(value);
        true
    }

    /// Takes away what was written at a path.
    fn remove(&mut self, path: &str) {
        if let Some(steps) = steps(path) {
            remove(&mut self.root, &steps, self.tree, &mut self.moves_left);
        }
    }
}

/// The steps of a path; none of one that nobody wrote.
fn steps(path: &str) -> Option<Vec<String>> {
    let steps: Vec<_> = path.split('/').skip(1).map(unescape_segment).collect();
    (steps.len() <= DEEPEST).then_some(steps)
}

/// Takes a copied mapping or list apart, so that a part of it can be written or taken away.
fn open(at: &mut Graft, tree: &Tree) {
    let Graft::Copy(id) = *at else {
        return;
    };
    let node = tree.node(id);
    if node.is_mapping() {
        let fields = node.entries().map(|entry| {
            let value = Graft::Copy(entry.value.id());
            (entry.key.key_text().to_owned(), (entry.key.span(), value))
        });
        *at = Graft::Mapping(fields.collect());
    } else if node.is_sequence() {
        let items = (0_u64..).zip(node.items().map(|item| Graft::Copy(item.id())));
        *at = Graft::Sequence(items.collect());
    }
}

/// The number of an item that a step leads to.
fn index(step: &str) -> Option<u64> {
    step.parse::<u32>().ok().map(u64::from)
}

/// Gives the items of a list other numbers, from the one on that a step leads to; false if too many had to be.
fn renumber(at: &mut Graft, step: &str, by: impl Fn(u64) -> u64, moves_left: &mut usize) -> bool {
    let (Graft::Sequence(items), Some(from)) = (at, index(step)) else {
        return true;
    };
    if items.range(from..).next().is_none() {
        return true;
    }
    if *moves_left == 0 {
        return false;
    }
    let mut behind = items.split_off(&from);
    let Some(left) = moves_left.checked_sub(behind.len()) else {
        *moves_left = 0;
        items.append(&mut behind);
        return false;
    };
    *moves_left = left;
    let moved = behind.into_iter();
    items.extend(moved.map(|(index, item)| (if index < NEW { by(index) } else { index }, item)));
    true
}

/// Takes away what is known at the end of some steps, and what is empty without it; true if nothing is left. No more
/// calls lie within each other than a path may have steps.
fn remove(at: &mut Graft, steps: &[String], tree: &Tree, moves_left: &mut usize) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        return false;
    };
    open(at, tree);
    let is_last = rest.is_empty();
    match at {
        Graft::Mapping(fields) => {
            let below = fields.get_mut(step);
            let is_gone =
                below.is_some_and(|(_, below)| is_last || remove(below, rest, tree, moves_left));
            if is_gone {
                fields.remove(step);
            }
            fields.is_empty()
        }
        Graft::Sequence(items) => {
            let Some(number) = index(step) else {
                return false;
            };
            let below = items.get_mut(&number);
            let is_gone =
                below.is_some_and(|below| is_last || remove(below, rest, tree, moves_left));
            if is_gone {
                items.remove(&number);
            }
            if is_last {
                renumber(at, step, |index| index.saturating_sub(1), moves_left);
            }
            matches!(at, Graft::Sequence(items) if items.is_empty())
        }
        Graft::Text(_) | Graft::Copy(_) => false,
    }
}

/// What a step of a path leads to. A step that is a number, or `-` for a new item, is one of a list.
fn child<'g>(at: &'g mut Graft, step: &str, span: Span) -> Option<&'g mut Graft> {
    let number = index(step);
    let is_item = step == NEW_ITEM || number.is_some();
    if is_item && matches!(at, Graft::Mapping(entries) if entries.is_empty()) {
        *at = Graft::Sequence(BTreeMap::new());
    }
    let fresh = || Graft::Mapping(BTreeMap::new());
    match at {
        Graft::Sequence(items) if is_item => {
            let newest = items.range(NEW..).next_back();
            let new = newest.map_or(NEW, |(index, _)| index + 1);
            Some(items.entry(number.unwrap_or(new)).or_insert_with(fresh))
        }
        Graft::Mapping(entries) if !is_item => {
            let entry = entries.entry(step.to_owned());
            Some(&mut entry.or_insert_with(|| (span, fresh())).1)
        }
        _ => None,
    }
}
