"use strict";

// Shows openapi.json. All text goes in as text, never as markup.

const METHODS = ["get", "post", "put", "patch", "delete"];

/** Schemas within schemas, at most: some refer to themselves. */
const DEPTH_MAX = 6;

function element(name, text, ...children) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}

function resolved(schema, all) {
  const name = schema?.$ref?.split("/").pop();
  return name ? { ...all[name], $name: name } : schema ?? {};
}

/** The alternatives of a schema that are not null, and whether null is one. */
function alternatives(schema, all) {
  const parts = schema.oneOf ?? schema.anyOf ?? [schema];
  const real = parts.filter((part) => part.type !== "null").map((part) => resolved(part, all));
  return { real, nullable: real.length < parts.length || [schema.type].flat().includes("null") };
}

function kindOf(schema, all) {
  const { real, nullable } = alternatives(resolved(schema, all), all);
  const kinds = real.map((part) => {
    const type = [part.type].flat().filter((name) => name !== "null").join(" or ");
    if (part.enum) return part.enum.map((value) => JSON.stringify(value)).join(" | ");
    if (type === "array") return `list of ${kindOf(part.items ?? {}, all)}`;
    return part.format ? `${type} (${part.format})` : type || "any";
  });
  return kinds.join(" | ") + (nullable ? " or null" : "");
}

/** The members of a schema, with theirs. */
function fields(schema, all, depth = 0) {
  const { real } = alternatives(resolved(schema, all), all);
  const list = element("ul");
  list.className = "fields";
  for (const part of real) {
    const inner = part.type === "array" || part.items ? alternatives(resolved(part.items, all), all).real[0] : part;
    for (const member of [inner, ...(inner?.allOf ?? []).map((one) => resolved(one, all))]) {
      for (const [name, value] of Object.entries(member?.properties ?? {})) {
        const required = (member.required ?? []).includes(name) ? "" : ", optional";
        const about = value.description ?? resolved(value, all).description;
        const item = element("li", "", element("code", name));
        const kind = element("span", ` ${kindOf(value, all)}${required}`);
        kind.className = "kind";
        item.append(kind, about ? ` – ${about}` : "");
        if (depth < DEPTH_MAX) item.append(fields(value, all, depth + 1));
        list.append(item);
      }
    }
  }
  return list.childElementCount ? list : "";
}

function content(body, all) {
  return Object.entries(body?.content ?? {}).flatMap(([type, { schema }]) => [
    element("p", "", element("code", type)),
    fields(schema, all),
  ]);
}

function operation(method, path, given, all) {
  const summary = element("summary", "", element("b", method.toUpperCase()), element("code", path));
  summary.append(` – ${given.summary ?? ""}`);
  const inside = element("div", given.description ?? "");
  if (given.parameters?.length) {
    const list = element("ul");
    list.className = "fields";
    for (const one of given.parameters) {
      const about = `${one.in}, ${kindOf(one.schema ?? {}, all)}${one.required ? "" : ", optional"}`;
      list.append(element("li", "", element("code", one.name), ` ${about}`, one.description ? ` – ${one.description}` : ""));
    }
    inside.append(element("h3", "Parameters"), list);
  }
  if (given.requestBody) inside.append(element("h3", "Request"), ...content(given.requestBody, all));
  for (const [status, response] of Object.entries(given.responses ?? {})) {
    const what = status === "default" ? "Error" : `Reply ${status}`;
    inside.append(element("h3", what), ...content(resolved(response, all), all));
  }
  return element("details", "", summary, inside);
}

function show(description) {
  const all = description.components?.schemas ?? {};
  document.getElementById("title").textContent = description.info.title;
  document.getElementById("about").textContent = description.info.description ?? "";
  const routes = document.getElementById("routes");
  const sections = new Map();
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const method of METHODS.filter((name) => methods[name])) {
      const tag = methods[method].tags?.[0] ?? "other";
      if (!sections.has(tag)) sections.set(tag, element("section", "", element("h2", tag)));
      sections.get(tag).append(operation(method, path, methods[method], all));
    }
  }
  routes.replaceChildren(...sections.values());
}

function find(text) {
  const wanted = text.trim().toLowerCase();
  for (const section of document.querySelectorAll("section")) {
    let shown = 0;
    for (const one of section.querySelectorAll("details")) {
      one.hidden = !one.firstElementChild.textContent.toLowerCase().includes(wanted);
      shown += one.hidden ? 0 : 1;
    }
    section.hidden = shown === 0;
  }
}

fetch("openapi.json")
  .then((reply) => reply.json())
  .then(show)
  .catch((error) => {
    document.getElementById("routes").textContent = `The description cannot be read: ${error}`;
  });
document.getElementById("find").addEventListener("input", (event) => find(event.target.value));
