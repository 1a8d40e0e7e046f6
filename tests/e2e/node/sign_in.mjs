// A person at headless Chromium signs in, looks after the account and signs out: a plan in JSON on stdin, what was seen
// in JSON on stdout.

import { createHmac } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import { plan } from "./ask.mjs";

const { url, elsewhere, program, profile, screenshots, user, password, next_password } = await plan();
const { chromium } = createRequire(join(process.env.COUNTERSIGN_TEST_NODE_MODULES, "_"))("playwright-core");

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const console_lines = [];

async function browser(name, locale) {
  const context = await chromium.launchPersistentContext(join(profile, name), {
    headless: true,
    executablePath: program,
    args: ARGUMENTS,
    ignoreHTTPSErrors: true,
    locale,
  });
  const page = await context.newPage();
  page.on("console", (message) => console_lines.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => console_lines.push(`exception: ${error.message}`));
  return { context, page };
}

// The least contrast between text and what is behind it, by the formula of WCAG 2.
function leastContrast(page) {
  return page.evaluate(() => {
    const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
    const luminance = ([r, g, b]) => {
      const part = (value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
      return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    };
    const behind = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const [r, g, b, alpha = 1] = channels(getComputedStyle(at).backgroundColor);
        if (alpha === 1) return [r, g, b];
      }
      return [255, 255, 255];
    };
    const ratios = [...document.querySelectorAll("h1, h2, p, label, button, input:not([type=hidden]), a, span, strong, legend, code")].map((element) => {
      const [one, other] = [channels(getComputedStyle(element).color), behind(element)].map(luminance);
      return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    });
    return Math.min(...ratios);
  });
}

// What assistive technology is told of the fields.
function fields(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll("input:not([type=hidden], [hidden])")].map((input) => ({
      label: input.labels[0]?.innerText ?? null,
      type: input.type,
      autocomplete: input.autocomplete,
    })),
  );
}

async function look(page, name) {
  await page.emulateMedia({ colorScheme: "light" });
  const light = await leastContrast(page);
  await page.screenshot({ path: join(screenshots, `session-${name}-light.png`), fullPage: true });
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await leastContrast(page);
  await page.screenshot({ path: join(screenshots, `session-${name}-dark.png`), fullPage: true });
  await page.emulateMedia({ colorScheme: "light" });
  return {
    path: new URL(page.url()).pathname + new URL(page.url()).search,
    heading: await page.innerText("h1"),
    lang: await page.evaluate(() => document.documentElement.lang),
    focus: await page.evaluate(() => document.activeElement.id),
    notices: await page.locator(".notice").allInnerTexts(),
    fields: await fields(page),
    styled: await page.evaluate(() => document.styleSheets.length > 0),
    contrast: Math.min(light, dark),
  };
}

// By the keyboard alone, from where the focus is when the page opens.
async function signIn(page, words) {
  if ((await page.evaluate(() => document.activeElement.id)) === "user") {
    await page.keyboard.type(user);
    await page.keyboard.press("Tab");
  }
  await page.keyboard.type(words);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
}

const ask = (page, target) =>
  page.evaluate(async (target) => {
    const answer = await fetch(target);
    return { status: answer.status, redirected: answer.redirected, cause: answer.headers.get("countersign-cause") };
  }, target);

const seen = {};
const here = await browser("here", "en-GB");
// A script asks from a page of the application: the pages of the gateway let none ask for anything.
await here.page.goto(`${url}/public/page`);
seen.data_before = await ask(here.page, "/app/data");
await here.page.goto(`${url}/app/start?x=1`);
seen.form = await look(here.page, "sign-in");
await signIn(here.page, "not the password");
seen.rejected = await look(here.page, "rejected");
await signIn(here.page, password);
seen.back = { path: here.page.url().slice(url.length), application: JSON.parse(await here.page.innerText("body")) };
seen.data_after = await ask(here.page, "/app/data");
seen.script_cookies = await here.page.evaluate(() => document.cookie);
seen.cookies = (await here.context.cookies()).map(({ name, domain, path, expires, httpOnly, secure, sameSite }) => ({
  name, domain, path, expires, httpOnly, secure, sameSite,
}));

// A second browser, in another language, whose form is lost on the way.
const there = await browser("there", "de-DE");
await there.page.goto(`${url}/public/page`);
await Promise.all([
  there.page.waitForNavigation(),
  there.page.evaluate(() => {
    document.body.innerHTML = '<form method="post" action="/app/save"><textarea name="text">long</textarea></form>';
    document.forms[0].submit();
  }),
]);
seen.lost_before = await look(there.page, "lost-before");
await signIn(there.page, password);
seen.lost_after = await look(there.page, "lost-after");
await Promise.all([there.page.waitForNavigation(), there.page.click("main a")]);
seen.lost_back = there.page.url().slice(url.length);
seen.other_before = await ask(there.page, "/app/data");

// The first browser ends the session of the second.
await here.page.goto(`${url}/.countersign/account`);
seen.account = await look(here.page, "account");
seen.sessions = await here.page.locator("section[aria-labelledby=sessions] li").allInnerTexts();
await Promise.all([here.page.waitForNavigation(), here.page.click("ul.sessions button")]);
seen.ended = await look(here.page, "ended");

await there.page.waitForFunction(async () => (await fetch("/app/data")).status === 401);
seen.other_after = await ask(there.page, "/app/data");
await there.page.goto(`${url}/app/again`);
seen.other_again = await look(there.page, "again");

// A page of another origin that knows the token still cannot sign the first browser out.
const token = await here.page.inputValue("input[name=token] >> nth=0");
const foreign = await here.context.newPage();
await foreign.goto(elsewhere);
const [forged] = await Promise.all([
  foreign.waitForResponse((response) => response.url().endsWith("/.countersign/sign-out")),
  foreign.evaluate(
    ([action, token]) => {
      document.body.innerHTML = `<form method="post" action="${action}"><input name="token" value="${token}"></form>`;
      document.forms[0].submit();
    },
    [`${url}/.countersign/sign-out`, token],
  ),
]);
seen.forged = { status: forged.status(), cause: forged.headers()["countersign-cause"] };
await foreign.close();

await here.page.fill("#present", password);
await here.page.fill("#new", next_password);
await here.page.fill("#again", next_password);
await Promise.all([here.page.waitForNavigation(), here.page.click("section:last-of-type form button")]);
seen.changed = await look(here.page, "changed");

await Promise.all([here.page.waitForNavigation(), here.page.click(".row button")]);
seen.signed_out = await look(here.page, "signed-out");
seen.cookies_after = (await here.context.cookies()).map(({ name }) => name);
await here.page.goto(`${url}/app/start`);
seen.form_again = await look(here.page, "form-again");
await signIn(here.page, next_password);
seen.back_again = here.page.url().slice(url.length);

// A key is made for a program by the keyboard, used, and revoked.
await here.page.goto(`${url}/.countersign/account`);
seen.keys_before = await look(here.page, "keys");
await here.page.focus("#key-name");
await here.page.keyboard.type("nightly");
await here.page.keyboard.press("Tab");
await here.page.keyboard.press("Space");
await Promise.all([here.page.waitForNavigation(), here.page.press("#key-days", "Enter")]);
seen.key_made = await look(here.page, "key-made");
const made = await here.page.innerText("code.key");
seen.key_in_address = here.page.url().includes(made);
const byKey = () => here.context.request.get(`${url}/api/orders`, { headers: { "x-api-key": made } });
seen.key_used = { status: (await byKey()).status(), fields: (await (await byKey()).json()).fields };
await Promise.all([here.page.waitForNavigation(), here.page.click("main a")]);
seen.keys = await look(here.page, "keys-one");
const shown = here.page.locator("section[aria-labelledby=keys] li", { hasText: "nightly" });
seen.keys_shown = await shown.allInnerTexts();
seen.key_shown_again = (await here.page.content()).includes(made);
await Promise.all([here.page.waitForNavigation(), shown.locator("button").click()]);
seen.key_revoked = await look(here.page, "key-revoked");
let after = await byKey();
while (after.status() === 200) after = await byKey();
seen.key_after = { status: after.status(), cause: after.headers()["countersign-cause"] };

// A second factor is set up with what an authenticator app reads off the page.
await here.page.goto(`${url}/.countersign/account`);
await here.page.fill("#factor-password", next_password);
await Promise.all([here.page.waitForNavigation(), here.page.press("#factor-password", "Enter")]);
seen.set_up = await look(here.page, "second-factor-set-up");
seen.picture = await here.page.evaluate(() => {
  const { width, height } = document.querySelector("svg[role=img]").getBoundingClientRect();
  return { width, height };
});
seen.app_address = await here.page.getAttribute("#app", "href");
const key = await here.page.innerText("#key");
// Whatever it takes, the three codes used are those of neighbouring steps, which the gateway takes at any time between.
const first = Math.floor(Date.now() / 30000);
const codeOf = (step) => {
  const bits = [...key.replaceAll(" ", "")].map((digit) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(digit).toString(2).padStart(5, "0")).join("");
  const secret = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const tag = createHmac("sha1", secret).update(counter).digest();
  return String((tag.readUInt32BE(tag[19] & 15) & 0x7fffffff) % 1000000).padStart(6, "0");
};
async function typeCode(page, words) {
  await page.keyboard.type(words);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
}
await typeCode(here.page, codeOf(first));
seen.recovery = await look(here.page, "recovery-codes");
const recovery = await here.page.locator("ol code").allInnerTexts();
seen.recovery_count = recovery.length;
await Promise.all([here.page.waitForNavigation(), here.page.click("main a")]);
seen.with_factor = await look(here.page, "account-second-factor");

// Sign-in with a code, the same code again, a recovery code, and the same again.
const later = await browser("later", "de-DE");
async function signInAnew() {
  await later.context.clearCookies();
  await later.page.goto(`${url}/app/start?x=2`);
  await signIn(later.page, next_password);
}
await signInAnew();
seen.code_asked = await look(later.page, "second-factor");
seen.code_cookies = (await later.context.cookies()).map(({ name }) => name);
await typeCode(later.page, codeOf(first + 1));
seen.code_back = later.page.url().slice(url.length);
await signInAnew();
await typeCode(later.page, codeOf(first + 1));
seen.code_replayed = await look(later.page, "second-factor-rejected");
await typeCode(later.page, recovery[3].toUpperCase());
seen.recovery_back = later.page.url().slice(url.length);
await signInAnew();
await typeCode(later.page, recovery[3]);
seen.recovery_again = await look(later.page, "recovery-rejected");
await later.context.close();

await here.context.close();
await there.context.close();
process.stdout.write(JSON.stringify({ ...seen, console_lines }));
