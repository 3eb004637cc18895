#![no_main]
//! The whole check: any bytes as configuration, manifest and kustomization of base and head go through rules,
//! comparison, waivers, verdict and all reporters without a panic, and every finding points into its file.

use std::collections::BTreeSet;
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use tidegate::change::{ContentId, SideKind, SideLabel, content_id};
use tidegate::config::PATHS;
use tidegate::config::read::ConfigFile;
use tidegate::config::value::Day;
use tidegate::kubernetes::manifest::read;
use tidegate::report::summary::{self, Links};
use tidegate::report::terminal::{self, Detail, Terminal};
use tidegate::report::{annotation, json, sarif};
use tidegate::run::governance::{Governance, Governing};
use tidegate::facts::Facts;
use tidegate::run::{Asked, judge_loaded};
use tidegate::snapshot::load::Loaded;
use tidegate::snapshot::{Snapshot, State};
use tidegate::syntax::Format;
use tidegate_fuzz::{lies_within, parts};

/// A side, with the content of each file.
fn side(configuration: &str, manifest: &str) -> (Snapshot, Vec<(Arc<str>, ContentId)>) {
    let files = [(PATHS[0], configuration), ("deploy/fuzz.yaml", manifest), ("deploy/kustomization.yaml", manifest)];
    let contents = files.map(|(path, text)| (Arc::from(path), content_id(text.as_bytes())));
    let states = files.map(|(path, text)| {
        let bytes = text.as_bytes().to_vec();
        let state = if path == PATHS[0] {
            State::Configuration(Box::new(ConfigFile::read(bytes)))
        } else {
            State::Read(read(Format::Yaml, bytes, path.contains("kustomization"), &[]))
        };
        (Arc::from(path), Arc::new(state))
    });
    (Snapshot::new(states.to_vec(), &BTreeSet::new(), 3), contents.to_vec())
}

fn label(name: &str) -> SideLabel {
    SideLabel { kind: SideKind::Folder, name: name.to_owned(), commit: None, root: None }
}

fuzz_target!(|text: &str| {
    let [base_configuration, head_configuration, base, head] = parts(text);
    let (base, base_contents) = side(base_configuration, base);
    let (head, head_contents) = side(head_configuration, head);
    let governance = Governance {
        file: Some(Governing {
            path: PATHS[0].into(),
            from: "base".to_owned(),
            file: ConfigFile::read(base_configuration.as_bytes().to_vec()),
            missing: None,
        }),
        today: Day::parse("2027-01-31").ok(),
        ..Governance::default()
    };
    let loaded = Loaded { base: Some(base), head, base_contents, head_contents };
    let asked = Asked { base: Some(label("base")), head: label("head"), scope: Vec::new(), history_missing: None, facts: Facts::default(), fixes: true };
    let report = judge_loaded(loaded, asked, &governance, &|_| {});
    for finding in &report.findings {
        if let Some(text) = report.file_of(finding).and_then(|file| file.text()) {
            lies_within(finding.location.span, text);
        }
    }
    let _ = report.exit_code();
    for detail in [Detail::Quiet, Detail::Normal, Detail::Verbose] {
        let _ = terminal::render(&report, detail, Terminal { width: 100, color: true });
    }
    let _ = annotation::render(&report, "");
    let links = Links::new(Some("https://github.com"), Some("octo/shop"), &"0".repeat(40));
    let _ = summary::render(&report, &links, None, summary::Budget::JOB);
    json::write(&report, std::io::sink()).expect("a sink refuses nothing");
    sarif::write(&report, &sarif::SarifOptions::default(), std::io::sink()).expect("a sink refuses nothing");
});
