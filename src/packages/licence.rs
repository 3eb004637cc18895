//! Licences of packages against those that are allowed.
//!
//! Notation: expressions of SPDX 2.1 and later, <https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/>, as far as
//! the `spdx` crate reads them.

use spdx::{Expression, LicenseItem, LicenseReq, ParseMode};

/// What a licence comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It can be met with what is allowed.
    Allowed,
    /// It cannot; the first licence that is not allowed.
    Refused(String),
    /// Nobody knows what it means.
    Unknown,
}

/// Whether a licence, as a package states it, can be met with those that are allowed: SPDX identifiers or expressions,
/// whose letters may be of either case. An expression with `OR` leaves the choice.
#[must_use]
pub fn standing(stated: &str, allowed: &[String]) -> Standing {
    let stated = stated.trim();
    let is_named = |name: &str| {
        allowed
            .iter()
            .any(|allowed| allowed.trim().eq_ignore_ascii_case(name))
    };
    // A word that is no SPDX identifier is allowed where it is named: `UNLICENSED`, `LicenseRef-acme`.
    if is_named(stated) {
        return Standing::Allowed;
    }
    let Ok(expression) = Expression::parse_mode(stated, ParseMode::LAX) else {
        return Standing::Unknown;
    };
    let allows = |wanted: &LicenseReq| {
        is_named(&wanted.to_string())
            || named(&wanted.license)
                .is_some_and(|name| wanted.addition.is_none() && is_named(&name))
            || allowed.iter().any(|allowed| holds(allowed, wanted))
    };
    match expression.evaluate_with_failures(allows) {
        Ok(()) => Standing::Allowed,
        Err(failures) => {
            let first = failures.first().map(|failure| failure.req.to_string());
            Standing::Refused(first.unwrap_or_else(|| stated.to_owned()))
        }
    }
}

/// The identifier of a licence without what stands around it.
fn named(license: &LicenseItem) -> Option<String> {
    license.id().map(|id| id.name.to_owned())
}

/// True if an allowed licence meets a wanted one: `GPL-2.0-or-later` is met by `GPL-3.0-only`.
fn holds(allowed: &str, wanted: &LicenseReq) -> bool {
    spdx::Licensee::parse(allowed.trim()).is_ok_and(|licensee| licensee.satisfies(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_is_met_by_what_is_allowed() {
        let allowed = [
            "MIT",
            "apache-2.0",
            "BSD-3-Clause",
            "LicenseRef-acme",
            "UNLICENSED",
        ];
        let allowed = allowed.map(str::to_owned);
        for (stated, found) in [
            ("MIT", Standing::Allowed),
            ("mit", Standing::Allowed),
            ("Apache-2.0", Standing::Allowed),
            ("(MIT OR GPL-3.0-only)", Standing::Allowed),
            (
                "MIT AND GPL-3.0-only",
                Standing::Refused("GPL-3.0-only".to_owned()),
            ),
            ("GPL-3.0", Standing::Refused("GPL-3.0".to_owned())),
            ("LicenseRef-acme", Standing::Allowed),
            ("UNLICENSED", Standing::Allowed),
            ("SEE LICENSE IN LICENSE.md", Standing::Unknown),
            ("", Standing::Unknown),
        ] {
            let standing = standing(stated, &allowed);
            // How a deprecated identifier is repeated is the crate's matter.
            match (&standing, &found) {
                (Standing::Refused(_), Standing::Refused(_)) => {}
                _ => assert_eq!(standing, found, "{stated}"),
            }
        }
    }
}
