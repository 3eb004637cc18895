//! The other host: archives of a commit, as tar files below one folder.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use wiremock::{Request, ResponseTemplate};

use super::record::Recorded;
use super::state::State;

/// Serves one archive, and notes who asked.
pub(crate) fn serve(state: &mut State, request: &Request) -> ResponseTemplate {
    let header = |name: &str| {
        let value = request.headers.get(name)?;
        Some(value.to_str().expect("it is a header").to_owned())
    };
    let path = request.url.path().to_owned();
    let id = path.rsplit('/').next().unwrap_or_default();
    let archive = state.objects.find_commit(id).map(|_| archive(state, id));
    let is_signed = request.url.query() == Some("token=onlyforthis");
    let template = match archive {
        Some(bytes) if is_signed => {
            ResponseTemplate::new(200).set_body_raw(bytes, "application/x-gzip")
        }
        _ => ResponseTemplate::new(404),
    };
    state.requests.push(Recorded {
        method: request.method.to_string(),
        host: header("host").unwrap_or_default(),
        query: request.url.query_pairs().into_owned().collect(),
        authorization: header("authorization"),
        accept: header("accept"),
        body: request.body.clone(),
        status: if is_signed { 200 } else { 404 },
        path,
    });
    template
}

fn archive(state: &State, id: &str) -> Vec<u8> {
    let root = format!("{}-{}/", state.repository.replace('/', "-"), &id[..7]);
    let mut tar = Vec::new();
    // The id of the commit, as git archive writes it.
    add(
        &mut tar,
        "pax_global_header",
        b'g',
        0o666,
        format!("52 comment={id}\n").as_bytes(),
    );
    add(&mut tar, &root, b'5', 0o775, b"");
    let tree = &state.objects.find_commit(id).expect("it was found").tree;
    for entry in state.objects.walk(tree) {
        if state.export_ignored.contains(&entry.name) {
            continue;
        }
        let name = format!("{root}{}", entry.name);
        let bytes = state.objects.find_blob(&entry.id).unwrap_or_default();
        match entry.mode {
            "40000" | "160000" => add(&mut tar, &format!("{name}/"), b'5', 0o775, b""),
            "120000" => add_link(&mut tar, &name, bytes),
            "100755" => add(&mut tar, &name, b'0', 0o775, bytes),
            _ => add(&mut tar, &name, b'0', 0o664, bytes),
        }
    }
    tar.extend_from_slice(&[0; 1_024]);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&tar).expect("memory");
    encoder.finish().expect("memory")
}

fn add(tar: &mut Vec<u8>, name: &str, kind: u8, mode: u32, bytes: &[u8]) {
    if name.len() > 100 {
        // A record of its own before the file holds the name that is too long for the header.
        let record = record("path", name);
        push(tar, "long.paxheader", kind_of_record(), 0o666, b"", &record);
    }
    let short: String = name.chars().take(100).collect();
    push(tar, &short, kind, mode, b"", bytes);
}

fn add_link(tar: &mut Vec<u8>, name: &str, target: &[u8]) {
    if name.len() > 100 {
        let record = record("path", name);
        push(tar, "long.paxheader", kind_of_record(), 0o666, b"", &record);
    }
    let short: String = name.chars().take(100).collect();
    push(
        tar,
        &short,
        b'2',
        0o777,
        &target[..target.len().min(100)],
        b"",
    );
}

fn kind_of_record() -> u8 {
    b'x'
}

/// A length that counts itself, a name and a value.
fn record(name: &str, value: &str) -> Vec<u8> {
    let rest = format!(" {name}={value}\n");
    let mut length = rest.len();
    while length != rest.len() + length.to_string().len() {
        length = rest.len() + length.to_string().len();
    }
    format!("{length}{rest}").into_bytes()
}

fn push(tar: &mut Vec<u8>, name: &str, kind: u8, mode: u32, link: &[u8], bytes: &[u8]) {
    let mut header = [0_u8; 512];
    let mut put = |at: usize, text: &[u8]| header[at..at + text.len()].copy_from_slice(text);
    put(0, &name.as_bytes()[..name.len().min(100)]);
    put(100, format!("{mode:07o}\0").as_bytes());
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{:011o}\0", bytes.len()).as_bytes());
    put(136, b"15125555000\0");
    put(148, b"        ");
    put(156, &[kind]);
    put(157, link);
    put(257, b"ustar\x0000");
    put(265, b"root\0");
    put(297, b"root\0");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    tar.extend_from_slice(&header);
    tar.extend_from_slice(bytes);
    tar.resize(tar.len().next_multiple_of(512), 0);
}
