//! Packages that an override puts in the place of others.

use std::sync::Arc;

use crate::finding::Location;
use crate::packages::overrides::{Override, Replacement};
use crate::packages::specifier::Specifier;

use super::installations::Installation;
use super::overriding::override_files;

/// A package that is installed under the name of another one.
#[derive(Clone, Debug)]
pub struct Substitution {
    /// The name that is asked for.
    pub name: String,
    /// The package that is put in.
    pub by: String,
    /// The key and the value of the override.
    pub at: Location,
}

/// All that the overrides say which the package manager of an installation reads, in their order.
#[must_use]
pub fn substitutions(installation: &Installation) -> Vec<Substitution> {
    let Some(kind) = installation.kind() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (file, overrides) in override_files(installation) {
        for one in overrides.iter().filter(|one| one.home.is_read_by(kind)) {
            let by = specifier(installation, one).and_then(of_alias);
            if let Some(by) = by.filter(|by| *by != one.package.name) {
                found.push(Substitution {
                    name: one.package.name.to_owned(),
                    by: by.to_owned(),
                    at: Location {
                        path: Arc::clone(&file.path),
                        span: one.span(),
                    },
                });
            }
        }
    }
    found
}

/// What an override comes to, where it refers to what stands elsewhere.
pub(super) fn specifier<'a>(installation: &'a Installation, one: &Override<'a>) -> Option<&'a str> {
    let (name, written) = match one.replacement {
        Replacement::Specifier(written) => (one.package.name, written),
        Replacement::OfRoot(name) => {
            let mut wants = installation.graph().wants_of_root().iter();
            let declared = wants.find(|want| &*want.name == name)?.declared.as_ref()?;
            (name, &*declared.specifier)
        }
        Replacement::Nothing => return None,
    };
    match Specifier::parse(written) {
        Specifier::Catalog(catalog) => {
            let entry = installation.catalogs().entry(catalog, name)?;
            entry.value.as_str()
        }
        _ => Some(written),
    }
}

/// The real name of another package that a specifier asks for.
fn of_alias(written: &str) -> Option<&str> {
    match Specifier::parse(written) {
        Specifier::Alias { name, .. } => Some(name),
        _ => None,
    }
}
