// Lists side by side. An entity that is pointed at, or focused, is lit up in every column; pressing
// it keeps it lit, and a line above says where it stands in each. All text goes through
// textContent, never through innerHTML.

const HINT =
  "Point at an entity to find it in every column; press it to keep it. Arrow keys move.";

const listening = new WeakSet();

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".mese-lineup");
  if (root.dataset.run === data.run) return;
  const pinned = root.querySelector("[aria-pressed='true']")?.dataset.key;
  draw(root, data);
  root.dataset.run = data.run;
  if (!listening.has(root)) listen(root);
  if (pinned) pin(root, pinned);
}

function listen(root) {
  listening.add(root);
  root.addEventListener("mouseover", (event) => lightUp(root, keyOf(event.target)));
  root.addEventListener("mouseleave", () => lightUp(root, null));
  root.addEventListener("focusin", (event) => onFocus(root, event.target));
  root.addEventListener("focusout", () => lightUp(root, null));
  root.addEventListener("click", (event) => pin(root, keyOf(event.target)));
  root.addEventListener("keydown", (event) => onKey(root, event));
}

function keyOf(target) {
  return target.closest("[data-key]")?.dataset.key ?? null;
}

function make(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function draw(root, data) {
  const told = make("p", "mese-told", HINT);
  told.setAttribute("role", "status");
  const columns = make("div", "mese-columns");
  columns.style.setProperty("--columns", data.columns.length);
  columns.append(...data.columns.map(column));
  root.replaceChildren(told, columns);
  const first = root.querySelector(".mese-row");
  if (first) first.tabIndex = 0;
}

function column(facts, number) {
  const section = make("section", "mese-column");
  const heading = make("h3", "", facts.title);
  heading.id = `mese-column-${number}`;
  section.setAttribute("aria-labelledby", heading.id);
  section.dataset.title = facts.title;
  const list = make("ol", "");
  list.append(...facts.rows.map(row));
  section.append(
    heading,
    make("p", "mese-about", facts.about),
    make("p", "mese-tally", facts.trouble ? "" : facts.tally),
  );
  if (facts.trouble) section.append(make("p", "mese-trouble", facts.trouble));
  section.append(list);
  if (facts.gone.length) section.append(gone(facts.gone));
  return section;
}

function row(facts) {
  const item = make("li", "");
  const button = make("button", `mese-row mese-${facts.kind}`);
  button.type = "button";
  button.tabIndex = -1;
  button.dataset.key = facts.key;
  button.dataset.rank = facts.rank;
  button.dataset.name = facts.name;
  button.setAttribute("aria-pressed", "false");
  button.title = `${facts.name} · ${facts.classes}`;
  const moved = make("span", `mese-moved ${tone(facts.sign)}`, facts.sign);
  moved.setAttribute("aria-hidden", "true");
  const verdict = make("span", "mese-sign", facts.verdict.slice(0, 1));
  verdict.setAttribute("aria-hidden", "true");
  button.append(
    make("span", "mese-rank", facts.rank),
    picture(facts),
    make("span", "mese-label", facts.name),
    verdict,
    moved,
    make("span", "mese-unseen", [facts.verdict.slice(2), facts.moved].filter(Boolean).join(", ")),
  );
  item.append(button);
  return item;
}

function tone(sign) {
  return { "↑": "mese-up", "↓": "mese-down", n: "mese-new" }[sign[0]] ?? "";
}

function picture(facts) {
  const none = () => make("span", "mese-pic mese-none");
  if (!facts.src) return none();
  const shown = make("img", "mese-pic");
  shown.loading = "lazy";
  shown.alt = "";
  shown.onerror = () => shown.replaceWith(none());
  shown.src = facts.src;
  return shown;
}

function gone(items) {
  const box = make("div", "mese-gone");
  box.append(make("h4", "", `Gone from here: ${items.length}`));
  const list = make("ul", "");
  for (const facts of items) {
    const item = make("li", "", facts.name);
    item.dataset.key = facts.key;
    item.append(make("small", "", ` was ${facts.was}`));
    list.append(item);
  }
  box.append(list);
  return box;
}

// Lights up the entity that is pointed at, and the one that was pressed.
function lightUp(root, key) {
  const pinned = root.querySelector("[aria-pressed='true']")?.dataset.key;
  for (const item of root.querySelectorAll("[data-key]")) {
    const lit = item.dataset.key === key || item.dataset.key === pinned;
    item.classList.toggle("mese-lit", lit);
  }
}

function pin(root, key) {
  if (!key) return;
  const before = root.querySelector("[aria-pressed='true']")?.dataset.key;
  for (const item of root.querySelectorAll(".mese-row")) {
    item.setAttribute("aria-pressed", String(item.dataset.key === key && key !== before));
  }
  root.querySelector(".mese-told").textContent = key === before ? HINT : places(root, key);
  lightUp(root, null);
}

function places(root, key) {
  let name = "";
  const parts = [...root.querySelectorAll(".mese-column")].map((section) => {
    const found = section.querySelector(`.mese-row[data-key="${CSS.escape(key)}"]`);
    name ||= found?.dataset.name ?? "";
    return `${section.dataset.title}: ${found ? found.dataset.rank : "not in the list"}`;
  });
  return `${name} — ${parts.join(" · ")}`;
}

function onFocus(root, target) {
  const button = target.closest(".mese-row");
  if (!button) return;
  for (const item of root.querySelectorAll(".mese-row[tabindex='0']")) item.tabIndex = -1;
  button.tabIndex = 0;
  lightUp(root, button.dataset.key);
}

function onKey(root, event) {
  const button = event.target.closest(".mese-row");
  if (!button || event.ctrlKey || event.metaKey || event.altKey) return;
  const next = neighbour(root, button, event.key);
  if (!next) return;
  event.preventDefault();
  event.stopPropagation();
  next.focus();
}

// Up and down within the column; left and right to the same entity there, or else the same rank.
function neighbour(root, button, key) {
  const lists = [...root.querySelectorAll(".mese-column")].map((section) => [
    ...section.querySelectorAll(".mese-row"),
  ]);
  const at = lists.findIndex((list) => list.includes(button));
  const place = lists[at].indexOf(button);
  if (key === "ArrowDown") return lists[at][place + 1];
  if (key === "ArrowUp") return lists[at][place - 1];
  if (key === "Home") return lists[at][0];
  if (key === "End") return lists[at].at(-1);
  if (key !== "ArrowLeft" && key !== "ArrowRight") return null;
  const beside = lists[at + (key === "ArrowRight" ? 1 : -1)] ?? [];
  const same = beside.find((item) => item.dataset.key === button.dataset.key);
  return same ?? beside[Math.min(place, beside.length - 1)];
}
