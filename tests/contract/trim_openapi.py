#!/usr/bin/env python3
"""Writes tests/fixtures/github/openapi-*.json: GitHub's description of its API, cut down to what tidegate uses.

    npm install --ignore-scripts @octokit/openapi@23.0.2
    python3 tests/contract/trim_openapi.py node_modules/@octokit/openapi

Kept are the operations below with their parameters, bodies and successful answers, and the components that these
refer to. Left out are descriptions, examples, extensions and failures. Source: npm package @octokit/openapi, MIT;
its licence is written beside.
"""

import json
import pathlib
import sys

REPO = "/repos/{owner}/{repo}"
OPERATIONS = {
    f"{REPO}": ["get"],
    f"{REPO}/pulls": ["get"],
    f"{REPO}/pulls/{{pull_number}}": ["get"],
    f"{REPO}/pulls/{{pull_number}}/files": ["get"],
    f"{REPO}/pulls/{{pull_number}}/reviews": ["get", "post"],
    f"{REPO}/pulls/{{pull_number}}/comments": ["get", "post"],
    f"{REPO}/pulls/{{pull_number}}/comments/{{comment_id}}/replies": ["post"],
    f"{REPO}/pulls/comments/{{comment_id}}": ["patch", "delete"],
    f"{REPO}/issues/{{issue_number}}/comments": ["get", "post"],
    f"{REPO}/issues/comments/{{comment_id}}": ["patch", "delete"],
    f"{REPO}/code-scanning/analyses": ["get"],
    f"{REPO}/code-scanning/sarifs": ["post"],
    f"{REPO}/code-scanning/sarifs/{{sarif_id}}": ["get"],
    f"{REPO}/compare/{{basehead}}": ["get"],
    f"{REPO}/commits/{{commit_sha}}/pulls": ["get"],
    f"{REPO}/commits/{{ref}}": ["get"],
    f"{REPO}/git/commits/{{commit_sha}}": ["get"],
    f"{REPO}/git/trees/{{tree_sha}}": ["get"],
    f"{REPO}/git/blobs/{{file_sha}}": ["get"],
    f"{REPO}/tarball/{{ref}}": ["get"],
}
DESCRIPTIONS = {"api.github.com": "github.com", "ghes-3.19": "ghes-3.19"}
# Words about the data, which say nothing about what fits. `title` and the like may be names of properties.
WORDS = {"description", "example", "examples", "externalDocs", "summary", "tags", "operationId"}


def without_words(node, are_names=False):
    """The node without what is for people. Below `properties`, keys are names."""
    if isinstance(node, list):
        return [without_words(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: without_words(value, key in ("properties", "headers", "responses", "schemas"))
        for key, value in node.items()
        if are_names or not (key in WORDS or key.startswith("x-"))
    }


def operation(whole):
    kept = {key: whole[key] for key in ("parameters", "requestBody") if key in whole}
    kept["responses"] = {
        status: {**answer, "description": ""}
        for status, answer in ((s, without_words(a)) for s, a in whole["responses"].items())
        if status[0] in "23" and "$ref" not in answer
    }
    kept = {key: without_words(value) if key != "responses" else value for key, value in kept.items()}
    for answer in kept["responses"].values():
        answer.pop("headers", None)
    return kept


def references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


def trim(spec, name, package):
    paths = {
        path: {method: operation(spec["paths"][path][method]) for method in methods}
        for path, methods in OPERATIONS.items()
    }
    components = {}
    waiting, seen = list(references(paths)), set()
    while waiting:
        reference = waiting.pop()
        if reference in seen:
            continue
        seen.add(reference)
        _, _, kind, what = reference.split("/", 3)
        found = without_words(spec["components"][kind][what])
        components.setdefault(kind, {})[what] = found
        waiting += references(found)
    source = f"npm:{package['name']}@{package['version']} generated/{name}.json"
    return {
        "openapi": spec["openapi"],
        "info": {
            "title": f"GitHub's REST API, trimmed by tests/contract/trim_openapi.py from {source} (MIT)",
            "version": spec["info"]["version"],
            "license": spec["info"]["license"],
        },
        "servers": [{"url": "http://localhost"}],
        "paths": paths,
        "components": {kind: dict(sorted(found.items())) for kind, found in sorted(components.items())},
    }


def rows(value, depth):
    """JSON with one line for each key of the outer levels, so that a change is seen in a diff."""
    if depth == 0 or not isinstance(value, dict) or not value:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    inner = ",\n".join(f"{json.dumps(key)}:{rows(item, depth - 1)}" for key, item in value.items())
    return "{\n" + inner + "\n}"


def main():
    package = pathlib.Path(sys.argv[1])
    target = pathlib.Path(__file__).parent.parent / "fixtures" / "github"
    about = json.loads((package / "package.json").read_text())
    for name, short in DESCRIPTIONS.items():
        spec = json.loads((package / "generated" / f"{name}.json").read_text())
        trimmed = trim(spec, name, about)
        (target / f"openapi-{short}.json").write_text(rows(trimmed, 3) + "\n")
    (target / "LICENSE.octokit-openapi").write_text((package / "LICENSE").read_text())


main()
