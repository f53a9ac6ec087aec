/**
 * The faults that are on: for which requests, how often, until when.
 *
 * Knows nothing of what a fault does.
 */
import type { Fault } from './faults.ts';
import type { ApiRequest, RequestedResource, Verb } from './request.ts';

/** The requests that are hit: all, unless something is named. */
export interface Target {
  readonly resource?: RequestedResource;
  readonly verb?: Verb;
  /** Only so many of them; the next ones go well. */
  readonly times?: number;
}

export interface Injection {
  readonly fault: Fault;
  readonly healed: Promise<void>;
}

export interface Injections {
  /** Answers how to heal it. */
  readonly inject: (fault: Fault, target?: Target) => () => void;
  /** Heals all. */
  readonly heal: () => void;
  /** What hits this request, the latest first; counts as once. Silence is asked for apart, at every frame. */
  readonly take: (request: ApiRequest) => Injection | undefined;
  readonly isSilent: (request: ApiRequest) => boolean;
}

interface Active extends Injection {
  readonly target: Target;
  readonly heal: () => void;
  left: number;
}

function hits({ resource, verb }: Target, request: ApiRequest): boolean {
  return (resource ?? request.resource) === request.resource && (verb ?? request.verb) === request.verb;
}

export function createInjections(): Injections {
  let active: readonly Active[] = [];

  const inject = (fault: Fault, target: Target = {}): (() => void) => {
    const { promise: healed, resolve } = Promise.withResolvers<void>();
    const heal = (): void => {
      active = active.filter((one) => one !== injection);
      resolve();
    };
    const injection: Active = { fault, target, healed, heal, left: target.times ?? Number.POSITIVE_INFINITY };
    active = [injection, ...active];
    return heal;
  };

  const take = (request: ApiRequest): Injection | undefined => {
    const found = active.find(
      ({ fault, target, left }) => fault.kind !== 'silent' && left > 0 && hits(target, request),
    );
    if (found !== undefined) found.left -= 1;
    return found;
  };

  return {
    inject,
    heal: () => {
      for (const { heal } of active) heal();
    },
    take,
    isSilent: (request) =>
      active.some(({ fault, target }) => fault.kind === 'silent' && hits(target, request)),
  };
}
