/** The `/scale` subresource: an autoscaling/v1 Scale that stands for a number in its parent. */
import { copy } from '../../kube/copy.ts';
import { invalid, invalidObject } from '../../kube/field-error.ts';
import type { Scale } from '../../kube/generated/types.ts';
import { type KubeObject, nameOf } from '../../kube/object.ts';
import { builtIn } from '../../kube/schema.ts';
import { badRequest } from '../../kube/status-error.ts';
import type { AnyDefinition, ScaleSource } from '../../resources/definition.ts';
import { writeOptionsOf } from '../http/request-options.ts';
import type { Answer } from '../http/respond.ts';
import { checkName, readObject, type Expected } from '../registry/decode.ts';
import { placeInNamespace } from '../registry/object-metadata.ts';
import { patched, readPatch } from '../registry/patch-document.ts';
import { updateObject, type Wanted } from '../registry/update-object.ts';
import { mainStrategy } from '../registry/update-strategies.ts';
import { type WriteRequest, writeRequest } from '../registry/write-request.ts';
import type { ResourceRequest, Server } from '../server.ts';
import { getStored } from './get.ts';

const expectedScale: Expected = { group: 'autoscaling', version: 'v1', kind: 'Scale', schema: builtIn('io.k8s.api.autoscaling.v1.Scale') };

function scaleOf(object: KubeObject, source: ScaleSource<KubeObject>): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = source.selector(object);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: source.specReplicas(object) },
    status: { replicas: source.statusReplicas(object), ...(selector === '' ? {} : { selector }) },
  };
}

const sourceOf = ({ scale, type }: AnyDefinition): ScaleSource<KubeObject> => {
  if (scale === undefined) throw badRequest(`${type.resource} cannot be scaled`);
  return scale;
};

export async function getScale(server: Server, request: ResourceRequest): Promise<Answer> {
  const { object } = await getStored(server, request);
  return { kind: 'other', code: 200, object: scaleOf(object, sourceOf(request.definition)) };
}

export async function updateScale(server: Server, request: ResourceRequest): Promise<Answer> {
  const options = writeOptionsOf(request.url.searchParams, 'UpdateOptions');
  const scale = await readObject(request.request, expectedScale, { ...options, warnings: request.warnings });
  placeInNamespace(scale, request.definition.type, request.info.namespace);
  checkName(scale, request.info.name);
  return writeScale(writeRequest(server, request, options), () => scale);
}

export async function patchScale(server: Server, request: ResourceRequest): Promise<Answer> {
  const options = writeOptionsOf(request.url.searchParams, 'PatchOptions', 'other');
  const change = await readPatch(request.request, request.definition);
  const target = { expected: expectedScale, options: { ...options, warnings: request.warnings } };
  return writeScale(writeRequest(server, request, options), (current) => patched(current, change, target));
}

/** `next` makes the next Scale from the current one. */
async function writeScale(write: WriteRequest, next: (current: Scale) => KubeObject): Promise<Answer> {
  const source = sourceOf(write.request.definition);
  const of = (object: KubeObject): Scale => scaleOf(object, source);
  const into = (object: KubeObject, scale: KubeObject): KubeObject => scaled(object, scale, source);
  const transform = (current: KubeObject): Wanted => ({ outcome: 'update', object: into(current, next(of(current))) });
  const projection = { kind: expectedScale, of, into };
  const { object } = await updateObject(write, { strategy: mainStrategy, transform, projection });
  return { kind: 'other', code: 200, object: of(object) };
}

function scaled(current: KubeObject, scale: KubeObject, source: ScaleSource<KubeObject>): KubeObject {
  const replicas = replicasOf(scale);
  if (replicas < 0) {
    const error = invalid('spec.replicas', replicas, 'must be greater than or equal to 0');
    throw invalidObject(expectedScale, nameOf(current), [error]);
  }
  const object = copy(current);
  source.setReplicas(object, replicas);
  // The Scale's own are preconditions, also when it has none.
  object.metadata.resourceVersion = scale.metadata.resourceVersion ?? current.metadata.resourceVersion;
  object.metadata.uid = scale.metadata.uid ?? current.metadata.uid;
  return object;
}

/** The body was decoded as a Scale. */
const replicasOf = ({ spec }: KubeObject): number => (spec as Scale['spec'])?.replicas ?? 0;
