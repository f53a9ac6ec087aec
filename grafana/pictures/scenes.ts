/**
 * The scenes in which the dashboards are drawn: an instant of the scripted hour, and the selected cluster.
 */
import { CLUSTERS } from '../../test/grafana/recording.ts';
import { instantOf } from '../../test/grafana/script.ts';

export interface Scene {
  /** End of the time range, in seconds since the epoch. */
  readonly at: number;
  /** Length of the time range in seconds. */
  readonly range: number;
  /** The value of the variable `cluster`. */
  readonly cluster: string;
}

export const SCENES = {
  healthy: { at: instantOf('healthy'), range: 780, cluster: CLUSTERS.all },
  burning: { at: instantOf('kubelet stopped'), range: 3_600, cluster: CLUSTERS.all },
  /** Of three clusters, of which two have a label and export fewer series. */
  clusters: { at: instantOf('kubelet stopped'), range: 3_600, cluster: '.*' },
} as const satisfies Readonly<Record<string, Scene>>;
export type SceneName = keyof typeof SCENES;
