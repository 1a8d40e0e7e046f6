// An application that believes no header but the signed one: it verifies each by the keys that the gateway publishes.
//
// Reads JSON: `keys_url`, `issuer`, `audience` and `tokens`. Prints, for each token, its header and claims, or the code of
// the error.

import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { plan } from "./ask.mjs";

const resolve = createRequire(path.join(process.env.COUNTERSIGN_TEST_NODE_MODULES, "x.js")).resolve;
const jose = await import(pathToFileURL(resolve("jose")));

const { keys_url, issuer, audience, tokens } = await plan();
const keys = jose.createRemoteJWKSet(new URL(keys_url));
const seen = [];
for (const token of tokens) {
  try {
    const { protectedHeader, payload } = await jose.jwtVerify(token, keys, {
      issuer,
      audience,
      requiredClaims: ["sub", "iat", "exp"],
      maxTokenAge: "60s",
    });
    seen.push({ header: protectedHeader, claims: payload });
  } catch (error) {
    seen.push({ error: error.code ?? String(error) });
  }
}
process.stdout.write(JSON.stringify(seen));
