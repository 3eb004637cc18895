use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::change::LeftOutReason;
use crate::declare_rule;
use crate::kubernetes::field::shortened;
use crate::kubernetes::handed_over::handed_over;
use crate::kubernetes::inline_patch::InlinePatches;
use crate::kubernetes::kustomization::{self, Request, Unbuilt};
use crate::kubernetes::manifest::visit_objects;
use crate::kubernetes::taken_away::taken_away;
use crate::kubernetes::{Completeness, Object, kinds};
use crate::rule::{Check, Context, Pair, Severity, Sink};
use crate::snapshot::applied::Unapplied;
use crate::snapshot::overwritten::{Lost, newly_overwritten};
use crate::snapshot::patch_files::patching;
use crate::snapshot::taken::left_alone;
use crate::snapshot::{Snapshot, SourceFile, State};
use crate::syntax::{Node, Span, Tree};

declare_rule! {
    /// A changed file could not be judged before it is rendered.
    ///
    /// ## Why it matters
    /// Helm templates, Kustomize patches of objects that are not here, JSON patches of other objects than workloads and Services and of the labels of pods, what of patches, by an operation, `null` or `$patch`, may take a protection away, remote resources, values and patches that objects of Flux and Argo CD carry, symbolic links and files of installed packages become objects only when something else reads them, so this run says nothing of what this change does there. Judge the rendered output instead: run `helm template` or `kustomize build` first and give tidegate the result.
    ///
    /// ## Example
    /// ```text bad
    /// a changed file of a chart: image: {{ .Values.image }}
    /// ```
    ///
    /// ## Instead
    /// ```text good
    /// the output of `helm template`, kept in the repository or made before the gate runs
    /// ```
    ///
    /// ## Limits
    /// Only changed files are told of, and none that was moved as it is; the coverage of every run counts them all.
    "input/not-judged",
    severity: Severity::Note,
    references: &["CWE-693"],
    check: Check::Change(check),
}

/// What a folder of installed packages is called.
const INSTALLED: &str = "node_modules";

fn check(pair: &Pair<'_>, context: &Context, sink: &mut Sink<'_>) {
    for file in pair.head.files() {
        if pair.changed.contains(&file.path) {
            new_requests(pair, file, &mut sink.in_file(&file.path));
            // What was moved as it is was not judged before either.
            if before_move(pair, &file.path).is_none() {
                changed_file(file, &mut sink.in_file(&file.path));
                newly_handed_over(pair, file, &mut sink.in_file(&file.path));
                without_pods(pair.head, file, context, sink);
            }
        }
    }
    for path in pair.changed {
        let fed_chart = before_move(pair, path).is_some_and(|old| pair.base.feeds_chart(old));
        if pair.head.feeds_chart(path) && !is_told(pair.head, path) && !fed_chart {
            sink.in_file(path)
                .report_span(Span::default())
                .discriminator("chart")
                .say("a Helm chart is made from this file, and was not judged; judge the output of `helm template`");
        }
    }
    unread_patches(pair, sink);
    unapplied_patches(pair, sink);
    for (at, left) in left_alone(pair.base, pair.head) {
        sink.in_file(&at.path)
            .report_span(at.span)
            .discriminator(&format!("left-alone {}", shortened(&left)))
            .say(&format!(
                "no kustomization takes in {} any more, so that whether it is still applied beside the others was not judged; list it again, or delete it",
                shortened(&left)
            ));
    }
    protections_taken(pair, sink);
    protections_overwritten(pair, sink);
    lost_completeness(pair, sink);
    in_installed_packages(pair, sink);
    let in_base: BTreeSet<_> = pair.base.left_out.iter().collect();
    for left_out in &pair.head.left_out {
        if in_base.contains(left_out) {
            continue;
        }
        let what = match &left_out.reason {
            LeftOutReason::Symlink => {
                "this symbolic link is not followed, so what it points to was not judged under this name"
            }
            LeftOutReason::Submodule => "this submodule is another repository and was not judged",
            // Installed packages are told where something takes one of their files for a manifest; the rest makes the
            // run incomplete and is told there.
            _ => continue,
        };
        let path = left_out.path.as_str().into();
        sink.in_file(&path)
            .report_span(Span::default())
            .discriminator("link")
            .say(what);
    }
}

/// The path in the base of a file that was moved and is the same byte for byte.
fn before_move<'a>(pair: &Pair<'a>, path: &Arc<str>) -> Option<&'a Arc<str>> {
    let old = pair.renames.get(path)?;
    pair.moved.contains(path).then_some(old)
}

/// What a changed file says that only a build can show.
fn changed_file(file: &SourceFile, sink: &mut Sink<'_>) {
    if matches!(&*file.state, State::LfsPointer) {
        sink.report_span(Span::default())
            .discriminator("lfs")
            .say("a Git LFS pointer stands in place of this file, so its content was not judged");
    }
    if file.lockfile().is_some_and(|lockfile| lockfile.is_newer) {
        sink.report_span(Span::default())
            .discriminator("version")
            .say("this lockfile is written in a newer version of its notation than is known here, and was read as far as it is recognised; update tidegate");
    }
    let Some(manifest) = file.manifest() else {
        return;
    };
    // Outside of a chart, a manifest that becomes a template is unreadable, and told as such.
    let unreadable = file.was_manifest && file.completeness != Completeness::Template;
    if manifest.templates > 0 && !unreadable {
        let at = manifest.tree.text().find("{{").unwrap_or_default();
        sink.report_span(Span::new(at, at + 2))
            .discriminator("template")
            .say("this is a template, and was not judged; judge its rendered output");
    }
}

/// What objects hand to a program that builds others, and did not hand over as it is before.
fn newly_handed_over(pair: &Pair<'_>, file: &SourceFile, sink: &mut Sink<'_>) {
    let Some(manifest) = file
        .manifest()
        .filter(|manifest| manifest.other_objects > 0)
    else {
        return;
    };
    let old = pair.base.file(&file.path);
    let old = old.or_else(|| pair.base.file(pair.renames.get(&file.path)?));
    let mut known: HashSet<(&str, &str, &str)> = HashSet::new();
    if let Some(before) = old.and_then(SourceFile::manifest) {
        visit_objects(&before.tree, &mut |object, api_version, kind| {
            let parts = handed_over(object, api_version, kind).into_iter();
            known.extend(parts.map(|part| (kind, name_of(object), part.source())));
        });
    }
    visit_objects(&manifest.tree, &mut |object, api_version, kind| {
        for part in handed_over(object, api_version, kind) {
            if known.contains(&(kind, name_of(object), part.source())) {
                continue;
            }
            let at = part.key().map_or(part.span(), Node::span);
            sink.report_span(at)
                .discriminator(&format!("{kind} {} {}", name_of(object), part.pointer()))
                .say("what is built from this was not judged; judge the rendered output, of `helm template` or `kustomize build`");
        }
    });
}

fn name_of(object: Node<'_>) -> &str {
    let metadata = object.get("metadata");
    let name = metadata.and_then(|metadata| metadata.get("name"));
    name.map_or("", Node::key_text)
}

/// Objects of declared kinds that have nothing where the configuration says that their pods are.
fn without_pods(snapshot: &Snapshot, file: &SourceFile, context: &Context, sink: &mut Sink<'_>) {
    // Patches and templates say what they say.
    if context.declared.is_empty() || file.completeness != Completeness::Complete {
        return;
    }
    for object in snapshot.objects_of(file) {
        let of_other_pods = object.field(&["spec", "workloadRef"]).is_set();
        if !std::ptr::eq(object.kind(), &raw const kinds::DECLARED)
            || object.pods().next().is_some()
            || of_other_pods
        {
            continue;
        }
        let resource = object.resource();
        let mut declared = context.declared.iter();
        let Some(declared) =
            declared.find(|kind| kind.holds(&resource.api_version, &resource.kind))
        else {
            continue;
        };
        let path = declared.pod_template();
        sink.about(object)
            .report_span(object.name_span())
            .discriminator("pod-template")
            .say(&format!(
                "nothing stands at `{}`, where kubernetes.workloads of the configuration says that its pods are, so that they were not judged; correct the path there",
                shortened(path)
            ));
    }
}

/// Files of installed packages that a kustomization names, where it, or the folder, is new to it.
fn in_installed_packages(pair: &Pair<'_>, sink: &mut Sink<'_>) {
    let before: BTreeSet<&str> = installed(pair.base).collect();
    let folders: BTreeSet<&str> = installed(pair.head).collect();
    if folders.is_empty() {
        return;
    }
    for (file, _) in pair.head.kustomization_files() {
        let Some(manifest) = file.manifest() else {
            continue;
        };
        let known: BTreeSet<&str> = match pair.base.file(&file.path).and_then(SourceFile::manifest)
        {
            Some(manifest) => texts(&manifest.tree).map(|(text, _)| text).collect(),
            None => BTreeSet::new(),
        };
        for (text, at) in texts(&manifest.tree) {
            let Some(path) = kustomization::resolve(file.folder(), text) else {
                continue;
            };
            let folder = installed_folder(&path).filter(|folder| folders.contains(folder));
            let Some(folder) = folder else {
                continue;
            };
            if known.contains(text) && before.contains(folder) {
                continue;
            }
            sink.in_file(&file.path)
                .report_span(at)
                .discriminator(&shortened(text))
                .say("this lies among installed packages, which are not looked into, and was not judged; keep manifests outside of `node_modules`");
        }
    }
}

fn installed(snapshot: &Snapshot) -> impl Iterator<Item = &str> {
    let folders = snapshot.left_out.iter();
    let folders = folders.filter(|left_out| left_out.reason == LeftOutReason::Installed);
    folders.map(|left_out| left_out.path.as_str())
}

/// The texts of a tree that name a folder of installed packages.
fn texts(tree: &Tree) -> impl Iterator<Item = (&str, Span)> {
    let is_close = tree.text().contains(INSTALLED);
    let roots = tree.documents().iter().filter(move |_| is_close);
    let mut left: Vec<Node<'_>> = roots.map(|document| tree.root(document)).collect();
    std::iter::from_fn(move || {
        loop {
            let node = left.pop()?;
            left.extend(node.items());
            left.extend(node.written_entries().map(|entry| entry.value));
            if let Some(text) = node.as_str().filter(|text| text.contains(INSTALLED)) {
                return Some((text, node.span()));
            }
        }
    })
}

/// The topmost folder of installed packages on a path, which may be the last of it.
fn installed_folder(path: &str) -> Option<&str> {
    let mut end = 0;
    for part in path.split('/') {
        end += part.len();
        if part == INSTALLED {
            return path.get(..end);
        }
        end += 1;
    }
    None
}

/// What a changed kustomization asks for, and did not ask for before.
fn new_requests(pair: &Pair<'_>, file: &SourceFile, sink: &mut Sink<'_>) {
    let Some(kustomization) = pair.head.kustomization(file.folder()) else {
        return;
    };
    let is_itself = file
        .manifest()
        .and_then(|manifest| manifest.kustomization.as_ref());
    if is_itself.is_none() {
        return;
    }
    let own = pair.base.kustomization(file.folder());
    let before = own.or_else(|| {
        let old = pair.base.file(pair.renames.get(&file.path)?)?;
        pair.base.kustomization(old.folder())
    });
    let key = |request: &Request| (request.what, request.content);
    let known: HashSet<_> = before
        .into_iter()
        .flat_map(|before| &before.requests)
        .map(key)
        .collect();
    let patched_before = patching(pair.base);
    let inline = file
        .manifest()
        .and_then(|manifest| manifest.inline_patches.as_ref());
    let is_in_part = |text: u32| inline.is_some_and(|patches| patches.has_read_in_part(text));
    for request in &kustomization.requests {
        let asked_before = known.contains(&key(request));
        let path = request.path.as_deref();
        let resolved = path.and_then(|path| kustomization::resolve(file.folder(), path));
        if asked_before || is_read(pair.head, request.what, resolved.as_deref()) {
            continue;
        }
        let in_file = resolved
            .as_deref()
            .filter(|_| request.what == Unbuilt::FilePatch);
        // A file that changed is told of itself.
        if in_file.is_some_and(|path| unread_patch(pair, path, &patched_before).is_some()) {
            continue;
        }
        let in_part = request.text.map_or_else(
            || in_file.is_some_and(|path| has_read_in_part(pair.head, path)),
            is_in_part,
        );
        let (discriminator, what) = match request.what {
            Unbuilt::InlinePatch if in_part => (
                "inline-patch",
                "a part of this inline patch was not judged; judge the output of `kustomize build`",
            ),
            Unbuilt::InlinePatch => (
                "inline-patch",
                "this inline patch was not judged; judge the output of `kustomize build`",
            ),
            Unbuilt::FilePatch if in_part => (
                "file-patch",
                "a part of this patch was not judged; judge the output of `kustomize build`",
            ),
            Unbuilt::FilePatch => (
                "file-patch",
                "this patch was not judged; judge the output of `kustomize build`",
            ),
            Unbuilt::RemoteResource => (
                "remote",
                "this is fetched from elsewhere and was not judged; judge the output of `kustomize build`",
            ),
            Unbuilt::HelmChart => (
                "chart",
                "these charts are rendered elsewhere and were not judged; judge the output of `kustomize build --enable-helm`",
            ),
            Unbuilt::Transformation => (
                "transformation",
                "what this builds was not judged; judge the output of `kustomize build`",
            ),
            Unbuilt::OddResource => (
                "odd-resource",
                "this resource is neither named as YAML or JSON nor a folder with a kustomization, and was not read",
            ),
        };
        sink.report_span(request.at)
            .discriminator(discriminator)
            .say(what);
    }
}

/// True if what is named was judged like any other file.
fn is_read(snapshot: &Snapshot, what: Unbuilt, path: Option<&str>) -> bool {
    let Some(path) = path else { return false };
    match what {
        Unbuilt::FilePatch => is_told(snapshot, path) && !holds_operations(snapshot, path),
        Unbuilt::OddResource => snapshot.kustomization(path).is_some(),
        Unbuilt::InlinePatch
        | Unbuilt::RemoteResource
        | Unbuilt::HelmChart
        | Unbuilt::Transformation => false,
    }
}

/// True if a document of the file is a list of JSON patch operations that are not all judged: objects beside it say
/// nothing.
fn holds_operations(snapshot: &Snapshot, path: &str) -> bool {
    let manifest = snapshot.file(path).and_then(SourceFile::manifest);
    manifest.is_some_and(|manifest| {
        let mut documents = manifest.tree.documents().iter();
        documents.any(|document| {
            let root = manifest.tree.root(document);
            let written = manifest.inline_patches.as_ref();
            root.is_sequence() && !written.is_some_and(|written| written.has_read(root.id()))
        })
    })
}

/// True if [`changed_file`] speaks of the file, or its objects were judged.
fn is_told(snapshot: &Snapshot, path: &str) -> bool {
    let manifest = snapshot.file(path).and_then(SourceFile::manifest);
    manifest.is_some_and(|manifest| {
        let written = manifest.inline_patches.as_ref();
        manifest.templates > 0
            || !manifest.records.is_empty()
            || written.is_some_and(InlinePatches::has_read_any)
    })
}

/// True if a file of operations was judged in part.
fn has_read_in_part(snapshot: &Snapshot, path: &str) -> bool {
    let manifest = snapshot.file(path).and_then(SourceFile::manifest);
    manifest.is_some_and(|manifest| {
        let written = manifest.inline_patches.as_ref();
        !manifest.records.is_empty() || written.is_some_and(InlinePatches::has_read_any)
    })
}

/// Changed files that a kustomization takes for patches or instructions, and that hold no object to judge.
fn unread_patches(pair: &Pair<'_>, sink: &mut Sink<'_>) {
    let before = patching(pair.base);
    for path in patching(pair.head) {
        let Some(path) = unread_patch(pair, &path, &before) else {
            continue;
        };
        let what = if has_read_in_part(pair.head, path) {
            "a part of this file, which patches objects as it is built, was not judged; judge the output of `kustomize build`"
        } else {
            "this file patches objects as it is built, and was not judged; judge the output of `kustomize build`"
        };
        sink.in_file(path)
            .report_span(Span::default())
            .discriminator("patch")
            .say(what);
    }
}

/// Patches that say something of what passes or of who may do what, where the object that they change is not known, and
/// that were not there before.
fn unapplied_patches(pair: &Pair<'_>, sink: &mut Sink<'_>) {
    if pair.head.unapplied().is_empty() {
        return;
    }
    let known: HashSet<_> = pair.base.unapplied().iter().map(Unapplied::key).collect();
    for patch in pair.head.unapplied() {
        if known.contains(&patch.key()) {
            continue;
        }
        let resource = &patch.resource;
        let (kind, name) = (&resource.kind, shortened(&resource.name));
        sink.in_file(&patch.path)
            .report_span(patch.at)
            .discriminator(&format!("unapplied {kind} {name}"))
            .say(&format!(
                "what this patch makes of {kind} {name} was not judged for what may pass and who may do what, {}; judge the output of `kustomize build`",
                patch.why()
            ));
    }
}

/// A file that patches others, if it changed and is not judged. `before` are the files that did so in the base.
fn unread_patch<'a>(
    pair: &Pair<'a>,
    path: &str,
    before: &BTreeSet<String>,
) -> Option<&'a Arc<str>> {
    let path = pair.changed.get(path)?;
    let judged = is_told(pair.head, path) && !holds_operations(pair.head, path);
    let is_known = before_move(pair, path).is_some_and(|old| before.contains(&**old));
    (!judged && !is_known).then_some(path)
}

/// The most objects of one name that are looked at for what a patch takes away. Of more, nobody knows what they hold.
const MOST_OF_NAME: usize = 64;

/// What patches in the form of objects newly take away from the objects that they change.
fn protections_taken(pair: &Pair<'_>, sink: &mut Sink<'_>) {
    let mut patches = None;
    let mut by_name: Option<HashMap<_, Vec<Object<'_>>>> = None;
    let key = |object: &Object<'_>| {
        (
            object.kind().name,
            Arc::clone(object.resource()).name.clone(),
        )
    };
    let changed = pair.head.objects().filter(|object| {
        object.completeness() == Completeness::Partial && pair.changed.contains(object.path())
    });
    for object in changed {
        if taken_away(object, &[], false).is_empty() {
            continue;
        }
        // What a person applies from the same folder may be no patch at all.
        let is_inline = |path: &str| {
            let manifest = pair.head.file(path).and_then(SourceFile::manifest);
            manifest.is_some_and(|manifest| manifest.kustomization.is_some())
        };
        let patches = patches.get_or_insert_with(|| patching(pair.head));
        if !patches.contains(&**object.path()) && !is_inline(object.path()) {
            continue;
        }
        let by_name = by_name.get_or_insert_with(|| {
            let mut by_name: HashMap<_, Vec<Object<'_>>> = HashMap::new();
            for object in pair.head.objects() {
                by_name.entry(key(&object)).or_default().push(object);
            }
            by_name
        });
        let is_other = |other: &&Object<'_>| {
            other.path() != object.path() || other.node().span() != object.node().span()
        };
        let all = by_name.get(&key(&object)).into_iter().flatten();
        let others: Vec<_> = all.filter(is_other).take(MOST_OF_NAME).copied().collect();
        let mut complete = others.iter().map(|other| other.completeness());
        let is_known = others.len() < MOST_OF_NAME
            && complete.any(|completeness| completeness == Completeness::Complete);
        let before: BTreeSet<String> = pair
            .before(object)
            .into_iter()
            .flat_map(|before| taken_away(before, &[], false))
            .map(|taken| taken.pointer)
            .collect();
        for taken in taken_away(object, &others, is_known) {
            if before.contains(&taken.pointer) {
                continue;
            }
            let name = shortened(&taken.name);
            let what = if taken.is_replaced {
                format!("of {name} this patch leaves only what it says itself")
            } else {
                format!("this patch takes away {name}")
            };
            sink.about(object)
                .report_span(taken.at)
                .discriminator(&taken.pointer)
                .say(&format!(
                    "{what}, and what protected something there was not judged; judge the output of `kustomize build`"
                ));
        }
    }
}

/// Operations that newly change what protects the objects that they reach.
fn protections_overwritten(pair: &Pair<'_>, sink: &mut Sink<'_>) {
    for new in newly_overwritten(pair.base, pair.head, pair.renames) {
        let path = shortened(new.path);
        let message = match &new.what {
            Lost::Protection(lost) => format!(
                "this operation replaces what stands at {path}, {} among it, and what protected something there was not judged; say it again, or judge the output of `kustomize build`",
                shortened(lost)
            ),
            Lost::Label(namespace) => format!(
                "this operation changes labels of namespace {}, by which policies select it, and what then gets in was not judged; judge the output of `kustomize build`",
                shortened(namespace)
            ),
        };
        sink.in_file(&new.at.path)
            .report_span(new.at.span)
            .discriminator(&format!("overwritten {path}"))
            .say(&message);
    }
}

/// Objects that could be applied as they stood, and now count as patches: rules about what is absent fall silent.
fn lost_completeness(pair: &Pair<'_>, sink: &mut Sink<'_>) {
    let complete = |snapshot: &Snapshot, place: &dyn Fn(&Arc<str>) -> Arc<str>| {
        let objects = snapshot.objects();
        let complete = objects.filter(|object| object.completeness() == Completeness::Complete);
        complete
            .map(|object| (Arc::clone(object.resource()), place(object.path())))
            .collect::<BTreeSet<_>>()
    };
    // What was a patch before, here or where its file came from, loses nothing.
    let was_patch = |object: Object<'_>| {
        let before = pair.before(object);
        before.is_some_and(|before| before.completeness() != Completeness::Complete)
    };
    let partial: Vec<Object<'_>> = pair
        .head
        .objects()
        .filter(|object| {
            object.completeness() == Completeness::Partial
                && pair.changed.contains(object.path())
                && !was_patch(*object)
        })
        .collect();
    if partial.is_empty() {
        return;
    }
    // A file that was moved is the same place.
    let moved_from = |path: &Arc<str>| Arc::clone(pair.renames.get(path).unwrap_or(path));
    let gone: BTreeSet<_> = complete(pair.base, &Arc::clone)
        .difference(&complete(pair.head, &moved_from))
        .map(|(resource, _)| Arc::clone(resource))
        .collect();
    for object in partial {
        if gone.contains(object.resource()) {
            sink.about(object)
                .report_span(object.name_span())
                .discriminator("partial")
                .say("it now counts as a patch, as it lacks what the API server requires or a kustomization lists it among its patches, so that nothing is said of what it leaves out");
        }
    }
}
