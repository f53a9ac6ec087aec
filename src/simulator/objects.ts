/**
 * The Kubernetes objects that the simulated kubelet and API server know, in the API's own form and words.
 *
 * Types alone, of the fields that matter to tokens: any object of a real API server is one of these.
 */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly resourceVersion?: string;
}

export interface TokenProjection {
  readonly path: string;
  readonly audience?: string;
  readonly expirationSeconds: number;
}

interface KeyToPath {
  readonly key: string;
  readonly path: string;
}

/** One source of a projected volume: exactly one of the three is there. */
export interface VolumeProjection {
  readonly serviceAccountToken?: TokenProjection;
  readonly configMap?: { readonly name: string; readonly items?: readonly KeyToPath[] };
  readonly downwardAPI?: {
    readonly items: readonly { readonly path: string; readonly fieldRef: { readonly fieldPath: string } }[];
  };
}

export interface Volume {
  readonly name: string;
  readonly projected?: { readonly defaultMode?: number; readonly sources: readonly VolumeProjection[] };
  readonly secret?: { readonly defaultMode?: number; readonly secretName: string };
}

export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
}

export interface Container {
  readonly name: string;
  readonly securityContext?: { readonly runAsUser?: number };
  readonly volumeMounts?: readonly VolumeMount[];
}

export interface Pod {
  readonly metadata: ObjectMeta;
  readonly spec: {
    readonly nodeName?: string;
    readonly serviceAccountName?: string;
    readonly automountServiceAccountToken?: boolean;
    readonly securityContext?: { readonly runAsUser?: number; readonly fsGroup?: number };
    readonly containers: readonly Container[];
    readonly volumes?: readonly Volume[];
  };
  readonly status?: { readonly phase?: string; readonly startTime?: string };
}

export interface ServiceAccount {
  readonly metadata: ObjectMeta;
  readonly automountServiceAccountToken?: boolean;
}

/** Values are text here, base64 on the wire. */
export interface Secret {
  readonly metadata: ObjectMeta;
  readonly type: string;
  readonly data: Readonly<Record<string, string>>;
}
