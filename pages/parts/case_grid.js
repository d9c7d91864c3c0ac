// A case's cards. Where clues can be tagged, each card has a button for each, and the keys 1 to 5
// do the same on the card that has the focus. All text goes through textContent.

const pressed = new WeakMap(); // per grid: what was pressed, for Python to work off in order

export default function ({ parentElement, data, setStateValue }) {
  const list = parentElement.querySelector(".mese-grid");
  if (!pressed.has(list)) pressed.set(list, []);
  const send = (id, clue, on) => {
    const done = pressed.get(list);
    const number = Math.max(Date.now(), (done.at(-1)?.number ?? 0) + 1);
    pressed.set(list, [...done, { number, id, clue, on }].slice(-200));
    setStateValue("tags", pressed.get(list));
  };
  fill(list, data);
  list.onclick = (event) => onClick(event, send);
  list.onkeydown = (event) => onKey(event, list, data.clues, send);
  // Setting it again is no second one: it is the same function.
  list.addEventListener("focusin", onFocus);
}

function make(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function fill(list, data) {
  const same = list.dataset.run === data.run && list.children.length === data.cards.length;
  list.dataset.run = data.run;
  list.setAttribute("aria-label", data.label);
  list.classList.toggle("mese-tagging", data.clues.length > 0);
  if (!same) {
    list.replaceChildren(...data.cards.map((facts) => card(facts, data)));
    stop(list, list.children[0]);
  }
  data.cards.forEach((facts, place) => showClues(list.children[place], facts));
}

function card(facts, { clues, browse }) {
  const made = make("li", `mese-card mese-${facts.kind}`);
  if (facts.id !== null) made.dataset.entity = facts.id;
  made.dataset.name = facts.name;
  made.append(picture(facts));
  if (facts.rank !== null) {
    const line = make("div", "mese-line");
    line.append(make("span", "mese-rank", facts.rank), make("span", "mese-score", facts.score));
    made.append(line);
  }
  const name = make("div", "mese-name", facts.name);
  name.title = facts.name;
  const classes = make("div", "mese-class");
  classes.title = facts.classes;
  if (facts.verdict) classes.append(make("b", "", facts.verdict), " · ");
  classes.append(facts.classes);
  made.append(name, classes, make("div", "mese-others"));
  if (clues.length) made.append(clueButtons(facts, clues));
  if (browse && facts.id !== null) made.append(link(facts));
  return made;
}

// A link that covers its card: the card shows what the link says. It loads Browse anew: the way
// within the session (st.switch_page) leaves an address in the history that nobody asked for.
function link(facts) {
  const made = make("a", "mese-why");
  made.href = `browse?entity=${encodeURIComponent(facts.id)}`;
  made.setAttribute("aria-label", `${facts.rank}. ${facts.name}, look at it in Browse`);
  return made;
}

function clueButtons(facts, clues) {
  const group = make("div", "mese-clues");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", `Visual clues of ${facts.name}`);
  clues.forEach((clue, place) => {
    const button = make("button", "mese-clue", clue);
    button.type = "button";
    button.dataset.clue = clue;
    button.title = `${clue} (key ${place + 1})`;
    button.tabIndex = -1;
    group.append(button);
  });
  return group;
}

function showClues(item, facts) {
  for (const button of item.querySelectorAll(".mese-clue")) {
    button.setAttribute("aria-pressed", String(facts.own.includes(button.dataset.clue)));
  }
  item.querySelector(".mese-others").textContent = facts.others;
}

function picture(facts) {
  const none = () => make("span", "mese-pic mese-none", "no picture");
  if (!facts.src) return none();
  const shown = make("img", "mese-pic");
  shown.loading = "lazy";
  shown.alt = facts.name;
  shown.onerror = () => shown.replaceWith(none()); // the file went since
  shown.src = facts.src;
  return shown;
}

function onFocus(event) {
  stop(event.currentTarget, event.target.closest(".mese-card"));
}

function onClick(event, send) {
  const button = event.target.closest(".mese-clue");
  if (button) toggle(button, send);
}

function toggle(button, send) {
  const on = button.getAttribute("aria-pressed") !== "true";
  // Shown at once; what Python says after its run holds.
  for (const other of button.parentElement.children) {
    const alone = button.dataset.clue === "none" || other.dataset.clue === "none";
    if (on && alone) other.setAttribute("aria-pressed", "false");
  }
  button.setAttribute("aria-pressed", String(on));
  send(Number(button.closest(".mese-card").dataset.entity), button.dataset.clue, on);
}

function onKey(event, list, clues, send) {
  const item = event.target.closest(".mese-card");
  if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = [...list.children];
  const place = all.indexOf(item);
  const rows = getComputedStyle(list).gridTemplateColumns.split(" ").length;
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: rows, ArrowUp: -rows };
  const button = item.querySelectorAll(".mese-clue")[Number(event.key) - 1];
  if (event.key in steps) {
    const next = all[place + steps[event.key]];
    if (next) focusCard(list, next, event.target);
  } else if (button && !event.repeat) {
    toggle(button, send);
  } else {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
}

// One card at a time is a stop of the Tab key, with its buttons.
function stop(list, item) {
  for (const other of list.querySelectorAll("[tabindex='0']")) other.tabIndex = -1;
  for (const button of item?.querySelectorAll(".mese-clue") ?? []) button.tabIndex = 0;
}

// The focus goes on to the same button of the next card.
function focusCard(list, item, from) {
  stop(list, item);
  const place = [...(from.parentElement?.children ?? [])].indexOf(from);
  const buttons = item.querySelectorAll(".mese-clue");
  (buttons[place] ?? buttons[0])?.focus();
}
