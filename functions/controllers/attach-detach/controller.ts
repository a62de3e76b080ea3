/**
 * Creates and deletes VolumeAttachments for the volumes of each node's pods; the CSI driver's own controller attaches and
 * detaches. VolumeAttachments that other clients create stay. A volume that a node has mounted stays attached, unless the node has not been ready for minutes.
 * Source: pkg/controller/volume/attachdetach/reconciler/reconciler.go; pkg/volume/csi/csi_attacher.go
 */
import { conditionOf } from '../../kube/conditions.ts';
import { deepEqual } from '../../kube/equality.ts';
import type { Node, VolumeAttachment } from '../../kube/generated/types.ts';
import { isTerminating, nameOf } from '../../kube/object.ts';
import { nodes, persistentVolumes, pods, volumeAttachments } from '../../kube/resource-type.ts';
import { isAlreadyExists, isNotFound } from '../../kube/status-error.ts';
import { again, settled, type Controller, type Note, type ReconcileContext, type ReconcileResult } from '../../workers/controller.ts';
import { remove } from '../shared/removal.ts';
import { holderOf, isAttachmentName, isInUse, uniqueName, wantedOn, type WantedVolume } from './wanted.ts';
import { attachDetachWatches, attachmentsByNode } from './watches.ts';

/** How long a node that is not ready keeps what it has mounted. */
const unmountSecondsMax = 6 * 60;
const outOfService = 'node.kubernetes.io/out-of-service';

type Wanted = ReadonlyMap<string, WantedVolume>;

export const attachDetachController: Controller = {
  name: 'attach-detach',
  actsAs: 'system:serviceaccount:kube-system:attachdetach-controller',
  component: 'attachdetach-controller',
  watches: attachDetachWatches,
  all: (cache) => {
    const names = new Set([...cache.list(volumeAttachments).map(({ spec }) => spec.nodeName), ...cache.list(nodes).map(nameOf)]);
    return [...names].map((name) => ({ namespace: '', name }));
  },
  async reconcile({ name: nodeName }, context, note) {
    const { cache } = context;
    const wanted = wantedOn(nodeName, cache);
    const present = cache.by(attachmentsByNode, nodeName);
    const node = cache.get(nodes, { namespace: '', name: nodeName });
    if (node !== undefined) {
      await attach(node, wanted, context);
      await report(node, { present, wanted }, context);
    }
    // A pod that cannot be read may use any of them.
    const [damaged] = cache.unreadable(pods);
    if (damaged !== undefined) throw damaged;
    return detach(
      node,
      present.filter((attachment) => isAttachmentName(nameOf(attachment)) && !wanted.has(nameOf(attachment))),
      { context, note },
    );
  },
};

async function attach(node: Node, wanted: Wanted, { cache, client, events }: ReconcileContext): Promise<void> {
  for (const [name, { volume, csi, pods }] of wanted) {
    const failed = (why: string): void => {
      for (const pod of pods) events.event(pod, 'Warning', 'FailedAttachVolume', why);
    };
    const present = cache.get(volumeAttachments, { namespace: '', name });
    const error = present?.status?.attachError?.message;
    if (error !== undefined && present?.status?.attached !== true)
      failed(`AttachVolume.Attach failed for volume "${nameOf(volume)}" : ${error}`);
    if (present !== undefined) continue;
    if (holderOf(volume, nameOf(node), cache) !== undefined) {
      const why = "Volume is already exclusively attached to one node and can't be attached to another";
      failed(`Multi-Attach error for volume "${nameOf(volume)}" ${why}`);
      continue;
    }
    const spec = { attacher: csi.driver, nodeName: nameOf(node), source: { persistentVolumeName: nameOf(volume) } };
    try {
      await client.create<VolumeAttachment>(volumeAttachments, { metadata: { name }, spec });
    } catch (failure) {
      if (!isAlreadyExists(failure)) throw failure;
    }
  }
}

interface Detaching {
  readonly context: ReconcileContext;
  readonly note: Note | undefined;
}

async function detach(
  node: Node | undefined,
  unwanted: readonly VolumeAttachment[],
  { context, note }: Detaching,
): Promise<ReconcileResult> {
  const nowMs = context.clock.now();
  const isReady = conditionOf(node?.status?.conditions, 'Ready')?.status === 'True';
  const sinceMs = note?.['sinceMs'] ?? nowMs;
  const isForced = hasTaint(node) || (!isReady && nowMs - sinceMs >= unmountSecondsMax * 1000);
  let isWaiting = false;
  for (const attachment of unwanted) {
    if (isTerminating(attachment)) continue;
    const volume = context.cache.get(persistentVolumes, { namespace: '', name: attachment.spec.source.persistentVolumeName ?? '' });
    if (isInUse(node, volume?.spec.csi) && !isForced) isWaiting = true;
    else await remove(volumeAttachments, attachment, context);
  }
  return isWaiting && !isReady ? again(unmountSecondsMax, { sinceMs }) : settled;
}

const hasTaint = (node: Node | undefined): boolean => (node?.spec?.taints ?? []).some(({ key }) => key === outOfService);

interface Attachments {
  readonly present: readonly VolumeAttachment[];
  readonly wanted: Wanted;
}

/** What is attached stands in the Node's status. */
async function report(node: Node, { present, wanted }: Attachments, { cache, client, events }: ReconcileContext): Promise<void> {
  const before = (node.status?.volumesAttached ?? []).map(({ name }) => name);
  const attached = present.flatMap((attachment) => {
    const volume = cache.get(persistentVolumes, { namespace: '', name: attachment.spec.source.persistentVolumeName ?? '' });
    if (attachment.status?.attached !== true || volume?.spec.csi === undefined) return [];
    const name = uniqueName(volume.spec.csi);
    const pods = before.includes(name) ? [] : (wanted.get(nameOf(attachment))?.pods ?? []);
    for (const pod of pods)
      events.event(pod, 'Normal', 'SuccessfulAttachVolume', `AttachVolume.Attach succeeded for volume "${nameOf(volume)}" `);
    return [name];
  });
  if (deepEqual(before, attached.toSorted())) return;
  const volumesAttached = attached.toSorted().map((name) => ({ name, devicePath: '' }));
  try {
    await client.patch(nodes, { namespace: '', name: nameOf(node) }, { status: { volumesAttached } }, { subresource: 'status' });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
