// What a page shows, by light and by dark, with a picture of each.

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
    const shown = [...document.querySelectorAll("h1, h2, p, label, button, input:not([type=hidden]), a, span, strong")];
    const ratios = shown.map((element) => {
      const [one, other] = [channels(getComputedStyle(element).color), behind(element)].map(luminance);
      return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    });
    return Math.min(...ratios);
  });
}

export async function look(page, path) {
  await page.emulateMedia({ colorScheme: "light" });
  const light = await leastContrast(page);
  await page.screenshot({ path: `${path}-light.png`, fullPage: true });
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await leastContrast(page);
  await page.screenshot({ path: `${path}-dark.png`, fullPage: true });
  await page.emulateMedia({ colorScheme: "light" });
  return {
    path: new URL(page.url()).pathname + new URL(page.url()).search,
    heading: await page.innerText("h1"),
    lang: await page.evaluate(() => document.documentElement.lang),
    focus: await page.evaluate(() => document.activeElement.id || document.activeElement.innerText),
    notices: await page.locator(".notice:visible").allInnerTexts(),
    fields: await page.evaluate(() =>
      [...document.querySelectorAll("input:not([type=hidden], [hidden])")].map((input) => input.labels[0]?.innerText ?? null),
    ),
    // Every button is told apart by its words, or by what it is described with.
    buttons: await page.evaluate(() =>
      [...document.querySelectorAll("button")].map((button) => {
        const about = document.getElementById(button.getAttribute("aria-describedby"))?.innerText ?? "";
        return `${button.innerText} ${about}`.trim();
      }),
    ),
    contrast: Math.min(light, dark),
  };
}
