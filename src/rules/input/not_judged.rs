use std::collections::BTreeSet;
use std::sync::Arc;

use crate::change::LeftOutReason;
use crate::declare_rule;
use crate::kubernetes::kustomization::{self, Unbuilt};
use crate::kubernetes::{Completeness, Object};
use crate::rule::{Check, Context, Pair, Severity, Sink};
use crate::snapshot::{Snapshot, SourceFile, State};
use crate::syntax::Span;

declare_rule! {
    /// A changed file could not be judged before it is rendered.
    ///
    /// ## Why it matters
    /// Helm templates, inline Kustomize patches, remote resources and symbolic links become objects only when something else reads them, so this run says nothing of what this change does there. Judge the rendered output instead: run `helm template` or `kustomize build` first and give tidegate the result.
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
    /// Only changed files are told of; the coverage of every run counts them all.
    "input/not-judged",
    severity: Severity::Note,
    references: &["CWE-693"],
    check: Check::Change(check),
}

fn check(pair: &Pair<'_>, _context: &Context, sink: &mut Sink<'_>) {
    for file in pair.head.files() {
        if pair.changed.contains(&file.path) {
            changed_file(file, &mut sink.in_file(&file.path));
            new_requests(pair, file, &mut sink.in_file(&file.path));
        }
    }
    for path in pair.changed {
        if pair.head.feeds_chart(path) && !is_told(pair.head, path) {
            sink.in_file(path)
                .report_span(Span::default())
                .discriminator("chart")
                .say("a Helm chart is made from this file, and was not judged; judge the output of `helm template`");
        }
    }
    unread_patches(pair, sink);
    lost_completeness(pair, sink);
    for left_out in &pair.head.left_out {
        if pair.base.left_out.contains(left_out) {
            continue;
        }
        let what = match &left_out.reason {
            LeftOutReason::Symlink => {
                "this symbolic link is not followed, so what it points to was not judged under this name"
            }
            LeftOutReason::Submodule => "this submodule is another repository and was not judged",
            // The rest makes the run incomplete and is told there.
            _ => continue,
        };
        let path = left_out.path.as_str().into();
        sink.in_file(&path)
            .report_span(Span::default())
            .discriminator("link")
            .say(what);
    }
}

/// What a changed file says that only a build can show.
fn changed_file(file: &SourceFile, sink: &mut Sink<'_>) {
    if matches!(&*file.state, State::LfsPointer) {
        sink.report_span(Span::default())
            .discriminator("lfs")
            .say("a Git LFS pointer stands in place of this file, so its content was not judged");
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
    let before = pair.base.kustomization(file.folder());
    let known = before
        .map(|before| before.requests.as_slice())
        .unwrap_or_default();
    for request in &kustomization.requests {
        let asked_before = known
            .iter()
            .any(|known| known.what == request.what && known.content == request.content);
        let path = request.path.as_deref();
        let resolved = path.and_then(|path| kustomization::resolve(file.folder(), path));
        if asked_before || is_read(pair.head, request.what, resolved.as_deref()) {
            continue;
        }
        let (discriminator, what) = match request.what {
            Unbuilt::InlinePatch => (
                "inline-patch",
                "this inline patch was not judged; judge the output of `kustomize build`",
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

/// True if a document of the file is a list: JSON patch operations, beside which objects say nothing.
fn holds_operations(snapshot: &Snapshot, path: &str) -> bool {
    let manifest = snapshot.file(path).and_then(SourceFile::manifest);
    manifest.is_some_and(|manifest| {
        let mut documents = manifest.tree.documents().iter();
        documents.any(|document| manifest.tree.root(document).is_sequence())
    })
}

/// True if [`changed_file`] speaks of the file, or its objects were judged.
fn is_told(snapshot: &Snapshot, path: &str) -> bool {
    let manifest = snapshot.file(path).and_then(SourceFile::manifest);
    manifest.is_some_and(|manifest| manifest.templates > 0 || !manifest.records.is_empty())
}

/// Changed files that a kustomization takes for patches or instructions, and that hold no object to judge.
fn unread_patches(pair: &Pair<'_>, sink: &mut Sink<'_>) {
    let mut told: BTreeSet<String> = BTreeSet::new();
    for (folder, kustomization) in pair.head.kustomizations() {
        let named = kustomization
            .patches
            .iter()
            .chain(&kustomization.build_files);
        for path in named.filter_map(|path| kustomization::resolve(folder, path)) {
            let Some(path) = pair.changed.get(path.as_str()) else {
                continue;
            };
            let judged = is_told(pair.head, path) && !holds_operations(pair.head, path);
            if !judged && told.insert(path.to_string()) {
                sink.in_file(path)
                    .report_span(Span::default())
                    .discriminator("patch")
                    .say("this file patches objects as it is built, and was not judged; judge the output of `kustomize build`");
            }
        }
    }
}

/// Objects that could be applied as they stood, and now count as patches: rules about what is absent fall silent.
fn lost_completeness(pair: &Pair<'_>, sink: &mut Sink<'_>) {
    let complete = |snapshot: &Snapshot| {
        let objects = snapshot.objects();
        let complete = objects.filter(|object| object.completeness() == Completeness::Complete);
        complete
            .map(|object| (Arc::clone(object.resource()), Arc::clone(object.path())))
            .collect::<BTreeSet<_>>()
    };
    let partial: Vec<Object<'_>> = pair
        .head
        .objects()
        .filter(|object| {
            object.completeness() == Completeness::Partial && pair.changed.contains(object.path())
        })
        .collect();
    if partial.is_empty() {
        return;
    }
    let gone: BTreeSet<_> = complete(pair.base)
        .difference(&complete(pair.head))
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
