import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html, markupOf, nameText, prose, shortened } from '../../../../agent/render/report/html.ts';

const inElement = (text: string) => markupOf(html`<p>${text}</p>`);
const inAttribute = (text: string) => markupOf(html`<p title="${text}"></p>`);

describe('a template', () => {
  it('turns every character that means something in HTML into text', () => {
    expect(inElement(`<b>&'"`)).toBe('<p>&lt;b&gt;&amp;&#39;&quot;</p>');
    expect(inAttribute('" onload="x')).toBe('<p title="&quot; onload=&quot;x"></p>');
  });

  it('shows control and bidi characters as escapes', () => {
    expect(inElement('\u001b[2J\u202eSAN\u0000')).toBe('<p>\\x1b[2J\\u202eSAN\\x00</p>');
  });

  it('lets no text out of its place, whatever the text is', () => {
    const fragments = ['<', '>', '"', "'", '&', '`', '</p>', '<script>', '-->', ']]>', '\u0000', '\u202e'];
    const texts = fc.array(fc.oneof(fc.constantFrom(...fragments), fc.string()), { maxLength: 8 });
    fc.assert(
      fc.property(texts, (parts) => {
        const text = parts.join('');
        expect(inElement(text)).toMatch(/^<p>[^<>"'\u0000-\u001f\u202a-\u202e]*<\/p>$/);
        expect(inAttribute(text)).toMatch(/^<p title="[^<>"'\u0000-\u001f\u202a-\u202e]*"><\/p>$/);
      }),
    );
  });

  it('joins lists, keeps markup of its own, and leaves nothing for null and false', () => {
    const rows = ['a', '<'].map((each) => html`<li>${each}</li>`);
    expect(markupOf(html`<ul>${rows}${null}${false}${7}</ul>`)).toBe('<ul><li>a</li><li>&lt;</li>7</ul>');
  });
});

describe('the advice', () => {
  it('has what stands between backticks as code, escaped like everything else', () => {
    expect(markupOf(prose('Run `a <b>` now'))).toBe('Run <code>a &lt;b&gt;</code> now');
  });
});

describe('a name', () => {
  it('is set apart from the direction of the text around it, and bounded', () => {
    expect(markupOf(nameText('NAS'))).toBe('<bdi class="name">NAS</bdi>');
    expect(markupOf(nameText('x'.repeat(300)))).toBe(`<bdi class="name">${'x'.repeat(63)}…</bdi>`);
  });

  it('is not cut within a character', () => {
    expect(shortened('🖨🖨🖨', 2)).toBe('🖨…');
    expect(shortened('🖨🖨', 2)).toBe('🖨🖨');
  });
});
