// How the answers of each task are shown.

import { bars, element, share, table } from "./elements.js";
import { markedText } from "./marked_text.js";

const COLORS = 6;
const ONLY_KEY = {
  "text-classification": "score", "text-embedding": "embedding", "text-generation": "generated_text",
};
const SHOWN_NUMBERS = 8;

/** The elements that show the answers to rows of a model. */
export function answerElements(task, rows, predictions) {
  const answers = predictions.map((answer) => named(answer, task));
  return (WRITERS[task] ?? plain)(answers[0], rows[0], answers, rows);
}

/** Where a signature has one output, its value comes without a name. */
function named(answer, task) {
  const isObject = typeof answer === "object" && answer !== null && !Array.isArray(answer);
  return isObject ? answer : { [ONLY_KEY[task] ?? "answer"]: answer };
}

function classes(answer) {
  if (answer.labels) return [best(answer.labels[0], answer.scores[0]), bars(answer.labels, answer.scores)];
  const scores = [answer.score].flat();
  return [element("p", { class: "best" }, scores.map((score) => score.toFixed(4)).join(", "))];
}

function best(name, score) {
  const isShare = score >= 0 && score <= 1;
  const shown = isShare ? [" ", element("span", { class: "number" }, share(score))] : [];
  return element("p", { class: "best" }, element("bdi", {}, name), ...shown);
}

function nextSentence(answer) {
  const follows = answer.label === "IS_NEXT";
  return [
    element("p", { class: "best" }, follows ? "The second text follows the first." : "The second text does not follow."),
    bars([answer.label], [answer.score]),
  ];
}

function entities(answer, row) {
  const places = [...Array(answer.length).keys()];
  const kinds = new Map();
  const kindOf = (place) => answer.entity[place].replace(/^[BI]-/, "");
  for (const place of places) if (!kinds.has(kindOf(place))) kinds.set(kindOf(place), kinds.size % COLORS);
  if (!places.length) return [markedText(row.text, []), element("p", { class: "hint" }, "Nothing was found.")];
  const marks = places.map((place) => ({
    start: answer.start[place], end: answer.end[place], label: answer.entity[place], color: kinds.get(kindOf(place)),
    title: `${answer.entity[place]}, ${share(answer.score[place])}`,
  }));
  const lines = places.map((place) => [answer.word[place], answer.entity[place], share(answer.score[place])]);
  return [markedText(row.text, marks), table(["Words", "Kind", "Score"], lines)];
}

function answersInContext(answer, row) {
  const ranks = [...Array(answer.length).keys()];
  if (!ranks.length) return [element("p", { class: "best" }, "No answer was found.")];
  const written = (rank) => answer.answer[rank] || "The context does not say.";
  const [first] = ranks;
  const mark = { start: answer.start[first], end: answer.end[first], label: "", color: 0, title: share(answer.score[first]) };
  return [
    best(written(first), answer.score[first]),
    markedText(row.context, [mark]),
    ...(ranks.length > 1 ? [bars(ranks.map(written), answer.score.slice(0, ranks.length))] : []),
  ];
}

function words(answer) {
  if (!answer.length) return [element("p", { class: "best" }, "No word is missing in the text.")];
  return [...Array(answer.length).keys()].flatMap((mask) => [
    ...(answer.length > 1 ? [element("h2", {}, `Mask ${mask + 1}`)] : []),
    element("p", { class: "text", dir: "auto" }, answer.sequence[mask][0]),
    bars(answer.token_str[mask], answer.score[mask]),
  ]);
}

function vectors(answer, row, answers) {
  const numbers = answer.embedding;
  const summary = table(
    ["Numbers", "Length", `First ${SHOWN_NUMBERS}`],
    answers.map(({ embedding }) => [embedding.length, norm(embedding), start(embedding)]),
  );
  if (answers.length === 1) return [summary];
  const cosine = dot(numbers, answers[1].embedding) / Math.max(norm(numbers) * norm(answers[1].embedding), 1e-12);
  const line = element("p", { class: "best" }, `Cosine similarity ${cosine.toFixed(3)}`);
  return [line, bars(["Similarity"], [Math.min(1, Math.max(0, cosine))]), summary];
}

function states(answer) {
  const tokens = answer.last_hidden_state.filter((_, place) => answer.attention_mask[place]);
  const lines = tokens.map((numbers, place) => [place, norm(numbers), start(numbers)]);
  const size = element("p", { class: "best" }, `${tokens.length} tokens, ${tokens[0]?.length ?? 0} numbers each`);
  return [size, table(["Token", "Length", `First ${SHOWN_NUMBERS}`], lines)];
}

function choices(answer, row) {
  const order = row.choices.map((_, place) => place).sort((one, other) => answer.scores[other] - answer.scores[one]);
  const scores = order.map((place) => answer.scores[place]);
  return [best(answer.choice, scores[0]), bars(order.map((place) => row.choices[place]), scores)];
}

function namedLabels(answer) {
  const names = answer.labels.slice(0, answer.length);
  return [best(names[0] ?? "", answer.scores[0]), bars(names, answer.scores.slice(0, answer.length))];
}

function continued(answer) {
  return [element("p", { class: "text", dir: "auto" }, answer.generated_text)];
}

function plain(answer) {
  return [table(["Output", "Value"], Object.entries(answer))];
}

const dot = (one, other) => one.reduce((sum, value, place) => sum + value * other[place], 0);
const norm = (numbers) => Math.sqrt(dot(numbers, numbers));
const start = (numbers) => numbers.slice(0, SHOWN_NUMBERS).map((value) => value.toFixed(3)).join(" ");

const WRITERS = {
  "text-classification": classes,
  "next-sentence-prediction": nextSentence,
  "token-classification": entities,
  "question-answering": answersInContext,
  "fill-mask": words,
  "text-embedding": vectors,
  "feature-extraction": states,
  "multiple-choice": choices,
  "zero-shot-classification": namedLabels,
  "text-generation": continued,
};
