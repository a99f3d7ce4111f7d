// Changing the language must not lose what is shown once: the same page is asked for
// again, with the same form, instead of going somewhere else.
for (const form of document.querySelectorAll('form[action="/language"]')) {
  form.addEventListener("submit", async (event) => {
    const kept = document.querySelector("[data-fragment]")?.value;
    if (!("stays" in form.dataset) && !kept) return;
    event.preventDefault();
    const choice = new URLSearchParams({ language: event.submitter.value, next: "/healthz" });
    await fetch(form.action, { method: "POST", body: choice });
    if (kept) history.replaceState(null, "", `#${kept}`);
    location.reload();
  });
}
