//! One finding as a SARIF result.

use std::collections::BTreeMap;

use serde::ser::{Serialize, Serializer};
use serde_sarif::sarif::{
    ArtifactChange, ArtifactContent, ArtifactLocation, Fix as SarifFix, Location as SarifLocation,
    LogicalLocation, Message, PhysicalLocation, PropertyBag, Region as SarifRegion, Replacement,
    Result, ResultLevel,
};

use crate::finding::{Finding, Fix, Location, Resource, Status};
use crate::kubernetes::field::shortened;
use crate::report::places::{Places, Region};
use crate::report::plain;
use crate::report::severity::{Level, level};
use crate::verdict::Report;

use super::descriptor::Descriptors;
use super::line_hash::{self, LineHash};
use super::{ROOT, SarifOptions, limits};

/// The results of a run, made one at a time while they are written: a result of `serde_sarif` takes some two
/// kilobytes of memory before its texts.
pub(super) struct Results<'r> {
    pub(super) report: &'r Report,
    pub(super) options: &'r SarifOptions,
    pub(super) findings: Vec<&'r Finding>,
    pub(super) descriptors: Descriptors,
}

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut writer = Writer {
            results: self,
            places: Places::new(self.report),
            path: "",
            hashes: Vec::new(),
        };
        serializer.collect_seq(
            self.findings
                .iter()
                .map(move |finding| writer.result(finding)),
        )
    }
}

struct Writer<'w, 'r> {
    results: &'w Results<'r>,
    places: Places<'r>,
    /// The file whose lines were hashed last. Findings come by path, so that each file is hashed once.
    path: &'r str,
    hashes: Vec<LineHash>,
}

impl<'r> Writer<'_, 'r> {
    fn result(&mut self, finding: &'r Finding) -> Result {
        let region = self.places.region(finding);
        let mut place = self.location(&finding.location, region);
        place.logical_locations = finding
            .subject
            .resource
            .as_deref()
            .map(|resource| vec![logical_location(resource)]);
        let mut result = Result::builder()
            .level(match level(finding.severity) {
                Level::Error => ResultLevel::Error,
                Level::Warning => ResultLevel::Warning,
                Level::Note => ResultLevel::Note,
            })
            .message(message(&finding.message))
            .locations(vec![place])
            .partial_fingerprints(self.fingerprints(finding, region))
            .properties(properties(finding))
            .build();
        if let Some(descriptor) = self.results.descriptors.get(finding) {
            result.rule_id = Some(descriptor.id.clone());
            result.rule_index = Some(descriptor.index);
        }
        if self.results.report.base.is_some() {
            // GitHub compares by itself and does not look at this; other readers do.
            result.baseline_state = Some(match finding.status {
                Status::Introduced => "new".into(),
                Status::Existing => "unchanged".into(),
                Status::Fixed => "absent".into(),
            });
        }
        if !finding.related.is_empty() {
            let related = finding.related.iter().take(limits::RELATED_LOCATIONS);
            result.related_locations = Some(
                related
                    .zip(1..)
                    .map(|(related, id)| {
                        let region = self.places.resolve(false, &related.location);
                        let mut place = self.location(&related.location, region);
                        place.id = Some(id);
                        place.message = Some(message(&related.message));
                        place
                    })
                    .collect(),
            );
        }
        // GitHub takes these from review comments alone; editors that open the file offer them.
        result.fixes = self
            .places
            .fix(finding)
            .map(|(region, fix)| vec![self.fix(finding, region, fix)]);
        result
    }

    fn fix(&self, finding: &Finding, region: Region, fix: &Fix) -> SarifFix {
        let content = ArtifactContent::builder()
            .text(fix.replacement.to_string())
            .build();
        let replacement = Replacement::builder()
            .deleted_region(sarif_region(region))
            .inserted_content(content)
            .build();
        let change = ArtifactChange::builder()
            .artifact_location(file(self.results.options, &finding.location.path))
            .replacements(vec![replacement])
            .build();
        SarifFix::builder()
            .description(message(&fix.title()))
            .artifact_changes(vec![change])
            .build()
    }

    fn location(&self, location: &Location, region: Region) -> SarifLocation {
        place(self.results.options, &location.path, Some(region))
    }

    fn fingerprints(&mut self, finding: &'r Finding, region: Region) -> BTreeMap<String, String> {
        if self.path != &*finding.location.path {
            self.path = &finding.location.path;
            let file = self.results.report.file_of(finding);
            // Without a text there is nothing to hash; `upload-sarif` then does it from the bytes.
            let text = file.and_then(|file| file.text());
            self.hashes = text.map(line_hash::of_lines).unwrap_or_default();
        }
        let mut fingerprints = BTreeMap::new();
        // A sum over a line with a short secret in it would give the secret away.
        if finding.rule.starts_with("secret/") {
            let own = finding.fingerprint.to_string();
            let own = own.get(..16).unwrap_or_default();
            fingerprints.insert("primaryLocationLineHash".to_owned(), format!("{own}:1"));
        } else if let Some(hash) = self.hashes.get((region.start.line - 1) as usize) {
            fingerprints.insert("primaryLocationLineHash".to_owned(), hash.to_string());
        }
        fingerprints.insert("tidegate/v1".to_owned(), finding.fingerprint.to_string());
        fingerprints
    }
}

/// A place in a file, or the file.
pub(super) fn place(options: &SarifOptions, path: &str, region: Option<Region>) -> SarifLocation {
    let mut physical = PhysicalLocation::builder()
        .artifact_location(file(options, path))
        .build();
    physical.region = region.map(sarif_region);
    SarifLocation::builder().physical_location(physical).build()
}

fn file(options: &SarifOptions, path: &str) -> ArtifactLocation {
    ArtifactLocation::builder()
        .uri(options.uri(path))
        .uri_base_id(ROOT)
        .build()
}

fn sarif_region(region: Region) -> SarifRegion {
    let Region { start, end } = region;
    // GitHub draws nothing for a region without a character; an empty line, or a file that has no text, still
    // has a place for one.
    let widened = u32::from(start == end);
    SarifRegion::builder()
        .start_line(start.line)
        .start_column(start.column)
        .end_line(end.line)
        .end_column(end.column + widened)
        .build()
}

fn logical_location(resource: &Resource) -> LogicalLocation {
    let mut name = format!("{}/", plain(&resource.kind));
    if let Some(namespace) = &resource.namespace {
        name.push_str(&plain(&shortened(namespace)));
        name.push('/');
    }
    name.push_str(&plain(&shortened(&resource.name)));
    LogicalLocation::builder()
        .fully_qualified_name(name)
        .build()
}

fn properties(finding: &Finding) -> PropertyBag {
    let status = match finding.status {
        Status::Introduced => "introduced",
        Status::Existing => "existing",
        Status::Fixed => "fixed",
    };
    let values = [("severity", finding.severity.name()), ("status", status)]
        .map(|(key, value)| (key.to_owned(), value.into()));
    PropertyBag::builder()
        .additional_properties(BTreeMap::from(values))
        .build()
}

/// A message of one line. In SARIF, `[text](target)` is a link: what comes from a manifest must not make one.
/// Braces stay as they are although they mark arguments: there are none here, and readers show them as written.
pub(super) fn message(text: &str) -> Message {
    let text = plain(text)
        .replace(['\n', '\u{2028}', '\u{2029}'], " ")
        .replace("](", "] (");
    Message::builder().text(text).build()
}
