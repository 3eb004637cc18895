//! What workspaces ask for, also where a catalogue says it.

use std::sync::Arc;

use crate::finding::Location;
use crate::packages::graph::Want;
use crate::packages::lockfile::LockfileKind;
use crate::packages::specifier::Specifier;
use crate::syntax::{Entry, Node};

use super::SourceFile;
use super::installations::Installation;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The specifier; never that of a catalogue.
    pub specifier: &'a str,
    /// The entry that says it: of `package.json`, or of a catalogue.
    pub at: Location,
}

/// What a want of `package.json` comes to; none where a catalogue has no such entry.
#[must_use]
pub fn asked<'a>(installation: &'a Installation, want: &'a Want) -> Option<Asked<'a>> {
    let declared = want.declared.as_ref()?;
    let Specifier::Catalog(catalog) = Specifier::parse(&declared.specifier) else {
        return Some(Asked {
            specifier: &declared.specifier,
            at: installation.graph().location(want)?,
        });
    };
    let entry = installation.catalogs().entry(catalog, &want.name)?;
    Some(Asked {
        specifier: written(entry.value),
        at: location(installation, entry)?,
    })
}

/// The entry of a catalogue that holds what a want leads to at one version; none where no catalogue does.
#[must_use]
pub fn pin(installation: &Installation, want: &Want) -> Option<Location> {
    let declared = want.declared.as_ref()?;
    let is_catalogued = matches!(Specifier::parse(&declared.specifier), Specifier::Catalog(_));
    let asked = asked(installation, want).filter(|_| is_catalogued)?;
    let is_exact = match Specifier::parse(asked.specifier) {
        Specifier::Alias { specifier, .. } => matches!(*specifier, Specifier::Exact(_)),
        own => matches!(own, Specifier::Exact(_)),
    };
    is_exact.then_some(asked.at)
}

/// The file that holds the catalogues of an installation.
#[must_use]
pub fn catalog_file(installation: &Installation) -> Option<&SourceFile> {
    match installation.kind() {
        Some(LockfileKind::Pnpm) => installation.pnpm_workspace_file(),
        Some(LockfileKind::Yarn) => installation.yarn_settings_file(),
        _ => installation.root_file(),
    }
}

/// An entry of a catalogue.
pub(super) fn location(installation: &Installation, entry: Entry<'_>) -> Option<Location> {
    let file = catalog_file(installation)?;
    Some(Location {
        path: Arc::clone(&file.path),
        span: entry.key.span().to(entry.value.span()),
    })
}

/// A specifier as written, also where it looks like a number.
pub(super) fn written(node: Node<'_>) -> &str {
    node.as_str().unwrap_or_else(|| node.source())
}
