// An authorization server, oidc-provider, that gives out opaque tokens and answers what is asked about them (RFC 7662).
//
// Prints one line of JSON with its address, then serves until it is ended. The argument is JSON: `audience` is the
// resource of the tokens that are JWTs. A token is made by its token endpoint as the client `job`.

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

const { audience } = JSON.parse(process.argv[2] ?? "{}");
const secret = "secret-of-both-0123456789";

// The address is the issuer's name, so that it has to be known before the provider is made.
const server = createServer();
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const issuer = `http://127.0.0.1:${server.address().port}`;

const { privateKey } = await jose.generateKeyPair("RS256", { extractable: true });
const client = (client_id, token_endpoint_auth_method) => ({
  client_id,
  client_secret: secret,
  token_endpoint_auth_method,
  grant_types: ["client_credentials"],
  redirect_uris: [],
  response_types: [],
});

const provider = new Provider(issuer, {
  jwks: { keys: [{ ...(await jose.exportJWK(privateKey)), kid: "one", alg: "RS256", use: "sig" }] },
  cookies: { keys: [randomBytes(16).toString("hex")] },
  scopes: ["orders:read"],
  clients: [
    client("job", "client_secret_basic"),
    client("gateway", "client_secret_basic"),
    client("gateway-post", "client_secret_post"),
  ],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    dPoP: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({
        scope: "orders:read",
        audience,
        accessTokenTTL: 600,
        accessTokenFormat: "jwt",
      }),
    },
  },
});
server.on("request", provider.callback());
console.log(JSON.stringify({ issuer, secret }));
