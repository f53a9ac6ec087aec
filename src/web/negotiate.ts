/**
 * Content negotiation of the metrics format by the Accept header (RFC 9110, 12.5.1).
 *
 * Prometheus lists types with parameters, such as `escaping`, that general negotiators insist on matching.
 */
import type { Format } from '../metrics/text.ts';

const OPENMETRICS = 'application/openmetrics-text';
/** Media ranges that match the text format. The quality of the most specific one applies, so that comes first. */
const TEXT = ['text/plain', 'text/*', '*/*'];

interface Offer {
  readonly type: string;
  readonly version: string;
  readonly quality: number;
}

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

/** OpenMetrics if the client names it with at least the quality of text, else text. */
export function negotiateFormat(accept: string | undefined): Format {
  const offers = (accept ?? '').split(',').map(parseOffer);
  const openMetrics = offers.filter(({ type, version }) => type === OPENMETRICS && version === '1.0.0');
  const quality = Math.max(0, ...openMetrics.map((offer) => offer.quality));
  return quality > 0 && quality >= qualityOfText(offers) ? 'openmetrics' : 'text';
}
