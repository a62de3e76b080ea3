/** What the kinds of volume of a real node need from the rest of the agent. */
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../../functions/kube/generated/types.ts';
import type { RemoteMount } from '../files/remote-mount.ts';
import type { ImageMounts } from '../images/image-mounts.ts';
import type { Lookup } from '../pods/lookup.ts';
import type { CsiVolumes } from './csi/csi-volumes.ts';
import type { NodeFacts } from './files/downward-files.ts';
import type { PodCertificates } from './projected/pod-certificates.ts';
import type { ServiceAccountTokens } from './projected/service-account-tokens.ts';

export interface ClaimLookup {
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined;
  persistentVolume(name: string): PersistentVolume | undefined;
  /** Undefined until the API has sent it. */
  ownNode(): Node | undefined;
}

export interface PluginOptions {
  readonly lookup: Lookup;
  readonly claims: ClaimLookup;
  /** A new name for every call. */
  readonly stamp: () => string;
  readonly tokens: ServiceAccountTokens;
  readonly certificates: PodCertificates;
  readonly facts: NodeFacts;
  /** Left out: the node has no drivers. */
  readonly csi?: CsiVolumes;
  /** Images as directories. */
  readonly imageMounts: Pick<ImageMounts, 'unmount'>;
  /** Makes the directory one of memory; `mountTmpfs` on a real node. Doing it twice is harmless. */
  readonly mountMemory: (path: string, bytesMax?: number) => Promise<void>;
  /** Mounts what another machine serves. Doing it twice is harmless. Throws Error with upstream's words. */
  readonly mountRemote: (mount: RemoteMount) => Promise<void>;
}
