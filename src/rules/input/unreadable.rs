use std::collections::BTreeSet;

use crate::declare_rule;
use crate::kubernetes::kustomization::is_kustomization_name;
use crate::kubernetes::{Completeness, Reading};
use crate::packages::lockfile::{self, Lockfile};
use crate::rule::{Check, Context, Severity, Sink};
use crate::snapshot::file_kind::FileKind;
use crate::snapshot::{SourceFile, State};
use crate::syntax::dockerfile::Dockerfile;
use crate::syntax::{Encoding, Format, Problem, ProblemKind, Span, Tree};

declare_rule! {
    /// A manifest, or another file that matters, cannot be read.
    ///
    /// ## Why it matters
    /// Nothing that stands in it was judged, and what it held before is unknown. A change that makes a manifest unreadable ends the run as incomplete (exit code 3), whatever `--fail-on` says: green never means blind.
    ///
    /// ## Example
    /// ```yaml bad
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: cart
    /// ```
    ///
    /// ## Instead
    /// ```yaml good
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: cart}
    /// ```
    ///
    /// ## Limits
    /// A file counts as a manifest if its bytes show `apiVersion` and `kind`, or if it was a manifest in the base. An object without a `kind` counts if its `apiVersion` is one of Kubernetes, or if the base held an object in its place, and several kinds could be meant: where only one can, it is judged as that one. Dockerfiles, `package.json`, lockfiles, `.npmrc`, `.env` and their kin count by their names. Templates are told as `input/not-judged` instead.
    "input/unreadable",
    severity: Severity::High,
    references: &["YAML 1.2", "CWE-693"],
    check: Check::File(check),
}

fn check(file: &SourceFile, _context: &Context, sink: &mut Sink<'_>) {
    let why = match &*file.state {
        State::Read(Reading::Manifest(manifest)) => {
            if file.was_manifest && manifest.templates > 0 && file.completeness != Completeness::Template {
                let at = manifest.tree.text().find("{{").unwrap_or_default();
                sink.report_span(Span::new(at, at + 2))
                    .unread()
                    .discriminator("template")
                    .say("template actions make this manifest unreadable, and it lies in no chart; nothing in this document was judged");
            }
            for problem in &manifest.unreadable {
                say_problem(file, problem, &manifest.tree, sink);
            }
            for headless in file.headless() {
                sink.report_span(headless.at)
                    .unread()
                    .discriminator(&format!("head {}", headless.name))
                    .say(&format!(
                        "this manifest cannot be read: an object in it has {}, so that nobody can tell what it is and the API server refuses it; nothing in this object was judged",
                        headless.lacks
                    ));
            }
            return;
        }
        State::Read(Reading::Unrecognised(problem, tree)) => {
            if file.was_manifest || is_kustomization_name(&file.path) {
                say_problem(file, problem, tree, sink);
            }
            return;
        }
        State::Read(Reading::Encoding { shows, .. }) if !shows && !file.was_manifest => return,
        State::Read(Reading::Encoding { encoding, .. }) => match encoding {
            Encoding::Utf16 => "it is UTF-16; save it as UTF-8".to_owned(),
            Encoding::NotUtf8 { offset } => {
                format!("byte {offset} is not UTF-8; save it as UTF-8")
            }
        },
        State::Missing(reason) => reason.clone(),
        State::LfsPointer if file.was_manifest || is_yaml(&file.path) => {
            "a Git LFS pointer stands in its place; keep manifests out of LFS, or check out with `lfs: true`".to_owned()
        }
        State::Tree(tree) => {
            for problem in tree.problems() {
                say_problem(file, problem, tree, sink);
            }
            return;
        }
        State::Dockerfile(dockerfile) => {
            say_dockerfile(dockerfile, sink);
            return;
        }
        State::Lockfile(lockfile) => {
            say_lockfile(lockfile, sink);
            return;
        }
        State::Read(Reading::Other)
        | State::Configuration(_)
        | State::Workflow(_)
        | State::Text(_)
        | State::Generated { .. }
        | State::Opaque(_)
        | State::LfsPointer
        | State::Oversized(_) => return,
    };
    let draft = sink
        .report_span(Span::default())
        .unread()
        .discriminator("bytes");
    draft.say(&format!("this {} cannot be read: {why}", what(file.kind())));
}

fn is_yaml(path: &str) -> bool {
    let extension = path.rsplit('.').next().unwrap_or_default();
    extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml")
}

fn say_problem(file: &SourceFile, problem: &Problem, tree: &Tree, sink: &mut Sink<'_>) {
    let why = match &problem.kind {
        ProblemKind::Syntax(_) if has_conflict(tree.text(), file.kind().format()) => CONFLICT,
        ProblemKind::Syntax(why) => why.as_str(),
        ProblemKind::TooDeep => "it is nested too deeply",
        ProblemKind::ComplexKey => "a list or mapping stands where a key belongs",
        // Its own rule speaks.
        ProblemKind::AliasBomb => return,
    };
    let draft = sink
        .report_span(rest_of_line(problem.at, tree.text()))
        .unread()
        .discriminator(&tree.lost_name(problem));
    draft.say(&format!(
        "this {} cannot be read: {why}; nothing in this document was judged",
        what(file.kind())
    ));
}

/// What keeps a Dockerfile from being built: one sentence an instruction and kind of mistake.
fn say_dockerfile(dockerfile: &Dockerfile, sink: &mut Sink<'_>) {
    let mut told = BTreeSet::new();
    for problem in dockerfile.problems() {
        let why = format!("{} {}", problem.keyword, problem.what);
        if !told.insert(why.clone()) {
            continue;
        }
        let draft = sink.report_span(problem.at).unread().discriminator(&why);
        draft.say(&format!(
            "this Dockerfile cannot be built: {why}; what the instruction does was not judged"
        ));
    }
}

/// What keeps a lockfile from being read: the first problem of each kind, as one conflict breaks many lines.
fn say_lockfile(lockfile: &Lockfile, sink: &mut Sink<'_>) {
    let mut told = BTreeSet::new();
    for problem in &lockfile.problems {
        let (name, why) = match &problem.what {
            lockfile::ProblemKind::Conflict => ("conflict", CONFLICT),
            lockfile::ProblemKind::Syntax(why) => ("syntax", why.as_str()),
            lockfile::ProblemKind::Version => (
                "version",
                "its notation has a version that is not known here; update tidegate, or write it with another version of the package manager",
            ),
            lockfile::ProblemKind::Binary => (
                "binary",
                "only Bun reads this notation; run `bun install --save-text-lockfile` and commit bun.lock in its place",
            ),
            lockfile::ProblemKind::Entry(why) => (*why, *why),
        };
        if !told.insert(name) {
            continue;
        }
        let draft = sink
            .report_span(rest_of_line(problem.at, &lockfile.text))
            .unread()
            .discriminator(name);
        let what = if problem.is_fatal() {
            "this lockfile cannot be read"
        } else {
            "an entry of this lockfile cannot be read"
        };
        draft.say(&format!("{what}: {why}"));
    }
}

const CONFLICT: &str = "the marks of a merge conflict stand in it; resolve the conflict";

/// True if git left both sides of a conflict in a text.
fn has_conflict(text: &str, format: Format) -> bool {
    // No line of JSON begins with a mark for any other reason, wherever a formatter put it.
    if format == Format::Json {
        let mut lines = text.lines().map(str::trim_start);
        return lines.any(|line| line.starts_with("<<<<<<<") || line.starts_with(">>>>>>>"));
    }
    let is_mark = |mark: &str| text.starts_with(mark) || text.contains(&format!("\n{mark}"));
    is_mark("<<<<<<< ") && is_mark(">>>>>>> ")
}

/// What a file is, in a sentence.
fn what(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Dockerfile => "Dockerfile",
        FileKind::PackageJson | FileKind::PnpmWorkspace => "package file",
        FileKind::Lockfile(_) => "lockfile",
        _ if kind.is_known_by_name() && kind != FileKind::Kustomization => "file",
        _ => "manifest",
    }
}

/// From where the reader stopped to the end of the line; at the end of the file, its last line with text.
fn rest_of_line(at: Span, text: &str) -> Span {
    let start = at.start as usize;
    let rest = text.get(start..).unwrap_or_default();
    if rest.trim().is_empty() {
        let end = text.trim_end().len();
        let line = text
            .get(..end)
            .and_then(|text| text.rfind('\n'))
            .map_or(0, |at| at + 1);
        return Span::new(line, end);
    }
    let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
    Span::new(start, start + length.max(1).min(rest.len()))
}
