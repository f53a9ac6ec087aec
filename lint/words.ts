/**
 * Words and phrases that do not belong into code, comments, messages and documents, and what to write instead.
 *
 * The voice is that of the Prometheus and Kubernetes documentation: plain American English, subject first, active,
 * and the field's own terms. `npm run lint:words [path...]` reports every hit; `lint/word-exemptions.ts` lists the
 * places where a word has to stay.
 */

/** A phrase that plain text cannot describe. */
export interface Pattern {
  /** Source of a regular expression, matched without regard to case. */
  readonly source: string;
  /** Text that matches; the tests plant it. */
  readonly example: string;
}

export interface WordRule {
  /** Whole words. A space also matches a line break between two lines of a comment or paragraph. */
  readonly avoid: readonly (string | Pattern)[];
  readonly write: string;
}

const PEOPLE: readonly WordRule[] = [
  {
    avoid: ['nobody', 'somebody', 'everybody', 'anybody', 'no one', 'someone'],
    write: 'the party: no client, an attacker, every user, the kubelet',
  },
  {
    avoid: ['whoever', 'whomever', 'whosoever', 'whom'],
    write: 'the party: the client, users who, the account that',
  },
  {
    avoid: ["one's own", 'the own', 'own view'],
    write: "whose it is: your own, the exporter's",
  },
  { avoid: ['whatever'], write: 'any, every, regardless of' },
];

/** Things that act like persons. */
const PERSONIFICATION: readonly WordRule[] = [
  {
    avoid: ['told', 'told of', 'tells', 'does not tell', 'tell of', 'tell who', 'tell whether', 'tell why'],
    write: 'reports, shows, logs, returns, says',
  },
  { avoid: ['tell apart', 'tells apart', 'told apart'], write: 'distinguish' },
  { avoid: ['hears', 'hears of', 'hear of', 'heard of'], write: 'is notified of, receives, is called with' },
  { avoid: ['sings', 'speak again'], write: 'works, is healthy, reports' },
  { avoid: ['let in', 'lets in', 'letting in', 'is let', 'are let'], write: 'allow, accept, authenticate' },
  {
    avoid: [
      'is asked',
      'are asked',
      'was asked',
      'asks whoever',
      'asks whether',
      'asked whether',
      'who asks',
    ],
    write: 'the request: queries, sends a TokenReview, checks whether, the client',
  },
  {
    avoid: ['is answered', 'are answered', 'was answered', 'were answered'],
    write: 'returns 400, responds with, is served',
  },
  {
    avoid: ['asked for', 'asks for', 'what you ask for', 'asking for'],
    write: 'requested, requests; match the filter',
  },
  { avoid: ['dead within', 'dies in', 'who would be', 'would be first'], write: 'expires in, expires first' },
  {
    avoid: ['Knows nothing', 'Knows no', 'Knows neither', 'Knows none', 'Knows only', 'do not know yet'],
    write: 'what the module is or does; name a boundary only if it would surprise',
  },
  {
    avoid: [
      'what is known',
      'nothing that is known',
      'nothing is known',
      { source: 'what (?:the )?(?:\\w+ )?(?:API server )?knows', example: 'what the API server knows' },
    ],
    write: 'the data: data from the API server, no data',
  },
];

const ARCHAIC: readonly WordRule[] = [
  { avoid: ['mend', 'mends', 'mended', 'mending'], write: 'fix, repair; Mitigation (heading)' },
  { avoid: ['anew'], write: 'again, new, re-' },
  { avoid: ['made again', 'make again', 'makes again', 'making again'], write: 'recreated, rebuilt' },
  { avoid: ['for want of', 'for lack of'], write: 'without, because there is no' },
  { avoid: ['beside'], write: 'next to, in addition to, with' },
  {
    avoid: [
      'thereof',
      'therein',
      'thereby',
      'thereafter',
      'therefrom',
      'hereby',
      'herein',
      'hereof',
      'wherein',
      'whereby',
      'whereof',
      'whence',
      'hence',
      'hitherto',
      'henceforth',
    ],
    write: 'of it, in it, by it, then, so',
  },
  {
    avoid: ['lest', 'albeit', 'nought', 'naught', 'aught', 'ought', 'wholly', 'save for', 'but for', 'upon'],
    write: 'so that ... not, although, nothing, should, completely, except, on',
  },
  { avoid: ['for ever'], write: 'forever, permanently, for the lifetime of the process' },
  { avoid: ['seldom', 'all the same', 'none the less'], write: 'rarely, anyway' },
  { avoid: ['not any more', 'any more'], write: 'no longer' },
  { avoid: ['no more than so', 'no more than that'], write: 'state the limit, or drop it' },
  { avoid: ['whilst', 'amongst', 'amidst', 'towards'], write: 'while, among, toward' },
];

/** Constructions that read like a translation. */
const TRANSLATED: readonly WordRule[] = [
  {
    avoid: ['is none', 'are none', 'was none', 'is none as'],
    write: 'there is no ..., does not exist, undefined',
  },
  {
    avoid: [{ source: '(?:/\\*\\*?[\\s*]*|// ?|# ?)Answers', example: '/** Answers the request. */' }],
    write: 'Returns, Responds with, Serves',
  },
  {
    avoid: [
      'come to nothing',
      'comes to nothing',
      { source: 'what (?:\\S+ ){1,6}comes? to', example: 'what it comes to' },
    ],
    write: 'the result, the outcome, the cost',
  },
  { avoid: ['is refused', 'are refused', 'be refused'], write: 'is rejected, is denied' },
  { avoid: ['in trouble'], write: 'failing, unavailable, with problems' },
  { avoid: ['wherever', 'whichever'], write: 'where, if, any' },
  {
    avoid: ['in its place', 'in their place', 'takes the place', 'take the place', 'took the place'],
    write: 'replaces, instead',
  },
  { avoid: ['is not taken', 'are not taken', 'not taken'], write: 'is rejected, is invalid' },
  {
    avoid: ['without leave', 'leave to', 'by leave'],
    write: 'without permission, permission to',
  },
  {
    avoid: [{ source: 'is over(?! (?:the|its|a|an|\\d))', example: 'the grace is over.' }],
    write: 'has passed, has ended, is resolved',
  },
  { avoid: ['is there twice', 'is not followed', 'write it out'], write: 'duplicate; not supported' },
  { avoid: ['is not that of', 'are not those of'], write: 'does not match' },
  {
    avoid: [{ source: 'a text(?! (?:area|field|file|format|input|node))', example: 'must be a text' }],
    write: 'a string, a message',
  },
  { avoid: ['texts'], write: 'strings, messages, descriptions' },
  { avoid: ['cannot go on', 'could not go on'], write: 'fatal: ..., cannot continue' },
  { avoid: ['without an end', 'without end'], write: 'never expires' },
  { avoid: ['lies with', 'lie with'], write: 'is on, belongs to' },
  { avoid: ['been over its', 'was over its', 'looked at as a whole'], write: 'scanned, completed a scan' },
  { avoid: ['goes by', 'go by', 'going by'], write: 'uses, is based on, follows' },
  { avoid: ['on its way out', 'on their way out'], write: 'terminating' },
  { avoid: ['makes no sense', 'make no sense'], write: 'invalid' },
  { avoid: ['seen late', 'in one line of its log'], write: 'detected late; a log line' },
  { avoid: ['How to see that it is over'], write: 'Verification' },
  { avoid: ['while none does', 'while none do'], write: 'otherwise' },
  { avoid: ['by and by', 'at hand'], write: 'over time; available' },
];

/** The field has a word for it. */
const TERMS: readonly WordRule[] = [
  {
    avoid: [{ source: '(?<![\\w-]-|user |connection )agents?', example: 'every agent on its node' }],
    write: 'exporter',
  },
  { avoid: ['successor', 'successors'], write: 'new token, next' },
  { avoid: ['Not replaced since', 'has not replaced', 'not replaced in time'], write: 'not rotated' },
  { avoid: ['the grace is'], write: 'the grace period' },
  { avoid: ['full pass', 'first pass', 'next pass', 'last pass', 'pass over', 'passes over'], write: 'scan' },
  { avoid: ['patience'], write: 'timeout, grace period, the `for` duration' },
  { avoid: ['laid', 'lay it', 'lay a', 'lays a'], write: 'added (a watch), placed' },
  { avoid: ['under way', 'underway'], write: 'in flight, in progress, running' },
  { avoid: ['Least to log'], write: 'Minimum log level' },
  { avoid: ['judgement', 'judgements'], write: 'verdict, result' },
  {
    avoid: ['surroundings', 'superfluous', 'agenda', 'inquiry', 'inquiries'],
    write: 'context, excess, work queue, poller',
  },
  {
    avoid: [{ source: '(?:LEAST|MOST|USUAL|PATIENCE)_\\w+|AGAIN_MS|LONG_AGO', example: 'MOST_TOKENS' }],
    write: 'MIN_, MAX_, DEFAULT_, TIMEOUT_MS, MIN_INTERVAL_MS, NEVER',
  },
];

const AMERICAN: readonly WordRule[] = [
  { avoid: ['colour', 'colours', 'coloured'], write: 'color' },
  {
    avoid: ['behaviour', 'neighbour', 'neighbours', 'favour', 'honour', 'honours'],
    write: 'behavior, neighbor, favor, honor',
  },
  { avoid: ['licence', 'licences', 'defence'], write: 'license, defense' },
  {
    avoid: ['labelled', 'labelling', 'relabelling', 'cancelled', 'cancelling', 'modelled', 'travelled'],
    write: 'labeled, canceled, modeled',
  },
  {
    avoid: [
      'optimise',
      'optimising',
      'recognise',
      'recognised',
      'serialise',
      'normalise',
      'normalised',
      'initialise',
      'randomise',
      'randomises',
      'organisation',
    ],
    write: '-ize',
  },
  {
    avoid: ['grey', 'centre', 'analyse', 'artefact', 'programme', 'spelt', 'learnt'],
    write: 'gray, center, analyze, artifact, program, spelled, learned',
  },
];

export const WORD_RULES: readonly WordRule[] = [
  ...PEOPLE,
  ...PERSONIFICATION,
  ...ARCHAIC,
  ...TRANSLATED,
  ...TERMS,
  ...AMERICAN,
];
