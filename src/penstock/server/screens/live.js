// Draws a project's pipeline and keeps it so: each event asks for fresh counts, at most twice a second.
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

function counts(node) {
  const shown = element("span", "counts");
  if (typeof node.total === "number" && typeof node.done === "number") {
    const bar = element("progress", "");
    bar.max = Math.max(node.total, 1);
    bar.value = node.done;
    shown.append(`${node.done} of ${node.total} done `, bar);
    return shown;
  }
  const parts = Object.entries(node)
    .filter(([, value]) => typeof value === "number")
    .filter(([name]) => name !== "id")
    .map(([name, value]) => `${value} ${name.replaceAll("_", " ")}`);
  shown.append(parts.join(", "));
  return shown;
}

function tree(nodes, kind) {
  const list = element("ul", "tree");
  for (const node of nodes) {
    const row = element("li", "");
    row.append(element("div", "node", element("span", "kind", node.kind ?? kind), element("span", "", node.name ?? ""), counts(node)));
    for (const [name, value] of Object.entries(node)) {
      if (Array.isArray(value) && value.length && typeof value[0] === "object") row.append(tree(value, name.replace(/s$/, "")));
    }
    list.append(row);
  }
  return list;
}

async function draw() {
  waiting = null;
  const answer = await fetch(`/api/v1/projects/${project}/pipeline/status`);
  if (!answer.ok) {
    root.replaceChildren(element("p", "fail", (await answer.json()).detail));
    return;
  }
  const status = await answer.json();
  const lists = Object.entries(status).filter(([, value]) => Array.isArray(value));
  root.replaceChildren(...lists.map(([name, nodes]) => tree(nodes, name.replace(/s$/, ""))));
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
