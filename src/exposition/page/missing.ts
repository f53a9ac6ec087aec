/**
 * What should be there and is not, and what is there and cannot be read.
 */
import type { Finding } from '../../core/absence.ts';
import type { Unreadable } from '../../core/observation.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import { type Html, html, NOTHING } from '../html.ts';
import { remedy } from './token-rows.ts';
import { clipped, listed } from './words.ts';

const MAX_MISSING = 20;
const MAX_UNREADABLE = 100;

function missing({ check, identity, detail }: Finding): Html {
  const { namespace, pod, podUid, volume, path } = identity;
  const steps = check.fixAbsent(identity);
  return html`<li>${clipped(namespace)}/<b>${clipped(pod || podUid)}</b> ${clipped(`${volume}/${path}`)}${remedy(check, detail, steps)}
`;
}

function unreadable({ podUid, volume, path, reason, detail }: Unreadable): Html {
  const place = [podUid, volume, path].filter((part) => part !== '').join('/');
  return html`<li>${clipped(place) || "the kubelet's folder of pods"}: <b class=warn>${reason}</b> <i>${clipped(detail)}</i>
`;
}

function part(id: string, title: string, content: Html): Html {
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${content}</section>`;
}

/** Two sections; neither where there is nothing of its kind. */
export function absentAndUnreadable({ findings, observation }: Snapshot): Html {
  const lost = observation.unreadable;
  return html`${
    findings.length === 0
      ? NOTHING
      : part('missing', 'Missing tokens', listed(findings, MAX_MISSING, missing))
  }${
    lost.length === 0 ? NOTHING : part('unreadable', 'Unreadable', listed(lost, MAX_UNREADABLE, unreadable))
  }`;
}
