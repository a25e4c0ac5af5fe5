// Fills the site's address into snippets, and mends what the theme's script leaves closed to some readers.

// Built for no published address, a page's snippets begin with the way to the root; the browser knows where that is.
// A file on a disk has no address that works elsewhere.
if (location.protocol.startsWith("http")) {
  for (const box of document.querySelectorAll("[data-ly-root]")) {
    const path = box.dataset.lyRoot;
    const root = new URL(path, document.baseURI).href;
    for (const code of box.querySelectorAll("code")) {
      const whole = code.textContent.replaceAll(path, root);
      const texts = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replaceAll(path, root);
      // Where colours have cut a path into pieces, the words are worth more than the colours.
      if (code.textContent !== whole) code.textContent = whole;
    }
    const note = document.querySelector(".ly-snippets__note");
    if (note) note.hidden = true;
  }
}

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
