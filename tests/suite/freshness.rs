//! What is newer, how old things are, and what may be offered.

use std::fmt::Write as _;

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use tidegate::packages::freshness::Engines;
use tidegate::packages::freshness::age::{self, Lag};
use tidegate::packages::freshness::ascent::{Leaf, ascend};
use tidegate::packages::freshness::cooldown::{Cooldown, Gate, Maturity};
use tidegate::packages::freshness::outdated::{Distance, Installed, ToldBy, outdated};
use tidegate::packages::freshness::parent::{Parent, Way, way_to};
use tidegate::packages::freshness::target::{Acceptance, Refusal};
use tidegate::packages::freshness::upkeep::{
    DeprecationSource, SILENCE, deprecation, unmaintained,
};
use tidegate::packages::registry::Document;
use tidegate::packages::{Range, Version};

use crate::registry_documents::{document, now};

fn version(text: &str) -> Version {
    Version::parse(text).unwrap()
}

/// A document of lines `version date {…}`, the date and what is known beside it being optional.
fn published(latest: &str, lines: &str) -> Document {
    let (mut times, mut versions) = (String::new(), String::new());
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (head, rest) = line
            .split_once('{')
            .map_or((line, "}"), |(head, rest)| (head, rest));
        let mut words = head.split_whitespace();
        let version = words.next().unwrap();
        if let Some(day) = words.next() {
            write!(times, "\"{version}\": \"{day}T00:00:00Z\",").unwrap();
        }
        write!(versions, "\"{version}\": {{{rest},").unwrap();
    }
    let tags = if latest.is_empty() {
        String::new()
    } else {
        format!("\"latest\": \"{latest}\"")
    };
    document(&format!(
        r#"{{"name": "a", "dist-tags": {{{tags}}}, "time": {{{}}}, "versions": {{{}}}}}"#,
        times.trim_end_matches(','),
        versions.trim_end_matches(',')
    ))
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

fn three_days() -> Cooldown {
    Cooldown::new(vec![Gate::new(days(3), "packages.cooldown")])
}

const RELEASES: &str = "
    1.0.0 2020-01-01
    1.0.1 2020-02-01
    1.1.0 2020-03-01
    1.2.0 2026-11-25
    2.0.0 2021-01-01 {\"engines\": {\"node\": \">=18\"}}
    2.1.0 2022-01-01 {\"engines\": {\"node\": \">=24\"}}
    2.2.0 2022-06-01 {\"deprecated\": \"broken\"}
    3.0.0-rc.1 2023-01-01
    3.0.0-rc.2 2023-02-01
    3.0.0 2023-03-01
";

/// `wanted offer distance in-range`, and how it was told.
fn told(latest: &str, installed: &str, range: &str, engines: &str) -> (String, String) {
    let document = published(latest, RELEASES);
    let cooldown = three_days();
    let engines = Engines::read(engines, date(2026, 11, 26));
    let acceptance = Acceptance {
        cooldown: &cooldown,
        engines: engines.as_ref(),
        now: now(),
    };
    let (version, range) = (version(installed), Range::parse(range));
    let installed = Installed {
        name: "a",
        version: &version,
        range: range.as_ref(),
    };
    let answer = outdated(&document, installed, &acceptance);
    let wanted = answer.wanted.map_or("-", |release| &release.text);
    let offer = answer.offer.map_or_else(
        || "-".to_owned(),
        |offer| {
            let range = if offer.is_in_range { "in" } else { "out" };
            format!("{} {} {range}", offer.release.text, offer.distance.name())
        },
    );
    let told_by = match &answer.told_by {
        ToldBy::Tag => "tag".to_owned(),
        ToldBy::Highest => "highest".to_owned(),
        ToldBy::Ahead => "ahead".to_owned(),
        ToldBy::Below(refused) => {
            format!("below {} {}", refused.release.text, reason(&refused.why))
        }
        ToldBy::Nothing(refused) => {
            format!("not {} {}", refused.release.text, reason(&refused.why))
        }
    };
    (format!("{wanted} {offer}"), told_by)
}

/// The tag `latest`, the installed version, its range, the repository's engines; what `told` says, and by what.
const CASES: &str = "
    3.0.0 | 1.0.0 | ^1.0.0 |  | 1.1.0 3.0.0 major out | tag
    3.0.0 | 3.0.0 | ^3.0.0 |  | 3.0.0 - | tag
    2.0.0 | 1.0.0 | ^1.0.0 |  | 1.1.0 2.0.0 major out | tag
    2.0.0 | 1.0.0 | >=1 |  | 2.0.0 2.0.0 major in | tag
    2.2.0 | 2.0.0 | ^2.0.0 |  | 2.1.0 2.1.0 minor in | below 2.2.0 deprecated
    2.1.0 | 1.1.0 | ^1.0.0 | >=20 | 1.1.0 2.0.0 major out | below 2.1.0 engines
    2.1.0 | 2.0.0 | ^2.0.0 | >=20 | 2.0.0 - | not 2.1.0 engines
    1.2.0 | 1.0.0 | ~1.0.0 |  | 1.0.1 1.1.0 minor out | below 1.2.0 young
    1.2.0 | 1.1.0 | ^1.0.0 |  | 1.1.0 - | not 1.2.0 young
    2.0.0 | 3.0.0 | ^3.0.0 |  | 3.0.0 - | ahead
    3.0.0 | 3.0.0-rc.1 | ^3.0.0-rc.1 |  | 3.0.0 3.0.0 patch in | tag
    3.0.0-rc.2 | 2.0.0 | * |  | 3.0.0 2.1.0 minor in | below 2.2.0 deprecated
    3.0.0-rc.2 | 3.0.0-rc.1 | 3.0.0-rc.1 |  | 3.0.0-rc.1 3.0.0-rc.2 patch out | tag
     | 2.0.0 | latest |  | - 3.0.0 major out | highest
";

#[test]
fn what_is_offered_is_never_beyond_latest_young_or_unfit() {
    for case in CASES.trim().lines() {
        let parts: Vec<&str> = case.split(" | ").map(str::trim).collect();
        let &[latest, installed, range, engines, expected, by] = &*parts else {
            panic!("{case}");
        };
        let (answer, told_by) = told(latest, installed, range, engines);
        assert_eq!(
            (answer.as_str(), told_by.as_str()),
            (expected, by),
            "{case}"
        );
    }
    let document = published("2.0.0", RELEASES);
    let one = version("1.0.0");
    let cooldown = Cooldown::default();
    let acceptance = Acceptance {
        cooldown: &cooldown,
        engines: None,
        now: now(),
    };
    let installed = Installed {
        name: "a",
        version: &one,
        range: None,
    };
    let answer = outdated(&document, installed, &acceptance);
    assert_eq!(answer.highest.map(|release| &*release.text), Some("3.0.0"));
    assert_eq!(answer.latest.map(|release| &*release.text), Some("2.0.0"));
    assert_eq!(
        Distance::between(&version("0.2.0"), &version("0.3.0")),
        Distance::Minor
    );
}

fn reason(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Missing => "missing",
        Refusal::Deprecated(_) => "deprecated",
        Refusal::Young(_) => "young",
        Refusal::Engines(_) => "engines",
    }
}

#[test]
fn a_fix_must_be_there_advised_old_and_fit() {
    let document = published("3.0.0", RELEASES);
    let cooldown = three_days();
    let engines = Engines::read(">=20", date(2026, 11, 26)).unwrap();
    let acceptance = Acceptance {
        cooldown: &cooldown,
        engines: Some(&engines),
        now: now(),
    };
    for (fix, severe, expected) in [
        ("1.1.0", false, Ok(Maturity::Mature)),
        ("1.1.1", false, Err("missing")),
        ("2.2.0", true, Err("deprecated")),
        ("2.1.0", true, Err("engines")),
        ("1.2.0", false, Err("young")),
    ] {
        let answer = acceptance.accept("a", &document, &version(fix), severe);
        let answer = answer
            .map(|accepted| accepted.maturity)
            .map_err(|refusal| reason(&refusal));
        assert_eq!(answer, expected, "{fix}");
    }
    let excused = acceptance.accept("a", &document, &version("1.2.0"), true);
    assert!(matches!(excused.unwrap().maturity, Maturity::Excused(_)));
    let undated = published("1.0.0", "1.0.0");
    let accepted = acceptance.accept("a", &undated, &version("1.0.0"), false);
    assert_eq!(accepted.unwrap().maturity, Maturity::Unknown);
}

#[test]
fn the_lowest_fix_is_one_that_can_be_installed() {
    let document = published("2.1.0", RELEASES);
    let cooldown = three_days();
    let engines = Engines::read(">=20", date(2026, 11, 26)).unwrap();
    let acceptance = Acceptance {
        cooldown: &cooldown,
        engines: Some(&engines),
        now: now(),
    };
    let fix = |installed: &str, affected: &str, severe| {
        let affected = Range::parse(affected).unwrap();
        let is_affected = |version: &Version| affected.satisfies(version);
        let fix = acceptance.lowest_fix("a", &document, &version(installed), &is_affected, severe);
        match fix {
            Ok(accepted) => accepted.release.text.to_string(),
            Err(Some((release, why))) => format!("not {} {}", release.text, reason(&why)),
            Err(None) => "none".to_owned(),
        }
    };
    for (installed, affected, severe, expected) in [
        ("1.0.0", "<1.0.1", false, "1.0.1"),
        // 1.2.0 is a day old.
        ("1.0.0", "<1.2.0", false, "2.0.0"),
        ("1.0.0", "<1.2.0", true, "1.2.0"),
        // 2.1.0 runs on too few versions, 2.2.0 is deprecated, 3.0.0 beyond latest.
        ("2.0.0", "<2.1.0", false, "3.0.0"),
        ("2.0.0", "<2.1.0 || >=3", false, "not 2.1.0 engines"),
        ("1.0.0", "*", false, "none"),
    ] {
        assert_eq!(
            fix(installed, affected, severe),
            expected,
            "{installed} {affected}"
        );
    }
}

#[test]
fn what_a_mirror_fetched_long_ago_is_old_enough() {
    let mirror = published(
        "1.0.4",
        "1.0.0 2024-12-13\n 1.0.1 2024-12-02\n 1.0.2 2024-10-04\n 1.0.3 2024-09-30\n 1.0.4 2026-11-26",
    );
    let cooldown = three_days();
    let judge = |text: &str| {
        let release = mirror.release(&version(text)).unwrap();
        assert_eq!(mirror.published(release), None);
        cooldown.judge_release("a", &mirror, release, now(), false)
    };
    assert_eq!(judge("1.0.0"), Maturity::Mature);
    // It may have been published years before it was fetched.
    assert_eq!(judge("1.0.4"), Maturity::Unknown);
    assert_eq!(age::lag(&mirror, &version("1.0.0")), None);
}

#[test]
fn a_parent_that_takes_the_fix_is_found() {
    let parent = |third: &str, fourth: &str| {
        published(
            "2.0.0",
            &format!(
                "1.0.0 2020-01-01 {{\"dependencies\": {{\"child\": \"~1.0.0\"}}}}
                1.1.0 2020-02-01 {{\"dependencies\": {{\"alias\": \"npm:child@{third}\"}}}}
                1.2.0 2020-03-01 {{\"deprecated\": \"x\"}}
                2.0.0 2021-01-01 {{\"dependencies\": {{{fourth}}}}}
                3.0.0 2022-01-01"
            ),
        )
    };
    let way = |document: &Document, range: &str, fix: &str| {
        let cooldown = three_days();
        let acceptance = Acceptance {
            cooldown: &cooldown,
            engines: None,
            now: now(),
        };
        let (installed, range) = (version("1.0.0"), Range::parse(range));
        let parent = Parent {
            name: "parent",
            document,
            version: &installed,
            range: range.as_ref(),
        };
        match way_to(parent, "child", &version(fix), &acceptance, false) {
            Way::AsItIs => "as it is".to_owned(),
            Way::InRange(step) => format!("in {} {}", step.release.text, step.drops),
            Way::BeyondRange(step) => format!("beyond {} {}", step.release.text, step.drops),
            Way::None { asks } => format!("none {}", asks.unwrap_or_default()),
        }
    };
    let takes = parent("^1.0.0", "\"child\": \"^2.0.0\"");
    assert_eq!(way(&takes, "^1.0.0", "1.0.5"), "as it is");
    assert_eq!(way(&takes, "^1.0.0", "1.4.0"), "in 1.1.0 false");
    assert_eq!(way(&takes, "~1.0.0", "1.4.0"), "beyond 1.1.0 false");
    assert_eq!(way(&takes, "^1.0.0", "2.4.0"), "beyond 2.0.0 false");
    assert_eq!(way(&takes, "^1.0.0", "3.0.0"), "none ^1.0.0");
    let drops = parent("~1.0.0", "\"other\": \"1\"");
    assert_eq!(way(&drops, "^1.0.0", "3.0.0"), "beyond 2.0.0 true");
    assert_eq!(way(&drops, ">=1", "3.0.0"), "in 2.0.0 true");
    let foreign = parent("github:a/b", "\"child\": \"git+https://x.example/c.git\"");
    assert_eq!(way(&foreign, "^1.0.0", "3.0.0"), "none github:a/b");
}

#[test]
fn a_fix_is_sought_up_to_what_a_workspace_asks_for() {
    // express > body-parser > qs, as they were.
    let express = |newest: &str| {
        published(
            "4.19.2",
            &format!(
                "4.18.0 2022-01-01 {{\"dependencies\": {{\"body-parser\": \"1.20.0\"}}}}
                4.18.2 2022-10-01 {{\"dependencies\": {{\"body-parser\": \"1.20.1\"}}}}
                4.19.2 2024-03-01 {{\"dependencies\": {{{newest}}}}}
                5.0.0 2024-09-01"
            ),
        )
    };
    let parser = published(
        "1.20.3",
        "1.20.0 2022-01-01 {\"dependencies\": {\"qs\": \"6.10.3\"}}
        1.20.1 2022-09-01 {\"dependencies\": {\"qs\": \"6.10.3\"}}
        1.20.2 2023-02-01 {\"dependencies\": {\"qs\": \"6.11.0\"}}
        1.20.3 2024-09-01 {\"dependencies\": {\"qs\": \"6.13.0\"}}",
    );
    let way = |express: &Document, ranges: (&str, &str), is_whole: bool, fix: &str| {
        let cooldown = three_days();
        let acceptance = Acceptance {
            cooldown: &cooldown,
            engines: None,
            now: now(),
        };
        let (above, below) = (version("4.18.0"), version("1.20.0"));
        let (first, second) = (Range::parse(ranges.0), Range::parse(ranges.1));
        let way = [
            Parent {
                name: "express",
                document: express,
                version: &above,
                range: first.as_ref(),
            },
            Parent {
                name: "body-parser",
                document: &parser,
                version: &below,
                range: second.as_ref(),
            },
        ];
        let leaf = Leaf {
            name: "qs",
            version: &version("6.10.3"),
            fix: &version(fix),
        };
        let found = ascend(&way, is_whole, leaf, &acceptance, false);
        found.map(|found| {
            let below = found.below.iter().map(|(name, version)| match version {
                Some(version) => format!("{name} {version}"),
                None => format!("no {name}"),
            });
            format!(
                "{} {} {} > {}{}",
                found.link,
                found.release.text,
                found.is_in_range,
                below.collect::<Vec<_>>().join(" > "),
                if found.held.is_empty() { "" } else { ", held" }
            )
        })
    };
    let newest = express("\"body-parser\": \"1.20.2\"");
    let deep = way(&newest, ("4.18.0", "1.20.0"), true, "6.11.0");
    assert_eq!(
        deep.as_deref(),
        Some("0 4.19.2 false > body-parser 1.20.2 > qs 6.11.0")
    );
    let taken = way(&newest, ("^4.18.0", "1.20.0"), true, "6.11.0");
    assert_eq!(
        taken.as_deref(),
        Some("0 4.19.2 true > body-parser 1.20.2 > qs 6.11.0")
    );
    // No release up to the latest leads there, or what is above is not known.
    assert_eq!(way(&newest, ("^4.18.0", "1.20.0"), true, "6.12.0"), None);
    assert_eq!(way(&newest, ("4.18.0", "1.20.0"), false, "6.11.0"), None);
    // What is in between can move by itself.
    let between = way(&newest, ("4.18.0", "^1.20.0"), true, "6.13.0");
    assert_eq!(between.as_deref(), Some("1 1.20.3 true > qs 6.13.0"));
    // The range takes what would do, but comes to a release that does not.
    assert_eq!(way(&newest, ("4.18.0", "^1.20.0"), false, "6.11.0"), None);
    let dropped = express("\"other\": \"1\"");
    let dropped = way(&dropped, ("4.18.0", "1.20.0"), true, "6.11.0");
    assert_eq!(dropped.as_deref(), Some("0 4.19.2 false > no body-parser"));
    // A lockfile may hold on to what the new range takes as well.
    let wide = express("\"body-parser\": \"^1.20.0\"");
    let wide = way(&wide, ("4.18.0", "1.20.0"), true, "6.13.0");
    assert_eq!(
        wide.as_deref(),
        Some("0 4.19.2 false > body-parser 1.20.3 > qs 6.13.0, held")
    );
}

#[test]
fn lag_is_measured_against_latest() {
    let document = published("2.0.0", RELEASES);
    for (installed, lag) in [
        ("1.0.0", Some(days(366))),
        ("2.0.0", Some(days(0))),
        ("3.0.0", Some(days(0))),
        // Published after latest, though lower: it lags nothing.
        ("1.2.0", Some(days(0))),
        ("9.0.0", None),
    ] {
        assert_eq!(age::lag(&document, &version(installed)), lag, "{installed}");
    }
    assert_eq!(
        age::lag(&published("1.0.0", "1.0.0"), &version("1.0.0")),
        None
    );
    let release = document.release(&version("1.2.0")).unwrap();
    let age = age::age(&document, release, now()).unwrap();
    assert_eq!(age.as_hours(), 36);
    for (period, text) in [
        (days(365), "1.0"),
        (days(0), "0.0"),
        (days(500), "1.4"),
        (days(-365), "-1.0"),
        (days(-1), "0.0"),
    ] {
        assert_eq!(age::years(period), text);
    }
}

#[test]
fn growth_counts_and_old_debt_does_not() {
    let lag = |name: &str, version: &str, lag: Option<i64>| Lag {
        project: "".into(),
        name: name.into(),
        version: version.into(),
        lag: lag.map(days),
    };
    let base = [
        lag("old", "1.0.0", Some(3650)),
        lag("moved", "1.0.0", Some(100)),
        lag("gone", "1.0.0", Some(50)),
        lag("undated", "1.0.0", None),
        lag("dark", "1.0.0", None),
    ];
    let head = [
        lag("old", "1.0.0", Some(3650)),
        lag("moved", "0.9.0", Some(300)),
        lag("moved", "0.9.0", Some(300)),
        lag("added", "1.0.0", Some(400)),
        lag("undated", "1.0.0", None),
        lag("dark", "2.0.0", Some(1)),
    ];
    let drift = age::drift(&base, &head);
    assert_eq!(drift.growth(), days(200 - 50 + 400));
    let causes: Vec<_> = drift
        .causes
        .iter()
        .map(|cause| (&*cause.name, cause.growth))
        .collect();
    assert_eq!(
        causes,
        [
            ("added", days(400)),
            ("moved", days(200)),
            ("gone", days(-50))
        ]
    );
    assert_eq!(drift.unknown, ["dark".into()]);
    assert!(drift.exceeds(days(549)) && !drift.exceeds(days(550)));
    assert!(!age::drift(&head, &base).exceeds(days(0)));
    assert_eq!(age::drift(&base, &base).growth(), days(0));
}

#[test]
fn the_registry_knows_better_than_a_lockfile() {
    let document = published("1.0.0", RELEASES);
    let release = |text: &str| document.release(&version(text));
    let told = |locked, of| deprecation(locked, of).map(|told| (told.text.to_string(), told.from));
    let broken = Some(("broken".to_owned(), DeprecationSource::Registry));
    assert_eq!(told(None, release("2.2.0")), broken);
    assert_eq!(
        told(Some("old"), release("1.0.0")),
        None,
        "it was taken back"
    );
    let old = Some(("old".to_owned(), DeprecationSource::Lockfile));
    assert_eq!(told(Some("old"), None), old);
    assert_eq!(told(Some(""), None), None);
}

#[test]
fn a_package_without_releases_for_long_is_unmaintained() {
    let silent = published("1.0.0", "1.0.0 2020-01-01\n 1.0.1-rc.1 2023-11-01");
    let found = unmaintained(&silent, SILENCE, now()).unwrap();
    assert_eq!(
        found.last,
        "2023-11-01T00:00:00Z".parse::<Timestamp>().unwrap()
    );
    assert!(unmaintained(&silent, days(4 * 365), now()).is_none());
    assert!(unmaintained(&published("1.0.0", "1.0.0"), SILENCE, now()).is_none());
    assert!(unmaintained(&published("1.0.0", RELEASES), SILENCE, now()).is_none());
}
