/**
 * Deploys an app with the generated client and watches it until it is Available:
 *
 *   node openapi/example/deploy-and-watch.ts KUBECONFIG [NAME] [REPLICAS]
 */
import { clientOfKubeconfig, done, type Schemas } from 'hibernetes/client';
import { eventsOf } from 'hibernetes/client/watch';

type Deployment = Schemas['io.k8s.api.apps.v1.Deployment'];

const [, , kubeconfig, name = 'hello', replicas = '3'] = process.argv;
if (kubeconfig === undefined) {
  process.stderr.write('usage: node openapi/example/deploy-and-watch.ts KUBECONFIG [NAME] [REPLICAS]\n');
  process.exit(2);
}

const labels = { app: name };
const deployment: Deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas: Number(replicas),
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'nginx/nginx:v1' }] } },
  },
};

const isAvailable = ({ metadata, status }: Deployment): boolean =>
  status?.observedGeneration === metadata?.generation &&
  status?.conditions?.some((condition) => condition.type === 'Available' && condition.status === 'True') === true;

const client = clientOfKubeconfig(kubeconfig);
const path = { namespace: 'default' };
const created = await done(client.POST('/apis/apps/v1/namespaces/{namespace}/deployments', { params: { path }, body: deployment }));
process.stdout.write(`${name} created\n`);

// From the moment of creation on, so that nothing is missed.
const query = { fieldSelector: `metadata.name=${name}`, resourceVersion: created.metadata?.resourceVersion ?? '', watch: true };
const watched = client.GET('/apis/apps/v1/namespaces/{namespace}/deployments', { params: { path, query }, parseAs: 'stream' });
for await (const { object } of eventsOf<Deployment>(watched)) {
  process.stdout.write(`${name} has ${object.status?.availableReplicas ?? 0} of ${replicas} available\n`);
  if (isAvailable(object)) break;
}
process.stdout.write(`${name} is Available\n`);
client.close();
