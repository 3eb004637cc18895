//! Writes `src/rules/mod.rs` and `src/rules/README.md` from the files and the declarations of the rules. In
//! continuous integration it only says that they are stale.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use tidegate::finding::Severity;
use tidegate::rule::Rule;
use tidegate::rules;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules")
}

/// The rule files: file stems by family, as the folders are called.
fn files() -> BTreeMap<String, Vec<String>> {
    let mut families = BTreeMap::new();
    for family in fs::read_dir(folder()).unwrap().map(Result::unwrap) {
        if !family.file_type().unwrap().is_dir() {
            continue;
        }
        let mut stems: Vec<_> = fs::read_dir(family.path())
            .unwrap()
            .map(|file| file.unwrap().path())
            .inspect(|path| {
                assert!(
                    path.extension().is_some_and(|extension| extension == "rs"),
                    "{} is no rule: a family's folder holds nothing else",
                    path.display()
                );
            })
            .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        stems.sort();
        families.insert(family.file_name().into_string().unwrap(), stems);
    }
    families
}

/// Brings a generated file up to date, or says that it is not.
fn keep(name: &str, content: &str) {
    let path = folder().join(name);
    if fs::read_to_string(&path).unwrap_or_default() == content {
        return;
    }
    let checked = std::env::var("CI").is_ok_and(|value| value == "1" || value == "true");
    if !checked {
        fs::write(&path, content).unwrap();
    }
    let remedy = if checked {
        "run `cargo test` and commit what it writes"
    } else {
        "it has been rewritten: run the tests again, and commit it"
    };
    panic!("src/rules/{name} does not say what the rules say; {remedy}");
}

#[test]
fn every_rule_file_is_declared() {
    let mut code = String::from(
        "//! The rules, one file each: `<family>/<name>.rs` is the rule `<family>/<name>`.\n\
         //!\n\
         //! Written by `tests/suite/rules_registry.rs`. To add a rule, add its file and run the tests; to take one\n\
         //! away, take its two lines away here first.\n\n\
         use crate::rule::Rule;\n",
    );
    let mut ids = Vec::new();
    for (family, stems) in files() {
        write!(code, "\nmod {family} {{\n").unwrap();
        for stem in stems {
            writeln!(code, "    pub(crate) mod {stem};").unwrap();
            // `-` sorts before every letter, and `_` after some.
            ids.push((
                format!("{family}/{stem}").replace('_', "-"),
                format!("{family}::{stem}"),
            ));
        }
        code.push_str("}\n");
    }
    ids.sort();
    code.push_str("\n/// All rules, by id.\npub static ALL: &[&Rule] = &[\n");
    for (_, path) in ids {
        writeln!(code, "    &{path}::RULE,").unwrap();
    }
    code.push_str(
        "];\n\n\
         /// A rule by its id.\n\
         #[must_use]\n\
         pub fn find(id: &str) -> Option<&'static Rule> {\n\
         \x20   let index = ALL.binary_search_by(|rule| rule.id.cmp(id)).ok()?;\n\
         \x20   ALL.get(index).copied()\n\
         }\n",
    );
    keep("mod.rs", &code);
}

#[test]
fn every_rule_is_described() {
    let mut page = String::from(
        "# Rules\n\n\
         What each rule finds, why it matters, and what to write instead. This page is made from the rules' own\n\
         documentation; `tidegate explain RULE` prints the same. An opt-in rule looks only where `rules` of the\n\
         configuration names it, such as `rules: {\"family/name\": low}`.\n",
    );
    let mut families: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
    for rule in rules::ALL {
        families.entry(rule.family()).or_default().push(rule);
    }
    for (family, rules) in &families {
        write!(
            page,
            "\n## {family}\n\n| Rule | What it finds | Severity |\n|---|---|---|\n"
        )
        .unwrap();
        for rule in rules {
            let (id, title) = (rule.id, rule.title());
            let severities = severities(rule);
            writeln!(
                page,
                "| [`{id}`](#{}) | {title} | {severities} |",
                anchor(id)
            )
            .unwrap();
        }
    }
    for rule in rules::ALL {
        // An anchor of our own, because GitHub's for a heading drops the slash.
        write!(
            page,
            "\n<a id=\"{}\"></a>\n\n## {}\n\n",
            anchor(rule.id),
            rule.id
        )
        .unwrap();
        let text = rule.markdown();
        page.push_str(&text.trim_end().replace("\n## ", "\n### "));
        write!(page, "\n\n### Severity\n\n{}\n", severities(rule)).unwrap();
        page.push_str("\n### References\n\n");
        for reference in rule.references {
            writeln!(page, "- {reference}").unwrap();
        }
    }
    keep("README.md", &page);
}

fn anchor(id: &str) -> String {
    id.replace('/', "-")
}

fn severities(rule: &Rule) -> String {
    let mut names = vec![rule.severity.name()];
    names.extend(rule.other_severities.iter().map(|severity| severity.name()));
    let severities = names.join(", ");
    if rule.opt_in {
        return format!("{severities} (opt-in)");
    }
    severities
}

#[test]
fn an_id_is_the_address_of_its_file() {
    let addresses: Vec<String> = files()
        .into_iter()
        .flat_map(|(family, stems)| {
            stems
                .into_iter()
                .map(move |stem| format!("{family}/{stem}").replace('_', "-"))
        })
        .collect();
    for rule in rules::ALL {
        assert!(
            addresses.iter().any(|address| address == rule.id),
            "{} does not lie in src/rules/<family>/<name>.rs",
            rule.id
        );
        let kebab = |part: &str| {
            part.split('-').all(|word| {
                !word.is_empty()
                    && word
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            })
        };
        let (family, name) = rule.id.split_once('/').unwrap();
        assert!(
            kebab(family) && kebab(name),
            "{} is not in kebab case",
            rule.id
        );
        assert!(std::ptr::eq(rules::find(rule.id).unwrap(), *rule));
    }
    assert_eq!(
        addresses.len(),
        rules::ALL.len(),
        "two files declare one id"
    );
    assert!(rules::find("pod-security/no-such-rule").is_none());
    assert!(rules::ALL.windows(2).all(|pair| pair[0].id < pair[1].id));
}

#[test]
fn every_rule_says_what_a_reader_needs() {
    for rule in rules::ALL {
        let id = rule.id;
        let text = rule.markdown();
        let title = text.split("\n\n").next().unwrap();
        assert!(title.ends_with('.'), "{id}: the title is a sentence");
        assert!(!title.contains('\n'), "{id}: the title fits one line");
        let mut headings = text.lines().filter_map(|line| line.strip_prefix("## "));
        for heading in ["Why it matters", "Example", "Instead"] {
            assert_eq!(
                headings.next(),
                Some(heading),
                "{id}: sections and their order"
            );
        }
        assert!(
            matches!(headings.next(), None | Some("Limits")) && headings.next().is_none(),
            "{id}: only `Limits` may follow"
        );
        assert!(!rule.references.is_empty(), "{id}: references");
        let mut severities = vec![rule.severity];
        severities.extend(rule.other_severities);
        for (index, severity) in severities.iter().enumerate() {
            assert!(Severity::ALL.contains(severity));
            assert!(
                !severities[..index].contains(severity),
                "{id}: {severity:?} twice"
            );
        }
    }
}
