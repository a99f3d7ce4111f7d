// Shows what is left until an instant. The server's clock counts, not the phone's.
const second = 1000;

function left(until, day) {
  const seconds = Math.ceil(until / second);
  const days = Math.floor(seconds / 86400);
  const clock = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60]
    .map((part) => String(Math.floor(part)).padStart(2, "0"))
    .join(":");
  return days ? `${days} ${day} ${clock}` : clock;
}

for (const place of document.querySelectorAll("time.countdown")) {
  const ahead = Date.parse(place.dataset.now) - Date.now();
  const end = Date.parse(place.dateTime);
  place.title = place.textContent;
  const show = () => {
    const until = end - (Date.now() + ahead);
    place.textContent = until > 0 ? left(until, place.dataset.day) : place.dataset.over;
    place.classList.toggle("soon", until > 0 && until < 600 * second);
    place.classList.toggle("over", until <= 0);
    if (until > 0) setTimeout(show, until % second || second);
  };
  show();
}
