// A person at headless Chromium with an authenticator of Chromium's own (WebAuthn.addVirtualAuthenticator): a plan in JSON
// on stdin, what was seen in JSON on stdout.

import { createRequire } from "node:module";
import { join } from "node:path";
import { plan } from "./ask.mjs";
import { look } from "./look.mjs";

const { url, other, address, rules, program, profile, screenshots, user, password } = await plan();
const { chromium } = createRequire(join(process.env.COUNTERSIGN_TEST_NODE_MODULES, "_"))("playwright-core");

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  `--host-resolver-rules=${rules}`,
];
const console_lines = [];
const account = `${url}/.countersign/account`;

async function browser(name, locale, options = {}) {
  const context = await chromium.launchPersistentContext(join(profile, name), {
    headless: true,
    executablePath: program,
    args: ARGUMENTS,
    locale,
    ...options,
  });
  const page = await context.newPage();
  page.on("console", (message) => console_lines.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => console_lines.push(`exception: ${error.message}`));
  const client = await context.newCDPSession(page);
  await client.send("WebAuthn.enable");
  return { context, page, client };
}

async function authenticator({ client }, isUserVerified = true) {
  const { authenticatorId } = await client.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified,
      automaticPresenceSimulation: true,
    },
  });
  return authenticatorId;
}

const picture = (page, name) => look(page, join(screenshots, `passkey-${name}`));
const cookies = async ({ context }) => (await context.cookies()).map(({ name, value }) => ({ name, value }));
const session = async (at) => (await cookies(at)).find(({ name }) => name === "countersign")?.value ?? null;
const go = (page, act) => Promise.all([page.waitForNavigation(), act()]);

// By the keyboard alone, from where the focus is when the page opens.
async function signIn(page) {
  if ((await page.evaluate(() => document.activeElement.id)) === "user") {
    await page.keyboard.type(user);
    await page.keyboard.press("Tab");
  }
  await page.keyboard.type(password);
  await go(page, () => page.keyboard.press("Enter"));
}

async function addPasskey(page, name) {
  await page.goto(account);
  await page.fill("#passkey-name", name);
  await go(page, () => page.press("#passkey-name", "Enter"));
}

const seen = {};
const here = await browser("here", "en-GB");
const first = await authenticator(here);
await here.page.goto(`${url}/app/start?x=1`);
seen.form = await picture(here.page, "sign-in");
await signIn(here.page);
await here.page.goto(account);
seen.account_before = await picture(here.page, "account-none");
const before = await session(here);
await addPasskey(here.page, "Laptop <1>");
seen.set_up = await picture(here.page, "set-up");
// The focus is on the button: the keyboard is enough.
await go(here.page, () => here.page.keyboard.press("Enter"));
seen.recovery = await picture(here.page, "recovery-codes");
seen.recovery_count = await here.page.locator("ol code").count();
const recovery = await here.page.locator("ol code").allInnerTexts();
seen.new_session = (await session(here)) !== before;
await go(here.page, () => here.page.click("main a"));
seen.account = await picture(here.page, "account");
const { credentials } = await here.client.send("WebAuthn.getCredentials", { authenticatorId: first });
seen.credentials = credentials.map(({ isResidentCredential, rpId }) => ({ isResidentCredential, rpId }));

// With the passkey alone: the page asks by itself.
await here.context.clearCookies();
await here.page.goto(`${url}/app/start?x=2`);
await here.page.click("a.other");
await here.page.waitForURL(`${url}/app/start?x=2`);
seen.alone = JSON.parse(await here.page.innerText("body")).fields["x-auth-user"];
await here.page.goto(`${url}/second/page`);
seen.second_factor_met = here.page.url().slice(url.length);

// Without the holder's finger or PIN, the passkey alone is not taken; beside the password it is.
await here.context.clearCookies();
await here.client.send("WebAuthn.setUserVerified", { authenticatorId: first, isUserVerified: false });
await here.page.goto(`${url}/.countersign/sign-in/passkey`);
await here.page.waitForSelector("#passkey-failed:not([hidden])");
seen.unverified = await picture(here.page, "sign-in-failed");
seen.unverified_session = await session(here);
await here.page.goto(`${url}/app/start?x=3`);
await signIn(here.page);
seen.second = await picture(here.page, "second-factor");
seen.second_session = await session(here);
await go(here.page, () => here.page.keyboard.press("Enter"));
seen.second_back = here.page.url().slice(url.length);
await here.client.send("WebAuthn.setUserVerified", { authenticatorId: first, isUserVerified: true });

// A recovery code in place of the passkey, at another browser, which has none.
const there = await browser("there", "de-DE");
await authenticator(there);
await there.page.goto(`${url}/app/start?x=4`);
await signIn(there.page);
seen.elsewhere = await picture(there.page, "second-factor-german");
await there.page.fill("#code", recovery[0]);
await go(there.page, () => there.page.press("#code", "Enter"));
seen.recovery_back = there.page.url().slice(url.length);
// One authenticator holds one passkey of an account, says the browser; another holds a second one.
await addPasskey(there.page, "Telefon");
await go(there.page, () => there.page.click("#passkey button"));
seen.two = await picture(there.page, "account-two");
seen.two_names = await there.page.locator("section[aria-labelledby=passkeys] strong").allInnerTexts();
await there.context.close();

// A page of another origin, where the same passkey can be used, asks with a challenge of the gateway's.
await here.context.clearCookies();
await here.page.route("**/.countersign/passkey.js", (route) => route.abort());
await here.page.goto(`${url}/.countersign/sign-in/passkey`);
const relayed = await here.page.evaluate(() => ({
  options: document.getElementById("passkey").dataset.options,
  hidden: Object.fromEntries([...document.querySelectorAll("#passkey input[type=hidden]")].map(({ name, value }) => [name, value])),
}));
const askThere = (page, options) =>
  page.evaluate(async (options) => {
    const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
    const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
    const publicKey = JSON.parse(options);
    publicKey.challenge = bytes(publicKey.challenge);
    const { id, rawId, type, response } = await navigator.credentials.get({ publicKey });
    const { clientDataJSON, authenticatorData, signature, userHandle } = response;
    return JSON.stringify({
      id, rawId: text(rawId), type,
      response: {
        clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature), userHandle: text(userHandle),
      },
    });
  }, options);
// The authenticator is that of a page; this one goes to the other origin and back.
await here.page.goto(`${other}/public/page`);
const stolen = await askThere(here.page, relayed.options);
await here.page.goto(`${url}/.countersign/sign-in/passkey`);
const post = (answer) =>
  go(here.page, () =>
    here.page.evaluate(
      ([hidden, answer]) => {
        const form = document.getElementById("passkey");
        for (const [name, value] of Object.entries(hidden)) form.elements[name].value = value;
        form.elements.answer.value = answer;
        form.submit();
      },
      [relayed.hidden, answer],
    ),
  );
await post(stolen);
seen.wrong_origin = await picture(here.page, "rejected");
seen.wrong_origin_session = await session(here);
// The same at the right origin is taken: once.
await here.page.goto(`${url}/public/page`);
const own = await askThere(here.page, relayed.options);
await here.page.goto(`${url}/.countersign/sign-in/passkey`);
await post(own);
seen.right_origin_session = (await session(here)) !== null;
await here.page.evaluate(() => 0);
const kept = (await here.context.cookies()).find(({ name }) => name === "countersign");
await here.context.clearCookies({ name: kept.name });
await here.page.goto(`${url}/.countersign/sign-in/passkey`);
await post(own);
seen.replayed = { notices: await here.page.locator(".notice:not([hidden])").allInnerTexts(), session: await session(here) };
await here.page.unroute("**/.countersign/passkey.js");

// Where the gateway is reached at an address that passkeys are not bound to, none is offered.
await here.page.goto(`${address}/.countersign/sign-in`);
seen.address_offers = await here.page.locator("a.other").count();

// A page with the script switched off says so, and the password goes on.
const plain = await browser("plain", "en-GB", { javaScriptEnabled: false });
await plain.page.goto(`${url}/.countersign/sign-in/passkey?return=/app/x`);
await plain.page.screenshot({ path: join(screenshots, "passkey-no-script-light.png"), fullPage: true });
seen.no_script = await plain.page.innerText("noscript");
seen.no_script_way = await plain.page.getAttribute("a.other", "href");
await plain.context.close();

// Both are removed, the last one by whoever has just signed in with it.
await here.page.goto(`${url}/.countersign/sign-in/passkey?return=/.countersign/account`);
await here.page.waitForURL(account);
const last = await session(here);
await go(here.page, () => here.page.click("section[aria-labelledby=passkeys] li:nth-child(2) button"));
seen.removed = await picture(here.page, "removed");
seen.removed_session = (await session(here)) !== last;
await go(here.page, () => here.page.click("section[aria-labelledby=passkeys] li button"));
seen.removed_last = await picture(here.page, "removed-last");
await here.context.clearCookies();
await here.page.goto(`${url}/app/start?x=5`);
await signIn(here.page);
seen.password_alone = here.page.url().slice(url.length);
await here.page.goto(`${url}/second/page`);
seen.second_factor_missed = here.page.url().slice(url.length);
await here.context.clearCookies();
await here.page.goto(`${url}/.countersign/sign-in/passkey`);
await here.page.waitForSelector("#notice");
seen.gone = await here.page.locator(".notice:not([hidden])").allInnerTexts();
await here.context.close();
process.stdout.write(JSON.stringify({ ...seen, console_lines }));
