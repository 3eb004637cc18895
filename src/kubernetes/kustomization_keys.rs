//! The keys of a kustomization, whose case kustomize does not look at: what it reads under `Patches` counts as `patches`.
//!
//! Source: kustomize decodes the file as JSON with Go's `encoding/json`, whose `Unmarshal` takes a key for a field where
//! only the case differs, unless another one fits exactly.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::syntax::{Node, Problem, ProblemKind, Tree};

/// The names of the fields, at whatever depth.
const FIELDS: [&str; 56] = [
    "annotationSelector",
    "annotations",
    "apiVersion",
    "bases",
    "behavior",
    "buildMetadata",
    "commonAnnotations",
    "commonLabels",
    "components",
    "configMapGenerator",
    "configurations",
    "count",
    "crds",
    "digest",
    "disableNameSuffixHash",
    "env",
    "envs",
    "fieldPaths",
    "files",
    "generatorOptions",
    "generators",
    "group",
    "helmChartInflationGenerator",
    "helmCharts",
    "helmGlobals",
    "images",
    "immutable",
    "includeSelectors",
    "includeTemplates",
    "kind",
    "labelSelector",
    "labels",
    "literals",
    "name",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "newName",
    "newTag",
    "openapi",
    "options",
    "pairs",
    "patch",
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "path",
    "replacements",
    "replicas",
    "resources",
    "secretGenerator",
    "tagSuffix",
    "target",
    "transformers",
    "validators",
    "version",
];

/// Gives keys that are fields but for their case the names of these. Where one mapping spells a field in two ways,
/// what kustomize builds hangs on their order and on what both hold: that is returned as not to be read.
pub(super) fn respell(tree: &mut Tree) -> Vec<Problem> {
    let mut found = Spellings::default();
    for document in tree.documents() {
        found.collect(tree.root(document));
    }
    for (key, field) in found.other {
        tree.respell(key, field);
    }
    found.doubled
}

/// Keys that are fields but for their case.
#[derive(Default)]
struct Spellings {
    /// Those that alone give their field, with its name.
    other: Vec<(u32, &'static str)>,
    /// Those that give one which another key gives as well.
    doubled: Vec<Problem>,
}

impl Spellings {
    /// Depth is bounded by the reader.
    fn collect(&mut self, node: Node<'_>) {
        for item in node.items() {
            self.collect(item);
        }
        if !node.is_mapping() {
            return;
        }
        let mut given = BTreeMap::new();
        for entry in node.entries() {
            let key = entry.key.key_text();
            let mut fields = FIELDS.iter();
            let plain = folded(key);
            let Some(field) = fields.find(|field| field.eq_ignore_ascii_case(&plain)) else {
                continue;
            };
            if let Some(first) = given.insert(*field, key) {
                self.doubled.push(Problem {
                    kind: ProblemKind::Syntax(format!(
                        "`{first}` and `{key}` are one key to kustomize, so remove one of them"
                    )),
                    at: entry.key.span(),
                    lost: entry.key.span().to(entry.value.span()),
                });
            } else if *field != key && node.get(field).is_none() {
                self.other.push((entry.key.id(), field));
            }
            if !holds_own_keys(field, entry.value) {
                self.collect(entry.value);
            }
        }
    }
}

/// A key without the two letters beyond ASCII that Go takes for the case of one within it: the long s, and the sign of
/// the kelvin.
fn folded(key: &str) -> Cow<'_, str> {
    if key.is_ascii() {
        return key.into();
    }
    key.replace('\u{17f}', "s").replace('\u{212a}', "k").into()
}

/// True for what holds labels or annotations, whose keys are anybody's.
fn holds_own_keys(field: &str, value: Node<'_>) -> bool {
    match field {
        "annotations" | "commonAnnotations" | "commonLabels" | "pairs" => true,
        "labels" => value.is_mapping(),
        _ => false,
    }
}
