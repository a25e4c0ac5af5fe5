// Opens the theme's search from the home page, and mends what the theme's script leaves closed to some readers.

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-ly-search]")) return;
  const toggle = document.getElementById("__search");
  if (!toggle.checked) toggle.click();
  document.querySelector("[data-md-component=search-query]").focus();
});

// What scrolls sideways can be reached by keyboard; a copy button is no landmark.
function mend() {
  for (const box of document.querySelectorAll(".md-typeset__scrollwrap, div.arithmatex, .tabbed-labels")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
  for (const nav of document.querySelectorAll(".md-code__nav:not([role])")) nav.setAttribute("role", "none");
}
addEventListener("load", mend);
addEventListener("resize", mend);
// The theme adds copy buttons and table wrappers when it pleases; what a plot draws needs no mending.
new MutationObserver((changes) => {
  if (changes.some(({ target }) => !target.closest("svg"))) mend();
}).observe(document.querySelector("article"), { childList: true, subtree: true });

// The theme would keep the scheme of the first visit for good. Until the reader chooses, the system's setting counts.
const palettes = [...document.querySelectorAll("input[name=__palette]")];
function follow() {
  const wanted = palettes.find((input) => matchMedia(input.dataset.mdColorMedia).matches);
  if (__md_get("__chosen") || !wanted) return;
  if (document.body.dataset.mdColorScheme !== wanted.dataset.mdColorScheme) wanted.click();
}
for (const label of document.querySelectorAll("label[for^=__palette]")) {
  label.addEventListener("click", () => __md_set("__chosen", true));
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", follow);
follow();
