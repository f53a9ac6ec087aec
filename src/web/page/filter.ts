/**
 * The filter of the page and the JSON report: by text, problem and state.
 *
 * Empty and unknown parameters filter nothing. An invalid value is an error, so that the whole node is not mistaken for
 * the filtered part.
 */
import { REASONS, type Reason } from '../../core/checks/index.ts';
import type { Unreadable } from '../../core/observation.ts';
import { TOKEN_STATES, type TokenState } from '../../core/rotation.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import type { TokenIdentity } from '../../core/token/token.ts';
import { err, ok, type Result } from '../../util/result.ts';
import { type Html, html, NOTHING } from './html.ts';

export interface Filter {
  /** Substring of `namespace/pod`, the service account, `volume/path` or the pod's UID; case-insensitive. */
  readonly text: string;
  readonly problem: Reason | undefined;
  readonly state: TokenState | undefined;
}

export const NO_FILTER: Filter = { text: '', problem: undefined, state: undefined };

/** More characters than the names of a namespace and a pod can have. */
export const MAX_TEXT = 320;

/** Parses a query string without its `?`. The error message repeats nothing of the query. */
export function parseFilter(query: string): Result<Filter, string> {
  const parameters = new URLSearchParams(query);
  const parameter = (name: string): string => parameters.get(name) ?? '';
  const [text, problem, state] = [parameter('q'), parameter('problem'), parameter('state')];
  const knownProblem = REASONS.find((reason) => reason === problem);
  const knownState = TOKEN_STATES.find((known) => known === state);
  if (text.length > MAX_TEXT) return err(`q must not be longer than ${MAX_TEXT} characters`);
  if (problem !== '' && knownProblem === undefined)
    return err(`problem must be one of: ${REASONS.join(', ')}`);
  if (state !== '' && knownState === undefined)
    return err(`state must be one of: ${TOKEN_STATES.join(', ')}`);
  return ok({ text, problem: knownProblem, state: knownState });
}

/** The query string that parses to the filter. */
export function filterQuery({ text, problem, state }: Filter): string {
  const parameters = Object.entries({ q: text, problem: problem ?? '', state: state ?? '' });
  return new URLSearchParams(parameters.filter(([, value]) => value !== '')).toString();
}

/** What is searched for text. The names of an unreadable object's pod may not be known. */
type Named = Pick<Unreadable, 'podUid' | 'volume' | 'path'> & Partial<TokenIdentity>;

function matchesText(text: string): (named: Named) => boolean {
  if (text === '') return () => true;
  const wanted = text.toLowerCase();
  return ({ namespace = '', pod = '', serviceAccount = '', volume, path, podUid }) =>
    [`${namespace}/${pod}`, serviceAccount, `${volume}/${path}`, podUid].some((name) =>
      name.toLowerCase().includes(wanted),
    );
}

/** Filters the lists of the snapshot. Its counts remain those of the node. */
export function applyFilter(snapshot: Snapshot, { text, problem, state }: Filter): Snapshot {
  const isNamed = matchesText(text);
  const { observation, podNames } = snapshot;
  return {
    ...snapshot,
    assessments: snapshot.assessments.filter(
      (one) =>
        (state === undefined || one.state === state) &&
        (problem === undefined || one.failures.some(({ check }) => check.reason === problem)) &&
        isNamed(one.token.identity),
    ),
    missingTokens: snapshot.missingTokens.filter(
      ({ check, identity }) =>
        state === undefined && (problem === undefined || check.reason === problem) && isNamed(identity),
    ),
    observation: {
      ...observation,
      unreadable:
        state === undefined && problem === undefined
          ? observation.unreadable.filter((one) => isNamed({ ...one, ...podNames.get(one.podUid) }))
          : [],
    },
  };
}

/** Like rows, options need no end tags. */
function select(name: string, title: string, values: readonly string[], selected: string | undefined): Html {
  const options = values.map(
    (value) => html`<option${value === selected ? html` selected` : NOTHING}>${value}`,
  );
  return html`<label>${title}<select name="${name}"><option value="">any${options}</select></label>`;
}

/** Works without a script: submitting it loads the page with the filter as its query string. */
export function filterForm({ text, problem, state }: Filter): Html {
  return html`<form role="search" aria-label="Tokens"><label>Pod, service account or volume<input type="search" name="q" maxlength="${MAX_TEXT}" value="${text}"></label>
${select('problem', 'Problem', REASONS, problem)}
${select('state', 'State', TOKEN_STATES, state)}
<button>Filter</button> <a href="?">Show all</a></form>`;
}
