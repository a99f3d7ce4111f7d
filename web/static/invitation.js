// The secret stands behind the # of the link, which browsers send to no server.
const field = document.getElementById("invitation");
const secret = location.hash.slice(1);

if (secret) {
  field.value = secret;
  field.readOnly = true;
  history.replaceState(null, "", location.pathname);
}
