#!/usr/bin/env python3
"""Writes tests/fixtures/github/events/*.json: events as GitHub sent them, without what nobody reads.

    npm install --ignore-scripts @octokit/webhooks-examples@7.6.1
    python3 tests/contract/webhooks.py node_modules/@octokit/webhooks-examples

Left out are addresses (`url`, `*_url`, `_links`). Source: npm package @octokit/webhooks-examples, MIT. There is no
example of a pull request from a fork: those two are derived, with another repository as the head and with none. Nor
is there one of a push to a branch that was there before: it is derived from the one that made a branch.
"""

import copy
import json
import pathlib
import sys

# The version of an example, the event, which of its examples, and the file that it becomes.
WANTED = [
    ("api.github.com", "pull_request", lambda e: e["action"] == "opened", "pull_request.opened"),
    ("api.github.com", "pull_request", lambda e: e["action"] == "synchronize", "pull_request.synchronize"),
    ("api.github.com", "merge_group", lambda e: True, "merge_group"),
    ("api.github.com", "push", lambda e: e["created"] and e["ref"].startswith("refs/heads/"), "push.new_branch"),
    ("api.github.com", "push", lambda e: e["deleted"], "push.deleted"),
    ("api.github.com", "workflow_dispatch", lambda e: True, "workflow_dispatch"),
    ("api.github.com", "workflow_run", lambda e: e["action"] == "completed", "workflow_run"),
    ("ghes-35", "pull_request", lambda e: e["action"] == "opened", "ghes.pull_request.opened"),
    ("ghes-35", "push", lambda e: e["created"], "ghes.push.new_branch"),
    ("ghes-35", "workflow_dispatch", lambda e: True, "ghes.workflow_dispatch"),
    ("ghes-35", "workflow_run", lambda e: e["action"] == "completed", "ghes.workflow_run"),
]


def trimmed(node):
    if isinstance(node, list):
        return [trimmed(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: trimmed(value)
        for key, value in node.items()
        if key not in ("_links", "url") and not key.endswith("_url")
    }


def main():
    package = pathlib.Path(sys.argv[1])
    target = pathlib.Path(__file__).parent.parent / "fixtures" / "github" / "events"
    target.mkdir(parents=True, exist_ok=True)
    about = json.loads((package / "package.json").read_text())
    source = f"npm:{about['name']}@{about['version']}, {about['license']}, trimmed by tests/contract/webhooks.py"

    def write(name, payload, how=source):
        text = json.dumps({"_source": how, **payload}, indent=1, ensure_ascii=False)
        (target / f"{name}.json").write_text(text + "\n")

    for version, event, is_wanted, name in WANTED:
        examples = json.loads((package / version / "index.json").read_text())
        found = next(entry["examples"] for entry in examples if entry["name"] == event)
        payload = trimmed(next(filter(is_wanted, found), None) or sys.exit(f"no example for {name}"))
        write(name, payload)
        if name == "push.new_branch":
            later = copy.deepcopy(payload)
            later.update(before="7" * 40, created=False)
            write("push", later, f"derived from {source}")
        if name == "pull_request.synchronize":
            fork = copy.deepcopy(payload)
            head = fork["pull_request"]["head"]
            head["user"]["login"] = head["repo"]["owner"]["login"] = "someone-else"
            head["repo"].update(id=186853099, fork=True, full_name=f"someone-else/{head['repo']['name']}")
            head["label"] = f"someone-else:{head['ref']}"
            write("pull_request.fork", fork, f"derived from {source}")
            head["repo"] = None
            write("pull_request.deleted_fork", fork, f"derived from {source}")


main()
