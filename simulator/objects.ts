/**
 * Types of the Kubernetes objects in the simulator, restricted to the fields that matter to tokens.
 *
 * Objects of a real API server are assignable to these types.
 */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly creationTimestamp?: string;
  /** End of the grace period. */
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly resourceVersion?: string;
}

export interface TokenProjection {
  readonly path: string;
  readonly audience?: string;
  readonly expirationSeconds: number;
}

export interface KeyToPath {
  readonly key: string;
  readonly path: string;
}

/** One source of a projected volume: exactly one is set. */
export interface VolumeProjection {
  readonly serviceAccountToken?: TokenProjection;
  readonly configMap?: { readonly name: string; readonly items?: readonly KeyToPath[] };
  readonly downwardAPI?: {
    readonly items: readonly { readonly path: string; readonly fieldRef: { readonly fieldPath: string } }[];
  };
  readonly secret?: { readonly name: string; readonly items?: readonly KeyToPath[] };
}

export interface Volume {
  readonly name: string;
  readonly projected?: { readonly defaultMode?: number; readonly sources: readonly VolumeProjection[] };
  readonly secret?: { readonly defaultMode?: number; readonly secretName: string };
  readonly configMap?: { readonly defaultMode?: number; readonly name: string };
  readonly persistentVolumeClaim?: { readonly claimName: string };
}

export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
  readonly mountPropagation?: 'None' | 'HostToContainer' | 'Bidirectional';
}

export interface Container {
  readonly name: string;
  readonly securityContext?: { readonly runAsUser?: number };
  readonly volumeMounts?: readonly VolumeMount[];
  /** Of an init container: it runs for as long as the others. */
  readonly restartPolicy?: 'Always';
}

export interface Pod {
  readonly metadata: ObjectMeta;
  readonly spec: {
    readonly nodeName?: string;
    readonly serviceAccountName?: string;
    readonly automountServiceAccountToken?: boolean;
    readonly securityContext?: { readonly runAsUser?: number; readonly fsGroup?: number };
    readonly terminationGracePeriodSeconds?: number;
    readonly runtimeClassName?: string;
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly volumes?: readonly Volume[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly PodCondition[];
    readonly startTime?: string;
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

export interface ContainerStatus {
  readonly name: string;
  readonly state: {
    readonly running?: { readonly startedAt: string };
    readonly terminated?: {
      readonly exitCode: number;
      readonly startedAt: string;
      readonly finishedAt: string;
    };
  };
}

export interface PodCondition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly lastProbeTime: string | null;
  readonly lastTransitionTime: string;
}

/** A core/v1 Event on a pod. */
export interface PodEvent {
  readonly metadata: ObjectMeta;
  readonly involvedObject: {
    readonly kind: 'Pod';
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly apiVersion: 'v1';
    readonly resourceVersion: string | undefined;
  };
  readonly reason: string;
  readonly message: string;
  readonly source: { readonly component: string; readonly host: string };
  readonly firstTimestamp: string;
  readonly lastTimestamp: string;
  readonly count: number;
  readonly type: 'Normal' | 'Warning';
  readonly eventTime: null;
  readonly reportingComponent: string;
  readonly reportingInstance: string;
}

export interface ServiceAccount {
  readonly metadata: ObjectMeta;
  readonly automountServiceAccountToken?: boolean;
}

/** A PersistentVolumeClaim, reduced to its existence. */
export interface Claim {
  readonly metadata: ObjectMeta;
}

/** `data` holds plain text, not base64. */
export interface Secret {
  readonly metadata: ObjectMeta;
  readonly type: string;
  readonly data: Readonly<Record<string, string>>;
}
