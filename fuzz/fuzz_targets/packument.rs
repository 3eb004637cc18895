#![no_main]
//! Any bytes as a package document: nothing panics, releases are in order, dates make sense, and what the cache keeps
//! reads as the same again.

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use tidegate::packages::Version;
use tidegate::packages::freshness::cooldown::Cooldown;
use tidegate::packages::freshness::outdated::{Installed, outdated};
use tidegate::packages::freshness::target::Acceptance;
use tidegate::packages::freshness::{age, upkeep};
use tidegate::packages::registry::Document;

fuzz_target!(|bytes: &[u8]| {
    let now: Timestamp = "2026-11-26T12:00:00Z".parse().expect("it is an instant");
    let Ok(document) = Document::read(bytes, now) else { return };
    assert!(document.releases.is_sorted_by(|one, other| one.version < other.version));
    let _ = upkeep::unmaintained(&document, upkeep::SILENCE, now);
    let cooldown = Cooldown::default();
    let acceptance = Acceptance { cooldown: &cooldown, engines: None, now };
    for release in document.releases.iter().take(8) {
        assert_eq!(document.release(&release.version), Some(release));
        assert!(age::age(&document, release, now).is_none_or(|age| !age.is_negative()));
        assert!(age::lag(&document, &release.version).is_none_or(|lag| !lag.is_negative()));
        let installed = Installed { name: "a", version: &release.version, range: None };
        if let (Some(offer), Some(latest)) = (outdated(&document, installed, &acceptance).offer, document.tag("latest")) {
            let version: &Version = &offer.release.version;
            assert!(*version > release.version && *version <= latest.version);
        }
    }
    let kept = serde_json::to_vec(&document).expect("memory refuses nothing");
    assert_eq!(Document::read(&*kept, now), Ok(document));
});
