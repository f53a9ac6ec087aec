/**
 * Alertmanager's configuration: of this project, and the defaults of kube-prometheus and kube-prometheus-stack.
 */
import { alertmanagerFile } from '../../alerts/documents.ts';

export interface Route {
  readonly title: string;
  /** The configuration, with a webhook at this URL. */
  readonly config: (url: string) => string;
  /** Most seconds from the critical alert to its page, alone and after another page of its group. */
  readonly atMost?: { readonly alone: number; readonly joining: number };
}

/** The same in both. */
const KUBE_PROMETHEUS = {
  global: { resolve_timeout: '5m' },
  inhibit_rules: [
    {
      source_matchers: ['severity = critical'],
      target_matchers: ['severity =~ warning|info'],
      equal: ['namespace', 'alertname'],
    },
    {
      source_matchers: ['severity = warning'],
      target_matchers: ['severity = info'],
      equal: ['namespace', 'alertname'],
    },
  ],
  route: {
    group_by: ['namespace'],
    group_wait: '30s',
    group_interval: '5m',
    repeat_interval: '12h',
    receiver: 'default',
  },
} as const;

const receiver = (name: string, url: string) => ({ name, webhook_configs: [{ url: `${url}/${name}` }] });

export const ROUTES: readonly Route[] = [
  {
    title: 'this route',
    config: alertmanagerFile,
    atMost: { alone: 15, joining: 60 },
  },
  {
    title: 'kube-prometheus',
    config: (url) =>
      JSON.stringify({
        ...KUBE_PROMETHEUS,
        route: {
          ...KUBE_PROMETHEUS.route,
          routes: [{ matchers: ['severity = critical'], receiver: 'critical' }],
        },
        receivers: [receiver('default', url), receiver('critical', url)],
      }),
  },
  {
    title: 'kube-prometheus-stack',
    config: (url) => JSON.stringify({ ...KUBE_PROMETHEUS, receivers: [receiver('default', url)] }),
  },
];
