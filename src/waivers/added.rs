//! The waivers that a change adds, or lets hold for longer.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Said, Stated, stated};
use crate::config::value::Day;
use crate::snapshot::Snapshot;

/// A waiver that the base has not, or not for as long.
#[derive(Clone, Debug)]
pub struct Added<'a> {
    /// The waiver, in the head.
    pub waiver: Stated<'a>,
    /// Until when the base has it; none where it has it not at all.
    pub before: Option<Day>,
}

/// What makes two waivers of two revisions the same one. An entry goes by what it covers; a comment by what it
/// covers of which field of which object, wherever that stands, or of which file, whatever it was called before.
fn key(stated: &Stated<'_>, base_path: &str) -> (String, String, String) {
    let place = match (&stated.waiver, stated.object) {
        (Said::Entry(_), _) => String::new(),
        (_, Some(object)) => object.resource().to_string(),
        (_, None) => base_path.to_owned(),
    };
    let field = stated.field.as_deref().unwrap_or_default().to_owned();
    (place, field, stated.selectors().into_owned())
}

/// The waivers that a change adds, in the order of the head. `renames` names the base path of a head path. One of the base stands for one of the head: a second
/// copy is a new one.
#[must_use]
pub fn added<'a>(
    base: &Snapshot,
    head: &'a Snapshot,
    renames: &BTreeMap<Arc<str>, Arc<str>>,
) -> Vec<Added<'a>> {
    let in_base = stated(base);
    // Of those that say the same, by file: the next one there stands last.
    let mut known: HashMap<_, BTreeMap<&str, Vec<&Stated<'_>>>> = HashMap::new();
    for waiver in in_base.iter().rev() {
        let same = known.entry(key(waiver, waiver.path)).or_default();
        same.entry(waiver.path).or_default().push(waiver);
    }
    let mut added = Vec::new();
    let in_head = stated(head).into_iter();
    for waiver in in_head.filter(|stated| !matches!(stated.waiver, Said::Garbled(_))) {
        let own = renames.get(waiver.path).unwrap_or(waiver.path);
        let before = known.get_mut(&key(&waiver, own)).and_then(|candidates| {
            let path = if candidates.contains_key(&**own) {
                &**own
            } else {
                candidates.keys().next().copied()?
            };
            let of_file = candidates.get_mut(path)?;
            let known = of_file.pop()?;
            if of_file.is_empty() {
                candidates.remove(path);
            }
            Some(known.until())
        });
        match before {
            // For ever, or at least as long.
            Some(None) => {}
            Some(Some(before)) if waiver.until().is_some_and(|until| until <= before) => {}
            Some(before) => added.push(Added { waiver, before }),
            None => added.push(Added {
                waiver,
                before: None,
            }),
        }
    }
    added
}
