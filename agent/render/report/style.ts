import { type Html, html } from './html.ts';

/**
 * The style of the report, for screens light and dark and for paper. Text has a contrast of at least 4.5 to what is behind
 * it in both themes, which test/browser measures.
 */
export function stylesheet(): Html {
  return html`<style>${COLORS}${TEXT}${CHARTS}${NARROW}${PAPER}</style>`;
}

const COLORS = html`
:root {
  color-scheme: light dark;
  --paper: #fbfaf7; --card: #ffffff; --ink: #1f2328; --soft: #5a616b; --rule: #e4e1da; --accent: #28557f;
  --critical: #96163c; --high: #b83c0b; --medium: #855b00; --low: #2a6582; --info: #5a616b;
  --fill-critical: #96163c; --fill-high: #d95f2b; --fill-medium: #ecc772; --fill-low: #a9cbdb; --fill-info: #ccd1d7;
  --exposed: #f4cfbb; --guarded: #ffffff; --guarded-edge: #a3b8aa; --neutral: #d3dfe9; --unknown: #eeece7;
  --who: clamp(9.5rem, 20vw, 14rem);
  --there: #6f7a86; --dial: #efece5; --wedge: #3f709c; --pale: #b8cddf;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --card: #1b1f25; --ink: #e9e7e2; --soft: #a3aab4; --rule: #30363e; --accent: #9cc5ee;
    --critical: #ff93ab; --high: #ff9d6e; --medium: #e8c062; --low: #86c5e3; --info: #a3aab4;
    --fill-critical: #e0436f; --fill-high: #d96a35; --fill-medium: #b58b33; --fill-low: #3f6f89; --fill-info: #6b737d;
    --exposed: #68371f; --guarded: #1b1f25; --guarded-edge: #56705f; --neutral: #2d4359; --unknown: #262b32;
    --there: #88929d; --dial: #22272e; --wedge: #5f93c2; --pale: #33485d;
  }
}`;

const TEXT = html`
*, ::before, ::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 1rem; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: break-word;
}
main, footer { max-width: 66rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 2.5rem); }
main { padding-top: clamp(2rem, 6vw, 4.5rem); }
section { margin-top: clamp(3rem, 7vw, 5rem); }
h1, h2 { font-family: ui-serif, "Iowan Old Style", "Palatino Linotype", Palatino, P052, Charter, Georgia, serif; font-weight: 600; line-height: 1.15; text-wrap: balance; letter-spacing: -.01em; }
h1 { font-size: clamp(2.1rem, 1.5rem + 3vw, 3.4rem); margin: .35rem 0 1.1rem; }
h2 { font-size: 1.65rem; margin: 0 0 .4rem; }
h3 { font-size: 1.08rem; line-height: 1.35; margin: 0; }
p { margin: 0 0 .8rem; max-width: 44rem; }
a { color: var(--accent); text-underline-offset: .18em; text-decoration-thickness: 1px; }
code { font: .88em/1.4 ui-monospace, "Cascadia Mono", "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
ul, ol { margin: 0; padding: 0; }
ul { list-style: none; }
dl, dd { margin: 0; }
summary { cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 3px; }
.symbols { position: absolute; }
.soft, .note { color: var(--soft); }
.note { font-size: .85em; border: 1px solid var(--rule); border-radius: 1em; padding: 0 .5em; }
.overline { font-size: .8rem; letter-spacing: .09em; text-transform: uppercase; color: var(--soft); margin: 0; }
.lead { font-size: 1.1rem; margin-bottom: .3rem; }
.lead.soft { font-size: 1rem; }
.name { overflow-wrap: anywhere; }
.mark { vertical-align: -.07em; fill: currentColor; flex: none; }
.severity { white-space: nowrap; }
.critical { color: var(--critical); } .high { color: var(--high); } .medium { color: var(--medium); }
.low { color: var(--low); } .info { color: var(--info); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 1px; margin-top: 2.5rem; background: var(--rule); border: 1px solid var(--rule); border-radius: .6rem; overflow: hidden; }
.tile { background: var(--card); padding: 1rem 1.15rem 1.05rem; display: grid; }
.tile-word { font-size: .9rem; }
.tile-number { font-size: 2.3rem; line-height: 1.25; font-weight: 600; letter-spacing: -.02em; }
.tile-course { font-size: .85rem; color: var(--soft); }
.tile.none { color: var(--soft); }
.course { display: grid; grid-template-columns: minmax(0, 1fr) 17rem; gap: 2.5rem 4rem; }
.finding { background: var(--card); color: var(--ink); border: 1px solid var(--rule); border-left: 4px solid; border-radius: .6rem; padding: 1.25rem clamp(1rem, 3vw, 1.75rem) 1.35rem; margin-top: 1.25rem; }
.finding.critical { border-left-color: var(--fill-critical); } .finding.high { border-left-color: var(--fill-high); }
.finding.medium { border-left-color: var(--fill-medium); } .finding.low { border-left-color: var(--fill-low); }
.finding.info { border-left-color: var(--fill-info); }
.finding.critical .mark { color: var(--critical); } .finding.high .mark { color: var(--high); }
.finding.medium .mark { color: var(--medium); } .finding.low .mark { color: var(--low); } .finding.info .mark { color: var(--info); }
.kind { font-size: .88rem; color: var(--soft); margin-bottom: .9rem; }
.found { margin-bottom: 1rem; }
.found > li + li { margin-top: .35rem; }
.evidence { font-size: .88rem; color: var(--soft); }
.fixes { display: grid; grid-template-columns: minmax(7rem, 11rem) minmax(0, 1fr); gap: .55rem 1.25rem; font-size: .95rem; }
.fixes dt { color: var(--soft); }
.fixes ol { padding-left: 1.2em; }
.advice > summary { font-weight: 600; font-size: .95rem; }
.advice > .fixes { margin-top: .6rem; }
.elsewhere { margin-top: .7rem; }
.elsewhere > summary, .older > summary, .quiet > summary { color: var(--accent); }
.elsewhere .fixes { margin-top: .8rem; }
.verify { font-size: .9rem; margin: 1.1rem 0 0; color: var(--soft); }
.verify b { color: var(--ink); font-weight: 600; margin-right: .3em; }
.day { margin-top: 1.6rem; }
.day h3 { font-size: .95rem; padding-bottom: .35rem; border-bottom: 1px solid var(--rule); }
.changes { list-style: none; font-size: .95rem; }
.changes li { display: grid; grid-template-columns: 3.2rem 7.2rem minmax(0, 1fr); gap: .9rem; padding: .34rem 0; }
.changes li + li { border-top: 1px solid color-mix(in srgb, var(--rule) 55%, transparent); }
.changes time, .changes .word { color: var(--soft); }
.changes .what { overflow-wrap: anywhere; }
.visitor { margin-right: .9em; }
.older, .quiet { margin-top: 1.6rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)); gap: 1.1rem 2rem; margin-top: 1.5rem; }
.figures dt { font-size: .85rem; color: var(--soft); }
footer { margin-top: 5rem; padding-top: 1.2rem; padding-bottom: 3rem; font-size: .85rem; color: var(--soft); position: relative; }
footer p { border-top: 1px solid var(--rule); padding-top: 1.2rem; max-width: none; }`;

const CHARTS = html`
svg { display: block; overflow: visible; }
svg svg { overflow: hidden; }
.mark { display: inline-block; }
svg text { font-size: 12px; fill: var(--ink); }
.grid line { stroke: var(--rule); stroke-width: 1; shape-rendering: crispEdges; }
.axis text, .levels text { fill: var(--soft); font-size: 11.5px; }
.trend { display: grid; grid-template-columns: 26px minmax(0, 1fr); margin-top: 1.2rem; }
.plot-axis { grid-column: 2; }
.plot path.critical, .outline .critical { fill: var(--fill-critical); } .plot path.high, .outline .high { fill: var(--fill-high); }
.plot path.medium, .outline .medium { fill: var(--fill-medium); } .plot path.low, .outline .low { fill: var(--fill-low); }
.plot path.info, .outline .info { fill: var(--fill-info); }
.plot path { stroke: var(--paper); stroke-width: 1; vector-effect: non-scaling-stroke; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; font-size: .9rem; margin: .7rem 0 0 26px; }
.legend .mark.critical { color: var(--critical); } .legend .mark.high { color: var(--high); }
.clock { margin: .8rem auto 0; max-width: 100%; height: auto; }
.dial { fill: var(--dial); } .hub { fill: var(--paper); }
.lasting { fill: var(--wedge); } .passing { fill: var(--pale); stroke: var(--wedge); stroke-width: .75; }
.clock + .legend { justify-content: center; margin-left: 0; }
.hour-marks circle { fill: var(--soft); }
.hour-labels text { fill: var(--soft); font-size: 12px; }
.clock-total { font-size: 22px; font-weight: 600; }
.clock-unit { fill: var(--soft); font-size: 11.5px; }
.hosts { margin-top: 1rem; }
.host, .row-axis { border-top: 1px solid var(--rule); }
.row-axis { border: 0; }
.host:last-child { border-bottom: 1px solid var(--rule); }
.host > summary, .row-axis { display: grid; grid-template-columns: var(--who) minmax(0, 1fr) 6.2rem; gap: 1.4rem; align-items: center; }
.host > summary { padding: .45rem 0; list-style: none; }
.host > summary::-webkit-details-marker { display: none; }
.host > summary:hover { background: color-mix(in srgb, var(--rule) 30%, transparent); }
.who { font-weight: 600; line-height: 1.3; padding-left: 1.1rem; position: relative; }
.who::before { content: ""; position: absolute; left: .1rem; top: .42em; border: solid var(--soft); border-width: 0 1.5px 1.5px 0; width: .38em; height: .38em; transform: rotate(-45deg); }
.host[open] > summary .who::before { transform: rotate(45deg); }
.where { display: block; font-weight: 400; font-size: .85rem; color: var(--soft); }
.state { font-size: .9rem; }
.there { fill: var(--there); }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: .6rem; padding: 1.1rem 1.4rem .8rem; margin: .2rem 0 1.4rem; }
.who-else { color: var(--soft); font-size: .9rem; margin-bottom: .7rem; max-width: none; }
.posture { display: grid; grid-template-columns: 5rem minmax(0, 1fr); gap: .15rem 1rem; font-size: .92rem; }
.posture dt { color: var(--soft); }
.posture dd { overflow-wrap: anywhere; }
.open-here { display: flex; flex-wrap: wrap; gap: .25rem 1.6rem; margin: .8rem 0 0; font-size: .92rem; }
.lines { margin-top: 1rem; }
.lines { padding-right: 6.15rem; }
.line { display: grid; grid-template-columns: calc(var(--who) - 1.13rem) minmax(0, 1fr); gap: 1rem; align-items: center; min-height: 26px; }
.line .label { font-size: .88rem; line-height: 1.2; color: var(--soft); }
.band.exposed { fill: var(--exposed); stroke: var(--fill-high); stroke-width: 1; } .band.neutral { fill: var(--neutral); } .band.unknown { fill: var(--unknown); }
.band.guarded { fill: var(--guarded); stroke: var(--guarded-edge); stroke-width: 1; }
.chart { container-type: inline-size; }
.fits-wide { display: none; }
@container (min-width: 35rem) { .fits-wide { display: inline; } }
.veil { fill: var(--card); opacity: .62; }
.coverage { margin-top: 1.2rem; }
.coverage .complete { fill: var(--wedge); }
.coverage .partial { fill: url(#hatch); stroke: var(--wedge); stroke-width: 1; }
.hatch { stroke: var(--wedge); stroke-width: 2.5; }
.coverage .missed { fill: none; stroke: var(--there); stroke-width: 1; stroke-dasharray: 3 2; }`;

const NARROW = html`
@media screen and (max-width: 44rem) {
  .course { grid-template-columns: minmax(0, 1fr); }
  .tiles { grid-template-columns: 1fr 1fr; }
  .host > summary { grid-template-columns: minmax(0, 1fr) auto; gap: .1rem .8rem; }
  .host > summary .outline { grid-column: 1 / -1; grid-row: 2; }
  .where { display: inline; margin-left: .4em; }
  .row-axis { grid-template-columns: minmax(0, 1fr); }
  .row-axis div { display: none; }
  .card { padding: .9rem 1rem .6rem; }
  .lines { padding-right: 0; }
  .line { grid-template-columns: minmax(0, 1fr); gap: 0; margin-top: .3rem; }
  .line .label:empty { display: none; }
  .fixes { grid-template-columns: minmax(0, 1fr); gap: .1rem; }
  .fixes dd + dt { margin-top: .6rem; }
  .changes li { grid-template-columns: 2.8rem minmax(0, 1fr); gap: 0 .7rem; }
  .changes .what { grid-column: 2; }
  .changes .word:has(+ .what) { font-size: .88rem; }
}`;

const PAPER = html`
@page { margin: 16mm 14mm; }
@media print {
  :root { --paper: #ffffff; --dial: #f3f1ec; }
  html { font-size: 10pt; }
  main, footer { max-width: none; padding: 0; }
  section { margin-top: 2.2rem; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h1, h2, h2 + p, h3, summary, .kind, .row-axis { break-after: avoid; }
  .tiles, .course > div, .found > li, .fixes dd, .line, .changes li, .host, .figures > div, .trend, svg { break-inside: avoid; }
  .finding { break-inside: avoid; }
  details::details-content { content-visibility: visible; height: auto; }
  summary { list-style: none; }
  .elsewhere, .who::before, .quiet .card { display: none; }
  .course { grid-template-columns: minmax(0, 1fr) 13rem; gap: 2rem; }
  a { color: inherit; text-decoration: none; }
  :root { --who: 10rem; }
}`;
