import { expect, it } from 'vitest';
import { type Curve, drawCurves } from './curves.ts';

function draw(curve: Partial<Curve> = {}): string {
  const points = [
    { x: 62, y: 3.4 },
    { x: 254, y: 3.7 },
    { x: 65_534, y: 417 },
  ];
  const curves = [{ title: 'wall time, s', points, ...curve }];
  return drawCurves({ title: 'A sweep', about: 'of <a> "LAN" & more', x: 'addresses', curves });
}

/** `x,y` of each point of the first curve. */
function places(svg: string): number[][] {
  const points = /<polyline class="curve" points="([^"]*)"/.exec(svg)?.[1] ?? '';
  return points.split(' ').map((point) => point.split(',').map(Number));
}

/** Texts of the picture that have this class. */
function texts(svg: string, name: string): string[] {
  return [...svg.matchAll(new RegExp(`<text class="${name}"[^>]*>([^<]*)</text>`, 'g'))].map(
    ([, text = '']) => text,
  );
}

it('places points further right and further up the more there is, at equal distances for equal ratios', () => {
  const points = [1, 10, 100].map((x) => ({ x, y: x }));
  const [a = [], b = [], c = []] = places(draw({ points }));
  const [right, up] = [(b[0] ?? 0) - (a[0] ?? 0), (a[1] ?? 0) - (b[1] ?? 0)];
  expect([right > 0, up > 0]).toEqual([true, true]);
  expect([(c[0] ?? 0) - (b[0] ?? 0), (b[1] ?? 0) - (c[1] ?? 0)]).toEqual([
    expect.closeTo(right, 5),
    expect.closeTo(up, 5),
  ]);
  expect(texts(draw({ points }), 'scale end')).toEqual(['logarithmic']);
});

it('begins at nothing where the values lie close together', () => {
  const points = [
    { x: 1, y: 40 },
    { x: 10, y: 80 },
  ];
  const svg = draw({ points });
  expect(texts(svg, 'end')).toEqual(['0', '20', '40', '60', '80']);
  expect(texts(svg, 'scale end')).toEqual([]);
  const bottom = Number(/<line class="axis"[^>]*y1="([\d.]+)"/.exec(svg)?.[1]);
  const [half = 0, whole = 0] = places(svg).map(([, y = 0]) => bottom - y);
  expect(half * 2).toBeCloseTo(whole, 0);
});

it('says each value, what is across and up, and the limit', () => {
  const svg = draw({ limit: { y: 500, label: 'aim: 500 s' } });
  expect(texts(svg, 'value middle')).toEqual(['3.40', '3.70', '417']);
  expect(texts(svg, 'middle')).toEqual(['62', '254', '65,534', 'addresses']);
  expect([texts(svg, 'name'), texts(svg, 'limit-label end')]).toEqual([['Wall time, s'], ['┄ aim: 500 s']]);
});

it('is well-formed and runs nothing', () => {
  const svg = draw();
  expect(svg).toContain('of &lt;a> &quot;LAN&quot; &amp; more');
  expect(svg).not.toMatch(/<script|\son\w+=|NaN|Infinity|undefined/);
  const opened = [...svg.matchAll(/<(\w+)[^>]*[^/]>/g)].length;
  expect([...svg.matchAll(/<\/\w+>/g)]).toHaveLength(opened);
});
