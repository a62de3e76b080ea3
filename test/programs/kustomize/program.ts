/** Builds manifests of a base and two overlays; kubectl applies them, and they differ as the overlays do. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from '../program.ts';
import { withOwnKubeconfig } from '../own-kubeconfig.ts';

const base = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 1
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{ name: web, image: nginx/nginx, envFrom: [{ configMapRef: { name: settings } }] }]
`;

const overlay = (name: string, replicas: number): string => `
resources: [../base]
namespace: default
namePrefix: ${name}-
labels: [{ pairs: { overlay: ${name} }, includeSelectors: true }]
images: [{ name: nginx/nginx, newTag: v2 }]
replicas: [{ name: web, count: ${replicas} }]
configMapGenerator: [{ name: settings, literals: [COLOUR=${name}] }]
`;

export const kustomize: Program = {
  name: 'kustomize',
  versions: ['v5.8.2'],
  proves: 'two overlays of one base run with their own names, replicas, images and generated settings',
  source: { kind: 'go', path: 'sigs.k8s.io/kustomize/kustomize/v5', packages: { kustomize: '.' } },
  controllers: [],
  install: () => Promise.resolve(),

  async use(stand, { id }, version) {
    const { apply, directory, kubectl, program } = stand;
    const files = { 'base/kustomization.yaml': 'resources: [web.yaml]\n', 'base/web.yaml': base };
    const overlays = { [`${id}-red`]: 1, [`${id}-blue`]: 2 };
    const all = {
      ...files,
      ...Object.fromEntries(Object.entries(overlays).map(([name, count]) => [`${name}/kustomization.yaml`, overlay(name, count)])),
    };
    for (const [file, text] of Object.entries(all)) {
      mkdirSync(join(directory, file, '..'), { recursive: true });
      writeFileSync(join(directory, file), text);
    }
    for (const [name, count] of Object.entries(overlays)) {
      await apply(await withOwnKubeconfig(stand, id)([program('kustomize', version), 'build', join(directory, name)]));
      await kubectl.ok('rollout', 'status', `deployment/${name}-web`, '--timeout=240s');
      const pods = await kubectl.ok('get', 'pods', '-l', `overlay=${name}`, '-o', 'jsonpath={.items[*].spec.containers[0].image}');
      if (pods !== Array(count).fill('nginx/nginx:v2').join(' ')) throw new Error(`${name} runs ${pods}`);
      const colour = await kubectl.ok('exec', `deployment/${name}-web`, '--', 'sh', '-c', 'echo $COLOUR');
      if (colour !== `${name}\n`) throw new Error(`${name} has the colour ${colour}`);
      await kubectl.ok('delete', 'deployment', `${name}-web`);
    }
  },

  remove: () => Promise.resolve(),
};
