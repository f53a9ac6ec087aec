/**
 * The HTML template tag: interpolated text is escaped, interpolated markup is not.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { escapeHtml, html, NOTHING } from '../../../src/web/page/html.ts';

describe('interpolated text', () => {
  for (const { what, text, markup } of [
    { what: 'a plain name', text: 'kube-api-access_1/to.ken:8', markup: 'kube-api-access_1/to.ken:8' },
    { what: 'characters outside of ASCII', text: 'é漢😀', markup: 'é漢😀' },
    { what: 'an element', text: '<b>', markup: '&lt;b&gt;' },
    { what: 'an entity', text: '&amp;', markup: '&amp;amp;' },
    { what: 'quotes', text: `"'`, markup: '&quot;&#39;' },
    { what: 'a line feed', text: 'a\nb', markup: 'a\u{FFFD}b' },
    { what: 'a mark that reverses the text direction', text: 'a\u202Eb', markup: 'a\u{FFFD}b' },
    { what: 'half of a surrogate pair', text: 'a\uD800', markup: 'a\u{FFFD}' },
    { what: 'an empty string', text: '', markup: '' },
  ]) {
    it(`is escaped in an element and in an attribute: ${what}`, () => {
      assert.equal(escapeHtml(text), markup);
      assert.equal(html`<p title="${text}">${text}</p>`.markup, `<p title="${markup}">${markup}</p>`);
    });
  }
});

describe('interpolated markup', () => {
  it('is not escaped again', () => assert.equal(html`<p>${html`<b>${'<'}</b>`}`.markup, '<p><b>&lt;</b>'));
  it('can be a list, or nothing', () =>
    assert.equal(html`${[html`<b>`, html`<i>`]}${NOTHING}${[]}.`.markup, '<b><i>.'));
  it('can be a number', () => assert.equal(html`${0} ${-1.5}`.markup, '0 -1.5'));
});
