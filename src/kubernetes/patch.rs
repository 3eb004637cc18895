//! The patches of a kustomization: where they stand, and what they are for.

use crate::syntax::Node;

/// A patch that a kustomization names or holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Where it stands.
    pub source: PatchSource,
    /// What it changes; none where it says so itself, by kind and name.
    pub target: Option<Target>,
}

/// Where a patch stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatchSource {
    /// In a file, by the path that the kustomization writes.
    File(String),
    /// In the kustomization: the node of its text.
    Inline(u32),
}

/// What a patch changes. Each part is a pattern that has to match the whole; a part that is not there matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    group: Option<String>,
    kind: Option<String>,
    name: Option<String>,
    namespace: Option<String>,
    labels: Option<String>,
    annotations: Option<String>,
}

impl Target {
    fn read(target: Node<'_>) -> Self {
        let text = |key| {
            let text = target.present(key)?.key_text();
            (!text.is_empty()).then(|| text.to_owned())
        };
        Self {
            group: text("group"),
            kind: text("kind"),
            name: text("name"),
            namespace: text("namespace"),
            labels: text("labelSelector"),
            annotations: text("annotationSelector"),
        }
    }

    /// The pattern of the kinds that it selects.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    /// True if it may select an object by a name that a prefix or a suffix was put to.
    #[must_use]
    pub fn may_select_renamed(&self, name: &str) -> bool {
        let pattern = self.name.as_deref();
        pattern.is_none_or(|pattern| may_match(pattern, name) || pattern.contains(name))
    }

    /// The name that it selects; none where it is a pattern, or nothing.
    #[must_use]
    pub fn plain_name(&self) -> Option<&str> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let name = self.name.as_deref()?;
        name.bytes().all(is_plain).then_some(name)
    }

    /// True if its selectors may select an object.
    #[must_use]
    pub fn may_select_labels(&self, object: Node<'_>) -> bool {
        let fits = |selector: &Option<String>, key: &str| {
            let told = object
                .present("metadata")
                .and_then(|metadata| metadata.present(key));
            selector.as_deref().is_none_or(|selector| {
                let mut parts = selector.split(',');
                selector.contains('(') || parts.all(|part| may_hold(part, told))
            })
        };
        fits(&self.labels, "labels") && fits(&self.annotations, "annotations")
    }

    /// True if all of its patterns are such that what they may select they do select.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        let patterns = [&self.group, &self.kind, &self.name, &self.namespace];
        let mut patterns = patterns.into_iter().flatten();
        let mut selectors = [&self.labels, &self.annotations].into_iter().flatten();
        patterns.all(|pattern| {
            let pattern = pattern.replace(".*", "").replace(".+", "");
            pattern.bytes().all(|byte| {
                byte.is_ascii_alphanumeric()
                    || matches!(
                        byte,
                        b'-' | b'_' | b'/' | b'.' | b'|' | b'^' | b'$' | b'(' | b')'
                    )
            })
        }) && selectors.all(|selector| !selector.contains('('))
    }

    /// True if it may select what lands in one of some namespaces.
    pub fn may_select_namespace<'n>(&self, mut namespaces: impl Iterator<Item = &'n str>) -> bool {
        let pattern = self.namespace.as_deref();
        pattern.is_none_or(|pattern| namespaces.any(|name| may_match(pattern, name)))
    }

    /// True if it may select an object. Versions and namespaces are not compared, nor is the name
    /// where kustomizations change it on the way.
    #[must_use]
    pub fn may_select(&self, group: &str, kind: &str, name: Option<&str>) -> bool {
        let fits = |pattern: &Option<String>, text: &str| {
            pattern
                .as_deref()
                .is_none_or(|pattern| may_match(pattern, text))
        };
        fits(&self.group, group)
            && fits(&self.kind, kind)
            && name.is_none_or(|name| fits(&self.name, name))
    }
}

/// The patches of a kustomization, in the order in which they count.
pub(super) fn of_kustomization(root: Node<'_>) -> Vec<Patch> {
    let items = |key: &str| root.present(key).into_iter().flat_map(Node::items);
    let mut found = Vec::new();
    for node in items("patchesStrategicMerge") {
        let Some(text) = node.as_str() else { continue };
        let source = if text.contains('\n') || text.contains('{') {
            PatchSource::Inline(node.id())
        } else {
            PatchSource::File(text.to_owned())
        };
        found.push(Patch {
            source,
            target: None,
        });
    }
    for node in ["patches", "patchesJson6902"].into_iter().flat_map(items) {
        let target = node.present("target").filter(|target| target.is_mapping());
        let file = node.present("path").and_then(Node::as_str);
        let source = match (file, node.present("patch")) {
            (Some(path), _) => PatchSource::File(path.to_owned()),
            (None, Some(text)) => PatchSource::Inline(text.id()),
            (None, None) => continue,
        };
        found.push(Patch {
            source,
            target: target.map(Target::read),
        });
    }
    found
}

/// True unless a requirement of a selector certainly does not hold for labels.
fn may_hold(requirement: &str, labels: Option<Node<'_>>) -> bool {
    let requirement = requirement.trim();
    let told = |key: &str| Some(labels?.present(key.trim())?.key_text());
    if let Some((key, value)) = requirement.split_once("!=") {
        return told(key) != Some(value.trim());
    }
    match requirement.split_once('=') {
        Some((key, value)) => told(key) == Some(value.trim_start_matches('=').trim()),
        None => match requirement.strip_prefix('!') {
            Some(key) => told(key).is_none(),
            None => requirement.is_empty() || told(requirement).is_some(),
        },
    }
}

/// True unless a pattern certainly does not match the whole of a text. Read are plain texts, `.*`, `.+` and
/// alternatives; what else it holds may match anything.
fn may_match(pattern: &str, text: &str) -> bool {
    let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
    let pattern = pattern.strip_suffix('$').unwrap_or(pattern);
    let inner = pattern
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
        .filter(|inner| !inner.contains(['(', ')']));
    inner
        .unwrap_or(pattern)
        .split('|')
        .any(|one| one_may_match(one, text))
}

fn one_may_match(pattern: &str, text: &str) -> bool {
    let plain = pattern.replace(".*", "\0").replace(".+", "\0");
    let is_read = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/');
    if !plain
        .bytes()
        .all(|byte| is_read(byte) || matches!(byte, 0 | b'.'))
    {
        return true;
    }
    let mut parts = plain.split('\0');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}
