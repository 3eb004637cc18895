//! What one file holds, by its bytes alone: the part of reading that equal blobs share.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use memchr::memmem;

use crate::finding::Resource;
use crate::syntax::{self, Encoding, Format, Node, Problem, ProblemKind, Span, Tree, Value};

use super::field::Field;
use super::inline_patch::InlinePatches;
use super::kinds::{self, Declared, Kind};
use super::kustomization::Kustomization;
use super::kustomization_keys;
use super::miswritten::{self, Fault, Headless, text_of};
use super::patch::Target;
use super::schema::{Budget, Oddity, Respellings, oddities};
use super::template::may_break;

/// An object that was found in a tree.
#[derive(Clone, Debug)]
pub struct Record {
    /// The node of the object.
    pub root: u32,
    /// Its kind.
    pub kind: &'static Kind,
    /// Its identity.
    pub resource: Arc<Resource>,
    /// The mappings that hold `metadata` and `spec` of the pods that it is or makes.
    pub pods: Vec<u32>,
    /// What in it is no field, or has the wrong type.
    pub oddities: Vec<Oddity>,
    /// What is wrong with its `apiVersion` and `kind`.
    pub fault: Option<Fault>,
    /// False if the API server would need more than is written here, so that it must be a patch.
    pub complete: bool,
}

impl Record {
    /// True if nobody writes a patch like this: it makes pods, and holds the selector that the API demands and no patch
    /// can change.
    #[must_use]
    pub fn stands_alone(&self) -> bool {
        self.complete && self.kind.needs_selector
    }
}

/// A file that has something to do with Kubernetes.
#[derive(Debug)]
pub struct Manifest {
    /// The tree of the whole file.
    pub tree: Tree,
    /// The objects of known kinds, in order; lists are unwrapped.
    pub records: Vec<Record>,
    /// Objects of other kinds: counted, not judged.
    pub other_objects: usize,
    /// Documents that look like objects and could not be read.
    pub unreadable: Vec<Problem>,
    /// What looks like objects and does not say of which kind.
    pub headless: Vec<Headless>,
    /// Documents that cannot be read before a template engine has rendered them.
    pub templates: usize,
    /// True if template actions stand in the text.
    pub has_actions: bool,
    /// What the file says if it is a kustomization.
    pub kustomization: Option<Kustomization>,
    /// The patches that stand in it as texts, if it is a kustomization that has some; what operations write, if it holds
    /// those.
    pub inline_patches: Option<InlinePatches>,
}

/// What became of a file.
#[derive(Debug)]
pub enum Reading {
    /// It has to do with Kubernetes.
    Manifest(Box<Manifest>),
    /// It has nothing to do with Kubernetes.
    Other,
    /// It is no text, or no YAML or JSON, and does not look like a manifest either. If its base version was
    /// one, this is why it can no longer be read.
    Unrecognised(Problem, Box<Tree>),
    /// Its bytes are not UTF-8.
    Encoding {
        /// What they are instead.
        encoding: Encoding,
        /// True if they look like a manifest.
        shows: bool,
    },
}

/// Reads a file. `kustomization` says that its name makes it one; `declared` are kinds beside the known ones.
#[must_use]
pub fn read(format: Format, bytes: Vec<u8>, kustomization: bool, declared: &[Declared]) -> Reading {
    if !kustomization && !may_be_manifest(&bytes) {
        return Reading::Other;
    }
    read_whole(format, bytes, kustomization, declared, false)
}

/// Reads a file that is known to matter, whatever its bytes look like.
#[must_use]
pub fn read_expected(
    format: Format,
    bytes: Vec<u8>,
    kustomization: bool,
    declared: &[Declared],
) -> Reading {
    read_whole(format, bytes, kustomization, declared, true)
}

fn read_whole(
    format: Format,
    bytes: Vec<u8>,
    kustomization: bool,
    declared: &[Declared],
    is_expected: bool,
) -> Reading {
    let text = match syntax::decode(bytes) {
        Ok(text) => text,
        Err((encoding, bytes)) => {
            // A kustomization needs no more than its name.
            let shows = kustomization
                || shows_object(&bytes)
                || encoding == Encoding::Utf16 && utf16_shows_object(&bytes);
            return Reading::Encoding { encoding, shows };
        }
    };
    let mut tree = syntax::parse(format, text);
    let mut unreadable = if kustomization {
        kustomization_keys::respell(&mut tree)
    } else {
        Vec::new()
    };
    let Found {
        records,
        others: other_objects,
        headless,
        ..
    } = respelt_objects_of(&mut tree, declared);
    let has_actions = memmem::find(tree.text().as_bytes(), b"{{").is_some();
    let mut templates = 0;
    let mut unrecognised = None;
    for problem in tree.problems() {
        let lost = tree.text().get(problem.lost.range()).unwrap_or_default();
        let object = shows_object(lost.as_bytes());
        if has_actions
            && may_break(lost)
            && matches!(
                problem.kind,
                ProblemKind::Syntax(_) | ProblemKind::ComplexKey
            )
        {
            templates += usize::from(object);
        } else if object {
            unreadable.push(problem.clone());
        } else {
            unrecognised.get_or_insert_with(|| problem.clone());
        }
    }
    unreadable.extend(quoted_objects(&tree));
    let mut kustomization = kustomization.then(|| Kustomization::read(&tree)).flatten();
    let inline_patches = kustomization
        .as_mut()
        .and_then(|kustomization| inline_patches(&tree, kustomization, declared));
    // A list whose `items` stand twice may hide objects: the rule about duplicate keys looks.
    // Each mapping is looked at once: all of its keys may be doubled.
    let mut seen = HashSet::new();
    let doubled = tree.duplicates().iter().any(|duplicate| {
        let envelope = tree.duplicate_mapping(duplicate);
        seen.insert(envelope.id())
            && envelope.get("items").is_some()
            && envelope.get("apiVersion").is_some()
    });
    let kept = doubled
        || !records.is_empty()
        || other_objects > 0
        || !unreadable.is_empty()
        || headless.iter().any(|one| one.is_certain || is_expected)
        || templates > 0
        || kustomization.is_some();
    if kept {
        Reading::Manifest(Box::new(Manifest {
            tree,
            records,
            other_objects,
            unreadable,
            headless,
            templates,
            has_actions,
            kustomization,
            inline_patches,
        }))
    } else {
        unrecognised.map_or(Reading::Other, |problem| {
            Reading::Unrecognised(problem, Box::new(tree))
        })
    }
}

/// Documents that are one text which shows an object: a `|` before the first key makes a text of all that follows, and
/// the API server refuses it.
fn quoted_objects(tree: &Tree) -> impl Iterator<Item = Problem> {
    let roots = tree.documents().iter().map(|document| tree.root(document));
    roots.filter_map(|root| {
        let text = root.as_str()?;
        shows_object(text.as_bytes()).then(|| Problem {
            kind: ProblemKind::Syntax(
                "the whole document is one text, as a block scalar begins before its first key"
                    .to_owned(),
            ),
            at: Span {
                end: root.span().start,
                ..root.span()
            },
            lost: root.span(),
        })
    })
}

/// What a tree holds. `declared` are kinds beside the known ones.
fn objects_of<'d>(tree: &Tree, declared: &'d [Declared]) -> Found<'d> {
    let mut found = Found {
        declared,
        records: Vec::new(),
        others: 0,
        headless: Vec::new(),
        budget: Budget::default(),
    };
    for document in tree.documents() {
        visit_object(tree.root(document), None, &mut |visited| match visited {
            Visited::Object(node, api_version, kind) => found.add(node, api_version, kind),
            Visited::Other(node) => found.headless.extend(Headless::of(node)),
        });
    }
    found
}

/// The same, where keys are read as the fields that they are meant to be. Behind such a key there may be others, as deep
/// as the way to the containers of a pod.
fn respelt_objects_of<'d>(tree: &mut Tree, declared: &'d [Declared]) -> Found<'d> {
    const DEEPEST: usize = 8;
    let mut found = objects_of(tree, declared);
    let mut respellings = Respellings::default();
    for _ in 0..DEEPEST {
        let mut is_new = false;
        for record in &found.records {
            is_new |= respellings.add(tree, &record.oddities);
        }
        if !is_new {
            break;
        }
        found = objects_of(tree, declared);
    }
    if !respellings.is_empty() {
        for record in &mut found.records {
            record
                .oddities
                .extend(respellings.within(tree, record.root));
            record.oddities.sort_by_key(Oddity::at);
        }
    }
    found
}

/// The patches that stand in a kustomization. It does not ask for a build of those that were read.
fn inline_patches(
    tree: &Tree,
    kustomization: &mut Kustomization,
    declared: &[Declared],
) -> Option<InlinePatches> {
    let patches = InlinePatches::read(tree, &kustomization.changes, |patches| {
        objects_of(patches, declared).records
    })?;
    kustomization.requests.retain(|request| {
        let text = request.text;
        text.is_none_or(|text| !patches.has_read(text))
    });
    Some(patches)
}

/// Reads a file that a kustomization takes for a patch and that holds no object: operations, or parts of an object.
#[must_use]
pub fn read_patch(format: Format, bytes: Vec<u8>, target: Option<&Target>) -> Option<Manifest> {
    let text = syntax::decode(bytes).ok()?;
    let has_actions = memmem::find(text.as_bytes(), b"{{").is_some();
    let operations = syntax::parse(format, text.clone());
    let inline_patches =
        InlinePatches::of_operations(operations, target, |tree| objects_of(tree, &[]).records);
    Some(Manifest {
        tree: syntax::parse(format, text),
        records: Vec::new(),
        other_objects: 0,
        unreadable: Vec::new(),
        headless: Vec::new(),
        templates: 0,
        has_actions,
        kustomization: None,
        inline_patches,
    })
}

/// The cheap test that spares most files the parser. It must let every spelling of the key through that a
/// YAML reader accepts; a key can be spelt without these bytes only by escapes.
fn may_be_manifest(bytes: &[u8]) -> bool {
    memmem::find(bytes, b"apiVersion").is_some()
        || miswritten::may_be_object(bytes)
        || memchr::memchr(b'\\', bytes).is_some()
        || bytes.starts_with(&[0xff, 0xfe])
        || bytes.starts_with(&[0xfe, 0xff])
}

/// True if the bytes show `apiVersion` and `kind` as keys: the test for bytes that cannot be parsed.
#[must_use]
pub fn shows_object(bytes: &[u8]) -> bool {
    shows_key(bytes, b"apiVersion") && shows_key(bytes, b"kind")
}

fn shows_key(bytes: &[u8], key: &[u8]) -> bool {
    memmem::find_iter(bytes, key).any(|at| {
        let before = at
            .checked_sub(1)
            .and_then(|before| bytes.get(before))
            .copied();
        let after = bytes.get(at + key.len()..).unwrap_or_default();
        let mut rest = after
            .iter()
            .skip_while(|byte| matches!(byte, b'"' | b'\'' | b' ' | b'\t'));
        let opens =
            before.is_none_or(|byte| !byte.is_ascii_alphanumeric() && byte != b'_' && byte != b'-');
        opens && rest.next() == Some(&b':')
    })
}

fn utf16_shows_object(bytes: &[u8]) -> bool {
    // ASCII in either byte order is the ASCII byte with a zero beside it.
    let ascii: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
    shows_object(&ascii)
}

/// The objects of a file.
struct Found<'d> {
    declared: &'d [Declared],
    records: Vec<Record>,
    others: usize,
    headless: Vec<Headless>,
    budget: Budget,
}

impl Found<'_> {
    fn add(&mut self, node: Node<'_>, api_version: &str, kind: &str) {
        let fault = Fault::of(node, api_version, kind);
        let is_known = kinds::find(api_version, kind).is_some();
        if !is_known && let Some(pods) = self.declared_pods(node, api_version, kind) {
            let group = kinds::group_of(api_version).to_owned().into();
            let record = record(node, api_version, &kinds::DECLARED, group, kind, pods);
            let fault = fault.filter(|fault| !matches!(fault, Fault::Unserved(..)));
            self.records.push(Record { fault, ..record });
            return;
        }
        // What builds objects is none.
        if api_version.starts_with("kustomize.config.k8s.io/") {
            return;
        }
        // What no API server knows is judged as what was meant: whoever mends the word brings it into the cluster.
        let unserved = match &fault {
            None => None,
            Some(Fault::Unserved(.., unserved)) => Some(*unserved),
            Some(_) => miswritten::unserved(node, api_version, kind),
        };
        // Of an unknown kind the pods are judged, whichever workload is meant.
        let some_workload = || {
            Some((
                api_version,
                miswritten::some_workload(node, api_version, kind)?,
            ))
        };
        let meant = unserved.and_then(|unserved| unserved.meant(kind).or_else(some_workload));
        let (version, name) = meant.unwrap_or((api_version, kind));
        if let Some(known) = kinds::find(version, name) {
            let group = known.groups.first().copied().unwrap_or_default();
            let pods: Vec<_> = known
                .pods
                .iter()
                .flat_map(|path| kinds::follow(node, path))
                .collect();
            let complete = is_complete(node, api_version, known, &pods);
            let mut record = record(node, version, known, group.into(), name, pods);
            record.complete = complete;
            record.oddities = oddities(node, version, name, &mut self.budget);
            if let Some(told) = fault.as_ref().and_then(|fault| fault.told_at(node)) {
                record.oddities.retain(|oddity| oddity.at() != told);
            }
            record.fault = fault;
            self.records.push(record);
        } else if unserved.is_some() {
            let group = kinds::group_of(api_version).to_owned().into();
            let record = record(node, api_version, &kinds::UNSERVED, group, kind, Vec::new());
            self.records.push(Record { fault, ..record });
        } else {
            self.others += 1;
        }
    }

    /// The pods of an object of a declared kind, by every declaration that it fits; none if it fits none. Where one
    /// leads to pods, what another one leads to and is none does not make a patch of the object.
    fn declared_pods<'t>(
        &self,
        node: Node<'t>,
        api_version: &str,
        kind: &str,
    ) -> Option<Vec<Node<'t>>> {
        let declared = self.declared.iter();
        let mut declared = declared
            .filter(|declared| declared.holds(api_version, kind))
            .map(|declared| kinds::follow(node, declared.pod_template()))
            .peekable();
        declared.peek()?;
        let mut found: Vec<Node<'t>> = Vec::new();
        let mut other: Vec<Node<'t>> = Vec::new();
        for pods in declared {
            let is_pod = |pod: &Node<'_>| has_containers(*pod, &kinds::DECLARED);
            let into = if pods.iter().any(is_pod) {
                &mut found
            } else {
                &mut other
            };
            into.extend(pods);
        }
        let mut pods = if found.is_empty() { other } else { found };
        let mut seen = HashSet::new();
        pods.retain(|pod| seen.insert(pod.id()));
        Some(pods)
    }
}

/// Visits all that looks like an object, of whatever kind, with its `apiVersion` and `kind`; lists are unwrapped.
pub fn visit_objects<'a>(tree: &'a Tree, visit: &mut dyn FnMut(Node<'a>, &'a str, &'a str)) {
    for document in tree.documents() {
        visit_object(tree.root(document), None, &mut |visited| {
            if let Visited::Object(node, api_version, kind) = visited {
                visit(node, api_version, kind);
            }
        });
    }
}

/// What stands where objects do.
enum Visited<'a> {
    /// An object with its `apiVersion` and `kind`.
    Object(Node<'a>, &'a str, &'a str),
    /// A mapping that lacks one of them.
    Other(Node<'a>),
}

/// True for what says by itself that it is an object.
fn is_headed(node: Node<'_>) -> bool {
    let metadata = node.get("metadata").is_some_and(Node::is_mapping);
    metadata && text_of(node, "apiVersion").is_some() && text_of(node, "kind").is_some()
}

fn visit_object<'a>(
    node: Node<'a>,
    list: Option<(&'a str, &'a str)>,
    visit: &mut dyn FnMut(Visited<'a>),
) {
    if !node.is_mapping() {
        // A list of objects without a head is none that kubectl takes; what is in it was meant for it.
        for item in node.items().filter(|item| is_headed(*item)) {
            visit_object(item, None, visit);
        }
        return;
    }
    let text = |key: &str| text_of(node, key);
    // The items of a typed list may leave out what the list says: a `DeploymentList` holds Deployments.
    let api_version = text("apiVersion").or(list.map(|(api_version, _)| api_version));
    let kind = text("kind").or(list.map(|(_, kind)| kind));
    let written = api_version.zip(kind);
    let Some((api_version, kind)) = written.or_else(|| miswritten::meant(node, api_version, kind))
    else {
        visit(Visited::Other(node));
        return;
    };
    let items = node.get("items").filter(|items| items.is_sequence());
    if let (Some(items), Some(item_kind)) = (items, kind.strip_suffix("List")) {
        // As deep as lists go: the tree itself is not deeper than its own limit.
        let inherited = (!item_kind.is_empty()).then_some((api_version, item_kind));
        for item in items.items() {
            visit_object(item, inherited, visit);
        }
        return;
    }
    // `list`, or whatever stands over objects: they are judged, as whoever mends the word brings them in. A template of
    // `OpenShift` has `objects`, of which parameters fill in some values.
    let of_template = || node.get("objects").filter(|_| kind == "Template");
    let below = items.or_else(|| node.get("item")).or_else(of_template);
    if let Some(below) = below.filter(|below| below.items().next().is_some_and(is_headed)) {
        for item in below.items() {
            visit_object(item, None, visit);
        }
        return;
    }
    visit(Visited::Object(node, api_version, kind));
}

fn record(
    node: Node<'_>,
    api_version: &str,
    kind: &'static Kind,
    group: Cow<'static, str>,
    name_of_kind: &str,
    pods: Vec<Node<'_>>,
) -> Record {
    let metadata = node.present("metadata");
    let text = |key: &str| {
        let value = metadata?.present(key)?;
        Some(match value.value() {
            Value::Text(text) => text,
            _ => value.source(),
        })
    };
    let name: Arc<str> = match (text("name"), text("generateName")) {
        (Some(name), _) => name.into(),
        (None, Some(prefix)) => format!("{prefix}*").into(),
        (None, None) => "".into(),
    };
    let resource = Resource {
        api_version: api_version.into(),
        group,
        kind: name_of_kind.into(),
        namespace: text("namespace")
            .filter(|_| kind.namespaced)
            .map(Into::into),
        name,
    };
    Record {
        root: node.id(),
        kind,
        complete: is_complete(node, api_version, kind, &pods),
        pods: pods.into_iter().map(Node::id).collect(),
        oddities: Vec::new(),
        fault: None,
        resource: Arc::new(resource),
    }
}

/// An object that lacks what the API requires cannot be meant as it stands: it is a patch for another one.
fn is_complete(node: Node<'_>, api_version: &str, kind: &Kind, pods: &[Node<'_>]) -> bool {
    if !kind.bears_pods() {
        return true;
    }
    if pods.is_empty() {
        // A Rollout may take the pods of a Deployment.
        return Field::follow(node, &["spec", "workloadRef"]).is_set();
    }
    // Only these versions refuse a missing selector; the older ones filled it in.
    let selector = kind.needs_selector
        && matches!(
            api_version,
            "apps/v1" | "apps/v1beta2" | "argoproj.io/v1alpha1"
        );
    pods.iter().all(|pod| has_containers(*pod, kind))
        && (!selector || Field::follow(node, &["spec", "selector"]).is_set())
}

fn has_containers(pod: Node<'_>, kind: &Kind) -> bool {
    let containers = Field::follow(pod, &["spec", "containers"]);
    let mut containers = containers.items().peekable();
    let complete = |container: Node<'_>| {
        let mut needs = kind.container_needs.iter();
        needs.all(|field| container.present(field).is_some())
    };
    containers.peek().is_some() && containers.all(complete)
}
