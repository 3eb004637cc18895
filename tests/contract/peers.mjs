// Replays recorded requests to Prism, once for each description of GitHub's API, and checks recorded documents against
// GitHub's GraphQL schema. Started by .ci/validate-github:
//
//     node tests/contract/peers.mjs <folder with node_modules> <folder with recorded requests>
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { resolve } from "node:path";

const [modules, recorded] = process.argv.slice(2).map((path) => resolve(path));
const fixtures = resolve(import.meta.dirname ?? "tests/contract", "../fixtures/github");

const requests = new Map();
for (const file of readdirSync(recorded)) {
  for (const request of JSON.parse(readFileSync(`${recorded}/${file}`, "utf8"))) {
    // Many are alike but for their numbers and texts; Prism is slow.
    const shape = JSON.stringify([
      request.method,
      request.path.replace(/[0-9a-f]{40}|[0-9]+/g, "N"),
      request.path === "/graphql" ? request.body.query : skeleton(request.body),
    ]);
    if (!requests.has(shape)) requests.set(shape, request);
  }
}

/** What kinds of values are where, and not which: enough to tell requests that a schema could tell apart. */
function skeleton(value) {
  if (Array.isArray(value)) return [...new Set(value.map((item) => JSON.stringify(skeleton(item))))];
  if (value === null || typeof value !== "object") return value === null ? null : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, skeleton(item)]));
}

let failures = 0;
const fail = (...what) => {
  failures += 1;
  console.error(...what);
};

const all = [...requests.values()];
const documents = new Set(all.filter((it) => it.path === "/graphql").map((it) => it.body.query));
const { validate } = await import(`${modules}/node_modules/@octokit/graphql-schema/index.js`);
for (const document of documents) {
  for (const error of validate(document)) fail("GraphQL:", error.message, "\n ", document);
}
// A judge that lets everything pass is none.
if (validate("{ viewer { shoe } }").length === 0) fail("the GraphQL schema refuses nothing");

const calls = all.filter((it) => it.path !== "/graphql");
for (const name of ["github.com", "ghes-3.19"]) {
  const port = await freePort();
  const prism = spawn(
    process.execPath,
    [`${modules}/node_modules/.bin/prism`, "mock", "-h", "127.0.0.1", "-p", String(port), `${fixtures}/openapi-${name}.json`],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  try {
    await new Promise((ready, broken) => {
      prism.on("exit", (code) => broken(new Error(`Prism ended with ${code}`)));
      prism.stdout.on("data", (text) => /listening on/.test(text) && ready());
    });
    const ask = async ({ method, path, query, body }) => {
      const url = new URL(`http://127.0.0.1:${port}${path}`);
      for (const [key, value] of query) url.searchParams.append(key, value);
      const headers = { authorization: "Bearer x", ...(body === null ? {} : { "content-type": "application/json" }) };
      const answer = await fetch(url, {
        method,
        headers,
        redirect: "manual",
        body: body === null ? undefined : JSON.stringify(body),
      });
      await answer.arrayBuffer();
      // What Prism answers are GitHub's own examples, not all of which keep to GitHub's description.
      const violations = JSON.parse(answer.headers.get("sl-violations") ?? "[]");
      const ours = violations.filter(({ location }) => location[0] !== "response");
      return { status: answer.status, violations: ours.length > 0 ? JSON.stringify(ours) : null };
    };
    for (const call of calls) {
      const { status, violations } = await ask(call);
      if (status >= 400 || violations) {
        fail(`${name}: ${call.method} ${call.path}: ${status}`, violations ?? "", JSON.stringify(call.body)?.slice(0, 400));
      }
    }
    const review = { event: "SHOUT", body: "x" };
    const bad = await ask({ method: "POST", path: "/repos/shop/deploy/pulls/7/reviews", query: [], body: review });
    if (bad.status < 400) fail(`${name}: Prism lets everything pass`);
  } finally {
    prism.removeAllListeners("exit");
    prism.kill();
  }
}

function freePort() {
  return new Promise((found) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}

console.log(`${calls.length} requests and ${documents.size} documents were shown to GitHub's descriptions: ${failures} failures`);
process.exit(failures || calls.length === 0 || documents.size === 0 ? 1 : 0);
