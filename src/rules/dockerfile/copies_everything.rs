use std::collections::BTreeSet;

use crate::kubernetes::field::{quoted, shortened};
use crate::packages::purpose::{is_for_development, is_installed, is_specimen};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::build_context::BuildContext;
use crate::snapshot::file_kind::FileKind;
use crate::snapshot::{Snapshot, SourceFile};
use crate::syntax::dockerfile::Dockerfile;

declare_rule! {
    /// An image takes in the whole folder, secrets and history included, or names them itself.
    ///
    /// ## Why it matters
    /// `COPY . .` copies what lies in the folder when somebody builds: `.env` with its passwords, `.git` with all that
    /// was ever deleted, and `node_modules` of another machine over the ones that were just installed.
    ///
    /// ## Example
    /// ```dockerfile bad
    /// FROM node:24.11.1-bookworm-slim
    /// COPY . .
    /// USER node
    /// ```
    ///
    /// ## Instead
    /// ```dockerfile good
    /// # file: .dockerignore
    /// .env*
    /// .git
    /// node_modules
    /// # file: Dockerfile
    /// FROM node:24.11.1-bookworm-slim
    /// COPY . .
    /// USER node
    /// ```
    ///
    /// ## Limits
    /// Looked at are stages whose layers the image holds, and those from which it copies the folder that all went
    /// into. The build context is taken for the folder of the Dockerfile or one above it, and any `.dockerignore`
    /// there counts, as does `Dockerfile.dockerignore`. `.git` lies only at the root: where the context may be another
    /// folder, and no `.env` is in the repository, the finding is low. A copy that names `.env`, `.git` or a private key
    /// (`id_rsa`, `*.key`, `*.pem` that is no certificate) is told as well; `.env.example` and its kin are not. Files of
    /// settings and private keys that the repository holds below the Dockerfile are named where a copy takes their
    /// folder; those for tests and development are left alone, and those that set only what browsers get (`VITE_…`).
    "dockerfile/copies-everything",
    severity: Severity::Medium,
    other_severities: &[Severity::Low],
    references: &["CWE-200", "CWE-538"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    let private = private_files(snapshot);
    for file in snapshot.files() {
        let (Some(dockerfile), Some(build)) = (file.dockerfile(), BuildContext::of(snapshot, file))
        else {
            continue;
        };
        if is_for_development(&file.path) {
            continue;
        }
        let held: Vec<Held<'_>> = build
            .held(&private)
            .map(|(file, path)| Held { file, path })
            .collect();
        of_private(file, dockerfile, &build, sink);
        of_folders(file, dockerfile, &held, sink);
        let whole = dockerfile.context_copies(is_everything).into_iter().next();
        let Some(copy) = whole else {
            continue;
        };
        let with_git = build.is_root();
        let names: &[&str] = if with_git {
            &[".env", ".git", "node_modules"]
        } else {
            &[".env", "node_modules"]
        };
        let mut missing = build.unignored(names);
        missing.retain(|name| !copy.excluded.contains(*name));
        let known: Vec<&str> = held
            .iter()
            .filter(|held| !copy.keeps_out(held.path) && !names.contains(&held.path))
            .map(|held| held.path)
            .take(MOST_NAMED)
            .collect();
        let holds_known = !known.is_empty();
        missing.extend(known);
        if missing.is_empty() {
            continue;
        }
        let is_grave = holds_known
            || missing.contains(&".git")
            || missing.contains(&".env") && build.holds(".env");
        let severity = if is_grave {
            Severity::Medium
        } else {
            Severity::Low
        };
        let shown = listed(&missing);
        sink.in_file(&file.path)
            .report_span(copy.source.span)
            .severity(severity)
            .discriminator("context")
            .say(&format!(
                "{} copies the whole folder, and no .dockerignore keeps {shown} out; list them there, or copy only what the image needs",
                copy.keyword
            ));
    }
}

/// The most files of a kind that a finding names.
const MOST_NAMED: usize = 3;

fn listed(names: &[&str]) -> String {
    let shown: Vec<_> = names
        .iter()
        .map(|name| format!("`{}`", shortened(name)))
        .collect();
    match &*shown {
        [most @ .., last] if !most.is_empty() => format!("{} and {last}", most.join(", ")),
        all => all.concat(),
    }
}

/// A file of the revision that no image should hold and that lies in the context.
struct Held<'a> {
    file: &'a SourceFile,
    /// Its path in the context.
    path: &'a str,
}

/// The files of a revision that no image should hold: private keys, and variables with their values. What is for tests
/// or to be looked at is none.
fn private_files(snapshot: &Snapshot) -> Vec<&SourceFile> {
    let files = snapshot.files().iter().filter(|file| match file.kind() {
        FileKind::KeyFile => file.lines().is_some(),
        FileKind::Environment => {
            private(&file.path) == Some(Private::Settings)
                && file.lines().is_some_and(sets_what_browsers_do_not_see)
        }
        _ => false,
    });
    let is_shown = |path: &str| is_specimen(path) || is_for_development(path) || is_installed(path);
    files.filter(|file| !is_shown(&file.path)).collect()
}

/// True unless all that a file sets is put into what browsers load, as frameworks do with variables of these names.
fn sets_what_browsers_do_not_see(text: &str) -> bool {
    const SHOWN: [&str; 6] = [
        "NEXT_PUBLIC_",
        "NUXT_PUBLIC_",
        "PUBLIC_",
        "REACT_APP_",
        "VITE_",
        "VUE_APP_",
    ];
    text.lines().any(|line| {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
        let Some((name, value)) = line.split_once('=') else {
            return false;
        };
        let is_shown = SHOWN.iter().any(|prefix| name.starts_with(prefix))
            || ["NODE_ENV", "PORT"].contains(&name.trim());
        !line.starts_with('#') && !is_shown && !value.trim().is_empty()
    })
}

/// Copies of a folder that holds such a file; those of the whole context are told in one with what is missing there.
fn of_folders(file: &SourceFile, dockerfile: &Dockerfile, held: &[Held<'_>], sink: &mut Sink<'_>) {
    if held.is_empty() {
        return;
    }
    let in_folder = |source: &str| {
        let folder = source.trim_start_matches("./").trim_end_matches('/');
        let folder = folder.strip_suffix("/*").unwrap_or(folder).to_owned();
        let within = held.iter().filter(move |held| {
            let rest = held.path.strip_prefix(&*folder);
            !folder.is_empty() && rest.is_some_and(|rest| rest.starts_with('/'))
        });
        within.collect::<Vec<_>>()
    };
    let holds_some = |source: &str| !is_everything(source) && !in_folder(source).is_empty();
    let mut told = BTreeSet::new();
    for copy in dockerfile.context_copies(holds_some) {
        let mut found = in_folder(&copy.source.text);
        found.retain(|held| !copy.keeps_out(held.path) && told.insert(held.path.to_owned()));
        let names: Vec<&str> = found
            .iter()
            .map(|held| held.path)
            .take(MOST_NAMED)
            .collect();
        let Some(first) = found.first() else { continue };
        let why = if found
            .iter()
            .any(|held| held.file.kind() == FileKind::KeyFile)
        {
            "so that whoever gets the image has the private key; keep it out with .dockerignore, and mount it where the container runs"
        } else {
            "so that whoever gets the image reads what it sets; keep it out with .dockerignore, and set the variables where the container runs"
        };
        sink.in_file(&file.path)
            .report_span(copy.source.span)
            .severity(Severity::Medium)
            .discriminator(first.path)
            .say(&format!(
                "{} puts {} into the image with its folder, {why}",
                copy.keyword,
                listed(&names)
            ));
    }
}

/// Copies that name a file which no image should hold.
fn of_private(
    file: &SourceFile,
    dockerfile: &Dockerfile,
    build: &BuildContext<'_>,
    sink: &mut Sink<'_>,
) {
    let mut told = BTreeSet::new();
    for copy in dockerfile.context_copies(|source| private(source).is_some()) {
        let path = copy
            .source
            .text
            .trim_start_matches("./")
            .trim_end_matches('/');
        let Some(private) = private(path) else {
            continue;
        };
        // What a .dockerignore keeps out is not there to be copied.
        if build.unignored(&[path]).is_empty() || !told.insert(path.to_owned()) {
            continue;
        }
        // What is in the repository, whoever sees that has seen already.
        let is_known = private == Private::Settings && build.holds(path);
        let severity = if is_known {
            Severity::Low
        } else {
            Severity::Medium
        };
        let why = match private {
            Private::Settings => {
                "so that whoever gets the image reads what it sets; set the variables where the container runs"
            }
            Private::History => "with all that was ever deleted; copy only what the image needs",
            Private::Key => {
                "so that whoever gets the image has the private key; mount it while building with `RUN --mount=type=secret`, or from a Secret where the container runs"
            }
        };
        sink.in_file(&file.path)
            .report_span(copy.source.span)
            .severity(severity)
            .discriminator(path)
            .say(&format!(
                "{} puts {} into the image, {why}",
                copy.keyword,
                quoted(path)
            ));
    }
}

/// What a file is that no image should hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Private {
    /// Variables with their values.
    Settings,
    /// A repository.
    History,
    /// A private key.
    Key,
}

/// What the path of a file says; `.npmrc` has a rule of its own.
fn private(path: &str) -> Option<Private> {
    const SHOWN: [&str; 6] = [
        "example", "sample", "template", "dist", "defaults", "schema",
    ];
    const PUBLIC: [&str; 7] = [
        "ca",
        "cert",
        "certs",
        "bundle",
        "chain",
        "fullchain",
        "public",
    ];
    let name = path.trim_end_matches('/').rsplit('/').next()?;
    if name == ".git" {
        return Some(Private::History);
    }
    if ["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"].contains(&name) {
        return Some(Private::Key);
    }
    let parts = || name.split(['.', '-', '_']);
    if let Some(rest) = name.strip_prefix(".env")
        && (rest.is_empty() || rest.starts_with(['.', '*']))
    {
        return (!parts().any(|part| SHOWN.contains(&part))).then_some(Private::Settings);
    }
    let (stem, extension) = name.rsplit_once('.')?;
    let is_key = ["pem", "key"].contains(&extension) && !stem.is_empty();
    let is_public = parts().any(|part| PUBLIC.contains(&part) || part == "pub");
    (is_key && !is_public).then_some(Private::Key)
}

fn is_everything(source: &str) -> bool {
    [".", "./", "/", "*", "./*", "./."].contains(&source)
}
