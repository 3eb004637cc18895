#!/usr/bin/env python3
"""Makes a corpus for each target from the fixtures of the suite: fuzz/corpus/TARGET/. git ignores it.

Usage: fuzz/seed.py
"""

import hashlib
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORPUS = ROOT / "fuzz" / "corpus"
BETWEEN = "\n%%\n"
CONFIGURATION = """\
fail-on: high
kubernetes: {versions: ["1.35"], pod-security: baseline, clusters: [{name: a, paths: ["deploy/**"]}]}
manifests: {exclude: ["**/testdata/**"]}
rules: {"image/*": off, "pod-security/*": low}
new-waivers: after-merge
waivers:
- {rule: pod-security/host-path, resource: DaemonSet/logging/*, path: "deploy/**", reason: x, until: 2027-01-31}
- rule: "*"
  container: api
  reason: y
"""
COMMENT = 'allow(pod-security/host-path, rbac/*) until=2027-01-31 owner=@a reason="reads \\"logs\\""'
ENTRY = """{"id":"GHSA-1","modified":"2026-01-02T03:04:05Z","aliases":["CVE-2026-1","MAL-2026-1"],"summary":"Bad",
"severity":[{"type":"CVSS_V4","score":"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"},
{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},{"type":"CVSS_V2","score":"AV:N/AC:L/Au:N/C:C/I:C/A:C"}],
"affected":[{"package":{"ecosystem":"npm","name":"a"},"versions":["1.0.0"],"ranges":[{"type":"SEMVER","events":
[{"introduced":"0"},{"fixed":"1.2.0"},{"introduced":"2.0.0-rc.1"},{"last_affected":"2.1.0"},{"limit":"3.0.0"}]}]}],
"database_specific":{"severity":"MODERATE","cwe_ids":["CWE-506"]}}"""

PACKUMENT = """{"name": "a", "dist-tags": {"latest": "1.1.0"}, "maintainers": [{"name": "m"}, "n <n@example.com>"],
"time": {"created": "2020-01-01T00:00:00Z", "1.0.0": "2020-01-01T00:00:00Z", "1.1.0": "2021-01-01T01:00:00+01:00"},
"versions": {"1.0.0": {"deprecated": "x", "licenses": [{"type": "MIT"}], "engines": ["node >= 0.6"]},
"1.1.0": {"license": "MIT", "engines": {"node": ">=18"}, "dependencies": {"b": "npm:c@^1"}, "peerDependencies": {"d": "*"},
"optionalDependencies": {"e": "1"}, "scripts": {"install": "x"}, "hasInstallScript": true,
"dist": {"integrity": "sha512-x", "attestations": {"provenance": {}}},
"_npmUser": {"name": "m", "trustedPublisher": {}}}}}"""
NPMRC = """registry=https://${HOST}/a
@acme:registry="https://b.example/" ; ours
//b.example/:_authToken=${NPM_TOKEN}
min-release-age=3
min-release-age-exclude[]=@acme/*
"""
YARNRC = """npmRegistryServer: https://a.example
npmMinimalAgeGate: 3d
npmPreapprovedPackages: [react, "a@^1"]
npmScopes: {acme: {npmRegistryServer: "https://b.example", npmAuthToken: "${NPM_TOKEN:-}", npmMinimalAgeGate: 0}}
npmRegistries: {//b.example: {npmAuthToken: "${NPM_TOKEN}"}}
"""
BUNFIG = """[install]
registry = { url = "https://a.example", token = "$NPM_TOKEN" } # ours
minimumReleaseAge = 259_200
minimumReleaseAgeExcludes = [
  "a",
]
[install.scopes]
acme = "https://b.example"
"""
RENOVATE = """{"extends": ["config:best-practices"], "minimumReleaseAge": "3 days",
"packageRules": [{"matchDatasources": ["npm"], "minimumReleaseAge": "1 week"}]}"""


def keep(target, text):
    """Writes one input under the hash of its bytes."""
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    data = text.encode()
    (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


def main():
    for path in sorted((ROOT / "tests" / "fixtures").rglob("*")):
        if "Dockerfile" in path.name:
            keep("dockerfile", path.read_text(encoding="utf-8"))
            continue
        if path.suffix not in (".yaml", ".yml", ".json") or path.stat().st_size > 8192:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if path.suffix == ".json":
            keep("json", text)
            continue
        keep("yaml", text)
        keep("views", text)
        if "kind: NetworkPolicy" in text:
            other = pathlib.Path(str(path).replace("/base/", "/head/"))
            keep("policies", BETWEEN.join([text, other.read_text(encoding="utf-8") if other.exists() else ""]))
        if path.name == ".tidegate.yaml":
            keep("configuration", BETWEEN.join([CONFIGURATION, text, COMMENT]))
        else:
            waived = f"# tidegate: {COMMENT}\n{text}"
            keep("change", BETWEEN.join([CONFIGURATION, "", text, waived]))
            keep("change", BETWEEN.join(["", CONFIGURATION, "", text]))
    keep("configuration", BETWEEN.join(["", CONFIGURATION, COMMENT]))
    for path in sorted((ROOT / "tests" / "suite" / "lockfiles" / "samples").iterdir()):
        # The first letter of the package manager picks the reader.
        keep("lockfile", path.name[0] + path.read_text(encoding="utf-8"))
    keep("advisory_record", BETWEEN.join([ENTRY, "1.0.0-rc.1", "<1.2.0 || >=2.0.0, <=2.1.0"]))
    keep("packument", PACKUMENT)
    for text in (NPMRC, YARNRC, BUNFIG, RENOVATE):
        keep("registry_settings", text)


if __name__ == "__main__":
    main()
