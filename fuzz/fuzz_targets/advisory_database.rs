#![no_main]
//! Any bytes can be opened as a database, with right and with wrong digests, and make no more memory than they are.

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};
use tidegate::packages::advisory::database::Database;

fn look(bytes: Vec<u8>) {
    if let Ok(database) = Database::read(Box::new(Cursor::new(bytes))) {
        let _ = (database.verify(), database.records("a"));
    }
}

/// A database with one package, whose records are these bytes and whose digests are right.
fn sealed(block: &[u8]) -> Vec<u8> {
    let hash = |bytes: &[u8]| Sha256::digest(bytes)[..8].to_vec();
    let block = [b"\x01a", block].concat();
    let about = format!(
        r#"{{"source":"","date":null,"records":1,"packages":1,"withdrawn":0,"unreadable":0,"length":{}}}"#,
        block.len()
    );
    let sizes = [1_u32, u32::try_from(about.len()).unwrap_or(0)].map(u32::to_le_bytes);
    let head = [b"tidegate", sizes.concat().as_slice(), about.as_bytes()].concat();
    let size = u32::try_from(block.len()).unwrap_or(0).to_le_bytes();
    let index = [hash(b"a"), vec![0; 8], size.to_vec(), hash(&block)].concat();
    [
        &head,
        Sha256::digest(&head).as_slice(),
        &index,
        Sha256::digest(&index).as_slice(),
        &block,
    ]
    .concat()
}

fuzz_target!(|bytes: &[u8]| {
    look(bytes.to_vec());
    look(sealed(bytes));
});
