/** Its chart; kubeseal asks the controller for its certificate by way of the API server, and seals what only that opens. */
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { eventually } from '../../support/eventually.ts';
import { withOwnKubeconfig } from '../own-kubeconfig.ts';
import type { Program } from '../program.ts';

const namespace = 'kube-system';
const controller = 'sealed-secrets';

export const sealedSecrets: Program = {
  name: 'sealed-secrets',
  versions: ['v0.40.0'],
  proves: 'what kubeseal seals by the controller’s certificate becomes the Secret again, which goes with its SealedSecret',
  source: {
    kind: 'go',
    path: 'github.com/bitnami-labs/sealed-secrets',
    packages: { controller: './cmd/controller', kubeseal: './cmd/kubeseal' },
  },
  images: (version) => [
    {
      name: `docker.io/bitnami/sealed-secrets-controller:${version.slice(1)}`,
      programs: { controller: '/usr/local/bin/controller' },
      entrypoint: ['controller'],
      user: '1001',
    },
  ],
  controllers: [`${namespace} deployment/${controller}`],

  async install({ helm, sourceDirectory }, version) {
    const chart = join(sourceDirectory(version), 'helm/sealed-secrets');
    const values = ['--set', `image.tag=${version.slice(1)}`];
    await helm('upgrade', '--install', controller, chart, '-n', namespace, ...values, '--wait', '--timeout', '5m');
  },

  async use(stand, { id, limitMs }, version) {
    const { apply, directory, kubectl, program } = stand;
    const secret = await kubectl.ok('create', 'secret', 'generic', id, `--from-literal=name=${id}`, '--dry-run=client', '-o', 'yaml');
    writeFileSync(join(directory, `${id}.yaml`), secret);
    const sealing = [program('kubeseal', version), '--controller-name', controller, '--controller-namespace', namespace];
    const sealed = await withOwnKubeconfig(stand, id)([...sealing, '-o', 'yaml', '-f', join(directory, `${id}.yaml`)]);
    if (sealed.includes(Buffer.from(id).toString('base64'))) throw new Error(`kubeseal leaves it readable: ${sealed}`);
    await apply(sealed);
    await eventually(async () => {
      const value = await kubectl.ok('get', 'secret', id, '-o', 'jsonpath={.data.name}');
      if (value !== Buffer.from(id).toString('base64')) throw new Error(`the Secret holds ${value}`);
      await kubectl.ok('wait', '--for=condition=Synced', `sealedsecret/${id}`, '--timeout=10s');
    }, limitMs);
    await kubectl.ok('delete', 'sealedsecret', id);
    await eventually(async () => {
      const left = await kubectl.ok('get', 'secret', id, '--ignore-not-found', '-o', 'name');
      if (left !== '') throw new Error(`${left} outlives its SealedSecret`);
    }, limitMs);
  },

  async remove({ helm, kubectl }) {
    await helm('uninstall', controller, '-n', namespace, '--wait');
    // Helm leaves definitions of a chart's crds folder.
    await kubectl.ok('delete', 'crd', 'sealedsecrets.bitnami.com');
    const left = await kubectl.ok('get', 'deployment', '-n', namespace, controller, '--ignore-not-found', '-o', 'name');
    if (left !== '') throw new Error(`${left} is still there`);
  },
};
