use tidegate::packages::lockfile::{LockfileKind, read};

use super::{assert_facts, facts};

const NINE: &str = "\
lockfileVersion: '9.0'

settings:
  autoInstallPeers: true

catalogs:
  default:
    zod:
      specifier: ^3.0.0
      version: 3.1.0

overrides:
  minimist@<1: ^1.2.6

packageExtensionsChecksum: sha256-ext

pnpmfileChecksum: sha256-file

patchedDependencies:
  left-pad@1.3.0:
    hash: 0a1b
    path: patches/left-pad.patch
  everywhere: 2c3d

importers:

  .:
    dependencies:
      alias:
        specifier: npm:left-pad@^1.0.0
        version: left-pad@1.3.0(patch_hash=0a1b)
      git:
        specifier: github:u/git
        version: https://codeload.github.com/u/git/tar.gz/0123456789012345678901234567890123456789
    devDependencies:
      plugin:
        specifier: ^1.0.0
        version: 1.0.0(host@1.0.0(zod@3.1.0))
      web:
        specifier: workspace:*
        version: link:packages/web

  packages/web:
    dependencies:
      outside:
        specifier: link:../../../outside
        version: link:../../../outside
      plugin:
        specifier: ^1.0.0
        version: 1.0.0(host@2.0.0)
    optionalDependencies:
      '@s/local':
        specifier: file:../local
        version: file:packages/local(zod@3.1.0)
      node:
        specifier: runtime:^24.0.0
        version: runtime:24.4.1

packages:

  '@s/local@file:packages/local':
    resolution: {directory: packages/local, type: directory}

  everywhere@1.10:
    resolution: {integrity: sha512-e}

  git@https://codeload.github.com/u/git/tar.gz/0123456789012345678901234567890123456789:
    resolution: {gitHosted: true, tarball: https://codeload.github.com/u/git/tar.gz/0123456789012345678901234567890123456789}
    version: 2.0.0

  host@1.0.0:
    resolution: {integrity: sha512-h1}
    engines: {node: '>=18', npm: '>=9'}
    deprecated: 'old: use 2'

  host@2.0.0:
    resolution: {integrity: sha512-h2, tarball: https://mirror.example.com/host.tgz}

  left-pad@1.3.0:
    resolution: {integrity: sha512-l}

  node@runtime:24.4.1:
    resolution:
      type: variations
      variants: []
    version: 24.4.1

  plugin@1.0.0:
    resolution: {integrity: sha512-p}
    peerDependencies:
      host: '*'
      missing: ^1.0.0
      perhaps: ^2.0.0
    peerDependenciesMeta:
      perhaps:
        optional: true

  remote@git+https://git.example.com/r.git#abc:
    resolution: {commit: abc, repo: https://git.example.com/r.git, type: git}
    version: 0.0.1

  tar@https://example.com/tar.tgz:
    resolution: {tarball: https://example.com/tar.tgz}
    version: 1.0.0

  tar@file:tar.tgz:
    resolution: {integrity: sha512-t, tarball: file:tar.tgz}

  zod@3.1.0:
    resolution: {integrity: sha512-z}

snapshots:

  '@s/local@file:packages/local(zod@3.1.0)':
    dependencies:
      web: link:packages/web
      zod: 3.1.0
    optional: true

  everywhere@1.10: {}

  git@https://codeload.github.com/u/git/tar.gz/0123456789012345678901234567890123456789: {}

  host@1.0.0(zod@3.1.0):
    dependencies:
      zod: 3.1.0
    optionalDependencies:
      absent: 1.0.0

  host@2.0.0: {}

  left-pad@1.3.0(patch_hash=0a1b): {}

  node@runtime:24.4.1: {}

  plugin@1.0.0(host@1.0.0(zod@3.1.0)):
    dependencies:
      host: 1.0.0(zod@3.1.0)
      shared: zod@3.1.0
    optional: true

  plugin@1.0.0(host@2.0.0):
    dependencies:
      host: 2.0.0
      shared: zod@3.1.0

  remote@git+https://git.example.com/r.git#abc: {}

  tar@https://example.com/tar.tgz: {}

  tar@file:tar.tgz: {}

  unknown@1.0.0: {}

  zod@3.1.0: {}
";

const NINE_FACTS: &str = r#"
version "9.0"
27: importer ""
  29: Production alias npm:left-pad@^1.0.0 -> left-pad@1.3.0
  32: Production git github:u/git -> git@2.0.0
  36: Development plugin ^1.0.0 -> plugin@1.0.0
  39: Development web workspace:* -> workspace "packages/web"
43: importer "packages/web"
  45: Production outside link:../../../outside -> folder "../outside"
  48: Production plugin ^1.0.0 -> plugin@1.0.0
  52: Optional @s/local file:../local -> folder "packages/local"
  55: Optional node runtime:^24.0.0 -> node@24.4.1
61: @s/local@ Folder("packages/local") optional scripts?
  Required web "" -> workspace "packages/web"
  Required zod "" -> zod@3.1.0
64: everywhere@1.10 Registry(None) patched scripts? integrity="sha512-e"
67: git@2.0.0 Git { repository: "https://github.com/u/git", commit: Some("0123456789012345678901234567890123456789") } scripts? resolved="https://codeload.github.com/u/git/tar.gz/0123456789012345678901234567890123456789"
71: host@1.0.0 Registry(None) scripts? integrity="sha512-h1" deprecated="old: use 2" node=">=18"
  Required zod "" -> zod@3.1.0
  Optional absent "" -> nothing
76: host@2.0.0 Registry(None) scripts? resolved="https://mirror.example.com/host.tgz" integrity="sha512-h2"
79: left-pad@1.3.0 Registry(None) patched scripts? integrity="sha512-l"
82: node@24.4.1 Other("runtime:24.4.1") scripts?
88: plugin@1.0.0 Registry(None) scripts? integrity="sha512-p"
  Peer host "*" -> host@1.0.0
  Required shared "" -> zod@3.1.0
  Peer host "*" -> host@2.0.0
  Peer missing "^1.0.0" -> nothing
  OptionalPeer perhaps "^2.0.0" -> nothing
98: remote@0.0.1 Git { repository: "https://git.example.com/r.git", commit: Some("abc") } scripts?
102: tar@1.0.0 Tarball("https://example.com/tar.tgz") scripts? resolved="https://example.com/tar.tgz"
106: tar@ File("tar.tgz") scripts? resolved="file:tar.tgz" integrity="sha512-t"
109: zod@3.1.0 Registry(None) scripts? integrity="sha512-z"
39: web@ Workspace("packages/web") scripts?
45: outside@ Folder("../outside") scripts?
8: Catalog default>zod=^3.0.0
13: Override minimist@<1=^1.2.6
15: ExtensionsHash =sha256-ext
17: PnpmfileHash =sha256-file
20: Patch left-pad@1.3.0=0a1b
23: Patch everywhere=2c3d
153: Entry("what was installed is missing in `packages`")
"#;

#[test]
fn version_nine() {
    assert_facts(LockfileKind::Pnpm, NINE, NINE_FACTS);
}

/// Line ends, a byte-order mark and notation that only the general reader knows change nothing.
#[test]
fn version_nine_in_other_clothes() {
    let expected = facts(&read(LockfileKind::Pnpm, NINE.to_owned()));
    for text in [
        NINE.replace('\n', "\r\n"),
        format!("\u{feff}{NINE}"),
        NINE.replacen(
            "settings:\n  autoInstallPeers: true",
            "settings: &s\n  autoInstallPeers: !!bool true",
            1,
        ),
        NINE.replacen(
            "deprecated: 'old: use 2'",
            "deprecated: \"old: \\x75se 2\"",
            1,
        ),
    ] {
        assert_ne!(text, NINE);
        assert_eq!(facts(&read(LockfileKind::Pnpm, text)), expected);
    }
}

#[test]
fn version_six() {
    assert_facts(
        LockfileKind::Pnpm,
        "\
lockfileVersion: '6.0'
onlyBuiltDependencies:
  - esbuild
dependencies:
  alias:
    specifier: npm:@s/real@^1.0.0
    version: /@s/real@1.0.0(peer@2.0.0)
devDependencies:
  peer:
    specifier: ^2.0.0
    version: 2.0.0(patch_hash=ab)
packages:
  /@s/real@1.0.0(peer@2.0.0):
    resolution: {integrity: sha512-r}
    peerDependencies:
      peer: ^2.0.0
    dependencies:
      peer: 2.0.0(patch_hash=ab)
      private: npm.example.com/private@1.0.0
    dev: false
  /peer@2.0.0(patch_hash=ab):
    resolution: {integrity: sha512-p}
    requiresBuild: true
    dev: true
    optional: true
  npm.example.com/private@1.0.0:
    resolution: {integrity: sha512-q}
    name: private
    version: 1.0.0
  github.com/u/r/0123:
    resolution: {tarball: https://codeload.github.com/u/r/tar.gz/0123}
    name: r
    version: 3.0.0
time:
  /peer@2.0.0: '2024-01-02T03:04:05.000Z'
",
        r#"
version "6.0"
4: importer ""
  5: Production alias npm:@s/real@^1.0.0 -> @s/real@1.0.0
  9: Development peer ^2.0.0 -> peer@2.0.0
13: @s/real@1.0.0 Registry(None) integrity="sha512-r"
  Peer peer "^2.0.0" -> peer@2.0.0
  Required private "" -> private@1.0.0
21: peer@2.0.0 Registry(None) patched dev optional scripts integrity="sha512-p" published="2024-01-02T03:04:05.000Z"
26: private@1.0.0 Registry(Some("npm.example.com")) integrity="sha512-q"
30: r@3.0.0 Git { repository: "https://github.com/u/r", commit: Some("0123") } resolved="https://codeload.github.com/u/r/tar.gz/0123"
3: Trusted esbuild=
"#,
    );
}

#[test]
fn version_five() {
    assert_facts(
        LockfileKind::Pnpm,
        "\
lockfileVersion: 5.4
importers:
  apps/a:
    specifiers:
      b: workspace:^1.0.0
      real: ^1.0.0
    dependencies:
      b: link:../../b
      real: 1.0.0_@s+peer@2.0.0
  b:
    specifiers: {}
packages:
  /@s/peer/2.0.0:
    resolution: {integrity: sha1-p}
    requiresBuild: true
    dev: true
  /real/1.0.0_@s+peer@2.0.0:
    resolution: {integrity: sha512-r}
    peerDependencies:
      '@s/peer': '>=1'
    dependencies:
      '@s/peer': 2.0.0
      other: /@s/peer/2.0.0
time:
  /@s/peer/2.0.0: '2020-01-02T03:04:05.000Z'
",
        r#"
version "5.4"
3: importer "apps/a"
  8: Production b workspace:^1.0.0 -> workspace "b"
  9: Production real ^1.0.0 -> real@1.0.0
10: importer "b"
13: @s/peer@2.0.0 Registry(None) dev scripts integrity="sha1-p" published="2020-01-02T03:04:05.000Z"
17: real@1.0.0 Registry(None) integrity="sha512-r"
  Peer @s/peer ">=1" -> @s/peer@2.0.0
  Required other "" -> @s/peer@2.0.0
8: b@ Workspace("b") scripts?
"#,
    );
}

const ENVIRONMENT: &str = "\
lockfileVersion: '9.0'
importers:
  .:
    configDependencies:
      shared:
        specifier: 1.0.0
        version: 1.0.0
    packageManagerDependencies:
      pnpm:
        specifier: 11.0.0
        version: 11.0.0
packages:
  pnpm@11.0.0:
    resolution: {integrity: sha512-p}
  shared@1.0.0:
    resolution: {integrity: sha512-environment}
snapshots:
  pnpm@11.0.0: {}
  shared@1.0.0: {}
";

const PROJECT: &str = "\
lockfileVersion: '9.1'
importers:
  .:
    dependencies:
      shared:
        specifier: ^1.0.0
        version: 1.0.0
packages:
  shared@1.0.0:
    resolution: {integrity: sha512-project}
snapshots:
  shared@1.0.0: {}
";

#[test]
fn two_documents_stay_apart_in_either_order() {
    let integrity = |text: String| {
        let lockfile = read(LockfileKind::Pnpm, text);
        assert_eq!(lockfile.problems, []);
        assert_eq!(
            &*lockfile.version, "9.1",
            "the version is that of the project"
        );
        assert_eq!(lockfile.packages.len(), 3, "nothing is merged");
        let wanted = lockfile
            .importers
            .iter()
            .flat_map(|importer| &importer.dependencies);
        let mut all: Vec<String> = wanted
            .map(|wanted| {
                let package = wanted
                    .to
                    .and_then(|to| lockfile.package(to))
                    .expect("it is locked");
                let integrity = &package.integrity.as_ref().expect("it has a hash").0;
                format!(
                    "{:?} {} {integrity}",
                    wanted.section.expect("it has one"),
                    wanted.name
                )
            })
            .collect();
        all.sort();
        all
    };
    let expected = [
        "Environment pnpm sha512-p",
        "Environment shared sha512-environment",
        "Production shared sha512-project",
    ];
    assert_eq!(
        integrity(format!("---\n{ENVIRONMENT}---\n{PROJECT}")),
        expected
    );
    assert_eq!(integrity(format!("{PROJECT}---\n{ENVIRONMENT}")), expected);
}

#[test]
fn a_file_without_packages_is_read() {
    for text in [
        "",
        "# nothing\n",
        "\u{feff}",
        "---\n",
        "lockfileVersion: '9.0'\n",
    ] {
        let lockfile = read(LockfileKind::Pnpm, text.to_owned());
        assert_eq!(
            (lockfile.packages.len(), lockfile.problems.len()),
            (0, 0),
            "{text:?}"
        );
        assert_eq!(lockfile.text, text);
    }
}
