#!/usr/bin/env python3
"""Runs the release binary over hostile and huge inputs, each a whole process, and prints what that cost.

Usage: benches/stress.py [--binary PATH] [--only WORD]

For every case: CPU seconds (user and system), peak memory in MiB, the exit code, and the CPU seconds at half the
size, as a ratio: about 2 is linear. A case that is killed by a signal, or that panics, fails the script.
"""

import argparse
import os
import subprocess
import sys
import tempfile

PRIVILEGED = """\
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: shop}}
spec:
  containers:
  - name: api
    image: registry.example.com/api:1.0.0
    securityContext: {{privileged: true}}
"""
CONFIGURATION = ".tidegate.yaml"


def pods(number):
    return "---\n".join(PRIVILEGED.format(name=f"pod-{index}") for index in range(number))


def many_documents(number):
    return {"pods.yaml": pods(number)}


def big_manifests(megabytes):
    pod = PRIVILEGED.format(name="api")
    return {"big.yaml": (pod + "---\n") * (megabytes * 1_000_000 // (len(pod) + 4))}


def big_garbage(megabytes):
    line = "apiVersion: v1\nkind: Pod\n{[}]: - ? | > & * ! % @ ` \"\n"
    return {"garbage.yaml": line * (megabytes * 1_000_000 // len(line))}


def largest_manifest(kilobytes):
    """One file that is just not too large to be parsed."""
    return {"large.yaml": pods(kilobytes * 1000 // len(PRIVILEGED))}


def small_files(number):
    return {
        f"team-{index % 100}/pod-{index}.yaml": PRIVILEGED.format(name=f"pod-{index}")
        for index in range(number)
    }


def clusters(number):
    lines = ["kubernetes:", "  clusters:"]
    lines += [f'  - {{name: c{index}, paths: ["deploy/{index}/**"]}}' for index in range(number)]
    return {CONFIGURATION: "\n".join(lines), **small_files(1000)}


def waivers(number, selectors):
    lines = ["waivers:"]
    lines += [f"- {{{selectors.format(index=index)}, reason: r}}" for index in range(number)]
    return {CONFIGURATION: "\n".join(lines), "pods.yaml": pods(number // 4)}


def plain_waivers(number):
    return waivers(number, "rule: pod-security/privileged, resource: Pod/shop/pod-{index}")


def pattern_waivers(number):
    return waivers(number, 'rule: "pod-security/*", resource: "*/shop/*-{index}"')


def one_rule_waivers(number):
    return waivers(number, 'rule: pod-security/privileged, resource: "*/shop/*-{index}"')


def path_waivers(number):
    return waivers(number, 'rule: "*", path: "**/team-{index}/*.yaml"')


def path_waivers_of_files(number):
    """As many files as patterns of paths."""
    lines = ["waivers:"]
    lines += [f'- {{rule: "*", path: "**/team-{index}/*.yaml", reason: r}}' for index in range(number)]
    pods = {f"team-{index}/pod.yaml": PRIVILEGED.format(name=f"pod-{index}") for index in range(number)}
    return {CONFIGURATION: "\n".join(lines), **pods}


def rule_settings(number):
    lines = ["rules:"] + [f'  "{"*" * 20}p*{index}": low' for index in range(number)]
    return {CONFIGURATION: "\n".join(lines), "pods.yaml": pods(100)}


def same_waivers(number):
    return waivers(number, 'rule: pod-security/privileged, resource: "*/shop/*"')


def inline_waivers(number):
    comment = '    # tidegate: allow(pod-security/privileged) reason="r"\n    securityContext'
    return {"pods.yaml": pods(number).replace("    securityContext", comment)}


def inline_in_one_object(number):
    lines = [PRIVILEGED.format(name="api").replace("spec:", "  annotations:\n{}spec:", 1)]
    lines[0] = lines[0].replace("metadata: {name: api, namespace: shop}", "metadata:\n  name: api\n  namespace: shop")
    notes = "".join(
        f'    a{index}: b # tidegate: allow(pod-security/*) reason="r"\n' for index in range(number)
    )
    return {"pod.yaml": lines[0].replace("{}", notes)}


def kustomization_chain(number):
    """Kustomizations that take in the next two, round in a circle."""
    return chain(number, lambda index: [index + 1, (index + 2) % number], lambda index: index == 0)


def kustomization_line(number):
    """Kustomizations that take in the next one, each with a pod of which there is another one elsewhere."""
    line = chain(number, lambda index: [index + 1], lambda _: True)
    return {**line, "all/kustomization.yaml": "resources:\n- pods.yaml\n", "all/pods.yaml": pods(number)}


def chain(number, parts, has_pod):
    files = {}
    for index in range(number):
        resources = [f"../d{part}" for part in parts(index)]
        if has_pod(index):
            resources.append("pod.yaml")
            files[f"d{index}/pod.yaml"] = PRIVILEGED.format(name=f"pod-{index}")
        lines = "".join(f"- {resource}\n" for resource in resources)
        files[f"d{index}/kustomization.yaml"] = f"resources:\n{lines}"
    return files


def installed_folders(number):
    """Kustomizations that each name a file of installed packages of their own."""
    files = {}
    for index in range(number):
        files[f"d{index}/kustomization.yaml"] = "resources:\n- node_modules/x/pod.yaml\n"
        files[f"d{index}/node_modules/x/pod.yaml"] = PRIVILEGED.format(name=f"pod-{index}")
    return files


def nested(depth):
    return {"flow.yaml": "apiVersion: v1\nkind: Pod\nspec: " + "[" * depth + "]" * depth}


def nested_block(depth):
    return {
        "block.yaml": "apiVersion: v1\nkind: Pod\nspec:\n"
        + "".join(" " * level + "a:\n" for level in range(1, depth))
    }


def long_names(kilobytes):
    return {"names.yaml": "---\n".join(PRIVILEGED.format(name=letter * kilobytes * 1000) for letter in "abc")}


def large_configuration(kilobytes):
    line = "- {rule: pod-security/privileged, resource: Pod/shop/pod-%d, reason: r}\n"
    text = "waivers:\n" + "".join(line % index for index in range(kilobytes * 1000 // 75))
    return {CONFIGURATION: text, "pods.yaml": pods(100)}


def hostile_globs(number):
    globs = [f'"{"*a" * 40}{"{a,b}" * 8}{"**/" * 20}[!x-z]{index}"' for index in range(number)]
    return {
        CONFIGURATION: f"manifests: {{exclude: [{', '.join(globs)}]}}\n",
        f"{'a' * 200}/{'a' * 200}.yaml": pods(100),
    }


def alternating_globs(number):
    return {
        CONFIGURATION: f'manifests: {{exclude: ["{"{a,b,c,d}" * number}"]}}\n',
        f"{'a' * 200}.yaml": pods(10),
    }


def hostile_names(number):
    """A pattern of many stars against a name that nearly fits."""
    pattern = "*a" * 1000 + "b"
    lines = ["waivers:"] + [f'- {{rule: "*", resource: "*/*/{pattern}", reason: r}}'] * number
    return {CONFIGURATION: "\n".join(lines), "pods.yaml": "---\n".join([PRIVILEGED.format(name="a" * 5000)] * 20)}


def anchors(number):
    lines = ["apiVersion: v1", "kind: Pod", "a0: &a0 [x, x]"]
    lines += [f"a{index}: &a{index} [*a{index - 1}, *a{index - 1}]" for index in range(1, number)]
    return {"aliases.yaml": "\n".join(lines)}


def duplicate_keys(number):
    return {"keys.yaml": "apiVersion: v1\nkind: Pod\nspec:\n" + "  a: 1\n" * number}


CASES = [
    (big_manifests, 100),
    (big_garbage, 100),
    (largest_manifest, 4000),
    (many_documents, 10_000),
    (clusters, 1000),
    (plain_waivers, 10_000),
    (pattern_waivers, 10_000),
    (one_rule_waivers, 10_000),
    (path_waivers, 10_000),
    (path_waivers_of_files, 10_000),
    (same_waivers, 10_000),
    (rule_settings, 10_000),
    (inline_waivers, 10_000),
    (inline_in_one_object, 10_000),
    (kustomization_chain, 10_000),
    (kustomization_line, 10_000),
    (installed_folders, 5000),
    (nested, 100_000),
    (nested_block, 2000),
    (long_names, 1000),
    (large_configuration, 4000),
    (hostile_globs, 1000),
    (alternating_globs, 100),
    (hostile_names, 1000),
    (anchors, 100_000),
    (duplicate_keys, 100_000),
    (small_files, 100_000),
]


def write(root, files):
    for path, text in files.items():
        path = os.path.join(root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def generate(root, make, size):
    """Writes base and head in a process of its own: a process counts the memory that its parent held as its peak."""
    child = os.fork()
    if child == 0:
        files = make(size)
        write(os.path.join(root, "base"), {CONFIGURATION: files.get(CONFIGURATION, "")})
        write(os.path.join(root, "head"), files)
        os._exit(0)
    os.waitpid(child, 0)


def measure(binary, make, size, limit):
    """CPU seconds, peak memory in MiB and exit code of a comparison of a configuration alone with the files."""
    with tempfile.TemporaryDirectory() as root:
        base = os.path.join(root, "base")
        head = os.path.join(root, "head")
        generate(root, make, size)
        process = subprocess.Popen(
            ["timeout", "--foreground", str(limit), binary, "check", "--base", base, "--head", head, "--format", "json"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/tidegate")
    parser.add_argument("--only", default="", help="cases whose name holds this word")
    parser.add_argument("--limit", type=int, default=300, help="seconds that a case may last")
    arguments = parser.parse_args()
    binary = os.path.abspath(arguments.binary)
    failed = False
    print(f"{'case':<22} {'size':>7} {'CPU s':>7} {'MiB':>7} {'code':>5} {'x2':>5}")
    for make, size in CASES:
        if arguments.only not in make.__name__:
            continue
        half, _, _ = measure(binary, make, size // 2, arguments.limit)
        cpu, peak, code = measure(binary, make, size, arguments.limit)
        # 124 is what `timeout` says of a case that lasted too long.
        failed |= code not in (0, 1, 3)
        print(f"{make.__name__:<22} {size:>7} {cpu:>7.2f} {peak:>7.0f} {code:>5} {cpu / half:>5.1f}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
