//! `PersistentVolume`s that are a path of a node.

use super::field::Field;
use super::object::Object;

/// The path of a node that a `PersistentVolume` is.
#[derive(Clone, Copy, Debug)]
pub struct NodeVolume<'a> {
    /// The path.
    pub path: Field<'a>,
    /// True for `local`, which the scheduler knows to belong to one node; false for `hostPath`.
    pub is_local: bool,
    /// True if pods can write to it.
    pub is_writable: bool,
}

impl<'a> NodeVolume<'a> {
    /// The view, if the object is such a volume.
    #[must_use]
    pub fn of(object: Object<'a>) -> Option<Self> {
        if object.kind().name != "PersistentVolume" {
            return None;
        }
        let host = object.field(&["spec", "hostPath", "path"]);
        let local = object.field(&["spec", "local", "path"]);
        let is_local = !host.is_set();
        let path = if is_local { local } else { host };
        let mut modes = object.field(&["spec", "accessModes"]).texts();
        path.is_set().then_some(Self {
            path,
            is_local,
            is_writable: modes.any(|mode| mode != "ReadOnlyMany"),
        })
    }
}
