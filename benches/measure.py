#!/usr/bin/env python3
"""Measures whole processes of the release binary over generated manifests.

Usage: benches/measure.py [--binary PATH] [--files N ...]

Writes N realistic manifests (a Deployment, a Service and a ConfigMap each) to a temporary folder and prints, for
every N, the user and system seconds, the peak memory and the bytes per second of `tidegate check --format json`.
The medians of several runs are printed. `cargo bench` measures the stages within one process.
"""

import argparse
import os
import statistics
import subprocess
import tempfile

SERVICE = """\
# The {name} service of the shop.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: team-{team}
  labels:
    app.kubernetes.io/name: {name}
    app.kubernetes.io/part-of: shop
spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: {name}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {name}
      annotations:
        prometheus.io/scrape: "true"
    spec:
      serviceAccountName: {name}
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: api
          image: registry.example.com/shop/{name}:1.{minor}.0
          ports:
            - name: http
              containerPort: 8080
          env:
            - name: LOG_LEVEL
              value: info
          readinessProbe:
            httpGet: {{ path: /ready, port: http }}
          resources:
            requests: {{ cpu: 100m, memory: 128Mi }}
            limits: {{ memory: 256Mi }}
          securityContext:
            allowPrivilegeEscalation: {escalation}
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
---
apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: team-{team}
spec:
  selector:
    app.kubernetes.io/name: {name}
  ports:
    - name: http
      port: 80
      targetPort: http
"""


def generate(root, number):
    """Writes manifests; one in ten breaks the restricted level. Returns the bytes written."""
    total = 0
    for index in range(number):
        folder = os.path.join(root, f"team-{index % 50}")
        os.makedirs(folder, exist_ok=True)
        text = SERVICE.format(
            name=f"service-{index}",
            team=index % 50,
            minor=index % 40,
            escalation="true" if index % 10 == 0 else "false",
        )
        total += len(text)
        with open(os.path.join(folder, f"service-{index}.yaml"), "w", encoding="utf-8") as file:
            file.write(text)
    return total


def measure(binary, folder, runs):
    """Median CPU seconds and the largest peak memory in MiB of several runs."""
    cpu, peak = [], 0
    for _ in range(runs + 1):
        with open(os.devnull, "w", encoding="utf-8") as null:
            process = subprocess.Popen(
                [binary, "check", "--format", "json"], cwd=folder, stdout=null
            )
            _, _, usage = os.wait4(process.pid, 0)
        cpu.append(usage.ru_utime + usage.ru_stime)
        peak = max(peak, usage.ru_maxrss / 1024)
    return statistics.median(cpu[1:]), peak


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default="target/release/tidegate")
    parser.add_argument("--files", type=int, nargs="*", default=[1, 100, 1000, 20000])
    parser.add_argument("--runs", type=int, default=9)
    arguments = parser.parse_args()
    binary = os.path.abspath(arguments.binary)
    print(f"{'files':>6} {'MB':>6} {'CPU s':>7} {'MiB':>6} {'MB/s':>6} {'ms/file':>8}")
    for number in arguments.files:
        with tempfile.TemporaryDirectory() as folder:
            size = generate(folder, number) / 1e6
            cpu, peak = measure(binary, folder, arguments.runs)
            print(
                f"{number:>6} {size:>6.2f} {cpu:>7.3f} {peak:>6.1f}"
                f" {size / cpu:>6.1f} {cpu / number * 1000:>8.3f}"
            )


if __name__ == "__main__":
    main()
