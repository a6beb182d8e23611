/**
 * Evaluated in a page: what can be seen of its layout. Every list holds descriptions of faults, ten at most, and is empty on
 * a good page. Everything is unfolded while it is measured.
 */
function measure() {
  const folded = [...document.querySelectorAll('details:not([open])')];
  for (const each of folded) each.setAttribute('open', '');
  const all = [...document.querySelectorAll('body *')];
  const texts = [...document.querySelectorAll('svg text')].filter(isSeen);
  const written = [...all.filter(isWritten), ...texts];
  const measured = {
    width: document.documentElement.scrollWidth,
    texts: written.length,
    smallestText: Math.min(...written.map((each) => Number.parseFloat(getComputedStyle(each).fontSize))),
    words: document.body.textContent,
    outside: described(all.filter(isOutside)),
    overlapping: described(
      texts.filter((text, i) => texts.slice(i + 1).some((each) => overlaps(text, each))),
    ),
    cut: described(texts.filter(isCut)),
    faint: described(written.filter((each) => contrastOf(each) < 4.5)),
    unnamed: described([...document.querySelectorAll('svg[role=img]:not([aria-label])')]),
    active: described([...document.querySelectorAll(ACTIVE), ...all.filter(hasHandler)]),
    astray: described([...document.querySelectorAll('a, use')].filter(leadsAstray)),
    twice: described(
      all.filter(({ id }) => id !== '' && document.querySelectorAll(`[id="${id}"]`).length > 1),
    ),
  };
  for (const each of folded) each.removeAttribute('open');
  return measured;
}

const ACTIVE = 'script, img, iframe, object, embed, link, form, base, [src], [style]';

function described(elements) {
  return elements.slice(0, 10).map((element) => {
    const text = (element.textContent ?? '').trim().slice(0, 40);
    return `${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''} "${text}"`;
  });
}

function isSeen(element) {
  return element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
}

/** Has the element, outside of pictures, text of its own? */
function isWritten(element) {
  const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
  return (
    isSeen(element) && !(element instanceof SVGElement) && own.some((node) => node.nodeValue.trim() !== '')
  );
}

function isOutside(element) {
  if (!isSeen(element) || element.closest('symbol, defs, pattern') !== null) return false;
  const { left, right, width, height } = element.getBoundingClientRect();
  return width > 0 && height > 0 && (left < -0.5 || right > window.innerWidth + 0.5);
}

/** The whole picture that an element belongs to. */
function pictureOf(element) {
  const svg = element.ownerSVGElement;
  return svg.ownerSVGElement === null ? svg : pictureOf(svg);
}

function overlaps(text, other) {
  if (pictureOf(text) !== pictureOf(other)) return false;
  const [a, b] = [text.getBoundingClientRect(), other.getBoundingClientRect()];
  return a.left < b.right && b.left < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom;
}

/** Does a label stand out beyond the bar that it is written in, which cuts it off? */
function isCut(text) {
  const frame = text.ownerSVGElement;
  if (frame.ownerSVGElement === null) return false;
  const end =
    pictureOf(text).getBoundingClientRect().left + frame.x.baseVal.value + frame.width.baseVal.value;
  return text.getBoundingClientRect().right > end + 0.5;
}

function hasHandler(element) {
  return [...element.attributes].some(({ name }) => name.startsWith('on'));
}

function leadsAstray(element) {
  const target = element.getAttribute('href') ?? '';
  return !target.startsWith('#') || document.getElementById(target.slice(1)) === null;
}

/** Contrast of a text to what is behind it, as WCAG 2 has it. */
function contrastOf(element) {
  const isDrawn = element instanceof SVGElement;
  const { color, fill } = getComputedStyle(element);
  const ink = channels(isDrawn ? fill : color).slice(0, 3);
  const [light, dark] = [ink, isDrawn ? paintedUnder(element) : backgroundOf(element)]
    .map(luminance)
    .sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(rgb) {
  const [red, green, blue] = rgb.map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function channels(color) {
  return (color.match(/[\d.]+/g) ?? []).map(Number);
}

function laidOver([red, green, blue, alpha = 1], below) {
  return [red, green, blue].map((channel, i) => channel * alpha + below[i] * (1 - alpha));
}

function backgroundOf(element) {
  for (let at = element; at !== null; at = at.parentElement) {
    const color = channels(getComputedStyle(at).backgroundColor);
    if ((color[3] ?? 1) > 0) return laidOver(color, [255, 255, 255]);
  }
  return [255, 255, 255];
}

/** The colour of what the same picture paints before a text, where the text begins. */
function paintedUnder(text) {
  const { left, top, height } = text.getBoundingClientRect();
  const [x, y] = [left + 1, top + height / 2];
  const under = [...pictureOf(text).querySelectorAll('rect, circle, path')].filter((shape) => {
    const box = shape.getBoundingClientRect();
    const isBefore = shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING;
    return isBefore && box.left <= x && box.right >= x && box.top <= y && box.bottom >= y;
  });
  return under.reduce((color, shape) => {
    const { fill, opacity } = getComputedStyle(shape);
    const isFilled = fill !== 'none' && !fill.startsWith('url');
    return isFilled ? laidOver([...channels(fill).slice(0, 3), Number(opacity)], color) : color;
  }, backgroundOf(text));
}

measure();
