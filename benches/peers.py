#!/usr/bin/env python3
"""Runs other scanners beside the release binary over one folder, and prints what each cost and found.

Usage: benches/peers.py [FOLDER] [--binary PATH] [--environment FOLDER]

checkov and zizmor come from PyPI into a virtual environment that the script makes once. checkov looks at all
Kubernetes manifests of the folder and zizmor at its workflows, both offline. The numbers of findings are no score: each looks for
other things. The script says whether tidegate used at least 30 times less CPU than checkov.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIMES = 30


def environment(folder):
    """A virtual environment with both; made where it is not there yet."""
    tools = pathlib.Path(folder) / "bin"
    if not (tools / "checkov").exists() or not (tools / "zizmor").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([tools / "pip", "install", "--quiet", "checkov", "zizmor"], check=True)
    return tools


def measure(command, folder):
    """CPU seconds, peak memory in MiB, output and exit code of a process and its children."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read().decode(errors="replace")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, text, process.returncode


def of_tidegate(text):
    return len(json.loads(text)["findings"])


def of_checkov(text):
    reports = json.loads(text)
    reports = reports if isinstance(reports, list) else [reports]
    return sum(len(report.get("results", {}).get("failed_checks", [])) for report in reports)


def of_zizmor(text):
    return len(json.loads(text))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default=ROOT / "examples" / "pull-request" / "head")
    parser.add_argument("--binary", default=ROOT / "target" / "release" / "tidegate")
    parser.add_argument("--environment", default=ROOT / "target" / "peers")
    arguments = parser.parse_args()
    tools = environment(arguments.environment)
    folder = pathlib.Path(arguments.folder).resolve()
    binary = pathlib.Path(arguments.binary).resolve()
    checkov = [tools / "checkov", "--directory", ".", "--framework", "kubernetes", "--output", "json", "--quiet"]
    checkov += ["--compact", "--skip-download"]
    peers = [
        ("tidegate", [binary, "check", ".", "--format", "json"], of_tidegate),
        ("checkov", checkov, of_checkov),
    ]
    if list(folder.glob(".github/workflows/*.y*ml")):
        zizmor = [tools / "zizmor", "--offline", "--format", "json", "."]
        peers.append(("zizmor", zizmor, of_zizmor))
    spent = {}
    print(f"{'':<10} {'CPU s':>8} {'MiB':>7} {'findings':>9} {'code':>5} {'times':>7}")
    for name, command, count in peers:
        # The first run warms the caches of the disk.
        measure(command, folder)
        cpu, peak, text, code = measure(command, folder)
        spent[name] = max(cpu, 0.001)
        try:
            found = count(text)
        except (ValueError, KeyError, TypeError):
            found = "?"
        times = spent[name] / spent["tidegate"]
        print(f"{name:<10} {cpu:>8.3f} {peak:>7.0f} {found:>9} {code:>5} {times:>7.1f}")
    times = spent["checkov"] / spent["tidegate"]
    verdict = "at least" if times >= TIMES else "LESS THAN"
    print(f"tidegate uses {times:.0f} times less CPU than checkov: {verdict} {TIMES} times")


if __name__ == "__main__":
    main()
