//! What somebody meant who wrote a key that is no field where it stands.

use crate::nearest::nearest;
use crate::syntax::Node;

use super::super::kinds::group_of;
use super::super::object::Object;
use super::{KINDS, Oddity, Shape, TYPES, Type, is_guarded};

/// How many steps up and down the object the place of a misplaced field may be away.
const FARTHEST: usize = 3;

/// More places than these are no answer.
const MOST_PLACES: usize = 2;

/// How many keys of a mapping are looked at.
const WIDEST: usize = 200;

/// What a key means that is no field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meant {
    /// Another field of the same type.
    Field(&'static str),
    /// The same field at another place: paths from the object on.
    Elsewhere(Vec<String>),
    /// A field that another version of the kind has.
    Version(&'static str),
    /// Nobody can tell.
    Unknown,
}

impl Oddity {
    /// The value.
    #[must_use]
    pub fn node<'a>(&self, object: Object<'a>) -> Node<'a> {
        object.node().tree().node(self.node)
    }

    /// True if it stands where who may do what is decided, or is meant to decide that.
    #[must_use]
    pub fn is_guarded(&self, meant: &Meant, key: &str) -> bool {
        self.guarded
            || match meant {
                Meant::Field(name) => is_guarded(name),
                Meant::Elsewhere(_) | Meant::Version(_) | Meant::Unknown => is_guarded(key),
            }
    }

    /// What a key means that is no field.
    #[must_use]
    pub fn meant(&self, object: Object<'_>) -> Meant {
        let node = self.node(object);
        let Some(key) = node.key().map(Node::key_text) else {
            return Meant::Unknown;
        };
        let slip = self.within.names().find(|name| is_slip(key, name));
        if let Some(name) = slip {
            return Meant::Field(name);
        }
        if let Some(place) = label(self.within, object, node, key) {
            return Meant::Elsewhere(vec![place]);
        }
        let places = places(object, node, key);
        if !places.is_empty() {
            return Meant::Elsewhere(places);
        }
        if let Some(version) = other_version(self.within, object, key) {
            return Meant::Version(version);
        }
        let whole_word =
            said_at_length(key).and_then(|short| self.within.names().find(|name| *name == short));
        if let Some(name) = whole_word {
            return Meant::Field(name);
        }
        match nearest(key, self.within.names()).filter(|name| !stands_beside(node, name)) {
            Some(name) => Meant::Field(name),
            None => Meant::Unknown,
        }
    }
}

/// The field that the API calls by a short name and whose whole name was written, with slips or without.
fn said_at_length(typed: &str) -> Option<&'static str> {
    const LONG: [(&str, &str); 10] = [
        ("argument", "args"),
        ("arguments", "args"),
        ("cmd", "command"),
        ("environment", "env"),
        ("environments", "env"),
        ("environmentVariables", "env"),
        ("envVars", "env"),
        ("environmentFrom", "envFrom"),
        ("mounts", "volumeMounts"),
        ("workDir", "workingDir"),
    ];
    let mut all = LONG.iter();
    all.find(|(long, _)| is_slip(typed, long))
        .map(|(_, short)| *short)
}

/// True if a key is written beside the value's own, as far as anybody looks.
fn stands_beside(node: Node<'_>, name: &str) -> bool {
    let beside = node.parent().into_iter().flat_map(Node::written_entries);
    beside
        .take(WIDEST)
        .any(|entry| entry.key.key_text() == name)
}

/// True if one letter, the case or a separator is all that makes the difference.
pub(in crate::kubernetes) fn is_slip(typed: &str, name: &str) -> bool {
    let plain = |text: &str| {
        let letters = text.chars().filter(|letter| !"_-./ ".contains(*letter));
        letters
            .map(|letter| letter.to_ascii_lowercase())
            .collect::<Vec<_>>()
    };
    if typed.len().abs_diff(name.len()) > 4 {
        return false;
    }
    let (typed, name) = (plain(typed), plain(name));
    let same = typed.iter().zip(&name).take_while(|(a, b)| a == b).count();
    let (typed, name) = (
        typed.get(same..).unwrap_or_default(),
        name.get(same..).unwrap_or_default(),
    );
    let rest = |text: &[char], from| text.get(from..).unwrap_or_default().to_vec();
    match (typed, name) {
        ([], [] | [_]) | ([_], []) => true,
        ([a, b, ..], [c, d, ..]) if a == d && b == c && rest(typed, 2) == rest(name, 2) => true,
        // Of short words one letter makes another word.
        _ if same + name.len() < 4 => false,
        _ => rest(typed, 1) == rest(name, 1) || rest(typed, 1) == name || typed == rest(name, 1),
    }
}

/// True for a key that is a field's name with other letters in upper case, or with separators.
pub(in crate::kubernetes) fn is_other_spelling(key: &str, name: &str) -> bool {
    let letters = key.bytes().filter(|byte| !b"-_ ".contains(byte));
    key != name
        && letters
            .map(|byte| byte.to_ascii_lowercase())
            .eq(name.bytes().map(|byte| byte.to_ascii_lowercase()))
}

/// Where a label belongs that stands beside `matchLabels`, in a type that is made for little else.
fn label(own: &'static Type, object: Object<'_>, node: Node<'_>, key: &str) -> Option<String> {
    let map = own.fields.iter().find(|(_, shape)| {
        matches!(shape, Shape::Map(Shape::Text)) && own.fields.len() <= 2 && node.as_str().is_some()
    });
    let (map, _) = map?;
    let levels = levels(object, node);
    let (path, _) = levels.first()?;
    Some(format!("{path}.{map}.{key}"))
}

/// The other version of the kind whose type of this name has the field.
fn other_version(own: &Type, object: Object<'_>, key: &str) -> Option<&'static str> {
    let resource = object.resource();
    let mut kinds = KINDS.iter().filter(|(version, kind, _)| {
        *kind == &*resource.kind
            && *version != &*resource.api_version
            && group_of(version) == group_of(&resource.api_version)
    });
    let (version, ..) = kinds.next()?;
    let knows = |one: &Type| one.name == own.name && one.field(key).is_some();
    TYPES.iter().any(knows).then_some(*version)
}

/// The nearest places of the object that have a field of this name which takes the value.
fn places(object: Object<'_>, node: Node<'_>, key: &str) -> Vec<String> {
    let levels = levels(object, node);
    let mut found: Vec<(&'static Type, String)> = Vec::new();
    for distance in 1..=FARTHEST {
        for up in 0..=distance {
            let Some((path, own)) = levels.get(up) else {
                break;
            };
            let mut search = Search {
                key,
                node,
                path: vec![path],
                found: &mut found,
            };
            search.below(own, distance - up, up == 0);
        }
        if !found.is_empty() {
            break;
        }
    }
    if found.len() > MOST_PLACES {
        return Vec::new();
    }
    found.into_iter().map(|(_, path)| path).collect()
}

/// The mappings around a node with their types and paths, from the nearest to the object itself.
fn levels(object: Object<'_>, node: Node<'_>) -> Vec<(String, &'static Type)> {
    let root = object.node();
    let mut around = Vec::new();
    let mut at = node.parent();
    while let Some(one) = at {
        around.push(one);
        at = (one != root).then(|| one.parent()).flatten();
    }
    let resource = object.resource();
    let Some(own) = Type::of(&resource.api_version, &resource.kind) else {
        return Vec::new();
    };
    let mut levels = vec![(String::new(), own)];
    let mut shape: Option<Shape> = None;
    let mut path = String::new();
    // From the object down; the object itself is the last.
    for one in around.iter().rev().skip(1) {
        match one.key().map(Node::key_text) {
            Some("<<") => continue,
            Some(key) => {
                let Some((_, own)) = levels.last() else { break };
                shape = match shape {
                    Some(Shape::Map(value)) => Some(*value),
                    _ => own.field(key),
                };
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            None => {
                shape = match shape {
                    Some(Shape::List(item)) => Some(*item),
                    other => other,
                };
                path.push_str("[]");
            }
        }
        if let Some(own @ Shape::Of(_)) = shape {
            shape = None;
            levels.extend(own.fields().map(|own| (path.clone(), own)));
        }
    }
    levels.reverse();
    levels
}

struct Search<'s, 'a> {
    key: &'s str,
    node: Node<'a>,
    /// The way to where it looks; lists end with `[]` or not, as their shape says.
    path: Vec<&'s str>,
    found: &'s mut Vec<(&'static Type, String)>,
}

impl Search<'_, '_> {
    /// Looks as many steps below a type.
    fn below(&mut self, own: &'static Type, steps: usize, is_start: bool) {
        if steps == 0 {
            let shape = own.field(self.key);
            // Containers of one kind and of the other are the same to who looks for the place.
            if shape.is_some_and(|shape| fits(shape, self.node))
                && !self
                    .found
                    .iter()
                    .any(|(known, _)| std::ptr::eq(*known, own))
            {
                let steps = self.path.iter().filter(|step| !step.is_empty());
                let path: Vec<_> = steps.copied().chain([self.key]).collect();
                self.found.push((own, path.join(".").replace(".[]", "[]")));
            }
            return;
        }
        // What somebody wrote for one of many, such as the sources of a volume, is not meant for another.
        if own.is_choice() && !is_start {
            return;
        }
        for (name, shape) in own.fields {
            // Nobody writes these into a file.
            if *name == "ephemeralContainers" {
                continue;
            }
            let item = match shape {
                Shape::Of(_) => "",
                Shape::List(Shape::Of(_)) => "[]",
                _ => continue,
            };
            if let Some(inner) = shape.fields() {
                self.path.extend([*name, item]);
                self.below(inner, steps - 1, false);
                self.path.truncate(self.path.len() - 2);
            }
        }
    }
}

/// True if a field takes the value; of a mapping it must know a key.
fn fits(shape: Shape, node: Node<'_>) -> bool {
    if node.is_null() {
        return true;
    }
    let knows = |node: Node<'_>| match shape.fields() {
        Some(own) => {
            let mut entries = node.written_entries().peekable();
            entries.peek().is_none()
                || entries.any(|entry| own.field(entry.key.key_text()).is_some())
        }
        None => true,
    };
    shape.takes(node)
        && match shape {
            Shape::Of(_) => knows(node),
            Shape::List(_) => node
                .items()
                .next()
                .is_none_or(|first| !first.is_mapping() || knows(first)),
            _ => true,
        }
}
