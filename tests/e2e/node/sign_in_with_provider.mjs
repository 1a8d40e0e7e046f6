// A person at headless Chromium signs in through two providers: a plan in JSON on stdin, what was seen in JSON on stdout.

import { createRequire } from "node:module";
import { join } from "node:path";
import { plan } from "./ask.mjs";

const { url, program, profile, screenshots, user, other } = await plan();
const { chromium } = createRequire(join(process.env.COUNTERSIGN_TEST_NODE_MODULES, "_"))("playwright-core");

const context = await chromium.launchPersistentContext(profile, {
  headless: true,
  executablePath: program,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  ignoreHTTPSErrors: true,
  locale: "en-GB",
});
const page = await context.newPage();
const console_lines = [];
page.on("console", (message) => console_lines.push(`${message.type()}: ${message.text()}`));

async function look(name) {
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(screenshots, `provider-${name}-${colorScheme}.png`), fullPage: true });
  }
  return {
    heading: await page.innerText("h1"),
    buttons: await page.locator("a.button").allInnerTexts(),
    passwords: await page.locator("input[type=password]").count(),
    notices: await page.locator(".notice").allInnerTexts(),
  };
}

// Follows a link or presses a button, and waits for where it leads to.
const press = (selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);

async function signInAtTheProvider(login) {
  await page.fill("input[name=login]", login);
  await page.fill("input[name=password]", "any password");
  await press("button[type=submit]");
  // Consent.
  await press("button[type=submit]");
}

const back = async () => ({ path: page.url().slice(url.length), application: JSON.parse(await page.innerText("body")) });

async function signOut() {
  await page.goto(`${url}/.countersign/sign-out`);
  await press("main button");
}

const seen = {};
await page.goto(`${url}/app/start?x=1`);
seen.form = await look("sign-in");
await press("a.button >> nth=0");
seen.provider_page = page.url().startsWith(url);
await signInAtTheProvider(user);
seen.back = await back();
seen.script_cookies = await page.evaluate(() => document.cookie);
seen.cookies = (await context.cookies(url)).filter(({ name }) => name.startsWith("__Host-")).map(({ name }) => name).sort();
await page.goto(`${url}/.countersign/account`);
seen.account = await look("account");
// The provider says when it was, and asks again where it is told to.
await page.goto(`${url}/vault/first`);
seen.vault = await back();
await page.goto(`${url}/.countersign/sign-in/provider/corp?return=/vault/again&why=sign-in-too-old`);
seen.asked_again = await page.locator("input[name=login]").count();
await page.fill("input[name=login]", user);
await page.fill("input[name=password]", "any password");
await press("button[type=submit]");
if (!page.url().startsWith(url)) await press("button[type=submit]");
seen.vault_again = await back();
await signOut();
seen.out = await look("signed-out-here");
await press("a.button");
seen.at_the_provider = page.url().startsWith(url);
await press("button[value=yes]");
seen.out_there = { path: page.url().slice(url.length), ...(await look("signed-out-there")) };
await page.goto(`${url}/app/start?x=1`);
seen.signed_out = await look("signed-out");

// The other provider does not let them: they press cancel there.
await press("a.button >> nth=1");
await press("a[href$=abort]");
seen.refused = await look("refused");
await press("a.button >> nth=1");
await signInAtTheProvider(other);
seen.made = await back();
await signOut();

// An address from the history of the browser is worth nothing.
await page.goto(`${url}/.countersign/sign-in/provider/corp/callback?code=a&state=b`);
seen.stale = await look("stale");

await context.close();
console.log(JSON.stringify({ ...seen, console_lines }));
