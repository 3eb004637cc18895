//! The stages of a Dockerfile, what each is built on, and what reaches the image.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::tree::Span;
use super::variables::{Resolved, Scope};
use super::words::Word;
use super::{Dockerfile, Flag, Instruction};

/// The most stages of a near chain.
const NEAR: usize = 8;

/// What a stage starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// `FROM scratch`: nothing.
    Scratch,
    /// An earlier stage.
    Stage(usize),
    /// An image: [`Stage::image`].
    Image,
}

/// Where `COPY --from` and `RUN --mount=from=` take files from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The build context.
    Context,
    /// An earlier stage.
    Stage(usize),
    /// An image, or a named context, as it is written.
    Image(String),
}

/// One stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// What `AS` calls it.
    pub name: Option<Word>,
    /// The image as it is written; none where `FROM` names nothing.
    pub written: Option<Word>,
    /// The image with the defaults of its arguments in place.
    pub image: Resolved,
    /// What it starts from.
    pub base: Base,
    /// The index of its `FROM` among the instructions.
    pub from: usize,
    /// The indices of the instructions behind its `FROM`.
    pub body: Range<usize>,
}

/// A mount of a `RUN`: `type=secret,id=npm`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount<'a> {
    /// The kind; `bind` where nothing says it.
    pub kind: &'a str,
    /// The bytes of the flag.
    pub span: Span,
    fields: Vec<(&'a str, &'a str)>,
}

impl<'a> Mount<'a> {
    pub(super) fn of(flag: &'a Flag) -> Self {
        let fields = flag.value.split(',');
        let fields: Vec<_> = fields
            .map(|field| field.split_once('=').unwrap_or((field, "")))
            .map(|(name, value)| (name.trim(), value.trim()))
            .collect();
        let mut mount = Self {
            kind: "bind",
            span: flag.span,
            fields,
        };
        mount.kind = mount.field(&["type"]).unwrap_or("bind");
        mount
    }

    /// A field by any of its names.
    #[must_use]
    pub fn field(&self, names: &[&str]) -> Option<&'a str> {
        let mut fields = self.fields.iter();
        let found = fields.find(|(name, _)| names.contains(name))?;
        Some(found.1)
    }
}

/// The stages of a Dockerfile.
#[derive(Clone, Debug)]
pub struct Stages<'a> {
    file: &'a Dockerfile,
    /// The arguments before the first `FROM`.
    global: Scope,
    all: Vec<Stage>,
    by_name: BTreeMap<String, Vec<usize>>,
}

impl<'a> Stages<'a> {
    pub(super) fn of(file: &'a Dockerfile) -> Self {
        let mut stages = Self {
            file,
            global: Scope::default(),
            all: Vec::new(),
            by_name: BTreeMap::new(),
        };
        for (index, instruction) in file.instructions().iter().enumerate() {
            match &*instruction.keyword {
                "FROM" => stages.open(index, instruction),
                "ARG" if stages.all.is_empty() => {
                    for pair in file.pairs(instruction) {
                        let value = pair.value.and_then(|value| {
                            let value = stages.global.resolve(&value.raw, file.escape());
                            value.known().map(ToOwned::to_owned)
                        });
                        stages.global.set_argument(&pair.name, value);
                    }
                }
                _ => {}
            }
            if let Some(stage) = stages.all.last_mut() {
                stage.body.end = index + 1;
            }
        }
        stages
    }

    fn open(&mut self, index: usize, instruction: &Instruction) {
        let mut words = self.file.words(instruction).into_iter();
        let written = words.next();
        let is_as = |word: &Word| word.text.eq_ignore_ascii_case("as");
        let name = words.next().filter(is_as).and_then(|_| words.next());
        let image = written.as_ref().map_or_else(Resolved::default, |word| {
            self.global.resolve(&word.raw, self.file.escape())
        });
        let known = image.known();
        let base = match known.and_then(|name| self.named(name, self.all.len())) {
            Some(stage) => Base::Stage(stage),
            None if known == Some("scratch") => Base::Scratch,
            None => Base::Image,
        };
        if let Some(name) = &name {
            let known = self.by_name.entry(name.text.to_ascii_lowercase());
            known.or_default().push(self.all.len());
        }
        self.all.push(Stage {
            name,
            written,
            image,
            base,
            from: index,
            body: index + 1..index + 1,
        });
    }

    /// The last stage of a name before another stage.
    fn named(&self, name: &str, before: usize) -> Option<usize> {
        let stages = self.by_name.get(&name.to_ascii_lowercase())?;
        let end = stages.partition_point(|stage| *stage < before);
        stages.get(end.checked_sub(1)?).copied()
    }

    /// The bytes of the default of an argument before the first `FROM`: the last one counts.
    #[must_use]
    pub fn default_of(&self, name: &str) -> Option<Span> {
        let first = self.all.first().map_or(0, |stage| stage.from);
        let before = self.file.instructions().get(..first)?;
        let arguments = before.iter().rev().filter(|found| found.keyword == "ARG");
        let mut pairs = arguments.flat_map(|argument| self.file.pairs(argument).into_iter().rev());
        let pair = pairs.find(|pair| pair.name == name && pair.value.is_some())?;
        Some(pair.value?.span)
    }

    /// All of them, in order.
    #[must_use]
    pub fn all(&self) -> &[Stage] {
        &self.all
    }

    /// The stage that the image is made of, where nobody asks for another.
    #[must_use]
    pub fn last(&self) -> Option<&Stage> {
        self.all.last()
    }

    /// The arguments before the first `FROM`.
    #[must_use]
    pub fn global(&self) -> &Scope {
        &self.global
    }

    /// The stages that the image holds the layers of: the last one, and what it is built on, from the ground up.
    #[must_use]
    pub fn chain(&self) -> Vec<&Stage> {
        self.all
            .len()
            .checked_sub(1)
            .map(|last| self.chain_of(last))
            .unwrap_or_default()
    }

    /// A stage and the nearest of those that it is built on: enough for what its instructions inherit, and never so
    /// many that all chains together are more than the file deserves.
    #[must_use]
    pub fn near_chain(&self, stage: &Stage) -> Vec<&Stage> {
        let mut chain = Vec::new();
        let index = self.all.partition_point(|other| other.from < stage.from);
        let mut at = self.all.get(index);
        while let Some(stage) = at.filter(|_| chain.len() < NEAR) {
            chain.push(stage);
            at = match stage.base {
                Base::Stage(base) => self.all.get(base),
                Base::Scratch | Base::Image => None,
            };
        }
        chain.reverse();
        chain
    }

    /// A stage and what it is built on, from the ground up.
    #[must_use]
    pub fn chain_of(&self, index: usize) -> Vec<&Stage> {
        let mut chain = Vec::new();
        let mut at = self.all.get(index);
        while let Some(stage) = at {
            chain.push(stage);
            at = match stage.base {
                Base::Stage(base) => self.all.get(base),
                Base::Scratch | Base::Image => None,
            };
        }
        chain.reverse();
        chain
    }

    /// The stage at the ground of the image: its base is no stage.
    #[must_use]
    pub fn ground(&self) -> Option<&Stage> {
        self.chain().first().copied()
    }

    /// The instructions of a stage, without its `FROM`.
    #[must_use]
    pub fn body(&self, stage: &Stage) -> &'a [Instruction] {
        let all = self.file.instructions();
        all.get(stage.body.clone()).unwrap_or_default()
    }

    /// The `FROM` of a stage.
    #[must_use]
    pub fn from(&self, stage: &Stage) -> Option<&'a Instruction> {
        self.file.instructions().get(stage.from)
    }

    /// The instructions whose layers the image holds, in order.
    #[must_use]
    pub fn image_instructions(&self) -> Vec<&'a Instruction> {
        let chain = self.chain();
        chain.iter().flat_map(|stage| self.body(stage)).collect()
    }

    /// The last instruction of the image with a keyword: the one that counts for `USER`, `WORKDIR` and the like. An
    /// `ENTRYPOINT` takes away the `CMD` of the stages below its own.
    #[must_use]
    pub fn effective(&self, keyword: &str) -> Option<&'a Instruction> {
        for stage in self.chain().iter().rev() {
            let body = self.body(stage);
            let found = body.iter().rfind(|found| found.keyword == keyword);
            if found.is_some() {
                return found;
            }
            if keyword == "CMD" && body.iter().any(|found| found.keyword == "ENTRYPOINT") {
                return None;
            }
        }
        None
    }

    /// Visits the instructions of the image in order, with what variables hold where each stands, and calls at the
    /// end what they hold at the end.
    pub fn walk(&self, visit: &mut dyn FnMut(&Stage, &'a Instruction, &Scope)) -> Scope {
        self.walk_chain(&self.chain(), visit)
    }

    /// The same for a stage and what it is built on.
    pub fn walk_chain(
        &self,
        chain: &[&Stage],
        visit: &mut dyn FnMut(&Stage, &'a Instruction, &Scope),
    ) -> Scope {
        let escape = self.file.escape();
        let mut scope = Scope::default();
        for stage in chain {
            scope.forget_arguments();
            for instruction in self.body(stage) {
                visit(stage, instruction, &scope);
                let is_argument = instruction.keyword == "ARG";
                if !is_argument && instruction.keyword != "ENV" {
                    continue;
                }
                // The pairs of one `ENV` do not see each other; those of one `ARG` do.
                let mut values = Vec::new();
                for pair in self.file.pairs(instruction) {
                    let value = pair.value.as_ref().and_then(|value| {
                        let value = scope.resolve(&value.raw, escape);
                        value.known().map(ToOwned::to_owned)
                    });
                    if is_argument {
                        let inherited = self.global.get(&pair.name).flatten();
                        let inherited = inherited.filter(|_| pair.value.is_none());
                        let value = value.or_else(|| inherited.map(ToOwned::to_owned));
                        scope.set_argument(&pair.name, value);
                    } else {
                        values.push((pair.name, value));
                    }
                }
                for (name, value) in values {
                    scope.set_environment(&name, value);
                }
            }
        }
        scope
    }

    /// Where an instruction takes its files from.
    #[must_use]
    pub fn origin(&self, stage: &Stage, instruction: &Instruction) -> Origin {
        match instruction.flag("from") {
            Some(flag) => self.origin_of(stage, &flag.value),
            None => Origin::Context,
        }
    }

    /// What a name after `from=` means in a stage.
    #[must_use]
    pub fn origin_of(&self, stage: &Stage, name: &str) -> Origin {
        let index = self.all.partition_point(|other| other.from < stage.from);
        let by_number = name.parse().ok().filter(|number| *number < index);
        match by_number.or_else(|| self.named(name, index)) {
            Some(origin) => Origin::Stage(origin),
            None => Origin::Image(name.to_owned()),
        }
    }

    /// The images that instructions of a stage take files from, by `RUN --mount=from=` and by `COPY --from`, with
    /// where each is named.
    pub fn images_in(&self, stage: &Stage) -> impl Iterator<Item = (String, Span)> {
        self.body(stage).iter().flat_map(move |instruction| {
            let mounts = instruction.mounts();
            let mounted = mounts.filter_map(|mount| Some((mount.field(&["from"])?, mount.span)));
            let flag = instruction.flag("from");
            let copied = flag.map(|flag| (&*flag.value, flag.span));
            let named: Vec<_> = mounted.chain(copied).collect();
            named
                .into_iter()
                .filter_map(move |(name, span)| match self.origin_of(stage, name) {
                    Origin::Image(image) => Some((image, span)),
                    Origin::Context | Origin::Stage(_) => None,
                })
        })
    }
}
