/**
 * Which format a client wants, by its Accept header (RFC 9110, 12.5.1).
 *
 * Prometheus lists types with parameters that general negotiators insist on matching, `escaping` among them.
 */
import type { Format } from './text.ts';

const OPENMETRICS = 'application/openmetrics-text';
const OPENMETRICS_VERSIONS = new Set([null, '0.0.1', '1.0.0']);
const TEXT = new Set(['text/plain', 'text/*', '*/*']);

interface Offer {
  readonly type: string;
  readonly version: string | null;
  readonly quality: number;
}

function parseOffer(text: string): Offer {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const values = new Map(parameters.map((parameter) => parameter.split('=', 2) as [string, string]));
  const quality = Number(values.get('q') ?? 1);
  return {
    type,
    version: values.get('version') ?? null,
    quality: quality >= 0 && quality <= 1 ? quality : 0,
  };
}

/** OpenMetrics where the client likes it at least as well as text; text for everybody else. */
export function negotiateFormat(accept: string | undefined): Format {
  const offers = (accept ?? '').split(',').map(parseOffer);
  let [text, openmetrics] = [0, 0];
  for (const offer of offers) {
    if (TEXT.has(offer.type)) text = Math.max(text, offer.quality);
    const isOpenMetrics = offer.type === OPENMETRICS && OPENMETRICS_VERSIONS.has(offer.version);
    if (isOpenMetrics) openmetrics = Math.max(openmetrics, offer.quality);
  }
  return openmetrics > 0 && openmetrics >= text ? 'openmetrics' : 'text';
}
