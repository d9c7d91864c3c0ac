// The Expand page's grid of results. One element for the whole list, because two hundred cards of
// Streamlit's own elements take seconds; the figures are in grid.py. All text from the corpus
// passes through textContent and setAttribute, never through innerHTML.

const acts = new WeakMap(); // per grid: what was pressed, for Python to work off in order
const cards = new WeakMap(); // per grid: entity id → its card, kept from list to list

export default function ({ parentElement, data, setStateValue }) {
  const list = parentElement.querySelector(".mese-grid");
  if (!acts.has(list)) acts.set(list, []);
  if (!cards.has(list)) {
    cards.set(list, new Map());
    list.addEventListener("focusin", (event) => stop(list, event.target.closest(".mese-card")));
  }

  const press = (what, id) => {
    const done = acts.get(list);
    const number = Math.max(Date.now(), (done.at(-1)?.number ?? 0) + 1);
    acts.set(list, [...done, { number, what, id }].slice(-50));
    setStateValue("acts", acts.get(list));
  };

  const item = list.contains(document.activeElement) ? document.activeElement : null;
  const place = [...list.children].indexOf(item?.closest(".mese-card"));
  fill(list, data);
  if (item && list.contains(item)) item.focus();
  else if (place >= 0) focusCard(list, list.children[Math.min(place, list.children.length - 1)]);
  if (!list.querySelector(".mese-why[tabindex='0']")) stop(list, list.children[0]);

  list.onclick = (event) => onClick(event, press);
  list.onkeydown = (event) => onKey(event, list, press);
}

function fill(list, data) {
  const kept = cards.get(list);
  const fresh = new Map();
  for (const facts of data.cards) {
    const card = kept.get(facts.id) ?? newCard(facts.id);
    write(card, facts);
    fresh.set(facts.id, card);
  }
  cards.set(list, fresh);
  const now = [...fresh.values()];
  const same = now.length === list.children.length && now.every((c, n) => c === list.children[n]);
  if (!same) list.replaceChildren(...now);
  list.setAttribute("aria-label", data.label);
  list.dataset.run = data.run; // what a test or a benchmark waits for
}

function newCard(id) {
  const card = element("li", "");
  card.dataset.entity = id;
  const actions = element("div", "mese-acts");
  actions.append(action("accept", "✓"), action("reject", "✕"), browseLink());
  card.append(
    element("span", "mese-frame"),
    line(),
    element("div", "mese-name"),
    element("div", "mese-class"),
    actions,
    whyButton(),
  );
  return card;
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function line() {
  const made = element("div", "mese-line");
  made.append(element("span", "mese-rank"), element("span", "mese-score"));
  return made;
}

function button(className, text) {
  const made = element("button", className, text);
  made.type = "button";
  made.tabIndex = -1;
  return made;
}

function whyButton() {
  return button("mese-why");
}

function action(what, text) {
  const made = button(`mese-act mese-${what}`, text);
  made.dataset.what = what;
  return made;
}

function browseLink() {
  const made = element("a", "mese-act mese-browse", "↗");
  made.tabIndex = -1;
  made.target = "_blank"; // the list stays as it is, with what is accepted
  made.rel = "noopener";
  return made;
}

function write(card, facts) {
  card.className = `mese-card mese-${facts.kind}${facts.accepted ? " mese-accepted" : ""}`;
  picture(card.querySelector(".mese-frame"), facts);
  card.querySelector(".mese-rank").textContent = facts.rank;
  card.querySelector(".mese-score").textContent = facts.score;
  const name = card.querySelector(".mese-name");
  name.textContent = facts.name;
  if (facts.other) name.append(" ", element("small", "", `(${facts.other})`));
  name.title = facts.other ? `${facts.name} (${facts.other})` : facts.name;
  const classes = card.querySelector(".mese-class");
  classes.replaceChildren(...verdict(facts), facts.classes);
  classes.title = facts.classes;
  label(card.querySelector(".mese-why"), `Why ${facts.name}? ${facts.said}`, false);
  const accept = facts.accepted ? "Take back the acceptance of" : "Accept";
  label(card.querySelector(".mese-accept"), `${accept} ${facts.name}`);
  card.querySelector(".mese-accept").setAttribute("aria-pressed", String(facts.accepted));
  label(card.querySelector(".mese-reject"), `Reject ${facts.name}`);
  const browse = card.querySelector(".mese-browse");
  label(browse, `Look at ${facts.name} in Browse, in a new tab`);
  browse.href = `browse?entity=${encodeURIComponent(facts.id)}`;
}

function verdict(facts) {
  return facts.verdict ? [element("b", "", facts.verdict), " · "] : [];
}

function label(item, text, tip = true) {
  item.setAttribute("aria-label", text);
  if (tip) item.title = text;
}

function picture(frame, facts) {
  if (frame.dataset.src === facts.src && frame.firstChild) return;
  frame.dataset.src = facts.src;
  const shown = facts.src ? element("img", "mese-pic") : missing(facts);
  if (facts.src) {
    shown.loading = "lazy";
    shown.alt = facts.alt;
    shown.onerror = () => shown.replaceWith(missing(facts)); // the file went since
    shown.src = facts.src;
  }
  frame.replaceChildren(shown);
}

function missing(facts) {
  const made = element("span", "mese-pic mese-none", "no picture");
  made.setAttribute("role", "img");
  made.setAttribute("aria-label", `${facts.alt}: no picture`);
  return made;
}

function onClick(event, press) {
  const card = event.target.closest(".mese-card");
  const item = event.target.closest("button");
  if (card && item) act(card, item.dataset.what ?? "why", press);
}

function act(card, what, press) {
  // Shown at once; what Python says after its run holds.
  if (what === "accept") card.classList.toggle("mese-accepted");
  if (what === "reject") card.classList.add("mese-going");
  press(what, Number(card.dataset.entity));
}

const STEPS = { ArrowRight: () => 1, ArrowLeft: () => -1, ArrowDown: columns, ArrowUp: (l) => -columns(l) };
const KEYS = { a: "accept", x: "reject" };

function onKey(event, list, press) {
  const card = event.target.closest(".mese-card");
  if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = [...list.children];
  const place = all.indexOf(card);
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key in STEPS || key === "Home" || key === "End") {
    const ends = { Home: 0, End: all.length - 1 };
    focusCard(list, all[ends[key] ?? place + STEPS[key](list)]);
  } else if (key in KEYS && !event.repeat) {
    act(card, KEYS[key], press);
  } else {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
}

function columns(list) {
  return getComputedStyle(list).gridTemplateColumns.split(" ").length;
}

// One card at a time is a stop of the Tab key: its picture, then its three buttons.
function stop(list, card) {
  for (const item of list.querySelectorAll("[tabindex='0']")) item.tabIndex = -1;
  for (const item of card?.querySelectorAll("button, a") ?? []) item.tabIndex = 0;
}

function focusCard(list, card) {
  if (!card) return;
  stop(list, card);
  card.querySelector(".mese-why").focus({ preventScroll: false });
}
