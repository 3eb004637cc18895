use crate::kubernetes::field::shortened;
use crate::packages::purpose::{is_installed, is_test_data};
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::SourceFile;
use crate::snapshot::file_kind::FileKind;
use crate::syntax::Node;

declare_rule! {
    /// A `package.json` asks for the same package twice in one section.
    ///
    /// ## Why it matters
    /// The last line counts, and the first is what people read: an upgrade that was made there changes nothing. It
    /// mostly comes out of a merge.
    ///
    /// ## Example
    /// ```json bad
    /// # file: package.json
    /// {
    ///   "private": true,
    ///   "dependencies": {
    ///     "express": "^4.21.2",
    ///     "ms": "^2.1.3",
    ///     "express": "^4.17.1"
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```json good
    /// # file: package.json
    /// {
    ///   "private": true,
    ///   "dependencies": {
    ///     "express": "^4.21.2",
    ///     "ms": "^2.1.3"
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// Sections of dependencies, `overrides` and `resolutions` are read. A package in two sections is silent: package
    /// managers have rules for it.
    "package/duplicate-key",
    severity: Severity::Low,
    references: &["CWE-1109"],
    check: Check::File(check),
}

/// The sections in which a key is a package.
const SECTIONS: [&str; 6] = [
    "dependencies",
    "devDependencies",
    "optionalDependencies",
    "peerDependencies",
    "overrides",
    "resolutions",
];

fn check(file: &SourceFile, _context: &Context, sink: &mut Sink<'_>) {
    let Some(tree) = file.tree().filter(|_| file.kind() == FileKind::PackageJson) else {
        return;
    };
    if is_test_data(&file.path) || is_installed(&file.path) {
        return;
    }
    for duplicate in tree.duplicates() {
        let section = tree.duplicate_mapping(duplicate);
        let name = section.key().map_or("", Node::key_text);
        let is_top = section.parent().is_some_and(|root| root.parent().is_none());
        if !is_top || !SECTIONS.contains(&name) {
            continue;
        }
        let value = tree.duplicate_value(duplicate);
        let package = value.key().map_or("", Node::key_text);
        sink.report_span(duplicate.second)
            .discriminator(&format!("{name}\0{package}"))
            .related(duplicate.first, "the first one, which has no effect")
            .say(&format!(
                "{name} asks for `{}` twice and only this last line takes effect; remove one of them",
                shortened(package)
            ));
    }
}
