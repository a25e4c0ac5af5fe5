// On a family's page, the loss that is pointed at is drawn in the small charts of all the others as well.

const DARKEN = "ly-lifted"; // a copy of a curve, in ink

const own = (item) => item.querySelector("img:last-of-type");
for (const box of document.querySelectorAll(".ly-multiples")) {
  const items = [...box.querySelectorAll("li")];
  let lifted = null;
  const lower = () => {
    lifted = null;
    for (const image of box.querySelectorAll(`.${DARKEN}`)) image.remove();
  };
  const lift = ({ target }) => {
    const chosen = target.closest("li");
    if (!chosen || chosen === lifted) return;
    lower();
    lifted = chosen;
    for (const item of items) {
      if (item === chosen) continue;
      const image = Object.assign(own(chosen).cloneNode(), { className: DARKEN, loading: "eager" });
      own(item).before(image);
    }
  };
  for (const kind of ["mouseover", "focusin"]) box.addEventListener(kind, lift);
  for (const kind of ["mouseleave", "focusout"]) box.addEventListener(kind, lower);
}
