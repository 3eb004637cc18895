//! `$NAME` in instructions, as Docker puts values in their place.

use std::collections::BTreeMap;

/// The longest value that is kept. A value may hold itself twice, and again.
const LONGEST: usize = 4096;

/// How deep `${a:-${b:-…}}` may go.
const DEEPEST: usize = 8;

/// What variables hold at one place of a Dockerfile. None is a variable whose value nobody wrote down, such as an
/// `ARG` without a default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    environment: BTreeMap<String, Option<String>>,
    /// What `ARG` sets; `ENV` counts before it.
    arguments: BTreeMap<String, Option<String>>,
}

/// Text with its variables in place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// The text; a variable that nothing is known of stands as `${NAME}`.
    pub text: String,
    /// The variables that nothing is known of, in order.
    pub unknown: Vec<String>,
    /// The variables that were put in, in order: what a person may have to change.
    pub used: Vec<String>,
}

impl Resolved {
    /// The text, where all of it is known.
    #[must_use]
    pub fn known(&self) -> Option<&str> {
        self.unknown.is_empty().then_some(&*self.text)
    }
}

impl Scope {
    /// What a variable holds: none if it was never named, `Some(None)` if nobody wrote its value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Option<&str>> {
        let value = self.environment.get(name);
        value
            .or_else(|| self.arguments.get(name))
            .map(Option::as_deref)
    }

    /// What an environment variable holds, in contrast to an argument of the build.
    #[must_use]
    pub fn environment(&self, name: &str) -> Option<Option<&str>> {
        self.environment.get(name).map(Option::as_deref)
    }

    /// Sets a variable of the environment.
    pub fn set_environment(&mut self, name: &str, value: Option<String>) {
        self.environment.insert(name.to_owned(), bounded(value));
    }

    /// Sets an argument of the build.
    pub fn set_argument(&mut self, name: &str, value: Option<String>) {
        self.arguments.insert(name.to_owned(), bounded(value));
    }

    /// Forgets the arguments, as the next stage does.
    pub fn forget_arguments(&mut self) {
        self.arguments.clear();
    }

    /// Puts values in place, and takes quotes and escapes away.
    #[must_use]
    pub fn resolve(&self, raw: &str, escape: char) -> Resolved {
        let mut resolved = Resolved::default();
        self.resolve_into(raw, escape, DEEPEST, &mut resolved);
        resolved
    }

    fn resolve_into(&self, raw: &str, escape: char, depth: usize, into: &mut Resolved) {
        let mut quote = None;
        let mut rest = raw;
        while let Some(letter) = rest.chars().next() {
            let behind = rest.get(letter.len_utf8()..).unwrap_or_default();
            match (letter, quote) {
                ('"' | '\'', None) => quote = Some(letter),
                ('"' | '\'', Some(open)) if open == letter => quote = None,
                ('$', None | Some('"')) => {
                    rest = self.variable(behind, escape, depth, into);
                    continue;
                }
                (letter, None | Some('"')) if letter == escape => {
                    let next = behind.chars().next();
                    let is_escape = next.is_some_and(|next| {
                        quote.is_none() || next == '"' || next == '$' || next == escape
                    });
                    match next.filter(|_| is_escape) {
                        Some(next) => {
                            into.text.push(next);
                            rest = behind.get(next.len_utf8()..).unwrap_or_default();
                            continue;
                        }
                        None => into.text.push(letter),
                    }
                }
                _ => into.text.push(letter),
            }
            rest = behind;
        }
    }

    /// Reads what follows a `$`; gives back what follows the variable.
    fn variable<'r>(
        &self,
        behind: &'r str,
        escape: char,
        depth: usize,
        into: &mut Resolved,
    ) -> &'r str {
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let Some(braced) = behind.strip_prefix('{') else {
            let length = behind.find(|letter| !is_name(letter));
            let (name, rest) = behind.split_at(length.unwrap_or(behind.len()));
            if name.is_empty() {
                into.text.push('$');
            } else {
                self.put(name, into);
            }
            return rest;
        };
        let Some(length) = closing(braced) else {
            // Docker refuses it; what follows is not searched for a brace again and again.
            into.text.push_str("${");
            into.text.push_str(braced);
            into.unknown.push(String::new());
            return "";
        };
        let (inner, rest) = braced.split_at(length);
        let rest = rest.get(1..).unwrap_or_default();
        let name = inner
            .split(|letter| !is_name(letter))
            .next()
            .unwrap_or_default();
        let operation = inner.get(name.len()..).unwrap_or_default();
        let (counts_empty, operation) = match operation.strip_prefix(':') {
            Some(operation) => (true, operation),
            None => (false, operation),
        };
        // An argument that nobody gives a value is not set; an environment variable of unknown value is.
        let is_unknown = self.environment(name) == Some(None);
        let value = self.get(name).flatten();
        let is_set = is_unknown || value.is_some_and(|value| !counts_empty || !value.is_empty());
        let word = operation.get(1..).unwrap_or_default();
        match operation.chars().next() {
            None | Some('?') => self.put(name, into),
            Some('-') if is_set => self.put(name, into),
            Some('-' | '+') if depth == 0 => into.unknown.push(name.to_owned()),
            Some('-') => self.resolve_into(word, escape, depth - 1, into),
            Some('+') if is_set => self.resolve_into(word, escape, depth - 1, into),
            Some('+') => {}
            Some(_) => {
                into.text.push_str("${");
                into.text.push_str(name);
                into.text.push('}');
                into.unknown.push(name.to_owned());
            }
        }
        rest
    }

    fn put(&self, name: &str, into: &mut Resolved) {
        match self.get(name) {
            Some(Some(value)) if into.text.len() <= LONGEST => {
                into.text.push_str(value);
                into.used.push(name.to_owned());
            }
            _ => {
                into.text.push_str("${");
                into.text.push_str(name);
                into.text.push('}');
                into.unknown.push(name.to_owned());
            }
        }
    }
}

fn bounded(value: Option<String>) -> Option<String> {
    value.filter(|value| value.len() <= LONGEST)
}

/// Where the brace closes that stands before a text.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}
