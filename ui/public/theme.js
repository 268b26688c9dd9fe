// Sets the theme before the first paint, from what was chosen last; the page corrects it once the desk has answered.
(function () {
  var chosen = "system";
  try {
    chosen = localStorage.getItem("deskbell.theme") || "system";
  } catch (_) {
    /* a browser without storage follows the system */
  }
  var dark = chosen === "dark" || (chosen === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
