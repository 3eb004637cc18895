//! A writer of YAML and JSON that remembers on which line it wrote each field: the oracle for places.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// How to write a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notation {
    /// YAML in blocks.
    Block,
    /// YAML in blocks, the keys of each mapping in reverse.
    Reversed,
    /// YAML with a flow mapping or a flow list on each line of the top level.
    Flow,
    /// JSON with a line for each entry.
    Json,
    /// YAML in blocks, with each container behind an alias.
    Aliased,
    /// YAML in blocks, with each container behind a merge key.
    Merged,
}

/// A text, and the line of each field in it by JSON pointer; a list item has the line of its name.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) text: String,
    pub(crate) lines: BTreeMap<String, usize>,
    line: usize,
}

/// Writes one object.
pub(crate) fn write(value: &Json, notation: Notation) -> Written {
    let mut written = Written {
        line: 1,
        ..Written::default()
    };
    written.document(value, notation);
    written
}

/// What names an item of a list in a pointer.
pub(crate) fn item_name(item: &Json, index: usize) -> String {
    let named = ["name", "containerPort"]
        .iter()
        .find_map(|key| item.get(key));
    match named.unwrap_or(item) {
        Json::String(text) => escaped(text),
        Json::Number(number) => number.to_string(),
        _ => index.to_string(),
    }
}

pub(crate) fn escaped(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

impl Written {
    /// Writes one more object behind what is there.
    pub(crate) fn document(&mut self, value: &Json, notation: Notation) {
        match notation {
            Notation::Block | Notation::Reversed => self.block(value, "", 0, notation),
            Notation::Flow => self.flow_lines(value),
            Notation::Json => {
                self.json(value, "", 0);
                self.push("\n");
            }
            Notation::Aliased | Notation::Merged => {
                // Unknown fields of the top level are what people keep anchors in.
                self.push("x-containers:\n");
                let mut anchors = 0;
                self.containers(value, "", &mut anchors);
                self.block(value, "", 0, notation);
            }
        }
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.line += text.matches('\n').count();
    }

    fn mark(&mut self, pointer: &str) {
        self.lines.entry(pointer.to_owned()).or_insert(self.line);
    }

    /// Writes each container as an anchored item, in the order in which `block` will ask for them.
    fn containers(&mut self, value: &Json, pointer: &str, anchors: &mut usize) {
        if let Json::Array(items) = value {
            for (index, item) in items.iter().enumerate() {
                let below = format!("{pointer}/{}", item_name(item, index));
                self.containers(item, &below, anchors);
            }
        }
        let Json::Object(map) = value else { return };
        for (key, value) in map {
            let below = format!("{pointer}/{}", escaped(key));
            match value {
                Json::Array(items) if key.to_lowercase().ends_with("containers") => {
                    for (index, item) in items.iter().enumerate() {
                        self.push(&format!("- &c{anchors}\n"));
                        *anchors += 1;
                        let item_pointer = format!("{below}/{}", item_name(item, index));
                        self.entries(item, &item_pointer, 1, Notation::Block, false);
                        let name = self.lines[&format!("{item_pointer}/name")];
                        self.lines.insert(item_pointer, name);
                    }
                }
                _ => self.containers(value, &below, anchors),
            }
        }
    }

    fn block(&mut self, value: &Json, pointer: &str, depth: usize, notation: Notation) {
        self.entries(value, pointer, depth, notation, false);
    }

    /// Writes the entries of a mapping; `inline` says that the first one stands behind a dash.
    fn entries(
        &mut self,
        value: &Json,
        pointer: &str,
        depth: usize,
        notation: Notation,
        mut inline: bool,
    ) {
        let mut entries: Vec<_> = value.as_object().unwrap().iter().collect();
        if notation == Notation::Reversed {
            entries.reverse();
        }
        for (key, value) in entries {
            if !inline {
                self.push(&"  ".repeat(depth));
            }
            inline = false;
            let below = format!("{pointer}/{}", escaped(key));
            self.mark(&below);
            self.push(&format!("{}:", scalar(key)));
            match value {
                Json::Object(map) if !map.is_empty() => {
                    self.push("\n");
                    self.entries(value, &below, depth + 1, notation, false);
                }
                Json::Array(items) if !items.is_empty() => {
                    self.push("\n");
                    self.items(key, items, &below, depth, notation);
                }
                _ => self.push(&format!(" {}\n", flow(value))),
            }
        }
    }

    fn items(
        &mut self,
        key: &str,
        items: &[Json],
        pointer: &str,
        depth: usize,
        notation: Notation,
    ) {
        let aliased = matches!(notation, Notation::Aliased | Notation::Merged);
        for (index, item) in items.iter().enumerate() {
            self.push(&format!("{}- ", "  ".repeat(depth)));
            let below = format!("{pointer}/{}", item_name(item, index));
            if aliased && key.to_lowercase().ends_with("containers") {
                let anchor = self.text.matches(": *c").count() + self.text.matches("- *c").count();
                let merge = if notation == Notation::Merged {
                    "<<: "
                } else {
                    ""
                };
                self.push(&format!("{merge}*c{anchor}\n"));
            } else if item.as_object().is_some_and(|map| !map.is_empty()) {
                self.entries(item, &below, depth + 1, notation, true);
                let name = self.lines.get(&format!("{below}/name")).copied();
                let line = name.unwrap_or_else(|| self.first_line_below(&below));
                self.lines.insert(below, line);
            } else {
                self.mark(&below);
                self.push(&format!("{}\n", flow(item)));
            }
        }
    }

    fn first_line_below(&self, pointer: &str) -> usize {
        let below = format!("{pointer}/");
        let lines = self.lines.iter().filter(|(key, _)| key.starts_with(&below));
        lines.map(|(_, line)| *line).min().unwrap()
    }

    fn flow_lines(&mut self, value: &Json) {
        for (key, value) in value.as_object().unwrap() {
            self.mark_all(value, &format!("/{}", escaped(key)));
            self.push(&format!("{}: {}\n", scalar(key), flow(value)));
        }
    }

    fn mark_all(&mut self, value: &Json, pointer: &str) {
        self.mark(pointer);
        match value {
            Json::Object(map) => {
                for (key, value) in map {
                    self.mark_all(value, &format!("{pointer}/{}", escaped(key)));
                }
            }
            Json::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.mark_all(item, &format!("{pointer}/{}", item_name(item, index)));
                }
            }
            _ => {}
        }
    }

    fn json(&mut self, value: &Json, pointer: &str, depth: usize) {
        let indent = "\t".repeat(depth + 1);
        let close = "\t".repeat(depth);
        match value {
            Json::Object(map) if !map.is_empty() => {
                self.push("{\n");
                for (index, (key, value)) in map.iter().enumerate() {
                    let below = format!("{pointer}/{}", escaped(key));
                    self.push(&indent);
                    self.mark(&below);
                    self.push(&format!("{}: ", Json::from(key.as_str())));
                    self.json(value, &below, depth + 1);
                    self.push(if index + 1 < map.len() { ",\n" } else { "\n" });
                }
                self.push(&format!("{close}}}"));
            }
            Json::Array(items) if !items.is_empty() => {
                self.push("[\n");
                for (index, item) in items.iter().enumerate() {
                    let below = format!("{pointer}/{}", item_name(item, index));
                    self.push(&indent);
                    if !item.is_object() {
                        self.mark(&below);
                    }
                    self.json(item, &below, depth + 1);
                    if item.is_object() {
                        let name = self.lines.get(&format!("{below}/name")).copied();
                        let line = name.unwrap_or_else(|| self.first_line_below(&below));
                        self.lines.insert(below, line);
                    }
                    self.push(if index + 1 < items.len() { ",\n" } else { "\n" });
                }
                self.push(&format!("{close}]"));
            }
            _ => self.push(&value.to_string()),
        }
    }
}

/// A value on one line of YAML.
fn flow(value: &Json) -> String {
    match value {
        Json::Object(map) => {
            let entries = map
                .iter()
                .map(|(key, value)| format!("{}: {}", scalar(key), flow(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Json::Array(items) => {
            let items: Vec<_> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Json::String(text) => scalar(text),
        _ => value.to_string(),
    }
}

/// Text plain where it can only be text, and quoted otherwise.
fn scalar(text: &str) -> String {
    let plain = text.len() > 5
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "._-/".contains(character));
    if plain {
        text.to_owned()
    } else {
        Json::from(text).to_string()
    }
}
