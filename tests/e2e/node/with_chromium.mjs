// Asks the gateway through headless Chromium: a plan in JSON on stdin, what was seen in JSON on stdout.
//
// In the plan, `by` says whether the browser goes to the address itself, as if a user had typed it and answered its
// prompt, or a page of the same origin fetches it, with `credentials` as `fetch` takes them.

import { createRequire } from "node:module";
import { join } from "node:path";
import { ask, plan } from "./ask.mjs";

const { url, page_url, cases, by, credentials, program, profile, screenshots } = await plan();
// The modules lie where the tests have installed them, not beside this file.
const { chromium } = createRequire(join(process.env.COUNTERSIGN_TEST_NODE_MODULES, "_"))("playwright-core");

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

// What a browser says of a page: blocked resources and violated policies among it.
function listen(page) {
  const console_lines = [];
  page.on("console", (message) => console_lines.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => console_lines.push(`exception: ${error.message}`));
  return console_lines;
}

// Stands in for the user at the prompt who has nothing to answer, and tells the realms that were asked for.
async function cancelPrompts(context, page) {
  const realms = [];
  const session = await context.newCDPSession(page);
  session.on("Fetch.requestPaused", ({ requestId }) => session.send("Fetch.continueRequest", { requestId }));
  session.on("Fetch.authRequired", ({ requestId, authChallenge }) => {
    realms.push(authChallenge.realm);
    return session.send("Fetch.continueWithAuth", { requestId, authChallengeResponse: { response: "CancelAuth" } });
  });
  await session.send("Fetch.enable", { handleAuthRequests: true });
  return realms;
}

async function navigate(page, target) {
  const response = await page.goto(target);
  const headers = await response.headersArray();
  const values = (name) => headers.filter((each) => each.name.toLowerCase() === name).map((each) => each.value);
  return {
    status: response.status(),
    cause: values("countersign-cause")[0] ?? null,
    content_type: values("content-type")[0] ?? null,
    // The protocol that the browser is driven by has one line break between the lines of a field.
    challenges: values("www-authenticate").flatMap((value) => value.split("\n")),
    body: await response.text(),
    shown: await page.evaluate(() => document.body.innerText),
    styled: await page.evaluate(() => document.styleSheets.length > 0),
  };
}

async function inContext(each, number) {
  const options = { headless: true, executablePath: program, args: ARGUMENTS };
  // A prompt is answered once, and cancelled when it comes again.
  if (by === "navigation" && each.scheme === "basic") {
    options.httpCredentials = { username: each.username, password: each.password };
  }
  const context = await chromium.launchPersistentContext(join(profile, String(number)), options);
  try {
    const page = await context.newPage();
    const console_lines = listen(page);
    const realms = options.httpCredentials ? [] : await cancelPrompts(context, page);
    if (by === "navigation") {
      const seen = await navigate(page, url);
      await page.screenshot({ path: join(screenshots, `chromium-${each.scheme}-${seen.status}.png`) });
      return { ...seen, console_lines, realms };
    }
    await page.goto(page_url);
    return { ...(await page.evaluate(ask, { url, credentials, ...each })), console_lines, realms };
  } finally {
    await context.close();
  }
}

const seen = [];
for (const [number, each] of cases.entries()) seen.push(await inContext(each, number));
process.stdout.write(JSON.stringify(seen));
