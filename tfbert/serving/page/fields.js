// What each input of a model is called here, and how it is typed.

import { element } from "./elements.js";

const FIELDS = {
  text: { label: "Text", rows: 4 },
  text_pair: { label: "Second text", rows: 3 },
  question: { label: "Question", rows: 0 },
  context: { label: "Context", rows: 7 },
  choices: { label: "Choices", rows: 4, hint: "One a line.", isList: true },
  candidate_labels: { label: "Labels", rows: 3, hint: "One a line.", isList: true },
};
const HINTS = {
  "text-generation": "The beginning of a text, which the model continues.",
  "text-embedding": "Numbers that stand for the meaning; of two texts also how alike they are.",
};
const OTHER_TEXT = { name: "", label: "Text to compare with", rows: 3, hint: "May stay empty.", mayBeEmpty: true };

/** The fields of a model's form; the one without a name is the second text of a comparison. */
export function fieldsOf(model) {
  const mask = `Write ${model.mask_token ?? "[MASK]"} where a word is missing.`;
  const hint = model.task === "fill-mask" ? mask : HINTS[model.task];
  const fields = model.inputs.map((name, place) => {
    const field = { name, label: name, rows: 3, ...FIELDS[name] };
    return place === 0 && hint ? { ...field, hint } : field;
  });
  return model.task === "text-embedding" ? [...fields, OTHER_TEXT] : fields;
}

/** A field with its label, and its hint if it has one. */
export function fieldElement({ label, rows, hint, mayBeEmpty }, place) {
  const id = `field-${place}`;
  const described = hint ? { "aria-describedby": `${id}-hint` } : {};
  const required = mayBeEmpty ? {} : { required: "" };
  const common = { id, dir: "auto", autocomplete: "off", ...described, ...required };
  const control = rows ? element("textarea", { ...common, rows }) : element("input", { ...common, type: "text" });
  const notes = hint ? [element("p", { class: "hint", id: `${id}-hint` }, hint)] : [];
  return element("div", { class: "field" }, element("label", { for: id }, label), ...notes, control);
}

/** The rows to ask: one of all fields, and one of the text to compare with, if there is one. */
export function rowsOf(fields, values) {
  const row = {};
  fields.forEach(({ name, isList }, place) => {
    if (name) row[name] = isList ? linesOf(values[place]) : values[place];
  });
  const other = fields.findIndex(({ name }) => !name);
  return other >= 0 && values[other] ? [row, { ...row, [fields[0].name]: values[other] }] : [row];
}

function linesOf(text) {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  return lines.length ? lines : [""];
}
