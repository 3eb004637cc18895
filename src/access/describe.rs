//! Rights in words.

use std::collections::BTreeMap;

use super::rights::{Rights, Verbs};
use super::symbols::{Symbol, Symbols};

/// One phrase for each sort of right: `get,list,watch pods, services`, `every verb on secrets.example.com named a, b`.
#[must_use]
pub fn phrases(rights: &Rights, symbols: &Symbols) -> Vec<String> {
    let mut named: BTreeMap<(Symbol, Symbol, &Verbs), Vec<Symbol>> = BTreeMap::new();
    let mut open: BTreeMap<(&Verbs, Vec<Symbol>), Vec<String>> = BTreeMap::new();
    for (key, verbs) in rights.resources() {
        if let Some(name) = key.name {
            let entry = (key.group, key.resource, verbs);
            named.entry(entry).or_default().push(name);
        } else {
            let resources = open.entry((verbs, Vec::new())).or_default();
            resources.push(resource(key.group, key.resource, symbols));
        }
    }
    for ((group, own, verbs), of_right) in named {
        let resources = open.entry((verbs, of_right)).or_default();
        resources.push(resource(group, own, symbols));
    }
    let mut phrases: Vec<String> = open
        .into_iter()
        .map(|((verbs, of_right), mut resources)| {
            resources.sort();
            let mut phrase = format!("{} {}", verbs_of(verbs, symbols), resources.join(", "));
            if !of_right.is_empty() {
                let words = of_right.iter().map(|name| symbols.text(*name));
                let mut words: Vec<&str> = words.collect();
                words.sort_unstable();
                phrase.push_str(" named ");
                phrase.push_str(&words.join(", "));
            }
            phrase
        })
        .collect();
    let mut urls: BTreeMap<&Verbs, Vec<&str>> = BTreeMap::new();
    for (url, verbs) in rights.urls() {
        urls.entry(verbs).or_default().push(symbols.text(url));
    }
    phrases.extend(urls.into_iter().map(|(verbs, mut urls)| {
        urls.sort_unstable();
        let verbs = verbs_of(verbs, symbols);
        match urls.as_slice() {
            ["*"] => format!("{verbs} every path outside of resources"),
            urls => format!("{verbs} the paths {}", urls.join(", ")),
        }
    }));
    phrases.sort();
    phrases
}

fn verbs_of(verbs: &Verbs, symbols: &Symbols) -> String {
    if verbs.is_any() {
        return "every verb on".to_owned();
    }
    let verbs: Vec<&str> = verbs.iter().map(|verb| symbols.text(verb)).collect();
    verbs.join(",")
}

/// `pods`, `deployments.apps`, `every resource of apps`.
fn resource(group: Symbol, resource: Symbol, symbols: &Symbols) -> String {
    let (group_text, text) = (symbols.text(group), symbols.text(resource));
    match (group, resource) {
        (Symbol::ANY, Symbol::ANY) => "every resource".to_owned(),
        (Symbol::EMPTY, Symbol::ANY) => "every core resource".to_owned(),
        (_, Symbol::ANY) => format!("every resource of {group_text}"),
        (Symbol::ANY, _) => format!("{text} of every group"),
        (Symbol::EMPTY, _) => text.to_owned(),
        _ => match text.split_once('/') {
            Some((own, below)) => format!("{own}.{group_text}/{below}"),
            None => format!("{text}.{group_text}"),
        },
    }
}
