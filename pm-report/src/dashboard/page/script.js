"use strict";
(() => {
  // What is chosen outlives a refresh of a served page.
  const chosen = { command: "", stretch: "1", from: 0, to: 1 };
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  const one = (selector, inside = document) => inside.querySelector(selector);
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

  // The plot's inner picture covers this part of the whole one.
  const inner = (plot) => {
    const outer = plot.getBoundingClientRect();
    const box = one("svg.data", plot).getBoundingClientRect();
    const scale = outer.width / one("svg", plot).viewBox.baseVal.width;
    const data = one("svg.data", plot);
    const left = data.x.baseVal.value * scale;
    return { left, width: data.width.baseVal.value * scale, page: outer.left + left, box };
  };
  const range = (plot) => {
    const from = Number(plot.dataset.from), length = Number(plot.dataset.to) - from;
    return { from: from + chosen.from * length, length: (chosen.to - chosen.from) * length };
  };
  const rows = (plot) => all("tr[data-at]", plot.closest("figure"));

  const pad = (number) => String(number).padStart(2, "0");
  const instant = (at, length) => {
    const time = new Date(at);
    const day = `${time.getUTCFullYear()}-${pad(time.getUTCMonth() + 1)}-${pad(time.getUTCDate())}`;
    const clock = `${pad(time.getUTCHours())}:${pad(time.getUTCMinutes())}`;
    if (length < 600000) return `${clock}:${pad(time.getUTCSeconds())}`;
    return length < 172800000 ? `${day.slice(5)} ${clock}` : day;
  };

  // What the table says of a row, in one line.
  const words = (row) => {
    const headings = all("thead th", row.closest("table")).map((cell) => cell.textContent);
    return [...row.cells].map((cell, at) => (at === 0 ? cell.textContent : `${headings[at]} ${cell.textContent}`)).join(" · ");
  };
  const show = (plot, row) => {
    const { from, length } = range(plot), { left, width } = inner(plot);
    const part = (Number(row.dataset.at) - from) / length;
    let cursor = one(".cursor", plot);
    if (!cursor) {
      cursor = document.createElement("div");
      cursor.className = "cursor";
      plot.append(cursor);
    }
    cursor.style.left = `${left + part * width}px`;
    cursor.hidden = part < 0 || part > 1;
    const text = words(row);
    one(".readout", plot.closest("figure")).textContent = text;
    plot.setAttribute("aria-valuenow", String(rows(plot).indexOf(row)));
    plot.setAttribute("aria-valuetext", text);
  };
  const nearest = (plot, x) => {
    const { from, length } = range(plot), { page, width } = inner(plot);
    const at = from + clamp((x - page) / width, 0, 1) * length;
    let best = null;
    for (const row of rows(plot)) {
      if (!best || Math.abs(row.dataset.at - at) < Math.abs(best.dataset.at - at)) best = row;
    }
    return best;
  };

  const zoom = (from, to) => {
    chosen.from = from;
    chosen.to = to;
    for (const plot of all(".plot")) {
      const data = one("svg.data", plot), { from: start, length } = range(plot);
      data.setAttribute("viewBox", `${from * 4000} 0 ${(to - from) * 4000} 1000`);
      all(".times span", plot.closest("figure")).forEach((span, at) => {
        span.textContent = instant(start + (at / 2) * length, length);
      });
      one(".cursor", plot)?.remove();
    }
    const button = one("#whole");
    if (button) button.hidden = from === 0 && to === 1;
  };
  // How much of the end is shown; what was dragged is none of the stretches that are offered.
  const stretch = (value) => {
    chosen.stretch = value;
    const select = one("#stretch");
    if (select) select.value = value;
  };
  const filter = (command) => {
    chosen.command = command;
    for (const element of all("[data-command]")) {
      element.hidden = command !== "" && element.dataset.command !== command;
    }
  };

  const drag = (plot) => {
    let start = null, box = null;
    const part = (event) => {
      const { page, width } = inner(plot);
      return clamp((event.clientX - page) / width, 0, 1);
    };
    plot.addEventListener("pointerdown", (event) => {
      if (event.button === 0 && event.pointerType === "mouse") start = part(event);
    });
    plot.addEventListener("pointermove", (event) => {
      const row = nearest(plot, event.clientX);
      if (row) show(plot, row);
      if (start === null) return;
      if (!box) {
        box = document.createElement("div");
        box.className = "chosen";
        plot.append(box);
      }
      const { left, width } = inner(plot), now = part(event);
      box.style.left = `${left + Math.min(start, now) * width}px`;
      box.style.width = `${Math.abs(now - start) * width}px`;
    });
    const end = (event) => {
      if (start !== null && event.type === "pointerup") {
        const now = part(event), length = chosen.to - chosen.from;
        const [low, high] = [Math.min(start, now), Math.max(start, now)];
        if (high - low > 0.02) {
          stretch("");
          zoom(chosen.from + low * length, chosen.from + high * length);
        }
      }
      start = null;
      box?.remove();
      box = null;
    };
    plot.addEventListener("pointerup", end);
    plot.addEventListener("pointerleave", end);
  };
  const keys = (plot) => {
    plot.addEventListener("keydown", (event) => {
      const list = rows(plot), now = Number(plot.getAttribute("aria-valuenow"));
      const steps = { ArrowLeft: now - 1, ArrowDown: now - 1, ArrowRight: now + 1, ArrowUp: now + 1, Home: 0, End: list.length - 1 };
      if (!(event.key in steps) || list.length === 0) return;
      event.preventDefault();
      show(plot, list[clamp(steps[event.key], 0, list.length - 1)]);
    });
  };

  const start = () => {
    for (const plot of all(".plot")) {
      const count = rows(plot).length;
      if (count === 0) continue;
      plot.tabIndex = 0;
      plot.setAttribute("role", "slider");
      plot.setAttribute("aria-label", one("figcaption", plot.closest("figure")).textContent);
      plot.setAttribute("aria-valuemin", "0");
      plot.setAttribute("aria-valuemax", String(count - 1));
      plot.setAttribute("aria-valuenow", String(count - 1));
      plot.setAttribute("aria-valuetext", words(rows(plot)[count - 1]));
      drag(plot);
      keys(plot);
    }
    const select = one("#command");
    if (select) {
      for (const name of new Set(all("#commands ~ .scroll tr[data-command]").map((row) => row.dataset.command))) {
        select.append(new Option(name, name));
      }
      // A command that is not there any more would leave nothing to see.
      if (![...select.options].some((option) => option.value === chosen.command)) chosen.command = "";
      select.value = chosen.command;
      select.addEventListener("change", () => filter(select.value));
      stretch(chosen.stretch);
      one("#stretch").addEventListener("change", (event) => {
        stretch(event.target.value);
        zoom(1 - Number(chosen.stretch), 1);
      });
      one("#whole").addEventListener("click", () => {
        stretch("1");
        zoom(0, 1);
      });
      select.closest("p").hidden = false;
    }
    filter(chosen.command);
    zoom(chosen.from, chosen.to);
  };

  // On a served page what is new takes the place of what was there.
  const follow = () => {
    const fresh = one("#fresh");
    const events = new EventSource("events");
    events.addEventListener("changed", async () => {
      const answer = await fetch("./", { cache: "no-store" });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const open = new Set(all("details[open] > summary").map((summary) => summary.textContent));
      one("main").replaceWith(document.adoptNode(one("main", page)));
      one("header .note").firstChild.textContent = one("header .note", page).firstChild.textContent;
      for (const summary of all("details > summary")) summary.parentElement.open = open.has(summary.textContent);
      start();
    });
    events.addEventListener("open", () => (fresh.textContent = " · following"));
    events.addEventListener("error", () => (fresh.textContent = " · the server does not answer; trying again"));
  };

  start();
  if (document.documentElement.hasAttribute("data-live")) follow();
})();
