// Draws a project's pipeline and keeps it so: events ask for fresh counts, at most twice a second.
"use strict";

const root = document.getElementById("pipeline");
const log = document.getElementById("log");
const project = Number(root.dataset.project);
const LATEST = 12;
let waiting = null;

function element(tag, name, ...children) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...children);
  return made;
}

function row(kind, name, state, ...counts) {
  const shown = element("div", "node", element("span", "kind", kind), element("span", "", name));
  if (state) shown.append(element("span", "muted", state));
  shown.append(element("span", "counts", ...counts));
  return shown;
}

function branch(shown, after) {
  const item = element("li", "", shown);
  if (after.length) item.append(element("ul", "tree", ...after));
  return item;
}

// Datasets, the templates that watch them, and where their work goes. A circle is drawn once.
function plant(status) {
  const drawn = new Set();

  function dataset(one) {
    const again = drawn.has(one);
    drawn.add(one);
    const watching = again ? [] : status.templates.filter((template) => template.watches.includes(one.id));
    return branch(row("dataset", one.name, again ? "see above" : "", `${one.files} files`), watching.map(template));
  }

  function template(one) {
    if (drawn.has(one)) return branch(row("template", one.name, "see above"), []);
    drawn.add(one);
    const { done, total, counts } = one.progress;
    const bar = element("progress", "");
    bar.max = Math.max(total, 1);
    bar.value = done;
    const busy = (counts.in_progress ?? 0) + (counts.in_review ?? 0);
    const actions = status.actions.filter((action) => action.template === one.id).map(action);
    const next = status.datasets.filter((other) => one.routes_to.includes(other.id)).map(dataset);
    const state = one.state === "active" ? "" : one.state;
    return branch(row("template", one.name, state, `${busy} in work, ${done} of ${total} done `, bar), [...actions, ...next]);
  }

  function action(one) {
    const runs = Object.entries(one.runs).map(([state, count]) => `${count} ${state}`).join(", ");
    return branch(row("action", one.name, one.when, runs || "never ran"), []);
  }

  const fed = new Set(status.templates.flatMap((one) => one.routes_to));
  const roots = status.datasets.filter((one) => !fed.has(one.id)).map(dataset);
  roots.push(...status.datasets.filter((one) => !drawn.has(one)).map(dataset));
  roots.push(...status.templates.filter((one) => !drawn.has(one)).map(template));
  roots.push(...status.actions.filter((one) => one.template === null).map(action));
  return roots;
}

async function draw() {
  waiting = null;
  const answer = await fetch(`/api/v1/projects/${project}/pipeline/status`);
  const told = await answer.json();
  if (!answer.ok) {
    root.replaceChildren(element("p", "fail", told.detail));
    return;
  }
  const roots = plant(told);
  root.replaceChildren(roots.length ? element("ul", "tree", ...roots) : element("p", "muted", "Nothing is here yet."));
}

function note(event) {
  log.prepend(element("li", "", `${event.at.slice(11, 19)}  ${event.kind}  ${event.subject}`));
  while (log.children.length > LATEST) log.lastChild.remove();
}

const events = new EventSource(`/api/v1/events?project=${project}`);
events.onmessage = (message) => {
  note(JSON.parse(message.data));
  waiting ??= setTimeout(draw, 500);
};
draw();
