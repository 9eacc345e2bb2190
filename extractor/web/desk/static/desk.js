// The desk's script: statements and their words light each other, keys, choosing words, and linting while typing.
// Everything else works without it. It keeps nothing of a note and sends only what a form would.
"use strict";
(() => {
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const names = (element) => (element.dataset.e || "").split(" ").filter(Boolean);

  // Statements and words
  const light = (wanted) => {
    for (const element of $$(".lit")) element.classList.remove("lit");
    for (const element of $$("[data-e]")) {
      if (names(element).some((name) => wanted.includes(name))) element.classList.add("lit");
    }
  };
  const wordsOf = (name) => $$("mark[data-e]").filter((mark) => names(mark).includes(name));
  const show = (element) => element.scrollIntoView({ block: "center", inline: "nearest" });
  for (const element of $$("[data-e]")) {
    element.addEventListener("mouseenter", () => light(names(element)));
    element.addEventListener("focus", () => {
      light(names(element));
      const first = wordsOf(names(element)[0])[0];
      if (first && element.matches("a")) show(first);
    });
    element.addEventListener("click", (event) => {
      const mark = element.matches("mark");
      if (mark && !getSelection().isCollapsed) return;
      const name = names(element)[0];
      const there = mark ? $$("a.ref").find((ref) => names(element).includes(ref.dataset.e)) : wordsOf(name)[0];
      light(names(element));
      if (!there) return;
      event.preventDefault();
      if (mark) there.focus(); else show(there);
    });
  }

  // Choosing words in the text, by pointer or keys
  const text = $("#text");
  const codePoints = (string) => Array.from(string).length;
  const offset = (node, at) => {
    const line = (node.nodeType === 1 ? node : node.parentElement).closest(".line");
    if (!line || !text.contains(line)) return null;
    const before = document.createRange();
    before.setStart($(".t", line), 0);
    if ($(".t", line).contains(node)) before.setEnd(node, at);
    return Number(line.dataset.start) + codePoints(before.toString());
  };
  const choose = () => {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed || !$("#mark-start")) return;
    const range = selection.getRangeAt(0);
    if (!text || !text.contains(range.startContainer) || !text.contains(range.endContainer)) return;
    const start = offset(range.startContainer, range.startOffset);
    const end = offset(range.endContainer, range.endOffset);
    if (start === null || end === null || end <= start) return;
    $("#mark-start").value = start;
    $("#mark-end").value = end;
    $("#mark-words").textContent = selection.toString().slice(0, 200);
    $("#mark-words").classList.add("some");
  };
  if (text) {
    document.addEventListener("selectionchange", choose);
    text.addEventListener("keydown", (event) => {
      const step = { ArrowRight: ["forward", "word"], ArrowLeft: ["backward", "word"], ArrowDown: ["forward", "line"], ArrowUp: ["backward", "line"] }[event.key];
      if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      const selection = getSelection();
      if (!selection.rangeCount || !text.contains(selection.anchorNode)) selection.collapse($(".t", text), 0);
      if (event.shiftKey) {
        selection.modify("extend", ...step);
      } else {
        if (step[0] === "forward") selection.collapseToEnd(); else selection.collapseToStart();
        selection.modify("move", ...step);
        if (step[1] === "word") {
          if (step[0] === "forward") selection.modify("extend", "backward", "word");
          else selection.modify("extend", "forward", "word");
          // From here on the selection grows to the right, and does not take the space after the word.
          const range = selection.getRangeAt(0);
          const trailing = /\s+$/.exec(range.toString());
          if (trailing && range.endOffset >= trailing[0].length && range.endContainer.nodeType === 3) {
            range.setEnd(range.endContainer, range.endOffset - trailing[0].length);
          }
          selection.setBaseAndExtent(range.startContainer, range.startOffset, range.endContainer, range.endOffset);
        }
      }
      const rect = selection.getRangeAt(0).getBoundingClientRect();
      const box = text.getBoundingClientRect();
      if (rect.bottom > box.bottom - 20) text.scrollTop += rect.bottom - box.bottom + 60;
      if (rect.top < box.top + 20) text.scrollTop -= box.top - rect.top + 60;
    });
  }
  const field = $("#mark-field");
  if (field) {
    const fill = () => {
      const choices = (field.selectedOptions[0]?.dataset.choices || "").split("|").filter(Boolean);
      $("#mark-values").replaceChildren(...choices.map((value) => new Option(value.replaceAll("_", " "), value)));
    };
    field.addEventListener("change", fill);
    fill();
  }

  // Forms that open in place
  const toggle = (id, open) => {
    const form = document.getElementById(id);
    const button = $(`[data-toggle="${id}"]`);
    if (!form || !button) return;
    const wanted = open ?? form.hidden;
    for (const other of $$(".act")) {
      other.hidden = other !== form || !wanted;
      const its = $(`[data-toggle="${other.id}"]`);
      if (its) its.setAttribute("aria-expanded", String(!other.hidden));
    }
    if (wanted) $("input:not([type=hidden]), select, textarea", form).focus();
    else button.focus();
  };
  for (const button of $$("[data-toggle]")) button.addEventListener("click", () => toggle(button.dataset.toggle));
  for (const form of $$("form[method=post]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.stay) return;
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "1";
    });
  }

  // A filter that is chosen by pointer is applied at once; by keys a change is only a step on the way.
  for (const select of $$("form[method=get] select")) {
    let pointed = false;
    select.addEventListener("pointerdown", () => { pointed = true; });
    select.addEventListener("keydown", () => { pointed = false; });
    select.addEventListener("change", () => { if (pointed) select.form.requestSubmit(); });
  }

  // Keys
  const keysOn = $("#keys-on");
  if (keysOn) {
    keysOn.checked = localStorage.getItem("keys") !== "off";
    keysOn.addEventListener("change", () => localStorage.setItem("keys", keysOn.checked ? "on" : "off"));
  }
  for (const button of $$("[data-open]")) {
    button.addEventListener("click", () => document.getElementById(button.dataset.open).showModal());
  }
  const move = (step) => {
    const stops = $$(".list .row").length ? $$(".list .row") : $$("a.ref");
    if (!stops.length) return;
    const at = stops.indexOf(document.activeElement);
    const next = at < 0 ? (step > 0 ? 0 : stops.length - 1) : Math.min(stops.length - 1, Math.max(0, at + step));
    stops[next].focus();
  };
  const go = (selector) => { const link = $(selector); if (link) link.click(); };
  const focus = (selector) => { const element = $(selector); if (element) { element.focus(); show(element); } };
  const actions = {
    j: () => move(1), k: () => move(-1), n: () => go("#next"), p: () => go("#previous"), w: () => { location.href = "/"; },
    a: () => focus("#accept"), c: () => toggle("change", true), m: () => toggle("mark", true),
    b: () => toggle("send_back", true), u: () => focus("#undo"), q: () => focus(".ask"), t: () => focus("#text"),
    "/": () => focus("#search"), "?": () => $("#keys").showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || $("dialog[open]")) return;
    const typing = event.target.closest("input, select, textarea");
    if (event.key === "Escape") {
      const form = event.target.closest(".act");
      if (form) toggle(form.id, false); else if (typing) typing.blur();
      return;
    }
    if (typing || (keysOn && !keysOn.checked) || !actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  });
  if ($("#error")) $("#error").scrollIntoView({ block: "center" });

  // The linter of queries
  const query = $("#query");
  if (query && query.dataset.lint) {
    let waiting = 0;
    let number = 0;
    const lint = async () => {
      const mine = ++number;
      const answer = await fetch(query.dataset.lint, { method: "POST", body: new URLSearchParams(new FormData(query)), headers: { Accept: "application/json" } });
      if (mine !== number) return;
      const said = answer.ok ? await answer.json() : { faults: [{ part: "", message: "The check did not answer; save the draft and load the page again." }], text: null };
      const item = (fault) => {
        const element = document.createElement("li");
        const part = document.createElement("b");
        part.textContent = fault.part.replaceAll("_", " ");
        element.append(part, fault.message);
        return element;
      };
      const fine = document.createElement("li");
      fine.className = "ok";
      fine.textContent = "✓ Nothing to object to.";
      $("#lint").replaceChildren(...(said.faults.length ? said.faults.map(item) : [fine]));
      $("#send").disabled = said.faults.length > 0;
      if (said.text !== null) $("#plain").value = said.text;
    };
    query.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(lint, 200); });
  }
  const copy = $("#copy");
  if (copy) {
    copy.addEventListener("click", async () => {
      const from = $("#plain");
      from.select();
      try { await navigator.clipboard.writeText(from.value); } catch { document.execCommand("copy"); }
      $("#copied").textContent = "Copied.";
    });
  }
})();
