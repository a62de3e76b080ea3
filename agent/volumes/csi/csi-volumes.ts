/**
 * Volumes of CSI drivers: attached by the cluster, staged once on the node, published for each pod, grown while they are used.
 * Source: pkg/volume/csi/csi_{attacher,mounter,expander}.go
 */
import { join } from 'node:path';
import type { Client } from '../../../functions/client/client.ts';
import type { EventRecorder } from '../../../functions/client/event-recorder.ts';
import type {
  CSIDriver,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Secret,
  SecretReference,
  VolumeAttachment,
} from '../../../functions/kube/generated/types.ts';
import { nameOf, namespaceOf } from '../../../functions/kube/object.ts';
import { compareQuantities, quantityValue } from '../../../functions/kube/quantity.ts';
import { persistentVolumeClaims, secrets } from '../../../functions/kube/resource-type.ts';
import { Directory, passageMode } from '../../files/directory.ts';
import { specOf } from '../../pods/pod-facts.ts';
import { giveToGroup } from '../files/volume-group.ts';
import type { Published, PublishRequest, PluginState } from '../plugin.ts';
import type { ServiceAccountTokens } from '../projected/service-account-tokens.ts';
import type { CsiDrivers } from './csi-drivers.ts';
import {
  attachmentName,
  groupIsGiven,
  modeProblem,
  podContext,
  sourceOfUniqueName,
  uniqueVolumeName,
  volumeCapability,
  type CsiSource,
} from './csi-source.ts';

export interface CsiLookup {
  csiDriver(name: string): CSIDriver | undefined;
  volumeAttachment(name: string): VolumeAttachment | undefined;
}

export interface CsiVolumesOptions {
  readonly nodeName: string;
  readonly drivers: Pick<CsiDrivers, 'driver'>;
  readonly lookup: CsiLookup;
  readonly client: Pick<Client, 'get' | 'patch'>;
  readonly events: EventRecorder;
  readonly tokens: ServiceAccountTokens;
}

export interface CsiVolumes {
  readonly stagedAs: (source: CsiSource) => string;
  stage(source: CsiSource, pod: Pod, directory: string): Promise<void>;
  unstage(key: string, directory: string): Promise<void>;
  publish(source: CsiSource, request: PublishRequest): Promise<Published>;
  unpublish(state: PluginState): Promise<void>;
  /** Asks the driver to expand a volume that is larger than the capacity in its claim's status. */
  expand(source: CsiSource, volume: PersistentVolume, used: UsedVolume): Promise<void>;
  isAttachable(driver: string): boolean;
}

export interface UsedVolume {
  readonly pod: Pod;
  readonly claim: PersistentVolumeClaim;
  readonly path: string;
  readonly staged: string | undefined;
}

const stagingPath = (directory: string): string => join(directory, 'globalmount');

export const createCsiVolumes = (options: CsiVolumesOptions): CsiVolumes => new Volumes(options);

class Volumes implements CsiVolumes {
  readonly stagedAs = uniqueVolumeName;
  readonly #options: CsiVolumesOptions;

  constructor(options: CsiVolumesOptions) {
    this.#options = options;
  }

  isAttachable(driver: string): boolean {
    return this.#options.lookup.csiDriver(driver)?.spec.attachRequired !== false;
  }

  async stage(source: CsiSource, pod: Pod, directory: string): Promise<void> {
    const publishContext = this.#publishContext(source);
    const driver = this.#options.drivers.driver(source.driver);
    if (!driver.has('stage')) return;
    await using _made = await Directory.make(stagingPath(directory), passageMode);
    await driver.client.call('NodeStageVolume', {
      volumeId: source.handle,
      publishContext,
      stagingTargetPath: stagingPath(directory),
      volumeCapability: volumeCapability(source, driver, pod),
      secrets: await this.#secret(source.secrets.stage),
      volumeContext: source.attributes,
    });
  }

  async unstage(key: string, directory: string): Promise<void> {
    const { driver: name, handle } = sourceOfUniqueName(key);
    const driver = this.#options.drivers.driver(name);
    if (!driver.has('stage')) return;
    await driver.client.call('NodeUnstageVolume', { volumeId: handle, stagingTargetPath: stagingPath(directory) });
  }

  async publish(source: CsiSource, request: PublishRequest): Promise<Published> {
    const { state, staged, pod } = request;
    const registered = this.#options.lookup.csiDriver(source.driver);
    const target = join(request.directory, '../../kubernetes.io~csi', source.specName, 'mount');
    const isReadOnly = source.readOnly || request.volume.persistentVolumeClaim?.readOnly === true;
    const next = { ...state, driver: source.driver, handle: source.handle, target };
    if (state['isPublished'] === 'yes' && registered?.spec.requiresRepublish !== true) return { path: target, isReadOnly, state };
    const problem = modeProblem(source, registered);
    if (problem !== undefined) throw new Error(problem);
    const driver = this.#options.drivers.driver(source.driver);
    await using _made = await Directory.make(join(target, '..'), passageMode);
    await driver.client.call('NodePublishVolume', {
      volumeId: source.handle,
      publishContext: this.#publishContext(source),
      stagingTargetPath: staged !== undefined && driver.has('stage') ? stagingPath(staged) : '',
      targetPath: target,
      volumeCapability: volumeCapability(source, driver, pod),
      readonly: isReadOnly,
      secrets: await this.#secret(source.secrets.publish),
      volumeContext: { ...source.attributes, ...(await this.#podFacts(source, pod, registered)) },
    });
    const { fsGroup, fsGroupChangePolicy } = specOf(pod).securityContext ?? {};
    if (fsGroup !== undefined && !isReadOnly && state['group'] !== String(fsGroup) && groupIsGiven(source, driver, registered))
      await giveToGroup(target, { id: fsGroup, isReadOnly, changePolicy: fsGroupChangePolicy });
    const group: PluginState = fsGroup === undefined ? {} : { group: String(fsGroup) };
    return { path: target, isReadOnly, state: { ...next, ...group, isPublished: 'yes' } };
  }

  async unpublish({ driver, handle, target }: PluginState): Promise<void> {
    if (driver === undefined) return;
    await this.#options.drivers.driver(driver).client.call('NodeUnpublishVolume', { volumeId: handle, targetPath: target });
  }

  async expand(source: CsiSource, volume: PersistentVolume, { pod, claim, path, staged }: UsedVolume): Promise<void> {
    const [wanted, known] = [volume.spec.capacity?.['storage'] ?? '0', claim.status?.capacity?.['storage'] ?? '0'];
    if (compareQuantities(wanted, known) <= 0) return;
    const driver = this.#options.drivers.driver(source.driver);
    if (!driver.has('expand')) return;
    await driver.client.call('NodeExpandVolume', {
      volumeId: source.handle,
      volumePath: path,
      capacityRange: { requiredBytes: quantityValue(wanted) },
      stagingTargetPath: staged !== undefined && driver.has('stage') ? stagingPath(staged) : '',
      volumeCapability: volumeCapability(source, driver, pod),
      secrets: await this.#secret(source.secrets.expand),
    });
    const { client, events } = this.#options;
    const growing = new Set(['FileSystemResizePending', 'Resizing', 'NodeResizeError', 'ControllerResizeError']);
    const conditions = (claim.status?.conditions ?? []).filter(({ type }) => !growing.has(type));
    const at = { namespace: namespaceOf(claim), name: nameOf(claim) };
    const status = { capacity: { storage: wanted }, conditions, allocatedResourceStatuses: null };
    await client.patch(persistentVolumeClaims, at, { status }, { subresource: 'status' });
    const message = `MountVolume.NodeExpandVolume succeeded for volume "${nameOf(volume)}" ${this.#options.nodeName}`;
    for (const object of [pod, claim]) events.event(object, 'Normal', 'FileSystemResizeSuccessful', message);
  }

  /** What the driver's controller left for its node. Throws Error until the volume is attached. */
  #publishContext(source: CsiSource): Readonly<Record<string, string>> {
    if (source.isInline || !this.isAttachable(source.driver)) return {};
    const name = attachmentName(source, this.#options.nodeName);
    const status = this.#options.lookup.volumeAttachment(name)?.status;
    if (status?.attached === true) return status.attachmentMetadata ?? {};
    const failure = status?.attachError?.message;
    throw new Error(failure ?? `timed out waiting for external-attacher of ${source.driver} CSI driver to attach volume ${source.handle}`);
  }

  async #podFacts(source: CsiSource, pod: Pod, registered: CSIDriver | undefined): Promise<Readonly<Record<string, string>>> {
    const { podInfoOnMount = false, tokenRequests = [] } = registered?.spec ?? {};
    const info = podInfoOnMount ? podContext(pod, source) : {};
    if (tokenRequests.length === 0) return info;
    const tokens: Record<string, { token: string; expirationTimestamp: string }> = {};
    for (const { audience, expirationSeconds } of tokenRequests) {
      const token = await this.#options.tokens.token(pod, {
        path: '',
        audience,
        ...(expirationSeconds === undefined ? {} : { expirationSeconds }),
      });
      tokens[audience] = { token, expirationTimestamp: expiryOf(token) };
    }
    return { ...info, 'csi.storage.k8s.io/serviceAccount.tokens': JSON.stringify(tokens) };
  }

  async #secret(reference: SecretReference | undefined): Promise<Readonly<Record<string, string>>> {
    if (reference === undefined) return {};
    const { namespace = '', name = '' } = reference;
    const { data = {} } = await this.#options.client.get<Secret>(secrets, { namespace, name });
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]));
  }
}

function expiryOf(token: string): string {
  const { exp = 0 } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as { exp?: number };
  return new Date(exp * 1000).toISOString().replace('.000', '');
}
