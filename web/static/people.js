// Adds a buyer or a relative without losing what was typed. Without scripts the same
// links open the form with one more.
for (const link of document.querySelectorAll("[data-adds]")) {
  const kind = link.dataset.adds;
  const place = document.getElementById(`${kind}s`);
  const count = document.getElementById(`${kind}s-count`);
  const template = document.getElementById(`${kind}-template`);
  const settle = () => { link.hidden = Number(count.value) >= Number(link.dataset.most); };
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const next = Number(count.value);
    const html = template.innerHTML
      .replaceAll(`${kind}-NEXT`, `${kind}-${next}`)
      .replaceAll("NUMBER", String(next + 1));
    place.insertAdjacentHTML("beforeend", html);
    count.value = String(next + 1);
    settle();
    place.lastElementChild.querySelector("input, select").focus();
  });
  settle();
}
