/**
 * The lists of missing tokens and of objects that could not be read.
 */
import { explainCommands } from '../../core/explain-command.ts';
import { formatPod, type PodNames, UNKNOWN_NAME } from '../../core/identity.ts';
import type { MissingToken } from '../../core/missing-tokens.ts';
import { formatLocation, type Unreadable } from '../../core/observation.ts';
import { missingStartOf } from '../../core/problems/problem-start.ts';
import { unreadableRunbook } from '../../core/runbook.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import { clipped, evidence, listed, podName, remediation, runbookLink, section } from './format.ts';
import { type Html, html, NOTHING } from './html.ts';

const MAX_MISSING = 20;
const MAX_UNREADABLE = 100;

function missingToken(missing: MissingToken, snapshot: Snapshot, runbooks: string): Html {
  const { check, identity, detail } = missing;
  const found = evidence(detail, missingStartOf(snapshot, missing), snapshot.now);
  const { volume, path } = identity;
  const steps = check.fixMissing(identity);
  const links = { commands: explainCommands(identity, snapshot), runbooks };
  return html`<li>${podName(identity)} ${clipped(`${volume}/${path}`)}${remediation(missing, found, steps, links)}
`;
}

function unreadableObject(object: Unreadable, podNames: PodNames): Html {
  const { podUid } = object;
  const pod = formatPod({ podUid, ...(podNames.get(podUid) ?? UNKNOWN_NAME) });
  return html`<li>${clipped(formatLocation(object, pod))}: <b class=warn>${object.reason}</b> <i>${clipped(object.detail)}</i>
`;
}

/** A section with missing tokens; nothing if no token is missing. */
export function missingTokens(snapshot: Snapshot, runbooks: string): Html {
  const tokens = snapshot.missingTokens;
  if (tokens.length === 0) return NOTHING;
  const list = listed(tokens, MAX_MISSING, (token) => missingToken(token, snapshot, runbooks));
  return section('missing', 'Missing tokens', list);
}

/** A section with objects that could not be read; nothing if all of them could. */
export function unreadableObjects(
  { observation: { unreadable }, podNames }: Snapshot,
  runbooks: string,
): Html {
  if (unreadable.length === 0) return NOTHING;
  const list = listed(unreadable, MAX_UNREADABLE, (object) => unreadableObject(object, podNames));
  const names = new Set(unreadable.map(unreadableRunbook));
  const links = Array.from(names, (name) => runbookLink(runbooks, name));
  const content = html`${list}${links}`;
  return section('unreadable', 'Unreadable', content);
}
