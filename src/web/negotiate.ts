/**
 * Which format a client wants, by its Accept header (RFC 9110, 12.5.1).
 *
 * Prometheus lists types with parameters that general negotiators insist on matching, `escaping` among them.
 */
import type { Format } from '../metrics/text.ts';

const OPENMETRICS = 'application/openmetrics-text';
/** Ranges that the text format lies in, the most precise first: that one's quality holds. */
const TEXT = ['text/plain', 'text/*', '*/*'];

interface Offer {
  readonly type: string;
  readonly version: string;
  readonly quality: number;
}

/** The value of a parameter, out of its quotes if it has any. */
function parameter(parameters: readonly string[], name: string): string | undefined {
  const found = parameters.find((text) => text.startsWith(`${name}=`));
  return found?.slice(name.length + 1).replaceAll('"', '');
}

function parseOffer(text: string): Offer {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = Number(parameter(parameters, 'q') ?? 1);
  return {
    type,
    version: parameter(parameters, 'version') ?? '1.0.0',
    quality: quality >= 0 && quality <= 1 ? quality : 0,
  };
}

function qualityOfText(offers: readonly Offer[]): number {
  const range = TEXT.find((type) => offers.some((offer) => offer.type === type));
  return Math.max(0, ...offers.filter(({ type }) => type === range).map(({ quality }) => quality));
}

/** OpenMetrics where a client names it and likes it at least as well as text; text for everybody else. */
export function negotiateFormat(accept: string | undefined): Format {
  const offers = (accept ?? '').split(',').map(parseOffer);
  const named = offers.filter(({ type, version }) => type === OPENMETRICS && version === '1.0.0');
  const quality = Math.max(0, ...named.map((offer) => offer.quality));
  return quality > 0 && quality >= qualityOfText(offers) ? 'openmetrics' : 'text';
}
