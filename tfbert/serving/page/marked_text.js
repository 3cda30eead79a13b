// Places in a text, which the server counts in bytes of UTF-8, JavaScript in units of UTF-16.

import { element } from "./elements.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text in pieces, those between `start` and `end` as marks; places that overlap an earlier one are left out. */
export function markedText(text, places) {
  const bytes = encoder.encode(text);
  const cut = (start, end) => decoder.decode(bytes.subarray(start, end));
  const pieces = [];
  let written = 0;
  for (const place of [...places].sort((one, other) => one.start - other.start)) {
    if (place.start < written || place.end <= place.start) continue;
    pieces.push(cut(written, place.start), mark(cut(place.start, place.end), place));
    written = place.end;
  }
  pieces.push(cut(written, bytes.length));
  return element("p", { class: "text", dir: "auto" }, ...pieces);
}

function mark(words, { label, color, title }) {
  const made = element("mark", { class: `color-${color}`, title });
  made.append(element("bdi", {}, words));
  if (label) made.append(element("span", { class: "label" }, label));
  return made;
}
