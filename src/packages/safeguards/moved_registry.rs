//! Registries that a change puts in the place of others.

use crate::finding::Severity;

use super::weakening::{Found, shown};
use super::{Safeguard, Safeguards};

impl Found<'_> {
    /// What comes from another registry than before.
    pub(super) fn registries(&mut self) {
        let sides = [self.before, self.after];
        let said = sides.iter().flat_map(|side| side.all(Safeguard::Registry));
        let mut keys: Vec<&str> = said.map(|(_, said)| &*said.key).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut moved = Vec::new();
        for key in keys {
            let [old, new] = sides.map(|side| side.word(Safeguard::Registry, key));
            let default = |side: &Safeguards| match side.word(Safeguard::Registry, "") {
                Some(word) => host_of(word),
                None => Some(PUBLIC.to_owned()),
            };
            let was = match old {
                Some(word) => host_of(word),
                None if key.is_empty() => Some(PUBLIC.to_owned()),
                // A scope that is named for the first time may be one whose packages are new.
                None => (self.home)(key),
            };
            let is = match new {
                Some(word) => host_of(word),
                // What has a prefix comes from nowhere else.
                None if key.ends_with(':') => continue,
                None => default(self.after),
            };
            let (Some(was), Some(is)) = (was, is) else {
                continue;
            };
            if was == is || is_public(&was) && is_public(&is) {
                continue;
            }
            let whose = match key {
                "" => "packages".to_owned(),
                scope => format!("packages of {}", shown(scope)),
            };
            let all = self.after.all(Safeguard::Registry);
            let mut all = all.chain(self.before.all(Safeguard::Registry));
            let name = all.find(|(_, said)| *said.key == *key);
            let name = name.map_or("registry", |(_, said)| &said.name);
            moved.push((
                key.to_owned(),
                format!(
                    "{name} sends whoever installs for {whose} from {} to {}, and whoever owns that registry chooses what is installed; keep the old one unless the move is planned",
                    shown(&was),
                    shown(&is)
                ),
            ));
        }
        for (key, sentence) in moved {
            self.push(Severity::High, Safeguard::Registry, &key, sentence);
        }
    }
}

/// The registry that is asked where nothing is said.
const PUBLIC: &str = "registry.npmjs.org";

fn is_public(host: &str) -> bool {
    [PUBLIC, "registry.yarnpkg.com"].contains(&host)
}

/// An address as it is where none of the variables in it is set: `${NAME-default}` and `${NAME:-default}` are what stands
/// behind the name. None where one has nothing to fall back to.
fn fallen_back(address: &str) -> Option<String> {
    let mut whole = String::with_capacity(address.len());
    let mut rest = address;
    while let Some((before, behind)) = rest.split_once("${") {
        let (reference, after) = behind.split_once('}')?;
        let (_, fallback) = reference.split_once('-')?;
        whole.push_str(before);
        whole.push_str(fallback);
        rest = after;
    }
    whole.push_str(rest);
    Some(whole)
}

/// The host of an address; none where a variable stands in it that has no default.
fn host_of(address: &str) -> Option<String> {
    let address = fallen_back(address)?;
    let (_, rest) = address.split_once("//")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    Some(host.to_ascii_lowercase())
}
