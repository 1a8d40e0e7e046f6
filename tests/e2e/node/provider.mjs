// An OpenID provider, oidc-provider, that people sign in at by its own pages: any password is right.
//
// Prints one line of JSON with its address, then serves until it is ended. The argument is JSON: `name` is for its
// cookies (several providers share a host here), `redirect_uri` and `signed_out_uri` those of its one client, `method` how that shows itself.

import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

// Its notices are talk; the one line on standard output is the result.
console.info = console.error;
const resolve = createRequire(path.join(process.env.COUNTERSIGN_TEST_NODE_MODULES, "x.js")).resolve;
const { default: Provider } = await import(pathToFileURL(resolve("oidc-provider")));
const jose = await import(pathToFileURL(resolve("jose")));

const { name, redirect_uri, signed_out_uri, method } = JSON.parse(process.argv[2]);
const secret = `secret-of-${name}-0123456789`;
const server = createServer();
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const issuer = `http://127.0.0.1:${server.address().port}`;

const { privateKey } = await jose.generateKeyPair("RS256", { extractable: true });
const provider = new Provider(issuer, {
  jwks: { keys: [{ ...(await jose.exportJWK(privateKey)), kid: "one", alg: "RS256", use: "sig" }] },
  cookies: {
    keys: [randomBytes(16).toString("hex")],
    names: { session: `${name}_session`, interaction: `${name}_interaction`, resume: `${name}_resume` },
  },
  clients: [{ client_id: "gateway", client_secret: secret, token_endpoint_auth_method: method, redirect_uris: [redirect_uri], post_logout_redirect_uris: [signed_out_uri] }],
  claims: { openid: ["sub"], profile: ["preferred_username"], email: ["email", "email_verified"] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id, email: `${id}@${name}.example`, email_verified: true }),
  }),
});
server.on("request", provider.callback());
console.log(JSON.stringify({ issuer, secret }));
