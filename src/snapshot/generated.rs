//! The values of the `ConfigMap`s and Secrets that kustomizations generate from literals and files of variables.
//!
//! Source: `configMapGenerator` and `secretGenerator` of `kustomize.config.k8s.io` v1beta1: `literals` in or without quotes, and the lines of
//! `envs` and `env`, of which those that begin with `#` are comments.

use std::collections::HashMap;
use std::sync::Arc;

use crate::kubernetes::kustomization;
use crate::kubernetes::process::ConfigSource;
use crate::syntax::{Node, Span};

use super::{Snapshot, SourceFile};

/// The most files that are followed from kustomizations that generate something.
const MOST_BUILT: usize = 500_000;

/// The most values that are kept of one revision.
const MOST_VALUES: usize = 1 << 17;

/// A value of a `ConfigMap` or Secret that is generated.
#[derive(Clone, Copy, Debug)]
pub struct Generated<'a> {
    /// The kustomization that generates it.
    pub kustomization: &'a Arc<str>,
    /// `ConfigMap` or `Secret`.
    pub kind: &'static str,
    /// The name of it, without what is put before and behind it.
    pub map: &'a str,
    /// The key.
    pub key: &'a str,
    /// The value.
    pub text: &'a str,
    /// The file that holds the value: the kustomization, or one of variables.
    pub path: &'a Arc<str>,
    /// The bytes of the literal, or of the line.
    pub at: Span,
}

/// The kind and name of what holds a value, and its key there.
type Key<'a> = (&'a str, &'a str, &'a str);

/// What the kustomizations of a revision generate.
#[derive(Debug, Default)]
pub struct Generators<'a> {
    /// The values of each kustomization, by the kind and name of what holds them and by their key.
    values: Vec<HashMap<Key<'a>, Vec<Generated<'a>>>>,
    /// By file: the kustomizations, by their number, whose variables it is built with.
    built_with: HashMap<String, Vec<usize>>,
}

impl<'a> Generators<'a> {
    /// The generators of a revision.
    #[must_use]
    pub fn of(snapshot: &'a Snapshot) -> Self {
        let mut all = Self::default();
        let (mut built_left, mut values_left) = (MOST_BUILT, MOST_VALUES);
        for (file, _) in snapshot.kustomization_files() {
            let mut values: HashMap<_, Vec<Generated<'a>>> = HashMap::new();
            for value in of_file(snapshot, file) {
                if let Some(left) = values_left.checked_sub(1) {
                    values_left = left;
                    let known = values
                        .entry((value.kind, value.map, value.key))
                        .or_default();
                    known.push(value);
                }
            }
            if values.is_empty() || built_left == 0 {
                continue;
            }
            for path in snapshot.built_from(file.folder()) {
                built_left = built_left.saturating_sub(1);
                let known = all.built_with.entry(path).or_default();
                known.push(all.values.len());
            }
            all.values.push(values);
        }
        all
    }

    /// The values that something in a file takes from there.
    pub fn values<'s>(
        &'s self,
        path: &str,
        source: ConfigSource<'s>,
    ) -> impl Iterator<Item = Generated<'a>> + use<'s, 'a> {
        let built_with = self.built_with.get(path).into_iter().flatten();
        let all = built_with.filter_map(|number| self.values.get(*number));
        all.filter_map(move |values| values.get(&(source.kind, source.map, source.key)))
            .flatten()
            .copied()
    }
}

/// What generates, and what.
const GENERATORS: [(&str, &str); 2] = [
    ("configMapGenerator", "ConfigMap"),
    ("secretGenerator", "Secret"),
];

/// What a kustomization generates.
fn of_file<'a>(snapshot: &'a Snapshot, file: &'a SourceFile) -> Vec<Generated<'a>> {
    let mut values = Vec::new();
    let Some(manifest) = file.manifest() else {
        return values;
    };
    let documents = manifest.tree.documents().iter();
    let roots = documents.map(|document| manifest.tree.root(document));
    let generators = roots.flat_map(|root| {
        GENERATORS
            .iter()
            .flat_map(move |(key, kind)| items(root, key).map(|node| (*kind, node)))
    });
    for (kind, generator) in generators {
        let Some(map) = generator.get("name").map(Node::key_text) else {
            continue;
        };
        for literal in items(generator, "literals") {
            let text = literal.as_str().and_then(|text| text.split_once('='));
            if let Some((key, text)) = text {
                values.push(Generated {
                    kustomization: &file.path,
                    kind,
                    map,
                    key,
                    text: text.trim_matches(['"', '\'']),
                    path: &file.path,
                    at: literal.span(),
                });
            }
        }
        let named = items(generator, "envs").chain(generator.get("env"));
        for path in named.filter_map(Node::as_str) {
            let path = kustomization::resolve(file.folder(), path);
            let found = path.and_then(|path| snapshot.file(&path));
            if let Some((of_variables, lines)) = found.and_then(|file| Some((file, file.lines()?)))
            {
                values.extend(of_lines(lines).map(|(key, text, at)| Generated {
                    kustomization: &file.path,
                    kind,
                    map,
                    key,
                    text,
                    path: &of_variables.path,
                    at,
                }));
            }
        }
    }
    values
}

fn items<'a>(node: Node<'a>, key: &str) -> impl Iterator<Item = Node<'a>> + use<'a> {
    node.present(key).into_iter().flat_map(Node::items)
}

/// The variables of a file, with where they stand.
fn of_lines(text: &str) -> impl Iterator<Item = (&str, &str, Span)> {
    let mut at = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let start = at;
        at += line.len();
        let written = line.trim_end_matches(['\n', '\r']);
        let content = written.trim_start_matches('\u{feff}').trim_start();
        let before = written.len() - content.len();
        let (key, value) = content.split_once('=')?;
        let span = Span::new(start + before, start + written.len());
        (!key.starts_with('#')).then_some((key, value, span))
    })
}
