/**
 * Which part of a snapshot is asked for: by text, by problem, by state.
 *
 * Knows nothing of how the part is shown. What it cannot make sense of it refuses, so that nobody takes the whole for
 * a part; a parameter that it does not know, or that is empty, asks for nothing.
 */
import { REASONS, type Reason } from '../../core/checks/index.ts';
import type { Unreadable } from '../../core/observation.ts';
import { TOKEN_STATES, type TokenState } from '../../core/rotation.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import type { TokenIdentity } from '../../core/token.ts';

export interface Filter {
  /** To be found, in whatever case, in `namespace/pod`, the account, `volume/path` or the pod's uid. */
  readonly text: string;
  readonly problem: Reason | undefined;
  readonly state: TokenState | undefined;
}

/** The words of a refusal hold nothing of what was asked. */
export type ParsedFilter =
  | { readonly ok: true; readonly filter: Filter }
  | { readonly ok: false; readonly problem: string };

export const NO_FILTER: Filter = { text: '', problem: undefined, state: undefined };

/** Longer than the name of a pod and its namespace may be. */
export const MAX_TEXT = 320;

function refuse(problem: string): ParsedFilter {
  return { ok: false, problem };
}

/** Reads what follows the `?` of an address. */
export function parseFilter(query: string): ParsedFilter {
  const asked = new URLSearchParams(query);
  const [text, problem, state] = ['q', 'problem', 'state'].map((name) => asked.get(name) ?? '');
  const knownProblem = REASONS.find((reason) => reason === problem);
  const knownState = TOKEN_STATES.find((known) => known === state);
  if (text === undefined || text.length > MAX_TEXT) return refuse(`q is longer than ${MAX_TEXT}`);
  if (problem !== '' && knownProblem === undefined)
    return refuse(`problem must be one of: ${REASONS.join(', ')}`);
  if (state !== '' && knownState === undefined)
    return refuse(`state must be one of: ${TOKEN_STATES.join(', ')}`);
  return { ok: true, filter: { text, problem: knownProblem, state: knownState } };
}

/** What of an object can be found by text: an unreadable one has but its place. */
type Named = Pick<Unreadable, 'podUid' | 'volume' | 'path'> & Partial<TokenIdentity>;

function namesText(text: string): (named: Named) => boolean {
  if (text === '') return () => true;
  const wanted = text.toLowerCase();
  return ({ namespace = '', pod = '', serviceAccount = '', volume, path, podUid }) =>
    [`${namespace}/${pod}`, serviceAccount, `${volume}/${path}`, podUid].some((name) =>
      name.toLowerCase().includes(wanted),
    );
}

/** The snapshot with the lists cut down to what is asked for; its counts stay those of the node. */
export function narrow(snapshot: Snapshot, { text, problem, state }: Filter): Snapshot {
  const isNamed = namesText(text);
  const { observation } = snapshot;
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
      unreadable: state === undefined && problem === undefined ? observation.unreadable.filter(isNamed) : [],
    },
  };
}
