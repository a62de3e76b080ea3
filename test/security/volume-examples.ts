/** A volume of each kind that the agent knows, and the plug-ins that publish them from objects of one colour. */
import { mountTmpfs } from '../../agent/files/mounts.ts';
import { mountRemote } from '../../agent/files/remote-mount.ts';
import { allPlugins } from '../../agent/volumes/all-plugins.ts';
import type { VolumePlugin } from '../../agent/volumes/plugin.ts';
import type { PluginOptions } from '../../agent/volumes/plugin-options.ts';
import type { Pod, PodSpec, Volume } from '../../functions/kube/generated/types.ts';
import { lookupOf } from '../support/node-context.ts';

export const busybox = 'docker.io/library/busybox:1.36';

type Field = keyof Volume;

/** A kind without one here fails the first test of `volumes.test.ts`. */
export const examples: Readonly<Partial<Record<Field, Omit<Volume, 'name'>>>> = {
  emptyDir: { emptyDir: {} },
  hostPath: { hostPath: { path: '/', type: 'Directory' } },
  configMap: { configMap: { name: 'settings' } },
  secret: { secret: { secretName: 'key' } },
  projected: { projected: { sources: [{ configMap: { name: 'settings' } }, { secret: { name: 'key' } }] } },
  persistentVolumeClaim: { persistentVolumeClaim: { claimName: 'disk' } },
  ephemeral: { ephemeral: { volumeClaimTemplate: { metadata: {}, spec: {} } } },
  nfs: { nfs: { server: '127.0.0.1', path: '/' } },
  image: { image: { reference: busybox } },
  downwardAPI: { downwardAPI: { items: [{ path: 'color', fieldRef: { fieldPath: "metadata.labels['color']" } }] } },
};

export const settings = (color: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: 'default', uid: 'u1' },
  data: { color },
});

export const key = (color: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'key', namespace: 'default', uid: 'u2' },
  data: { color: Buffer.from(color).toString('base64') },
});

/** `color`: what the ConfigMap and the Secret hold when they are read. */
export function pluginsFor(color: () => string, mountMemory: PluginOptions['mountMemory'] = mountTmpfs): readonly VolumePlugin[] {
  const options: PluginOptions = {
    lookup: {
      configMap: (...at) => lookupOf({ configMaps: [settings(color())] }).configMap(...at),
      secret: (...at) => lookupOf({ secrets: [key(color())] }).secret(...at),
      services: () => [],
      runtimeClass: () => undefined,
      clusterTrustBundles: () => [],
    },
    claims: { claim: () => undefined, persistentVolume: () => undefined, ownNode: () => undefined },
    stamp: () => `stamp-${color()}`,
    certificates: { credential: async () => ({ keyPem: '', chainPem: '' }) },
    tokens: { token: async () => 'token' },
    facts: { allocatable: {}, hostIps: ['192.168.0.1'], nodeName: 'node-a' },
    imageMounts: { unmount: async () => {} },
    mountMemory,
    mountRemote,
  };
  return allPlugins(options);
}

/** Whose content is the pod's own. All others are the agent's, and a new kind is attacked as one of those. */
const own: ReadonlySet<Field> = new Set(['emptyDir', 'hostPath', 'persistentVolumeClaim', 'ephemeral', 'nfs']);
/** Parts of these are opened as those of another one: the same plug-in, or one whose server is not here. */
const twins: ReadonlySet<Field> = new Set(['ephemeral', 'nfs']);
/** The agent only mounts it, and writes nothing there. */
const mounted: ReadonlySet<Field> = new Set(['image']);

const fields = pluginsFor(() => '').map(({ field }) => field);
/** Kinds whose files the agent writes. */
export const written = fields.filter((field) => !own.has(field) && !mounted.has(field));
/** Kinds whose files are the pod's own. */
export const writable = fields.filter((field) => own.has(field) && !twins.has(field));

export const pod = (name: string, spec: PodSpec, labels: Record<string, string> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: `uid-${name.toLowerCase()}`, labels, generation: 1 },
  spec: { nodeName: 'node-a', restartPolicy: 'Always', terminationGracePeriodSeconds: 0, ...spec },
  status: { phase: 'Pending', qosClass: 'BestEffort', conditions: [{ type: 'PodScheduled', status: 'True' }] },
});
