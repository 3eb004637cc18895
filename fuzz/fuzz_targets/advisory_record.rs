#![no_main]
//! Any entry can be read, merged, mended and kept, and means the same after it was kept.

use std::io::Cursor;
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use tidegate::packages::advisory::database::{Builder, Database};
use tidegate::packages::advisory::merge::merge;
use tidegate::packages::advisory::{Affected, Installed, fix, record};
use tidegate_fuzz::parts;

fuzz_target!(|text: &str| {
    let [entry, version, range] = parts(text);
    let installed = Installed::new(version);
    let mut affected = Affected::default();
    affected.add_npm_range(range);
    let _ = affected.holds(&installed);

    let Ok(records) = record::read(entry.as_bytes()) else {
        return;
    };
    let mut builder = Builder::default();
    builder.add(records.clone());
    let mut bytes = Vec::new();
    builder.write("fuzz", 0, &mut bytes).expect("memory takes it");
    let database = Database::read(Box::new(Cursor::new(bytes))).expect("it was just written");
    for (name, record) in records {
        let kept = database.records(&name).expect("it was just written");
        if !record.is_withdrawn && !record.affected.is_empty() {
            assert_eq!(kept, [record]);
        }
        let advisories: Vec<_> = merge(kept).into_iter().map(Arc::new).collect();
        for advisory in &advisories {
            let _ = (advisory.url(), advisory.affects(&installed));
            if let Some(current) = installed.version() {
                for fixed in fix::remedy(advisory, &advisories, current).fixes {
                    assert!(fixed > *current && !advisory.affects(&Installed::from(&fixed)));
                }
            }
        }
    }
});
