/**
 * The lists of missing tokens and of objects that could not be read.
 */
import type { MissingToken } from '../../core/missing-tokens.ts';
import { formatLocation, type Unreadable } from '../../core/observation.ts';
import { OTHER_RUNBOOKS } from '../../core/runbook.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import { clipped, listed, remediation, runbookLink, section } from './format.ts';
import { type Html, html, NOTHING } from './html.ts';

const MAX_MISSING = 20;
const MAX_UNREADABLE = 100;

function missingToken({ check, identity, detail }: MissingToken, runbooks: string): Html {
  const { namespace, pod, podUid, volume, path } = identity;
  const steps = check.fixMissing(identity);
  return html`<li>${clipped(namespace)}/<b>${clipped(pod || podUid)}</b> ${clipped(`${volume}/${path}`)}${remediation(check, detail, steps, runbooks)}
`;
}

function unreadableObject(object: Unreadable): Html {
  return html`<li>${clipped(formatLocation(object))}: <b class=warn>${object.reason}</b> <i>${clipped(object.detail)}</i>
`;
}

/** A section with missing tokens; nothing if no token is missing. */
export function missingTokens({ missingTokens: tokens }: Snapshot, runbooks: string): Html {
  if (tokens.length === 0) return NOTHING;
  const list = listed(tokens, MAX_MISSING, (token) => missingToken(token, runbooks));
  return section('missing', 'Missing tokens', list);
}

/** A section with objects that could not be read; nothing if all of them could. */
export function unreadableObjects({ observation: { unreadable } }: Snapshot, runbooks: string): Html {
  if (unreadable.length === 0) return NOTHING;
  const list = listed(unreadable, MAX_UNREADABLE, unreadableObject);
  const content = html`${list}${runbookLink(runbooks, OTHER_RUNBOOKS.unreadable)}`;
  return section('unreadable', 'Unreadable', content);
}
