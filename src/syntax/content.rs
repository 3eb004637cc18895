//! What a subtree means, as a number.

use super::tree::{Node, Value};

impl Node<'_> {
    /// A hash of what the subtree means: notation, comments, places and the order of keys do not count.
    #[must_use]
    pub fn content_hash(self) -> u64 {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hash = DefaultHasher::new();
        match self.value() {
            Value::Null => 0u8.hash(&mut hash),
            Value::Bool(value) => (1u8, value).hash(&mut hash),
            Value::Int(value) => (2u8, value).hash(&mut hash),
            Value::Float(value) => (3u8, value.to_bits()).hash(&mut hash),
            Value::Text(text) => (4u8, text).hash(&mut hash),
            Value::Sequence => {
                5u8.hash(&mut hash);
                for item in self.items() {
                    item.content_hash().hash(&mut hash);
                }
            }
            Value::Mapping => {
                let mut sum = 0u64;
                for entry in self.entries() {
                    let mut pair = DefaultHasher::new();
                    (entry.key.key_text(), entry.value.content_hash()).hash(&mut pair);
                    sum = sum.wrapping_add(pair.finish());
                }
                (6u8, sum).hash(&mut hash);
            }
        }
        hash.finish()
    }
}
