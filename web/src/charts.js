// <div class="chart" data-chart="#id">: draws what the JSON in #id says, beside a table of the same numbers.
//   {"kind": "bars" | "lines", "x": [unix seconds], "series": [{"label", "values", "unit"}]}
// Bars of several series stand on one another. A value of null is a gap. unit: "ms", "micros" (of a dollar), or a word.
import uPlot from "uplot";
import ownRules from "uplot/dist/uPlot.min.css";
import { make } from "./parts/make.js";
import { bringRules } from "./parts/rules.js";
import { axisOf, dayOf, sumsOf, told, whenTold } from "./parts/figures.js";

const HEIGHT = 220;
const COLOURS = ["--one", "--two", "--three", "--four"];

class Chart {
  constructor(place, given) {
    Object.assign(this, { place, given });
    this.legend = make("p", { class: "legend" });
    this.canvas = make("div");
    place.setAttribute("aria-hidden", "true"); // the table says it in words
    place.replaceChildren(this.legend, this.canvas);
    this.draw();
    new ResizeObserver(() => this.fit()).observe(place);
  }

  draw() {
    this.plot?.destroy();
    this.colours = coloursOf(this.place);
    const { x, series, kind } = this.given;
    const shown = kind === "bars" ? sumsOf(series) : series.map((one) => one.values);
    this.plot = new uPlot(this.options(), [x, ...shown], this.canvas);
    this.tell(null);
  }

  options() {
    const { kind, series, x } = this.given;
    const lines = series.map((one, number) => this.look(one, number, kind));
    return {
      width: this.width(),
      height: HEIGHT,
      legend: { show: false },
      cursor: { y: false, drag: { setScale: false }, points: { show: kind === "lines" } },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), "UTC"),
      scales: { x: { range: () => edges(x, kind) }, y: { range: (_, __, most) => [0, (most || 1) * 1.05] } },
      series: [{}, ...lines],
      axes: [
        { ...this.axis(), size: 30, space: 64, values: (_, ticks) => ticks.map(dayOf) },
        { ...this.axis(), size: 60, values: (_, ticks) => ticks.map(axisOf(series[0].unit)) },
      ],
      hooks: { setCursor: [(plot) => this.tell(plot.cursor.idx)] },
    };
  }

  look(one, number, kind) {
    const colour = this.colours.of[number % COLOURS.length];
    if (kind === "lines") return { label: one.label, stroke: colour, width: 2, spanGaps: false };
    return { label: one.label, fill: colour, width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.7, 40] }) };
  }

  axis() {
    const { soft, line } = this.colours;
    const font = "12px system-ui, sans-serif";
    return { stroke: soft, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  }

  tell(at) {
    const { x, series, kind } = this.given;
    const parts = series.map((one, number) => {
      const mark = make("i", { class: `mark mark-${(number % COLOURS.length) + 1}` });
      const value = at == null ? "" : told(one.values[at], one.unit);
      return make("span", { class: "one" }, mark, one.label, make("b", {}, value));
    });
    const when = at == null ? whenTold(x, null, kind) : whenTold(x, at, kind);
    this.legend.replaceChildren(make("span", { class: "when" }, when), ...parts);
  }

  width() {
    return Math.max(this.place.clientWidth, 200);
  }

  fit() {
    if (this.plot.width !== this.width()) this.plot.setSize({ width: this.width(), height: HEIGHT });
  }
}

function edges(x, kind) {
  const step = x.length > 1 ? x[1] - x[0] : 86_400;
  const around = kind === "bars" ? step / 2 : 0;
  return [x[0] - around, x[x.length - 1] + (around || (x.length > 1 ? 0 : step))];
}

function coloursOf(place) {
  const styles = getComputedStyle(place);
  const value = (name) => styles.getPropertyValue(name).trim();
  return { of: COLOURS.map(value), soft: value("--soft"), line: value("--line") };
}

const charts = new Map(); // by their places

const whenIdle = globalThis.requestIdleCallback ?? setTimeout;

// Each by itself, and once it is in sight: until then there is the picture that the server drew.
const sight = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    sight.unobserve(target);
    whenIdle(() => draw(target));
  }
});

function draw(place) {
  const given = JSON.parse(document.querySelector(place.dataset.chart)?.textContent ?? "null");
  if (given?.x.length && !charts.has(place)) charts.set(place, new Chart(place, given));
}

function drawAll(root) {
  for (const [place] of charts) if (!place.isConnected) charts.delete(place);
  for (const place of root.querySelectorAll(".chart[data-chart]")) sight.observe(place);
}

bringRules(ownRules);
drawAll(document);
document.addEventListener("htmx:load", (event) => drawAll(event.detail.elt));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach((chart) => chart.draw()));
