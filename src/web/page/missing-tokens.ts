/**
 * What should be there and is not, and what is there and cannot be read.
 */
import type { MissingToken } from '../../core/missing-tokens.ts';
import { formatLocation, type Unreadable } from '../../core/observation.ts';
import { OTHER_RUNBOOKS } from '../../core/runbook.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import { clipped, listed, runbookLink, section } from './format.ts';
import { type Html, html, NOTHING } from './html.ts';
import { remedy } from './token-table.ts';

const MAX_MISSING = 20;
const MAX_UNREADABLE = 100;

function missing({ check, identity, detail }: MissingToken, runbooks: string): Html {
  const { namespace, pod, podUid, volume, path } = identity;
  const steps = check.fixMissing(identity);
  return html`<li>${clipped(namespace)}/<b>${clipped(pod || podUid)}</b> ${clipped(`${volume}/${path}`)}${remedy(check, detail, steps, runbooks)}
`;
}

function unreadable(lost: Unreadable): Html {
  return html`<li>${clipped(formatLocation(lost))}: <b class=warn>${lost.reason}</b> <i>${clipped(lost.detail)}</i>
`;
}

/** Two sections; neither where there is nothing of its kind. */
export function absentAndUnreadable({ missingTokens, observation }: Snapshot, runbooks: string): Html {
  const lost = observation.unreadable;
  return html`${
    missingTokens.length === 0
      ? NOTHING
      : section(
          'missing',
          'Missing tokens',
          listed(missingTokens, MAX_MISSING, (one) => missing(one, runbooks)),
        )
  }${
    lost.length === 0
      ? NOTHING
      : section(
          'unreadable',
          'Unreadable',
          html`${listed(lost, MAX_UNREADABLE, unreadable)}${runbookLink(runbooks, OTHER_RUNBOOKS.unreadable)}`,
        )
  }`;
}
