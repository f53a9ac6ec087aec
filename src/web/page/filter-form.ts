/**
 * The form that asks for a part of the page: it works without a script.
 */
import { REASONS } from '../../core/checks/index.ts';
import { TOKEN_STATES } from '../../core/rotation.ts';
import { type Filter, MAX_TEXT } from './filter.ts';
import { type Html, html, NOTHING } from './html.ts';

function choice(name: string, title: string, values: readonly string[], chosen: string | undefined): Html {
  const options = values.map(
    (value) => html`<option${value === chosen ? html` selected` : NOTHING}>${value}</option>`,
  );
  return html`<label>${title}<select name="${name}"><option value="">any</option>${options}</select></label>`;
}

export function filterForm({ text, problem, state }: Filter): Html {
  return html`<form role="search" aria-label="Tokens"><label>Pod, account or volume<input type="search" name="q" maxlength="${MAX_TEXT}" value="${text}"></label>
${choice('problem', 'Problem', REASONS, problem)}
${choice('state', 'State', TOKEN_STATES, state)}
<button>Filter</button> <a href="?">Show all</a></form>`;
}

/** The same question to the page's twin. */
export function queryOf({ text, problem, state }: Filter): string {
  const asked = Object.entries({ q: text, problem: problem ?? '', state: state ?? '' });
  return new URLSearchParams(asked.filter(([, value]) => value !== '')).toString();
}
