use std::sync::Arc;

use crate::finding::Location;
use crate::kubernetes::field::quoted;
use crate::kubernetes::process::scalar;
use crate::kubernetes::{Container, Field, Pod, Process};
use crate::packages::node_options;
use crate::rule::{Check, Context, Severity, Sink, declare_rule};
use crate::snapshot::Snapshot;
use crate::snapshot::node_starts::options_of;
use crate::snapshot::settings::settings;
use crate::syntax::Node;

declare_rule! {
    /// The heap of Node.js may grow beyond the memory of its container.
    ///
    /// ## Why it matters
    /// `--max-old-space-size` says in MiB how far the heap may grow before Node.js works hard to collect garbage. Where
    /// that is more than the container's limit, the kernel kills the process first: no error, no heap snapshot, all
    /// requests lost. Buffers, stacks and the code itself need memory beside the heap, so that more than nine tenths
    /// of the limit (low) end the same way.
    ///
    /// ## Example
    /// ```yaml bad
    /// env:
    ///   - name: NODE_OPTIONS
    ///     value: --max-old-space-size=4096
    /// resources:
    ///   limits:
    ///     memory: 2Gi
    /// ```
    ///
    /// ## Instead
    /// Leave a quarter of the memory to everything else.
    /// ```yaml good
    /// env:
    ///   - name: NODE_OPTIONS
    ///     value: --max-old-space-size=1536
    /// resources:
    ///   limits:
    ///     memory: 2Gi
    /// ```
    ///
    /// ## Limits
    /// Only flags that stand in the manifest or in a `ConfigMap` object of the repository, and limits that stand in the
    /// manifest. A flag in the command
    /// replaces one in `NODE_OPTIONS`; it counts where it stands before the script of a command that names Node.js.
    "node/heap-above-limit",
    severity: Severity::Medium,
    other_severities: &[Severity::Low],
    references: &["CWE-400"],
    check: Check::Manifests(check),
}

fn check(snapshot: &Snapshot, _context: &Context, sink: &mut Sink<'_>) {
    for object in snapshot.objects() {
        for container in object.pods().flat_map(Pod::containers) {
            if let Some((heap, node)) = heap(container)
                && let Some((limit, written)) = Process::of(container).memory_limit()
                && let Some(severity) = severity(heap, limit)
            {
                sink.about(object)
                    .report(Field::of(node))
                    .container(Some(container))
                    .severity(severity)
                    .related(written.span(), "the limit")
                    .say(&sentence(heap, limit, written));
            }
        }
    }
    for setting in settings(snapshot, &["NODE_OPTIONS"]) {
        let options = node_options::in_variable(&setting.text);
        let Some((heap, ())) = last_size(options.map(|text| ((), text))) else {
            continue;
        };
        // The container that has the least.
        let limits = setting.readers.iter().filter_map(|reader| {
            let limit = Process::of(reader.container).memory_limit()?;
            let is_replaced =
                last_size(options_of(reader.container).iter().map(in_order)).is_some();
            (!is_replaced).then_some((limit, reader.object))
        });
        let Some(((limit, written), object)) = limits.min_by_key(|((limit, _), _)| *limit) else {
            continue;
        };
        if let Some(severity) = severity(heap, limit) {
            let location = Location {
                path: Arc::clone(object.path()),
                span: written.span(),
            };
            let related = Some((location, "the limit".to_owned()));
            let sentence = sentence(heap, limit, written);
            sink.say_of_setting(&setting, severity, related, &sentence);
        }
    }
}

fn severity(heap: u64, limit: u64) -> Option<Severity> {
    let bytes = heap.checked_mul(1 << 20)?;
    if bytes >= limit {
        Some(Severity::Medium)
    } else {
        (bytes / 9 >= limit / 10).then_some(Severity::Low)
    }
}

fn sentence(heap: u64, limit: u64, written: Node<'_>) -> String {
    let limit_in_mib = limit >> 20;
    format!(
        "--max-old-space-size lets the heap grow to {heap} MiB, and the memory limit of {} is {limit_in_mib} MiB for everything; set it to about {}",
        quoted(scalar(written)),
        limit_in_mib / 4 * 3
    )
}

fn in_order<'n, 't>((node, text): &'t (Node<'n>, String)) -> (Node<'n>, &'t str) {
    (*node, text)
}

/// The size of the heap in MiB, with the node that says it: the last flag of the command, else of `NODE_OPTIONS`.
fn heap(container: Container<'_>) -> Option<(u64, Node<'_>)> {
    let options = options_of(container);
    let variable = || {
        let variable = Process::of(container).variable("NODE_OPTIONS")?;
        let options = node_options::in_variable(variable.text());
        last_size(options.map(|text| (variable.value, text)))
    };
    last_size(options.iter().map(in_order)).or_else(variable)
}

/// The size that the last such option says, with what it was told to come from.
fn last_size<'t, T: Copy>(options: impl Iterator<Item = (T, &'t str)>) -> Option<(u64, T)> {
    let mut options = options.peekable();
    let mut size = None;
    while let Some((at, word)) = options.next() {
        let Some(rest) = ["--max-old-space-size", "--max_old_space_size"]
            .iter()
            .find_map(|flag| word.strip_prefix(flag))
        else {
            continue;
        };
        let value = match rest.strip_prefix('=') {
            Some(value) => Some(value),
            None if rest.is_empty() => options.peek().map(|(_, value)| *value),
            None => None,
        };
        let found = value.and_then(|value| value.parse().ok());
        size = found.map(|found| (found, at)).or(size);
    }
    size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_flag_counts() {
        let size = |text: &str| {
            let options = node_options::in_variable(text).map(|word| ((), word));
            last_size(options).map(|(size, ())| size)
        };
        assert_eq!(size("--max-old-space-size=4096"), Some(4096));
        assert_eq!(
            size("--max_old_space_size=512 --max-old-space-size 1024"),
            Some(1024)
        );
        assert_eq!(size("--max-old-space-size-percentage=75"), None);
        assert_eq!(size("--max-old-space-size=$(HEAP)"), None);
    }
}
