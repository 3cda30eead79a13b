// Elements of the page. Text goes in as text nodes only, so that it is never read as HTML.

/** An element with attributes and children, which are elements or text. */
export function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** A table of text with a heading for each column; numbers stand to the right. */
export function table(headings, rows) {
  const kind = (value) => (typeof value === "number" ? { class: "number" } : {});
  const cells = (values) => values.map((value) => element("td", kind(value), written(value)));
  const titles = headings.map((name, place) => element("th", { scope: "col", ...kind(rows[0]?.[place]) }, name));
  return element(
    "div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Table" },
    element(
      "table", {},
      element("thead", {}, element("tr", {}, ...titles)),
      element("tbody", {}, ...rows.map((row) => element("tr", {}, ...cells(row)))),
    ),
  );
}

/** Names with bars; scores that are no shares of one get no bar. */
export function bars(names, scores) {
  const areShares = scores.every((score) => score >= 0 && score <= 1);
  const lines = names.map((name, place) => {
    const bar = element("span", { class: "bar", "aria-hidden": "true" }, element("span", {}));
    if (areShares) bar.firstChild.style.width = `${100 * scores[place]}%`;
    const score = areShares ? share(scores[place]) : written(scores[place]);
    return element(
      "li", place ? {} : { class: "best" },
      element("bdi", { class: "name" }, name), bar, element("span", { class: "number" }, score),
    );
  });
  return element("ul", { class: areShares ? "bars" : "bars plain" }, ...lines);
}

/** A score between 0 and 1 in percent. */
export function share(score) {
  return `${(100 * score).toFixed(1)} %`;
}

function written(value) {
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : value.toFixed(4);
  return typeof value === "string" ? value : JSON.stringify(value);
}
