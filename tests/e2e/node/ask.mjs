// One request with `fetch`, in Node and in a page of Chromium alike: it uses nothing but what is global in both.

export async function ask({ url, credentials, scheme, username, password, token, key }) {
  const headers = {};
  if (scheme === "basic") headers["Authorization"] = `Basic ${btoa(`${username}:${password}`)}`;
  if (scheme === "bearer") headers["Authorization"] = `Bearer ${token}`;
  if (scheme === "api-key") headers["X-API-Key"] = key;
  const response = await fetch(url, { headers, credentials });
  const challenges = response.headers.get("WWW-Authenticate");
  return {
    status: response.status,
    cause: response.headers.get("Countersign-Cause"),
    content_type: response.headers.get("Content-Type"),
    // `fetch` shows the lines of a field joined to one.
    challenges: challenges === null ? [] : [challenges],
    body: await response.text(),
  };
}

export async function plan() {
  let text = "";
  for await (const part of process.stdin) text += part;
  return JSON.parse(text);
}
