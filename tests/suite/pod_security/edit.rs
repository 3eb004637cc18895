//! Does what a violation says to a pod that was decoded: the proof that it points at the right field.

use serde_json::{Map, Value as Json, json};

use super::Told;
use super::writing::item_name;

/// Edits the field of a violation so that it no longer offends.
pub(crate) fn mend(pod: &mut Json, told: &Told) {
    let segments: Vec<String> = told
        .field
        .split('/')
        .skip(1)
        .map(|segment| segment.replace("~1", "/").replace("~0", "~"))
        .collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let annotation = segments.starts_with(&["metadata", "annotations"]);
    match told.check {
        "allowPrivilegeEscalation" => set(pod, &segments, json!(false)),
        "runAsNonRoot" => set(pod, &segments, json!(true)),
        "appArmorProfile" | "seccompProfile_baseline" if annotation => {
            set(pod, &segments, json!("runtime/default"));
        }
        "appArmorProfile" | "seccompProfile_baseline" => {
            set(pod, &segments, json!("RuntimeDefault"));
        }
        "seccompProfile_restricted"
            if told.absent && segments.last() == Some(&"seccompProfile") =>
        {
            set(pod, &segments, json!({"type": "RuntimeDefault"}));
        }
        "seccompProfile_restricted" => set(pod, &segments, json!("RuntimeDefault")),
        "capabilities_restricted" if segments.last() == Some(&"drop") => {
            set(pod, &segments, json!(["ALL"]));
        }
        // The path is required where there is a source, and the name where there is a sysctl.
        "hostPathVolumes" | "sysctls" => remove(pod, &segments[..segments.len() - 1]),
        _ => remove(pod, &segments),
    }
}

fn set(value: &mut Json, segments: &[&str], to: Json) {
    match segments {
        [] => *value = to,
        [first, rest @ ..] => {
            if value.is_null() {
                *value = Json::Object(Map::new());
            }
            match value {
                Json::Array(items) => set(item(items, first), rest, to),
                _ => set(&mut value[*first], rest, to),
            }
        }
    }
}

fn remove(value: &mut Json, segments: &[&str]) {
    match (value, segments) {
        (Json::Object(map), [last]) => {
            map.remove(*last).unwrap();
        }
        (Json::Array(items), [last]) => {
            let index = position(items, last);
            items.remove(index);
        }
        (Json::Object(map), [first, rest @ ..]) => remove(map.get_mut(*first).unwrap(), rest),
        (Json::Array(items), [first, rest @ ..]) => remove(item(items, first), rest),
        (value, segments) => panic!("no {segments:?} in {value}"),
    }
}

fn position(items: &[Json], name: &str) -> usize {
    let escaped = super::writing::escaped(name);
    let named = |(index, item): (usize, &Json)| item_name(item, index) == escaped;
    items.iter().enumerate().position(named).unwrap()
}

fn item<'a>(items: &'a mut [Json], name: &str) -> &'a mut Json {
    let index = position(items, name);
    &mut items[index]
}
