#![no_main]
//! Any text as the settings of every package manager: nothing panics, and no token that is written out in a file of the
//! repository, or meant for another host, is ever used.

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use tidegate::packages::Version;
use tidegate::packages::freshness::cooldown::Cooldown;
use tidegate::packages::freshness::cooldown_settings::{CooldownFile, gates};
use tidegate::packages::registry::settings::{Owner, SettingsKind};
use tidegate::packages::registry::{Settings, SettingsFile};

fuzz_target!(|text: &str| {
    // Whoever writes the token out in an address says nothing of where it comes from.
    if text.to_lowercase().contains("0k3") {
        return;
    }
    let environment = BTreeMap::from([("NPM_TOKEN".to_owned(), "t0k3n".to_owned()), ("HOST".to_owned(), "a.example".to_owned())]);
    for kind in [SettingsKind::Npm, SettingsKind::Yarn, SettingsKind::Bun] {
        let file = SettingsFile { kind, owner: Owner::Repository, path: "settings".into(), text };
        let settings = Settings::read(&[file], &environment);
        for name in ["lodash", "@acme/a", "@x/y"] {
            let registry = settings.registry_of(name);
            if registry.unread.is_some() {
                assert!(registry.url.as_str().is_empty() && settings.authorization(&registry.url).is_none());
                continue;
            }
            let registry = &registry.url;
            assert!(registry.as_str().ends_with('/') && !registry.as_str().contains("t0k3n"));
            if let Some(value) = settings.authorization(registry) {
                assert!(["Bearer t0k3n", "Basic t0k3n", "Bearer a.example", "Basic a.example"].contains(&value));
                assert!(registry.is_private() && text.contains("${") | text.contains('$'));
            }
            if let Some(address) = registry.document(name) {
                assert!(address.starts_with(registry.as_str()));
            }
        }
    }
    let version = Version::parse("1.0.0").expect("it is a version");
    for file in [CooldownFile::Npm, CooldownFile::Pnpm, CooldownFile::Yarn, CooldownFile::Bun, CooldownFile::Renovate] {
        let cooldown = Cooldown::new(gates(file, "settings", text));
        let now = "2026-11-26T12:00:00Z".parse().expect("it is an instant");
        for name in ["lodash", "@acme/a"] {
            let _ = cooldown.judge(name, &version, Some(now), now, false);
        }
    }
});
