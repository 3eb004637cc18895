//! Properties of comparisons over lockfiles that are made by hand, and what a person would say of some of them.

use proptest::prelude::*;

use super::*;
use crate::packages::PackageJson;
use crate::packages::catalogs::Catalogs;
use crate::packages::graph::{Graph, Member};
use crate::packages::lockfile::{
    Dependency, Importer, Locked, Lockfile, LockfileKind, Need, PackageIndex, Section, Source,
    Wanted,
};
use crate::syntax::{Format, Span, Tree, parse};

/// A lockfile in a few words, with the graph that is made of it.
struct Made {
    lockfile: Lockfile,
    manifests: Vec<(String, Tree)>,
}

/// An entry: `name@version` with a letter for its hash, and the entries that it needs.
type Row<'a> = (&'a str, &'a [usize]);

/// A workspace: its path, its `package.json`, and the entries that it wants.
type Wanting<'a> = (&'a str, &'a str, &'a [(Section, usize)]);

/// A change: what, name, before, after, and the scopes in each workspace.
type Fact = (What, String, String, String, Vec<(Scope, Scope)>);

fn entry(label: &str, at: usize) -> Locked {
    let (label, hash) = label.split_once('#').unwrap_or((label, ""));
    let (name, version) = label.split_once('@').unwrap_or((label, ""));
    let mut locked = Locked::new(name, version, Span::new(at * 10, at * 10 + 5));
    if let Some(repository) = version.strip_prefix("git:") {
        locked.version = "".into();
        locked.source = Source::Git {
            repository: "h/r".into(),
            commit: Some(repository.into()),
        };
    }
    if !hash.is_empty() {
        let written = format!("sha512-{hash}");
        locked.integrity = Some((written.into(), Span::new(at * 10 + 6, at * 10 + 8)));
    }
    locked
}

impl Made {
    /// Each workspace: its path, its `package.json`, and what it wants: section and entry.
    fn of(rows: &[Row<'_>], workspaces: &[Wanting<'_>]) -> Self {
        let index = |number: &usize| PackageIndex(u32::try_from(*number).unwrap());
        let mut lockfile = Lockfile::empty(LockfileKind::Npm, String::new());
        for (at, (label, needs)) in rows.iter().enumerate() {
            let mut locked = entry(label, at);
            locked.dependencies = needs
                .iter()
                .map(|need| Dependency {
                    name: "".into(),
                    need: Need::Required,
                    specifier: "".into(),
                    to: Some(index(need)),
                    at: Span::default(),
                })
                .collect();
            lockfile.packages.push(locked);
        }
        let mut manifests = Vec::new();
        for (path, text, wants) in workspaces {
            let wanted = |(section, number): &(Section, usize)| Wanted {
                name: lockfile.packages[*number].name.clone(),
                section: Some(*section),
                specifier: None,
                to: Some(index(number)),
                at: Span::default(),
            };
            let dependencies = wants.iter().map(wanted).collect();
            lockfile.importers.push(Importer {
                path: (*path).into(),
                name: None,
                at: Span::default(),
                dependencies,
            });
            manifests.push(((*path).to_owned(), parse(Format::Json, (*text).to_owned())));
        }
        Self {
            lockfile,
            manifests,
        }
    }

    fn graph(&self) -> Graph {
        let members: Vec<Member<'_>> = self
            .manifests
            .iter()
            .map(|(path, tree)| Member {
                path: path.as_str().into(),
                file: format!("{path}/package.json").into(),
                package: PackageJson::of(tree),
            })
            .collect();
        Graph::of(
            &"package-lock.json".into(),
            &self.lockfile,
            &members,
            Catalogs::default(),
        )
    }
}

fn side<'a>(made: &'a Made, graph: &'a Graph) -> Side<'a> {
    Side {
        graph,
        lockfile: &made.lockfile,
    }
}

/// What is said of a change, one line each: `upgraded a 1.0.0 -> 2.0.0 in web (direct)`.
fn said(base: &Made, head: &Made) -> Vec<String> {
    let (old, new) = (base.graph(), head.graph());
    let (one, other) = (Some(side(base, &old)), Some(side(head, &new)));
    let difference = Difference::between(one, other, &BTreeMap::new());
    let mut all = Vec::new();
    for told in difference.told(one, other) {
        let release = |package: Option<Installed<'_>>| {
            package.map_or("-".to_owned(), |package| package.release().to_owned())
        };
        for effect in &told.change.effects {
            let place = told
                .workspace(*effect)
                .map_or("nowhere".to_owned(), |own| format!("`{}`", own.path));
            let through = told.through(*effect).join(" > ");
            let way = match (told.is_direct(*effect), through.is_empty()) {
                (true, _) => "directly".to_owned(),
                (_, false) => format!("through {through}"),
                _ => "by nobody".to_owned(),
            };
            all.push(format!(
                "{} {} {} -> {} in {place} {way}",
                told.what().name(),
                told.name(),
                release(told.before()),
                release(told.after())
            ));
        }
    }
    all
}

const PRODUCTION: Section = Section::Production;
const DEVELOPMENT: Section = Section::Development;

#[test]
fn each_kind_of_change_is_told_with_its_way() {
    let base = Made::of(
        &[
            ("express@4.0.0", &[1]),
            ("qs@6.0.0", &[]),
            ("old@1.0.0", &[]),
            ("tool@1.0.0", &[]),
            ("fork@1.0.0", &[]),
            ("safe@1.0.0#aa", &[]),
            ("lost@1.0.0#aa", &[]),
        ],
        &[(
            "",
            "{}",
            &[
                (PRODUCTION, 0),
                (PRODUCTION, 2),
                (DEVELOPMENT, 3),
                (PRODUCTION, 4),
                (PRODUCTION, 5),
                (PRODUCTION, 6),
            ],
        )],
    );
    let head = Made::of(
        &[
            ("lost@1.0.0", &[]),
            ("safe@1.0.0#bb", &[]),
            ("fork@git:0123", &[]),
            ("tool@1.0.0", &[]),
            ("qs@5.0.0", &[]),
            ("express@4.1.0", &[4, 6]),
            ("new@1.0.0", &[]),
            ("stray@1.0.0", &[]),
        ],
        &[(
            "",
            "{}",
            &[
                (PRODUCTION, 0),
                (PRODUCTION, 1),
                (PRODUCTION, 2),
                (PRODUCTION, 3),
                (PRODUCTION, 5),
            ],
        )],
    );
    assert_eq!(
        said(&base, &head),
        [
            "upgraded express 4.0.0 -> 4.1.0 in `` directly",
            "source-changed fork 1.0.0 -> 0123 in `` directly",
            "integrity-lost lost 1.0.0 -> 1.0.0 in `` directly",
            "added new - -> 1.0.0 in `` through express@4.1.0",
            "removed old 1.0.0 -> - in `` directly",
            "downgraded qs 6.0.0 -> 5.0.0 in `` through express@4.1.0",
            "integrity-changed safe 1.0.0 -> 1.0.0 in `` directly",
            "added stray - -> 1.0.0 in nowhere by nobody",
            "moved-to-production tool 1.0.0 -> 1.0.0 in `` directly",
        ]
    );
}

#[test]
fn a_duplicate_that_moves_and_a_second_copy_of_a_version_are_no_change() {
    let base = Made::of(
        &[("a@1.0.0", &[2]), ("b@1.0.0", &[2]), ("c@1.0.0", &[])],
        &[("", "{}", &[(PRODUCTION, 0), (PRODUCTION, 1)])],
    );
    let head = Made::of(
        &[
            ("a@1.0.0", &[2]),
            ("b@1.0.0", &[3]),
            ("c@1.0.0", &[]),
            ("c@1.0.0", &[]),
        ],
        &[("", "{}", &[(PRODUCTION, 0), (PRODUCTION, 1)])],
    );
    assert_eq!(said(&base, &head), [""; 0]);
    assert_eq!(said(&head, &base), [""; 0]);
}

#[test]
fn versions_of_one_line_are_paired_and_another_one_is_added() {
    let base = Made::of(
        &[("a@1.0.0", &[]), ("a@2.0.0", &[])],
        &[("", "{}", &[(PRODUCTION, 0), (PRODUCTION, 1)])],
    );
    let head = Made::of(
        &[("a@1.0.0", &[]), ("a@2.1.0", &[]), ("a@3.0.0", &[])],
        &[(
            "",
            "{}",
            &[(PRODUCTION, 0), (PRODUCTION, 1), (PRODUCTION, 2)],
        )],
    );
    assert_eq!(
        said(&base, &head),
        [
            "added a - -> 3.0.0 in `` directly",
            "upgraded a 2.0.0 -> 2.1.0 in `` directly",
        ]
    );
}

#[test]
fn a_workspace_that_takes_a_known_package_is_told_for_itself() {
    let rows: &[Row<'_>] = &[("a@1.0.0", &[])];
    let base = Made::of(rows, &[("", "{}", &[(PRODUCTION, 0)]), ("web", "{}", &[])]);
    let head = Made::of(
        rows,
        &[
            ("", "{}", &[(PRODUCTION, 0)]),
            ("web", "{}", &[(DEVELOPMENT, 0)]),
        ],
    );
    assert_eq!(said(&base, &head), ["added a - -> 1.0.0 in `web` directly"]);
}

#[test]
fn the_line_that_changed_is_that_of_package_json_or_else_of_the_lockfile() {
    let base = Made::of(
        &[("a@1.0.0", &[1]), ("b@1.0.0", &[]), ("c@1.0.0", &[])],
        &[(
            "",
            r#"{"dependencies": {"a": "^1.0.0", "c": "1.0.0"}}"#,
            &[(PRODUCTION, 0), (PRODUCTION, 2)],
        )],
    );
    let text = r#"{"dependencies": {"c": "1.1.0", "a": "^1.0.0"}}"#;
    let head = Made::of(
        &[("a@1.0.0", &[1]), ("b@1.0.1", &[]), ("c@1.1.0", &[])],
        &[("", text, &[(PRODUCTION, 0), (PRODUCTION, 2)])],
    );
    let (old, new) = (base.graph(), head.graph());
    let (one, other) = (Some(side(&base, &old)), Some(side(&head, &new)));
    let difference = Difference::between(one, other, &BTreeMap::new());
    let places: Vec<_> = difference
        .told(one, other)
        .map(|told| {
            let effect = told.main_effect().unwrap();
            let line = told.location(effect).unwrap();
            let changed = told.changed_at(effect).unwrap();
            let written = text.get(line.span.range()).unwrap();
            (told.name(), written, changed.path.to_string())
        })
        .collect();
    assert_eq!(
        places,
        [
            ("b", r#""a": "^1.0.0""#, "package-lock.json".to_owned()),
            ("c", r#""c": "1.1.0""#, "/package.json".to_owned()),
        ]
    );
}

/// A small lockfile: its entries, their edges, and what two workspaces want.
#[derive(Clone, Debug)]
struct Plan {
    entries: Vec<(u8, u8, u8)>,
    edges: Vec<(u8, u8)>,
    wants: Vec<(bool, u8, bool)>,
}

fn plans() -> impl Strategy<Value = Plan> {
    let entries = prop::collection::vec((0u8..4, 0u8..3, 0u8..3), 1..8);
    let edges = prop::collection::vec((any::<u8>(), any::<u8>()), 0..10);
    let wants = prop::collection::vec((any::<bool>(), any::<u8>(), any::<bool>()), 0..6);
    (entries, edges, wants).prop_map(|(entries, edges, wants)| Plan {
        entries,
        edges,
        wants,
    })
}

/// Makes a plan, its entries written in the order of a permutation.
fn made(plan: &Plan, order: &[usize]) -> Made {
    let count = plan.entries.len();
    let place = |number: usize| {
        order
            .iter()
            .position(|known| *known == number % count)
            .unwrap()
    };
    let mut labels = vec![String::new(); count];
    let mut needs: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (number, (name, version, hash)) in plan.entries.iter().enumerate() {
        let hash = ["", "#aa", "#bb"][usize::from(*hash)];
        labels[place(number)] = format!("p{name}@{version}.0.0{hash}");
    }
    for (from, to) in &plan.edges {
        needs[place(usize::from(*from))].push(place(usize::from(*to)));
    }
    let rows: Vec<Row<'_>> = labels
        .iter()
        .zip(&needs)
        .map(|(label, needs)| (label.as_str(), needs.as_slice()))
        .collect();
    let wants = |is_web: bool| -> Vec<(Section, usize)> {
        let own = plan.wants.iter().filter(|(web, ..)| *web == is_web);
        own.map(|(_, entry, dev)| {
            let section = if *dev { DEVELOPMENT } else { PRODUCTION };
            (section, place(usize::from(*entry)))
        })
        .collect()
    };
    Made::of(
        &rows,
        &[("", "{}", &wants(false)), ("web", "{}", &wants(true))],
    )
}

fn plain(plan: &Plan) -> Made {
    made(plan, &(0..plan.entries.len()).collect::<Vec<_>>())
}

/// Changes without their ways, which are those of one side.
fn facts(base: &Made, head: &Made) -> Vec<Fact> {
    let (old, new) = (base.graph(), head.graph());
    let (one, other) = (Some(side(base, &old)), Some(side(head, &new)));
    let difference = Difference::between(one, other, &BTreeMap::new());
    let label = |package: Option<Installed<'_>>| {
        package.map_or_else(String::new, |package| package.release().to_owned())
    };
    let told = difference.told(one, other);
    told.map(|told| {
        let effects = told.change.effects.iter();
        let scopes = effects.map(|effect| (effect.before, effect.after));
        (
            told.what(),
            told.name().to_owned(),
            label(told.before()),
            label(told.after()),
            scopes.collect(),
        )
    })
    .collect()
}

proptest! {
    #[test]
    fn nothing_differs_from_itself_in_any_order(
        (plan, order) in plans().prop_flat_map(|plan| {
            let numbers: Vec<usize> = (0..plan.entries.len()).collect();
            (Just(plan), Just(numbers).prop_shuffle())
        })
    ) {
        prop_assert_eq!(facts(&plain(&plan), &made(&plan, &order)), vec![]);
    }

    #[test]
    fn the_order_of_entries_changes_nothing(
        (plan, other, order) in (plans(), plans()).prop_flat_map(|(plan, other)| {
            let numbers: Vec<usize> = (0..other.entries.len()).collect();
            (Just(plan), Just(other), Just(numbers).prop_shuffle())
        })
    ) {
        prop_assert_eq!(
            facts(&plain(&plan), &plain(&other)),
            facts(&plain(&plan), &made(&other, &order))
        );
    }

    #[test]
    fn there_and_back_say_the_reverse((one, other) in (plans(), plans())) {
        let (one, other) = (plain(&one), plain(&other));
        let mut there = facts(&one, &other);
        let mut back: Vec<_> = facts(&other, &one)
            .into_iter()
            .map(|(what, name, before, after, scopes)| {
                let scopes = scopes.into_iter().map(|(old, new)| (new, old)).collect();
                (what.reversed(), name, after, before, scopes)
            })
            .collect();
        there.sort();
        back.sort();
        prop_assert_eq!(there, back);
    }
}
