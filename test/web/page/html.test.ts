/**
 * Markup: whatever is put into it is text.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { escapeHtml, html, NOTHING } from '../../../src/web/page/html.ts';

describe('text in markup', () => {
  for (const { what, text, markup } of [
    { what: 'a plain name', text: 'kube-api-access_1/to.ken:8', markup: 'kube-api-access_1/to.ken:8' },
    { what: 'what no alphabet has', text: 'é漢😀', markup: 'é漢😀' },
    { what: 'an element', text: '<b>', markup: '&lt;b&gt;' },
    { what: 'an entity', text: '&amp;', markup: '&amp;amp;' },
    { what: 'quotes', text: `"'`, markup: '&quot;&#39;' },
    { what: 'a line feed', text: 'a\nb', markup: 'a\u{FFFD}b' },
    { what: 'a mark that turns text around', text: 'a\u202Eb', markup: 'a\u{FFFD}b' },
    { what: 'half a character', text: 'a\uD800', markup: 'a\u{FFFD}' },
    { what: 'nothing', text: '', markup: '' },
  ]) {
    it(`is harmless: ${what}`, () => {
      assert.equal(escapeHtml(text), markup);
      assert.equal(html`<p title="${text}">${text}</p>`.markup, `<p title="${markup}">${markup}</p>`);
    });
  }
});

describe('markup in markup', () => {
  it('stays markup', () => assert.equal(html`<p>${html`<b>${'<'}</b>`}`.markup, '<p><b>&lt;</b>'));
  it('may be many, or nothing', () =>
    assert.equal(html`${[html`<b>`, html`<i>`]}${NOTHING}${[]}.`.markup, '<b><i>.'));
  it('may be a number', () => assert.equal(html`${0} ${-1.5}`.markup, '0 -1.5'));
});
