/** What a CSI volume is, however a pod names it, and what the driver is asked for. Pure. Source: pkg/volume/csi/csi_{client,mounter}.go */
import { createHash } from 'node:crypto';
import type { CSIDriver, PersistentVolume, Pod, SecretReference, Volume } from '../../../functions/kube/generated/types.ts';
import { nameOf, namespaceOf, uidOf } from '../../../functions/kube/object.ts';
import { specOf } from '../../pods/pod-facts.ts';
import type { CsiDriver } from './csi-drivers.ts';

export interface CsiSource {
  readonly driver: string;
  readonly handle: string;
  /** The name of its folder in the pod: the PersistentVolume's, or the pod's own for the volume. */
  readonly specName: string;
  readonly fsType: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly readOnly: boolean;
  readonly mountOptions: readonly string[];
  readonly accessMode: string;
  readonly isInline: boolean;
  readonly secrets: { readonly stage?: SecretReference; readonly publish?: SecretReference; readonly expand?: SecretReference };
}

const hash = (...parts: readonly string[]): string => createHash('sha256').update(parts.join('')).digest('hex');

export function sourceOfVolume(volume: PersistentVolume): CsiSource | undefined {
  const { csi, mountOptions = [], accessModes = [] } = volume.spec;
  if (csi === undefined) return undefined;
  return {
    driver: csi.driver,
    handle: csi.volumeHandle,
    specName: nameOf(volume),
    fsType: csi.fsType ?? '',
    attributes: csi.volumeAttributes ?? {},
    readOnly: csi.readOnly === true,
    mountOptions,
    accessMode: accessModes[0] ?? 'ReadWriteOnce',
    isInline: false,
    secrets: {
      ...(csi.nodeStageSecretRef === undefined ? {} : { stage: csi.nodeStageSecretRef }),
      ...(csi.nodePublishSecretRef === undefined ? {} : { publish: csi.nodePublishSecretRef }),
      ...(csi.nodeExpandSecretRef === undefined ? {} : { expand: csi.nodeExpandSecretRef }),
    },
  };
}

/** It lives and ends with its pod. */
export function inlineSource(pod: Pod, { name, csi }: Volume): CsiSource {
  const { driver = '', fsType = '', volumeAttributes = {}, readOnly = false, nodePublishSecretRef } = csi ?? {};
  const publish = { namespace: namespaceOf(pod), name: nodePublishSecretRef?.name ?? '' };
  return {
    driver,
    handle: `csi-${hash(uidOf(pod), name)}`,
    specName: name,
    fsType,
    attributes: volumeAttributes,
    readOnly,
    mountOptions: [],
    accessMode: 'ReadWriteOnce',
    isInline: true,
    secrets: nodePublishSecretRef === undefined ? {} : { publish },
  };
}

/** The VolumeAttachment of a volume on a node. */
export const attachmentName = ({ handle, driver }: Pick<CsiSource, 'handle' | 'driver'>, nodeName: string): string =>
  `csi-${hash(handle, driver, nodeName)}`;

/** The name of a volume that is attached, as nodes report it. Source: pkg/volume/util/util.go (GetUniqueVolumeName) */
export const uniqueVolumeName = ({ driver, handle }: Pick<CsiSource, 'handle' | 'driver'>): string =>
  `kubernetes.io/csi/${driver}^${handle}`;

/** Below the folder of plug-ins. Source: pkg/volume/csi/csi_attacher.go (makeDeviceMountPath) */
export function stagingFolder(uniqueName: string): string {
  const { driver, handle } = sourceOfUniqueName(uniqueName);
  return `kubernetes.io/csi/${driver}/${hash(handle)}`;
}

export function sourceOfUniqueName(name: string): Pick<CsiSource, 'handle' | 'driver'> {
  const [, driver = '', handle = ''] = /^kubernetes\.io\/csi\/([^^]*)\^([^]*)$/.exec(name) ?? [];
  return { driver, handle };
}

/** Numbers of csi.proto. A driver with SINGLE_NODE_MULTI_WRITER gets the precise mode. */
const accessModes: Readonly<Record<string, readonly [plain: number, precise: number]>> = {
  ReadWriteOnce: [1, 7],
  ReadOnlyMany: [3, 3],
  ReadWriteMany: [5, 5],
  ReadWriteOncePod: [1, 6],
};

export function volumeCapability(source: CsiSource, driver: Pick<CsiDriver, 'has'>, pod: Pod): object {
  const [plain, precise] = accessModes[source.accessMode] ?? [0, 0];
  const { fsGroup } = specOf(pod).securityContext ?? {};
  const group = fsGroup !== undefined && driver.has('volumeMountGroup') ? { volumeMountGroup: String(fsGroup) } : {};
  return {
    mount: { fsType: source.fsType, mountFlags: source.mountOptions, ...group },
    accessMode: { mode: driver.has('singleNodeMultiWriter') ? precise : plain },
  };
}

/** Whether the node gives the files of the volume to the pod's group. */
export function groupIsGiven(source: CsiSource, driver: Pick<CsiDriver, 'has'>, registered: CSIDriver | undefined): boolean {
  if (driver.has('volumeMountGroup')) return false;
  const policy = registered?.spec.fsGroupPolicy ?? 'ReadWriteOnceWithFSType';
  if (policy === 'File') return true;
  return policy !== 'None' && source.fsType !== '' && ['ReadWriteOnce', 'ReadWriteOncePod'].includes(source.accessMode) && !source.isInline;
}

/** What a driver learns of the pod, where it asks for that. */
export function podContext(pod: Pod, { isInline }: CsiSource): Readonly<Record<string, string>> {
  const prefix = 'csi.storage.k8s.io';
  return {
    [`${prefix}/pod.name`]: nameOf(pod),
    [`${prefix}/pod.namespace`]: namespaceOf(pod),
    [`${prefix}/pod.uid`]: uidOf(pod),
    [`${prefix}/serviceAccount.name`]: specOf(pod).serviceAccountName ?? '',
    [`${prefix}/ephemeral`]: String(isInline),
  };
}

/** Why the driver does not do this kind of volume. */
export function modeProblem({ isInline, driver }: CsiSource, registered: CSIDriver | undefined): string | undefined {
  const modes = registered?.spec.volumeLifecycleModes ?? ['Persistent'];
  const mode = isInline ? 'Ephemeral' : 'Persistent';
  return modes.includes(mode) ? undefined : `volume mode "${mode}" not supported by driver ${driver} (only supports [${modes.join(' ')}])`;
}
