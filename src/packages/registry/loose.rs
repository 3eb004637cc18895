//! Values of JSON whose type nobody promised: what is not as expected counts as not said.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A text or a truth value; whatever else stands there is passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Loose {
    Text(String),
    Bool(bool),
    /// A mapping, of which only that it is there is kept.
    Map,
    #[default]
    Other,
}

impl Loose {
    pub(super) fn into_text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Bool(_) | Self::Map | Self::Other => None,
        }
    }
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Loose;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Loose, E> {
                Ok(Loose::Bool(value))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Loose, E> {
                Ok(Loose::Other)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Loose, E> {
                Ok(Loose::Other)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Loose, E> {
                Ok(Loose::Other)
            }

            fn visit_str<E>(self, text: &str) -> Result<Loose, E> {
                Ok(Loose::Text(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<Loose, E> {
                Ok(Loose::Text(text))
            }

            fn visit_unit<E>(self) -> Result<Loose, E> {
                Ok(Loose::Other)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Loose, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Loose::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Loose, A::Error> {
                while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Loose::Map)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// What takes the entries of a mapping one by one.
pub(super) trait Entries<'de>: Default {
    /// Takes an entry; the value must be read, or passed over.
    fn take<A: MapAccess<'de>>(&mut self, key: &str, entries: &mut A) -> Result<(), A::Error>;

    /// Takes what stands there instead of a mapping.
    fn take_text(&mut self, _text: &str) {}

    /// Takes an item of a list that stands there instead of a mapping.
    fn take_item(&mut self, _item: Self) {}
}

/// A mapping that may be none at all: then it is empty.
#[derive(Debug, Default)]
pub(super) struct Mapping<T>(pub(super) T);

impl<'de, T: Entries<'de>> Deserialize<'de> for Mapping<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(std::marker::PhantomData<T>);
        impl<'de, T: Entries<'de>> Visitor<'de> for Reader<T> {
            type Value = Mapping<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Mapping<T>, A::Error> {
                let mut taken = T::default();
                while let Some(key) = entries.next_key::<String>()? {
                    taken.take(&key, &mut entries)?;
                }
                Ok(Mapping(taken))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Mapping<T>, A::Error> {
                let mut taken = T::default();
                while let Some(Mapping(item)) = items.next_element::<Mapping<T>>()? {
                    taken.take_item(item);
                }
                Ok(Mapping(taken))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Mapping<T>, E> {
                let mut taken = T::default();
                taken.take_text(text);
                Ok(Mapping(taken))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Mapping<T>, E> {
                Ok(Mapping::default())
            }

            fn visit_i64<E>(self, _: i64) -> Result<Mapping<T>, E> {
                Ok(Mapping::default())
            }

            fn visit_u64<E>(self, _: u64) -> Result<Mapping<T>, E> {
                Ok(Mapping::default())
            }

            fn visit_f64<E>(self, _: f64) -> Result<Mapping<T>, E> {
                Ok(Mapping::default())
            }

            fn visit_unit<E>(self) -> Result<Mapping<T>, E> {
                Ok(Mapping::default())
            }
        }
        deserializer.deserialize_any(Reader(std::marker::PhantomData))
    }
}
