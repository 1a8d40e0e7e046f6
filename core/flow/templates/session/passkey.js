// Asks the browser for the passkey that the form with the id `passkey` is about, and posts what it answers.
// Knows: that form, and which members of the options are bytes. Does not know what they mean.
"use strict";
(() => {
  const form = document.getElementById("passkey");
  const button = form.querySelector("button");
  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const say = (id) => {
    for (const line of form.querySelectorAll("[role=alert]")) line.hidden = line.id !== id;
  };

  const options = JSON.parse(form.dataset.options);
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  for (const one of [...(options.excludeCredentials ?? []), ...(options.allowCredentials ?? [])]) one.id = bytes(one.id);

  // The parts that the gateway reads, written as `toJSON()` would: not every browser has that.
  const written = ({ id, rawId, type, response }) => {
    const parts = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) parts[name] = text(response[name]);
    }
    return JSON.stringify({ id, rawId: text(rawId), type, response: parts });
  };

  // A button that is disabled would lose the focus to nothing.
  let isAsking = false;
  const wait = (waits) => {
    isAsking = waits;
    button.setAttribute("aria-disabled", String(waits));
    form.setAttribute("aria-busy", String(waits));
  };

  async function ask() {
    if (isAsking) return;
    say("");
    wait(true);
    try {
      const credential = await navigator.credentials[form.dataset.ceremony]({ publicKey: options });
      form.elements.answer.value = written(credential);
      form.submit();
    } catch {
      // Nobody touched it, or said no, or the browser refuses: it does not tell which.
      say("passkey-failed");
      wait(false);
      button.focus();
    }
  }

  if (!window.PublicKeyCredential) {
    say("passkey-unable");
    button.disabled = true;
    return;
  }
  button.addEventListener("click", ask);
  if ("starts" in form.dataset) ask();
})();
