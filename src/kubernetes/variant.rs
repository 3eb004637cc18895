//! What kustomizations make of files: each that no other one takes in builds a variant of what it takes in.
//!
//! A base that several overlays take in is applied as often, here and there. Kustomize calls the results variants.

use std::sync::Arc;

/// What one kustomization builds that no other one takes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// The file of the kustomization.
    pub at: Arc<str>,
    /// The files of the kustomizations that it alone takes in.
    pub parts: Vec<Arc<str>>,
}
