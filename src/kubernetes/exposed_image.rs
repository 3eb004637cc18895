//! Credentials in references of images: an address without its scheme, or a line of a command.

use crate::credential::{self, Found};

/// What the scheme would be of an address that has none.
const SCHEME: &str = "https://";

/// The credentials that a reference shows which no runtime accepts: of `name:password@host/image`, and of what stands
/// behind it after a blank. A digest has no path behind it.
pub(super) fn of_image(reference: &str) -> Vec<Found> {
    if reference.contains(char::is_whitespace) {
        return credential::find(reference);
    }
    let Some((user, host)) = reference.split_once('@') else {
        return Vec::new();
    };
    if !user.contains(':') || user.contains('/') || !host.contains('/') {
        return Vec::new();
    }
    let mut found = credential::find_marked(&format!("{SCHEME}{reference}"));
    found.retain(|found| found.range.start >= SCHEME.len());
    for found in &mut found {
        found.range = found.range.start - SCHEME.len()..found.range.end - SCHEME.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_before_a_registry_is_told_from_tags_and_digests() {
        let found = |reference: &str| {
            let found = of_image(reference);
            let parts = found
                .iter()
                .map(|found| reference[found.range.clone()].to_owned());
            parts.collect::<Vec<_>>()
        };
        let password = ["NqVwYS81VP7Hb1DX8p"];
        assert_eq!(
            found("deploy:NqVwYS81VP7Hb1DX8p@ghcr.io/a/b:1.2.3"),
            password
        );
        assert_eq!(
            found("ghcr.io/a/b:1 --password=NqVwYS81VP7Hb1DX8p"),
            password
        );
        let digest = "78220ad2cf1337349e455d52613c2813c40d2affbb1494978278947bec540a21";
        for silent in [
            format!("node:24@sha256:{digest}"),
            format!("ghcr.io:443/a/b:1@sha256:{digest}"),
            "ghcr.io/a/b:1.2.3".to_owned(),
            "deploy:${PASSWORD}@ghcr.io/a/b:1.2.3".to_owned(),
            "deploy:password@registry.example.com/a".to_owned(),
            "ghcr.io/a/b:1 # the release".to_owned(),
        ] {
            assert!(found(&silent).is_empty(), "{silent}");
        }
    }
}
