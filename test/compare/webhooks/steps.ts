/** What is sent to objects that webhooks are asked about. */
import type { Json, JsonObject } from '../../../functions/kube/object.ts';
import type { Step } from '../cases/case.ts';
import type { Subject } from './scenarios.ts';

export const namespace = 'compare-webhooks';
export const scenarioLabel = 'scenario';
export const customKind = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'ovens.hooks.example.com' },
  spec: {
    group: 'hooks.example.com',
    scope: 'Namespaced',
    names: { plural: 'ovens', singular: 'oven', kind: 'Oven', listKind: 'OvenList' },
    versions: ['v1', 'v2'].map((name) => ({
      name,
      served: true,
      storage: name === 'v2',
      subresources: { status: {} },
      schema: {
        openAPIV3Schema: {
          type: 'object',
          properties: {
            data: { type: 'object', additionalProperties: { type: 'string' } },
            status: { type: 'object', properties: { hot: { type: 'boolean' } } },
          },
        },
      },
    })),
  },
};

interface Place {
  readonly collection: string;
  readonly object: JsonObject;
  readonly patch: Json;
  /** Requests of its own. */
  readonly others: readonly Step[];
}

const merge = { 'content-type': 'application/merge-patch+json' };
const postOf = (path: string, body: Json): Step => ({ method: 'POST', path, body });
const patchOf = (path: string, body: Json): Step => ({ method: 'PATCH', path, body, headers: merge });
const container = { name: 'c', image: 'i' };

const places: Readonly<Record<Subject, (name: string) => Place>> = {
  configmap: () => ({
    collection: `/api/v1/namespaces/${namespace}/configmaps`,
    object: { apiVersion: 'v1', kind: 'ConfigMap', data: { mode: 'good' } },
    patch: { data: { more: 'x' } },
    others: [],
  }),
  deployment: (name) => {
    const collection = `/apis/apps/v1/namespaces/${namespace}/deployments`;
    const template = { metadata: { labels: { app: name } }, spec: { containers: [container] } };
    return {
      collection,
      object: { apiVersion: 'apps/v1', kind: 'Deployment', spec: { selector: { matchLabels: { app: name } }, template } },
      patch: { spec: { replicas: 2 } },
      others: [
        patchOf(`${collection}/${name}/scale`, { spec: { replicas: 3 } }),
        patchOf(`${collection}/${name}/status`, { status: { replicas: 1 } }),
      ],
    };
  },
  pod: (name) => {
    const collection = `/api/v1/namespaces/${namespace}/pods`;
    return {
      collection,
      object: { apiVersion: 'v1', kind: 'Pod', spec: { containers: [container], terminationGracePeriodSeconds: 0 } },
      patch: { metadata: { annotations: { a: 'b' } } },
      others: [
        patchOf(`${collection}/${name}/status`, { status: { phase: 'Running' } }),
        postOf(`${collection}/${name}/binding`, {
          apiVersion: 'v1',
          kind: 'Binding',
          metadata: { name },
          target: { kind: 'Node', name: 'nowhere' },
        }),
        postOf(`${collection}/${name}/eviction?dryRun=All`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } }),
      ],
    };
  },
  custom: (name) => {
    const collection = `/apis/hooks.example.com/v2/namespaces/${namespace}/ovens`;
    return {
      collection,
      object: { apiVersion: 'hooks.example.com/v2', kind: 'Oven', data: { mode: 'good' } },
      patch: { data: { more: 'x' } },
      others: [
        patchOf(`${collection}/${name}/status`, { status: { hot: true } }),
        patchOf(`${collection.replace('/v2/', '/v1/')}/${name}`, { data: { by: 'v1' } }),
      ],
    };
  },
};

/** Create, dry runs, patch, apply, subresources, delete: with what the webhooks were asked at the end. */
export function stepsAbout(name: string, subject: Subject): Step[] {
  const { collection, object, patch, others } = places[subject](name);
  const labelled = (metadata: JsonObject): JsonObject => ({ ...object, metadata: { labels: { [scenarioLabel]: name }, ...metadata } });
  const path = `${collection}/${name}`;
  return [
    { method: 'POST', path: `${collection}?dryRun=All`, body: labelled({ name }) },
    { method: 'POST', path: collection, body: labelled({ name }) },
    { method: 'POST', path: collection, body: labelled({ generateName: `${name}-` }) },
    patchOf(path, patch),
    {
      method: 'PATCH',
      path: `${path}?fieldManager=m&force=true`,
      body: labelled({ name, annotations: { applied: 'yes' } }),
      headers: { 'content-type': 'application/apply-patch+yaml' },
    },
    ...others,
    { method: 'GET', path },
    { method: 'DELETE', path, body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' } },
    { method: 'DELETE', path: `${collection}?labelSelector=${scenarioLabel}%3D${name}` },
    { method: 'GET', path: `${reviewsPath}${name}` },
  ];
}

/** Not the API's: what the webhooks of a scenario were asked. */
export const reviewsPath = '/reviews/';
