/** Its chart, beside the class that `up` makes: a claim gets a directory on the node of its pod, which goes with the claim. */
import { join } from 'node:path';
import { eventually } from '../../support/eventually.ts';
import type { Program } from '../program.ts';

const namespace = 'local-path-storage';
const storageClass = 'rancher-local-path';

const claimWithPod = (id: string): string => `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: ${id} }
spec: { accessModes: [ReadWriteOnce], storageClassName: ${storageClass}, resources: { requests: { storage: 128Mi } } }
---
apiVersion: v1
kind: Pod
metadata: { name: ${id} }
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: writer
    image: busybox:1.36
    command: [sh, -c, 'echo ${id} > /data/name && sleep 100000']
    volumeMounts: [{ name: data, mountPath: /data }]
  volumes: [{ name: data, persistentVolumeClaim: { claimName: ${id} } }]
`;

export const localPathProvisioner: Program = {
  name: 'local-path-provisioner',
  versions: ['v0.0.30'],
  proves: 'a claim is bound when its pod is placed, the pod’s file stands on that node, and both go with the claim',
  source: { kind: 'go', path: 'github.com/rancher/local-path-provisioner', packages: { 'local-path-provisioner': '.' } },
  images: (version) => [
    {
      name: `docker.io/rancher/local-path-provisioner:${version}`,
      programs: { 'local-path-provisioner': '/usr/bin/local-path-provisioner' },
      entrypoint: [],
      on: 'shell',
    },
  ],
  controllers: [`${namespace} deployment/local-path-provisioner`],

  async install({ helm, sourceDirectory }, version) {
    const chart = join(sourceDirectory(version), 'deploy/chart/local-path-provisioner');
    const values = ['--set', `image.tag=${version}`, '--set', `storageClass.name=${storageClass}`];
    await helm('upgrade', '--install', 'local-path-provisioner', chart, '-n', namespace, '--create-namespace', ...values, '--wait');
  },

  async use({ apply, kubectl, insideNode }, { id, limitMs }) {
    await apply(claimWithPod(id));
    await kubectl.ok('wait', '--for=condition=Ready', `pod/${id}`, `--timeout=${Math.ceil(limitMs / 1000)}s`);
    const node = await kubectl.ok('get', 'pod', id, '-o', 'jsonpath={.spec.nodeName}');
    const volume = await kubectl.ok('get', 'persistentvolumeclaim', id, '-o', 'jsonpath={.spec.volumeName}');
    const path = await kubectl.ok('get', 'persistentvolume', volume, '-o', 'jsonpath={.spec.hostPath.path}');
    const written = await insideNode(node)(['cat', join(path, 'name')]);
    if (written !== `${id}\n`) throw new Error(`${path} on ${node} holds ${written}`);
    await kubectl.ok('delete', 'pod,persistentvolumeclaim', id);
    await eventually(async () => {
      const left = await kubectl.ok('get', 'persistentvolume', volume, '--ignore-not-found', '-o', 'name');
      if (left !== '') throw new Error(`${left} outlives its claim`);
      const directory = await insideNode(node)(['sh', '-c', 'if [ -e "$1" ]; then echo there; fi', 'sh', path]);
      if (directory !== '') throw new Error(`${path} outlives its volume`);
    }, limitMs);
  },

  async remove({ helm, kubectl }) {
    await helm('uninstall', 'local-path-provisioner', '-n', namespace, '--wait');
    await kubectl.ok('get', 'storageclass', 'local-path');
    const left = await kubectl.ok('get', 'storageclass', storageClass, '--ignore-not-found');
    if (left !== '') throw new Error(`its class is still there: ${left}`);
  },
};
