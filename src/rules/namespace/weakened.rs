use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::clusters::Clusters;
use crate::folders::folder as folder_of;
use crate::kubernetes::field::{quoted, shortened};
use crate::kubernetes::kustomization;
use crate::kubernetes::namespace::{LABEL_PREFIX, PolicyVersion};
use crate::kubernetes::pod_security::{Level, StandardCheck, Version};
use crate::kubernetes::{Completeness, Field, Mode, ModeValues, Namespace, Object};
use crate::rule::{Check, Context, Pair, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::builds::{Builds, Built, Speaker, Word};
use crate::snapshot::departures::{Departure, Source, departures};
use crate::snapshot::labels::labelled_files;
use crate::snapshot::predecessors::Predecessors;
use crate::syntax::Span;

declare_rule! {
    /// A change lowers the Pod Security level of a Namespace.
    ///
    /// ## Why it matters
    /// What the namespace refused so far, it lets in from then on: the change looks like one line of labels, and opens
    /// the namespace to privileged pods. To pin the standard to an older version does the same with fewer letters, as
    /// checks that came later are no longer asked. Labels for `warn` and `audit` refuse nothing: to lower them is low.
    ///
    /// ## Example
    /// ```yaml bad
    /// # base: namespace.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     pod-security.kubernetes.io/enforce: restricted
    /// # file: namespace.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     pod-security.kubernetes.io/enforce: baseline
    /// ```
    ///
    /// ## Instead
    /// Keep the level, and move the one workload that cannot meet it to a namespace of its own.
    /// ```yaml good
    /// # base: namespace.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     pod-security.kubernetes.io/enforce: baseline
    /// # file: namespaces/shop.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     pod-security.kubernetes.io/enforce: restricted
    /// ```
    ///
    /// ## Limits
    /// Nothing is said of a Namespace that is new or deleted, nor of a label that is gone from a patch, from a template,
    /// or from a Namespace that a kustomization may label. A version counts as older only where a check is asked no
    /// longer; pinned where it followed the cluster, it is told as medium if the cluster itself may be that old.
    ///
    /// A copy of a Namespace that is new in its place is held against the copy of the base in the same folder, in the
    /// same declared cluster, or in a kustomization that was there before; in another folder it is an alternative. What a
    /// kustomization makes of the labels is followed: `labels`, `commonLabels`, patches that set a label, set it to null
    /// or delete it, with or without a target, also as JSON patches and in the kustomization itself. Prefixes of names are
    /// not read, and a kustomization that is new counts only for the Namespaces of its own folder. A Namespace that lies
    /// outside of its declared cluster, or is built no longer by its kustomization and by no other, is told where pods of
    /// it are left there; without clusters and kustomizations, a copy anywhere counts.
    "namespace/weakened",
    severity: Severity::High,
    other_severities: &[Severity::Medium, Severity::Low],
    references: &["OWASP K8s 2022: K04", "CWE-693"],
    check: Check::Change(check),
}

/// Clusters that are older than this are nowhere maintained any longer.
const OLDEST_CLUSTER: Version = Version(30);

fn check(pair: &Pair<'_>, context: &Context, sink: &mut Sink<'_>) {
    let labelled = labelled_files(pair.head);
    let mut predecessors = Predecessors::of(pair, &context.clusters, |object| {
        Namespace::of(object).is_some()
    });
    let mut told_at: BTreeSet<(Arc<str>, Span)> = BTreeSet::new();
    for after in pair.head.objects().filter_map(Namespace::of) {
        let object = after.object();
        let open =
            object.completeness() != Completeness::Complete || labelled.contains(&**object.path());
        let known = predecessors.of_object(object);
        for before in known.into_iter().filter_map(Namespace::of) {
            let from = place_of(before.object(), object);
            for mode in Mode::ALL {
                let (was, now) = (before.mode(mode), after.mode(mode));
                if now.is_unrendered() || was.is_unrendered() {
                    continue;
                }
                let enforced = after.enforce().values();
                let mut sink = sink.about(object);
                if let Some(told) = lower_level(was.values(), now.values(), enforced, &from)
                    && (now.level_field.is_set() || !open)
                {
                    told.say(now.level_field, object, &mut sink);
                    told_at.insert((Arc::clone(object.path()), now.level_field.span()));
                }
                if let Some(told) = older_version(was.values(), now.values(), &from)
                    && (now.version_field.is_set() || !open)
                {
                    told.say(now.version_field, object, &mut sink);
                    told_at.insert((Arc::clone(object.path()), now.version_field.span()));
                }
            }
        }
    }
    departed(pair, &context.clusters, sink);
    built(pair, &labelled, &told_at, sink);
}

/// Namespaces that still lie somewhere, and are no longer applied from where pods of theirs are applied from.
fn departed(pair: &Pair<'_>, clusters: &Clusters, sink: &mut Sink<'_>) {
    let left = departures(pair, clusters, |object| Namespace::of(object).is_some());
    if left.is_empty() {
        return;
    }
    // The namespaces of the pods of each file, and of what is applied as one.
    let mut of_files: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for object in pair.head.objects() {
        if let Some((name, _)) = object.namespace()
            && object.pods().next().is_some()
        {
            of_files.entry(object.path()).or_default().insert(name);
        }
    }
    let mut of_sources: BTreeMap<Source<'_>, BTreeSet<&str>> = BTreeMap::new();
    for Departure { object, from } in left {
        let namespace = Namespace::of(object);
        let level = namespace.and_then(|namespace| namespace.enforce().level());
        let Some(level) = level.filter(|level| *level > Level::Privileged) else {
            continue;
        };
        let name = &*object.resource().name;
        let used = of_sources.entry(from).or_insert_with(|| {
            let files = from.files(pair.head, clusters).into_iter();
            files
                .filter_map(|path| of_files.get(path))
                .flatten()
                .copied()
                .collect()
        });
        if !used.contains(name) {
            continue;
        }
        let label = Mode::Enforce.level_label();
        match from {
            Source::Cluster(_) => sink
                .about(object)
                .report_removed(pair)
                .discriminator("departed")
                .say(&format!(
                    "it is no longer among the files of the cluster that it was declared for, though pods of it are, so that its label {label}, \"{level}\", keeps nothing from them; keep it there"
                )),
            Source::Kustomization(path) => sink
                .in_file(path)
                .report_span(Span::default())
                .discriminator(&format!("departed\0{name}"))
                .say(&format!(
                    "Namespace {} is no longer built by this kustomization, though pods of it are, so that its label {label}, \"{level}\", keeps nothing from them; list its file again",
                    quoted(name)
                )),
        }
    }
}

/// The other file that said what counted so far.
fn place_of(before: Object<'_>, after: Object<'_>) -> String {
    if before.path() == after.path() {
        String::new()
    } else {
        format!(" in {}", shortened(before.path()))
    }
}

/// What is told of a label.
struct Told {
    severity: Severity,
    sentence: String,
}

impl Told {
    fn say(&self, field: Field<'_>, object: Object<'_>, sink: &mut Sink<'_>) {
        let draft = sink.report(field).severity(self.severity);
        let draft = if field.is_set() {
            draft
        } else {
            draft.at(object.name_span())
        };
        draft.say(&self.sentence);
    }
}

fn severity(mode: Mode) -> Severity {
    match mode {
        Mode::Enforce => Severity::High,
        Mode::Audit | Mode::Warn => Severity::Low,
    }
}

fn lower_level(was: ModeValues, now: ModeValues, enforced: ModeValues, from: &str) -> Option<Told> {
    // A level that nothing could read was none that anything kept.
    let Some(Ok(level)) = was.written_level else {
        return None;
    };
    let label = was.mode.level_label();
    let sentence = match now.level() {
        Some(lower) if lower < level => format!(
            "the label {label} was \"{level}\"{from} and now counts as \"{lower}\"; set it to {level} again"
        ),
        Some(_) => return None,
        None => {
            // Without a label of its own, `warn` follows `enforce`.
            let followed = now.mode == Mode::Warn
                && matches!(enforced.written_level, Some(Ok(enforced)) if enforced >= level);
            if level == Level::Privileged || followed {
                return None;
            }
            format!(
                "the label {label} was \"{level}\"{from} and is gone, so that the default of the cluster decides; set it to {level} again"
            )
        }
    };
    Some(Told {
        severity: severity(now.mode),
        sentence,
    })
}

fn older_version(was: ModeValues, now: ModeValues, from: &str) -> Option<Told> {
    // What is asked at the level that stays; a lower level is told of by itself.
    let (Some(level), PolicyVersion::Pinned(pinned)) = (now.level(), now.version()) else {
        return None;
    };
    let followed = was.version() == PolicyVersion::Latest;
    was.level()?;
    let asked: BTreeSet<_> = StandardCheck::of(level, pinned).collect();
    let lost: Vec<_> = StandardCheck::of(level, was.version().on(Version::LATEST))
        .filter(|check| !asked.contains(check) && check.since() > pinned)
        .collect();
    let first = lost.first()?;
    let severity = match severity(now.mode) {
        Severity::High if followed && lost.iter().all(|check| check.since() > OLDEST_CLUSTER) => {
            Severity::Medium
        }
        severity => severity,
    };
    let label = now.mode.version_label();
    let before = match was.written_version {
        Some(Ok(version)) => format!("was \"{version}\"{from}"),
        _ => format!("was not set{from}"),
    };
    let more = match lost.len() {
        1 => " is".to_owned(),
        2 => " and 1 more check are".to_owned(),
        count => format!(" and {} more checks are", count - 1),
    };
    Some(Told {
        severity,
        sentence: format!(
            "the label {label} {before} and is now \"{}\", so that {}{more} asked no longer; take the later version again",
            now.version(),
            first.id(),
        ),
    })
}

/// What the kustomizations that were there before now make of the labels of their Namespaces.
fn built(
    pair: &Pair<'_>,
    labelled: &BTreeSet<String>,
    told_at: &BTreeSet<(Arc<str>, Span)>,
    sink: &mut Sink<'_>,
) {
    let head = Builds::of(pair.head);
    let base = Builds::of(pair.base);
    let mut in_folders: BTreeMap<&str, BTreeMap<Arc<str>, Built<'_>>> = BTreeMap::new();
    for namespace in pair.base.objects().filter_map(Namespace::of) {
        let path = &**namespace.object().path();
        let known = in_folders.entry(folder_of(path)).or_default();
        known.insert(namespace.name().into(), Built::of(namespace));
    }
    let hidden = hides_labels(pair.head);
    // What is said of the Namespace, or the patch, itself is not said again; where its label is gone, this is if
    // nothing that is read may label it.
    let told_there = |word: Option<&Word<'_>>, was: Option<&Word<'_>>| match (word, was) {
        (Some(word), _) => {
            told_at.contains(&(Arc::clone(word.path), word.at))
                || matches!(word.by, Speaker::Namespace(_)) && pair.changed.contains(word.path)
        }
        (None, Some(was)) => {
            let own = matches!(was.by, Speaker::Namespace(_));
            own && (hidden || !labelled.contains(&**was.path))
        }
        (None, None) => false,
    };
    for (folder, namespaces) in head.folders() {
        let Some((file, _)) = pair.head.kustomization_file(folder) else {
            continue;
        };
        let moved = pair.renames.get(&file.path);
        let moved = moved.map(|old| folder_of(old).to_owned());
        let before = base
            .of_folder(folder)
            .or_else(|| base.of_folder(moved.as_deref()?))
            .or_else(|| in_folders.get(folder));
        let Some(before) = before else { continue };
        for (name, now) in namespaces {
            if let Some(was) = before.get(name) {
                relabelled((name, &file.path), (was, now), &told_there, sink);
            }
        }
    }
}

/// True if something that is not read may label Namespaces.
fn hides_labels(head: &Snapshot) -> bool {
    head.kustomization_files().any(|(file, kustomization)| {
        let speaks = file
            .text()
            .is_some_and(|text| text.contains("Namespace") || text.contains(LABEL_PREFIX));
        let patches = kustomization.patches.iter();
        let mut patches = patches.filter_map(|path| kustomization::resolve(file.folder(), path));
        let is_read = |path: &str| {
            head.file(path)
                .is_some_and(|file| file.manifest().is_some())
        };
        !kustomization.build_files.is_empty() || speaks && patches.any(|path| !is_read(&path))
    })
}

/// True if what was said last of a label is told elsewhere: in the head, and in the base.
type ToldThere<'f> = &'f dyn Fn(Option<&Word<'_>>, Option<&Word<'_>>) -> bool;

fn relabelled(
    (name, kustomization): (&str, &Arc<str>),
    (was, now): (&Built<'_>, &Built<'_>),
    told_there: ToldThere<'_>,
    sink: &mut Sink<'_>,
) {
    let enforced = now.mode(Mode::Enforce);
    for mode in Mode::ALL {
        if was.is_unrendered(mode) || now.is_unrendered(mode) {
            continue;
        }
        let (before, after) = (was.mode(mode), now.mode(mode));
        for (label, told) in [
            (mode.level_label(), lower_level(before, after, enforced, "")),
            (mode.version_label(), older_version(before, after, "")),
        ] {
            let word = now.word(label);
            let Some(told) = told.filter(|_| !told_there(word, was.word(label))) else {
                continue;
            };
            let discriminator = format!("{label}\0{name}");
            if let Some(Word {
                by: Speaker::Patch(object),
                at,
                ..
            }) = word
            {
                sink.about(*object)
                    .report_span(*at)
                    .severity(told.severity)
                    .discriminator(&discriminator)
                    .say(&told.sentence);
                continue;
            }
            let (path, at, by) = match word {
                Some(Word {
                    by: Speaker::Kustomization(by),
                    path,
                    at,
                    ..
                }) => (*path, *at, *by),
                _ => (kustomization, Span::default(), "this kustomization"),
            };
            sink.in_file(path)
                .report_span(at)
                .severity(told.severity)
                .discriminator(&discriminator)
                .say(&format!(
                    "Namespace {}, as {by} now has it: {}",
                    quoted(name),
                    told.sentence
                ));
        }
    }
}
