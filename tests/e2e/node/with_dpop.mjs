// A client with a key (RFC 9449): gets a token that is bound to it from oidc-provider, and shows it with proofs that `jose` signs.
//
// Reads its plan from the standard input, and prints one JSON object a request. A `use_dpop_nonce` is answered once, as clients
// do.

import { randomUUID, createHash } from "node:crypto";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { plan } from "./ask.mjs";

const resolve = createRequire(path.join(process.env.COUNTERSIGN_TEST_NODE_MODULES, "x.js")).resolve;
const jose = await import(pathToFileURL(resolve("jose")));

const { issuer, secret, resource, audience, algorithm } = await plan();

const holder = async () => {
  const { publicKey, privateKey } = await jose.generateKeyPair(algorithm);
  return { jwk: await jose.exportJWK(publicKey), privateKey };
};

const prove = ({ jwk, privateKey }, method, url, { token, nonce }) => {
  const claims = { htm: method, htu: url.split("?")[0], jti: randomUUID() };
  if (token) claims.ath = createHash("sha256").update(token).digest("base64url");
  if (nonce) claims.nonce = nonce;
  return new jose.SignJWT(claims)
    .setProtectedHeader({ typ: "dpop+jwt", alg: algorithm, jwk })
    .setIssuedAt()
    .sign(privateKey);
};

const own = await holder();
const stranger = await holder();

const form = new URLSearchParams({ grant_type: "client_credentials", scope: "orders:read" });
if (audience) form.set("resource", audience);
const granted = await fetch(`${issuer}/token`, {
  method: "POST",
  headers: {
    Authorization: `Basic ${btoa(`job:${secret}`)}`,
    DPoP: await prove(own, "POST", `${issuer}/token`, {}),
  },
  body: form,
});
const { access_token: token, token_type } = await granted.json();

const show = async (what, url, headers, method = "GET") => {
  const response = await fetch(url, { method, headers });
  const seen = {
    what,
    status: response.status,
    cause: response.headers.get("Countersign-Cause"),
    challenges: response.headers.get("WWW-Authenticate"),
    nonce: response.headers.get("DPoP-Nonce"),
    body: await response.text(),
  };
  console.log(JSON.stringify(seen));
  return seen;
};

const url = `${resource}/notes/1?page=2`;
const dpop = (proof) => ({ Authorization: `DPoP ${token}`, DPoP: proof });

console.log(JSON.stringify({ what: "token", token_type }));
let nonce;
let seen = await show("first", url, dpop(await prove(own, "GET", url, { token })));
if (seen.challenges?.includes("use_dpop_nonce")) {
  nonce = seen.nonce;
  seen = await show("again", url, dpop(await prove(own, "GET", url, { token, nonce })));
}
const twice = await prove(own, "GET", url, { token, nonce });
await show("once", url, dpop(twice));
await show("twice", url, dpop(twice));
await show("method", url, dpop(await prove(own, "POST", url, { token, nonce })));
await show("address", url, dpop(await prove(own, "GET", `${resource}/notes/2`, { token, nonce })));
await show("stranger", url, dpop(await prove(stranger, "GET", url, { token, nonce })));
await show("unproved", url, { Authorization: `DPoP ${token}` });
await show("bearer", url, { Authorization: `Bearer ${token}` });
