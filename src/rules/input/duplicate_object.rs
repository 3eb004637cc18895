use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::declare_rule;
use crate::finding::Location;
use crate::kubernetes::Object;
use crate::rule::{Check, Context, Severity, Sink};
use crate::snapshot::Snapshot;
use crate::snapshot::built::{Built, inside_out};
use crate::syntax::Span;

declare_rule! {
    /// An object stands twice in what is applied together.
    ///
    /// ## Why it matters
    /// Within one file the later object silently replaces the earlier one; within one kustomization the build fails. Either way, one of the two definitions that were reviewed is not the one that runs.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: v1
    /// kind: ServiceAccount
    /// metadata: {name: cart}
    /// ---
    /// apiVersion: v1
    /// kind: ServiceAccount
    /// metadata: {name: cart}
    /// automountServiceAccountToken: false
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: v1
    /// kind: ServiceAccount
    /// metadata: {name: cart}
    /// automountServiceAccountToken: false
    /// ```
    ///
    /// ## Limits
    /// Copies in different files are alternatives (bases, overlays, release copies) unless one kustomization lists both. Kustomizations that share so much of each other that looking through them would take millions of steps are not looked through, which is told.
    "input/duplicate-object",
    severity: Severity::Medium,
    references: &["CWE-694"],
    check: Check::Manifests(check),
}

type Identity<'a> = (&'a str, &'a str, Option<&'a str>, &'a str);

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for file in snapshot.files() {
        let mut seen: BTreeMap<Identity<'_>, Object<'_>> = BTreeMap::new();
        // Patches of one object may be many.
        let own = snapshot.objects_of(file).filter(|object| {
            let patches = file
                .manifest()
                .and_then(|manifest| manifest.inline_patches.as_ref());
            let is_patch = patches
                .is_some_and(|patches| std::ptr::eq(object.node().tree(), &raw const patches.tree));
            !is_patch && is_named(*object)
        });
        for object in own {
            if let Some(first) = seen.insert(object.resource().identity(), object) {
                say(
                    object,
                    first,
                    "in this file; the later one replaces the earlier",
                    sink,
                );
            }
        }
    }
    // The parts of what changes names or namespaces are other objects in what takes it in.
    let built = inside_out(snapshot, |part| part.namespace.is_none() && !part.renames);
    let shared = Shared::of(snapshot, &built);
    let mut told = HashSet::new();
    let mut budget = MOST_STEPS;
    let mut contents: Vec<Holdings> = Vec::with_capacity(built.len());
    for kustomization in &built {
        let holdings = holdings(kustomization, &contents, &shared, &mut budget);
        let Some(mut holdings) = holdings else {
            if let Some((file, _)) = snapshot.kustomization_file(kustomization.folder) {
                sink.in_file(&file.path)
                    .report_span(Span::default())
                    .discriminator("budget")
                    .say("the kustomizations share too much of each other to be looked through for objects that stand twice; let each name what it takes in directly");
            }
            break;
        };
        // Of each object the first definition is kept: the others are told, and need not be told of what takes this in.
        if !holdings.is_sorted_by(|one, next| one.0 < next.0) {
            let all = Arc::make_mut(&mut holdings);
            let mut before: Option<(Number, usize)> = None;
            all.retain(|holding| {
                let first = before.filter(|before| before.0 == holding.0);
                before = Some(*holding);
                let Some(first) = first else {
                    return true;
                };
                if told.insert(*holding)
                    && let (Some((_, first)), Some((object, _))) =
                        (shared.ends.get(&first), shared.ends.get(holding))
                {
                    let place = "in one kustomization, whose build fails";
                    say(*object, *first, place, sink);
                }
                false
            });
        }
        contents.push(holdings);
    }
}

/// How many holdings are put together before the rule gives up. Repositories with thousands of kustomizations need a
/// tenth of it.
const MOST_STEPS: usize = 2_000_000;

/// An identity that stands in several files, by number.
type Number = usize;

/// The shared identities that a kustomization holds, each with the index of its file, in order.
type Holdings = Arc<Vec<(Number, usize)>>;

/// The identities that stand in more than one of the files that kustomizations name: of all others there is nothing
/// to be said.
struct Shared<'a> {
    /// The shared identities of a file.
    of_file: HashMap<usize, Vec<Number>>,
    /// The first and the last object of an identity in a file.
    ends: HashMap<(Number, usize), (Object<'a>, Object<'a>)>,
}

impl<'a> Shared<'a> {
    fn of(snapshot: &'a Snapshot, built: &[Built<'_>]) -> Self {
        let mut files: Vec<usize> = built
            .iter()
            .flat_map(|built| &built.files)
            .copied()
            .collect();
        files.sort_unstable();
        files.dedup();
        let objects = || {
            let files = files
                .iter()
                .filter_map(|index| Some((*index, snapshot.files().get(*index)?)));
            files.flat_map(|(index, file)| {
                let named = snapshot.objects_of(file).filter(|object| is_named(*object));
                named.map(move |object| (index, object))
            })
        };
        // The file that holds an identity; none where there are several.
        let mut holders: HashMap<Identity<'_>, Option<usize>> = HashMap::new();
        for (index, object) in objects() {
            let holder = holders
                .entry(object.resource().identity())
                .or_insert(Some(index));
            *holder = holder.filter(|holder| *holder == index);
        }
        let mut numbers: HashMap<Identity<'_>, Number> = HashMap::new();
        let mut shared = Self {
            of_file: HashMap::new(),
            ends: HashMap::new(),
        };
        for (index, object) in objects() {
            let identity = object.resource().identity();
            if holders.get(&identity) != Some(&None) {
                continue;
            }
            let next = numbers.len();
            let number = *numbers.entry(identity).or_insert(next);
            let ends = shared.ends.entry((number, index));
            if matches!(ends, std::collections::hash_map::Entry::Vacant(_)) {
                shared.of_file.entry(index).or_default().push(number);
            }
            ends.or_insert((object, object)).1 = object;
        }
        shared
    }
}

/// What a kustomization holds itself and by its parts; none where that is too much.
fn holdings(
    built: &Built<'_>,
    contents: &[Holdings],
    shared: &Shared<'_>,
    budget: &mut usize,
) -> Option<Holdings> {
    let mut parts: Vec<&Holdings> = built
        .parts
        .iter()
        .filter_map(|part| contents.get(*part))
        .collect();
    parts.retain(|part| !part.is_empty());
    parts.dedup_by(|one, other| Arc::ptr_eq(one, other));
    let own = built.files.iter().flat_map(|file| {
        let numbers = shared.of_file.get(file).into_iter().flatten();
        numbers.map(|number| (*number, *file))
    });
    let mut all: Vec<(Number, usize)> = own.collect();
    if let ([part], true) = (parts.as_slice(), all.is_empty()) {
        return Some(Arc::clone(part));
    }
    let steps = all.len() + parts.iter().map(|part| part.len()).sum::<usize>();
    *budget = budget.checked_sub(steps)?;
    all.extend(parts.into_iter().flat_map(|part| part.iter().copied()));
    all.sort_unstable();
    all.dedup();
    Some(Arc::new(all))
}

fn is_named(object: Object<'_>) -> bool {
    let name = &object.resource().name;
    !name.is_empty() && !name.ends_with('*')
}

fn say(object: Object<'_>, first: Object<'_>, where_: &str, sink: &mut Sink<'_>) {
    let location = Location {
        path: first.path().clone(),
        span: first.name_span(),
    };
    let mut sink = sink.about(object);
    let draft = sink
        .report_span(object.name_span())
        .related_in(location, "the other definition");
    draft.say(&format!(
        "it is defined twice {where_}; keep one definition"
    ));
}
