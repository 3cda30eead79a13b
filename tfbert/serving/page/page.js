// The page: which models there are, a form for the one that is chosen, and its answers.

import { answerElements } from "./answers.js";
import { element } from "./elements.js";
import { fieldElement, fieldsOf, rowsOf } from "./fields.js";

const byId = (id) => document.getElementById(id);
const [access, ask, problem, answer, status] = ["access", "ask", "problem", "answer", "status"].map(byId);
const NOT_FINITE = "The model's answer has a number that is not finite, NaN or Infinity. Check the model's weights.";
let models = [];
let token = ""; // in memory only
let asked = null; // aborts the request that runs

/** What the server answers to a request: JSON, or an error with its reason. */
async function send(path, options = {}) {
  const headers = { ...(token && { Authorization: `Bearer ${token}` }), ...options.headers };
  const unanswered = (error) => {
    throw error.name === "AbortError" ? error : new Error("The server does not answer. Is it still running?");
  };
  const response = await fetch(path, { ...options, headers, credentials: "omit" }).catch(unanswered);
  const text = await response.text().catch(unanswered);
  const content = parsed(text);
  if (!response.ok) {
    const error = new Error(content?.error ?? `The server answered with status ${response.status}.`);
    throw Object.assign(error, { status: response.status });
  }
  if (content === null) throw new Error(notFinite(text) ? NOT_FINITE : "The server's answer is no JSON.");
  return content;
}

/** JSON of a text, null where it is none. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Whether NaN or Infinity stands outside the strings of an answer, as TF Serving writes them. */
function notFinite(text) {
  return /NaN|Infinity/.test(text.replace(/"(?:[^"\\]|\\.)*"/g, ""));
}

function showProblem(error) {
  if (error.status === 401) {
    problem.textContent = token ? "The server does not take this token." : "";
    access.hidden = false;
    ask.hidden = true;
    byId("token").focus();
  } else {
    problem.textContent = error.message;
  }
  problem.hidden = !problem.textContent;
  answer.hidden = true;
  status.textContent = "";
}

async function open() {
  problem.hidden = true;
  try {
    models = (await send("/v1/models")).models.filter(({ inputs }) => inputs?.length);
  } catch (error) {
    showProblem(error);
    return;
  }
  access.hidden = true;
  ask.hidden = !models.length;
  if (!models.length) showProblem(new Error("No model is ready. Open the page again in a moment."));
  byId("model").replaceChildren(...models.map(({ name }, place) => element("option", { value: place }, name)));
  byId("chooser").hidden = models.length < 2;
  if (models.length) showForm();
}

function chosen() {
  return models[Number(byId("model").value)];
}

function showForm() {
  const model = chosen();
  byId("about").textContent = [model.name, model.task?.replaceAll("-", " ")].filter(Boolean).join(" · ");
  byId("fields").replaceChildren(...fieldsOf(model).map(fieldElement));
  answer.hidden = problem.hidden = true;
  status.textContent = "";
}

async function showAnswer(event) {
  event.preventDefault();
  const model = chosen();
  const fields = fieldsOf(model);
  // Half of a surrogate pair, which a keyboard may leave, is no character.
  const rows = rowsOf(fields, fields.map((_, place) => byId(`field-${place}`).value.toWellFormed()));
  asked?.abort();
  const request = (asked = new AbortController());
  answer.setAttribute("aria-busy", "true");
  status.textContent = "…";
  const start = performance.now();
  try {
    const { predictions } = await send(`/v1/models/${encodeURIComponent(model.name)}:predict`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ instances: rows }),
      signal: request.signal,
    });
    const milliseconds = performance.now() - start;
    answer.replaceChildren(...answerElements(model.task, rows, predictions));
    status.textContent = `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
    answer.hidden = false;
    problem.hidden = true;
  } catch (error) {
    if (error.name !== "AbortError") showProblem(error);
  } finally {
    if (asked === request) answer.setAttribute("aria-busy", "false");
  }
}

ask.addEventListener("submit", showAnswer);
ask.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) ask.requestSubmit();
});
byId("model").addEventListener("change", showForm);
access.addEventListener("submit", (event) => {
  event.preventDefault();
  token = byId("token").value;
  byId("token").value = "";
  open();
});
open();
