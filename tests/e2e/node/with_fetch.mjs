// Asks the gateway through Node's fetch: a plan in JSON on stdin, what was seen in JSON on stdout.

import { ask, plan } from "./ask.mjs";

const { url, cases } = await plan();
const seen = [];
for (const each of cases) seen.push(await ask({ url, ...each }));
process.stdout.write(JSON.stringify(seen));
