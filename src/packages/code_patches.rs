//! Patches that a package manager puts over what was published: where a project names them.
//!
//! pnpm: `patchedDependencies` of `pnpm-workspace.yaml`, or below `pnpm` of `package.json`; Bun: `patchedDependencies`
//! of `package.json`; Yarn: `patch:` in place of a version, `patch:a@npm%3A1.0.0#~/.yarn/patches/a.patch`, among the
//! dependencies or the `resolutions`. What Yarn brings itself, `builtin<…>`, is none of the project's.

use super::package_json::PackageJson;
use super::pnpm_workspace::PnpmWorkspace;
use crate::syntax::{Entry, Node, Span};

/// The sections of a `package.json` that may hold `patch:`.
const SECTIONS: [&str; 5] = [
    "dependencies",
    "devDependencies",
    "optionalDependencies",
    "peerDependencies",
    "resolutions",
];

/// A patch that a file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodePatch<'a> {
    /// The package: its name, with the version where one is said.
    pub package: String,
    /// The file, as it is written.
    pub file: &'a str,
    /// From where the path leads.
    pub from: From,
    /// The bytes of the entry.
    pub at: Span,
}

/// From where the path of a patch leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The folder of the file that names it.
    File,
    /// The root of the project: Yarn's `~/`.
    Project,
}

impl<'a> PackageJson<'a> {
    /// The patches that it names.
    #[must_use]
    pub fn code_patches(self) -> Vec<CodePatch<'a>> {
        let of_pnpm = self
            .root
            .get("pnpm")
            .and_then(|pnpm| pnpm.get("patchedDependencies"));
        let of_bun = self.root.get("patchedDependencies");
        let listed = [of_bun, of_pnpm].into_iter().flat_map(of_mapping);
        let sections = SECTIONS.into_iter().flat_map(|name| self.mapping(name));
        listed.chain(sections.flat_map(of_yarn)).collect()
    }

    /// True if it asks for `patch-package`, which puts on every patch of the folder `patches`.
    #[must_use]
    pub fn has_patch_package(self) -> bool {
        let mut sections = SECTIONS.into_iter().flat_map(|name| self.mapping(name));
        sections.any(|entry| entry.key.key_text() == "patch-package")
    }
}

impl<'a> PnpmWorkspace<'a> {
    /// The patches that it names.
    #[must_use]
    pub fn code_patches(self) -> Vec<CodePatch<'a>> {
        of_mapping(self.root.get("patchedDependencies")).collect()
    }
}

fn of_mapping(mapping: Option<Node<'_>>) -> impl Iterator<Item = CodePatch<'_>> {
    let entries = mapping.into_iter().flat_map(Node::entries);
    entries.filter_map(|entry| {
        Some(CodePatch {
            package: entry.key.key_text().to_owned(),
            file: entry.value.as_str()?,
            from: From::File,
            at: entry.key.span().to(entry.value.span()),
        })
    })
}

/// Several patches of one package are put together with `&`.
fn of_yarn(entry: Entry<'_>) -> impl Iterator<Item = CodePatch<'_>> {
    let written = entry
        .value
        .as_str()
        .and_then(|text| text.strip_prefix("patch:"));
    let split = written.and_then(|text| text.split_once('#'));
    split.into_iter().flat_map(move |(package, files)| {
        let package = package.replace("%3A", ":").replace("@npm:", "@");
        let files = files.split("::").next().unwrap_or_default().split('&');
        files.filter_map(move |file| {
            let file = file.strip_prefix("optional!").unwrap_or(file);
            // `~builtin<…>` of Yarn 2 is as optional as the other.
            if file.trim_start_matches('~').starts_with("builtin<") {
                return None;
            }
            let (from, file) = match file.strip_prefix("~/") {
                Some(file) => (From::Project, file),
                None => (From::File, file),
            };
            Some(CodePatch {
                package: package.clone(),
                file,
                from,
                at: entry.key.span().to(entry.value.span()),
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use crate::syntax::{Format, parse};

    use super::*;

    #[test]
    fn patches_are_found_where_they_are_named() {
        let text = r#"{
            "dependencies": {
                "a": "patch:a@npm%3A1.0.0#~/.yarn/patches/a.patch",
                "b": "patch:b@^2.0.0#./b.patch&optional!./c.patch",
                "typescript": "patch:typescript@^5#optional!builtin<compat/typescript>",
                "d": "^1.0.0"},
            "resolutions": {"e@^1": "patch:e@1.0.0#.yarn/patches/e.patch::version=1.0.0&hash=aa"},
            "patchedDependencies": {"f@1.0.0": "patches/f@1.0.0.patch"},
            "pnpm": {"patchedDependencies": {"g": "patches/g.patch"}}}"#;
        let tree = parse(Format::Json, text.to_owned());
        let package = PackageJson::of(&tree).unwrap();
        let found = package.code_patches();
        let shown: Vec<_> = found
            .iter()
            .map(|one| (&*one.package, one.file, one.from))
            .collect();
        assert_eq!(
            shown,
            [
                ("f@1.0.0", "patches/f@1.0.0.patch", From::File),
                ("g", "patches/g.patch", From::File),
                ("a@1.0.0", ".yarn/patches/a.patch", From::Project),
                ("b@^2.0.0", "./b.patch", From::File),
                ("b@^2.0.0", "./c.patch", From::File),
                ("e@1.0.0", ".yarn/patches/e.patch", From::File),
            ]
        );
    }
}
