import { contestants, labels } from './contestants';
import type { Bar } from './figure';
import { inDigits } from './table';

const WIDTH = 900;
const HEIGHT = 420;
const LEFT = 40;
const BASE = 340;
const TALLEST = 220;
const BAR_WIDTH = 52;
const BAR_GAP = 8;

/** Colours for both modes; told apart by the colour-blind, too. */
const style = `
    text { font: 14px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2328; }
    .title { font-size: 18px; font-weight: 600; }
    .quiet { fill: #59636e; }
    .middle { text-anchor: middle; }
    .background { fill: #ffffff; }
    .base { stroke: #8c959f; }
    .ours { fill: #0969da; }
    .tutorial { fill: #d4772c; }
    .bottender { fill: #8250df; }
    .floor { fill: #8c959f; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .quiet { fill: #9198a1; }
      .background { fill: #0d1117; }
      .base { stroke: #656c76; }
      .ours { fill: #4493f8; }
      .tutorial { fill: #e3954e; }
      .bottender { fill: #ab7df8; }
      .floor { fill: #7d8590; }
    }
  `;

/** Draws the bars as an SVG, grouped by scenario. */
export function drawBars(bars: readonly Bar[]): string {
  const scenarios = [...new Set(bars.map(({ scenario }) => scenario))];
  const most = Math.max(...bars.map(({ ms }) => ms));
  const groupWidth = (WIDTH - 2 * LEFT) / scenarios.length;
  const groups = scenarios.map((scenario, n) => {
    const middle = LEFT + groupWidth * (n + 0.5);
    const own = bars.filter((bar) => bar.scenario === scenario);
    const start = middle - (own.length * (BAR_WIDTH + BAR_GAP) - BAR_GAP) / 2;
    return [
      ...own.map((bar, place) => drawBar(bar, start + place * (BAR_WIDTH + BAR_GAP), (bar.ms / most) * TALLEST)),
      `<text class="middle" x="${round(middle)}" y="${BASE + 24}">${scenario}</text>`,
    ].join('\n  ');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title">
  <title id="title">Processor time per event, in milliseconds: ${describe(bars)}</title>
  <style>${style}</style>
  <rect class="background" width="${WIDTH}" height="${HEIGHT}" rx="8"/>
  <text class="title" x="${LEFT}" y="40">Processor time per event</text>
  <text class="quiet" x="${LEFT}" y="62">milliseconds, from the POST to the Graph call; less is better</text>
  ${groups.join('\n  ')}
  <line class="base" x1="${LEFT}" y1="${BASE}" x2="${WIDTH - LEFT}" y2="${BASE}"/>
  ${contestants.map(drawLabel).join('\n  ')}
</svg>
`;
}

function drawBar({ contestant, ms }: Bar, x: number, height: number): string {
  const top = round(BASE - height);
  const rect = `<rect class="${contestant}" x="${round(x)}" y="${top}" width="${BAR_WIDTH}" height="${round(height)}"/>`;
  return `${rect}<text class="middle" x="${round(x + BAR_WIDTH / 2)}" y="${round(top - 6)}">${inDigits(ms)}</text>`;
}

function drawLabel(contestant: (typeof contestants)[number], n: number): string {
  const width = (WIDTH - 2 * LEFT) / contestants.length;
  const x = LEFT + n * width;
  return `<rect class="${contestant}" x="${x}" y="388" width="14" height="14"/><text x="${x + 22}" y="400">${labels[contestant]}</text>`;
}

function describe(bars: readonly Bar[]): string {
  return bars.map(({ scenario, contestant, ms }) => `${scenario}, ${contestant}: ${inDigits(ms)}`).join('; ');
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
