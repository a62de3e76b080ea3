/** The `/scale` subresource: an autoscaling/v1 Scale that stands for a number in its parent. */
import { copy } from '../../kube/copy.ts';
import { invalid, invalidObject } from '../../kube/field-error.ts';
import type { Scale } from '../../kube/generated/types.ts';
import { type KubeObject, nameOf } from '../../kube/object.ts';
import { entriesOf, managersOf } from '../../kube/managed-fields/managers.ts';
import { fieldElement } from '../../kube/managed-fields/path-element.ts';
import { parentManagers, scaleManagers } from '../../kube/managed-fields/scale-managers.ts';
import { apiVersionOf, resourceType } from '../../kube/resource-type.ts';
import { builtIn } from '../../kube/schema.ts';
import { badRequest } from '../../kube/status-error.ts';
import type { AnyDefinition, ScaleSource } from '../../resources/definition.ts';
import { writeOptionsOf } from '../http/request-options.ts';
import type { Answer } from '../http/respond.ts';
import { checkName, readObject, type Expected } from '../registry/decode.ts';
import { placeInNamespace } from '../registry/object-metadata.ts';
import { appliedObject, isApply, readConfiguration } from '../registry/apply-document.ts';
import { recordFields } from '../registry/managed-fields.ts';
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
  const replicas = source.specReplicas(object);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: replicas === 0 ? {} : { replicas },
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
  if (isApply(request.request)) return applyScale(server, request);
  const options = writeOptionsOf(request.url.searchParams, 'PatchOptions', 'other');
  const change = await readPatch(request.request);
  const target = { expected: expectedScale, options: { ...options, warnings: request.warnings } };
  return writeScale(writeRequest(server, request, options), (current) => patched(current, change, target));
}

async function applyScale(server: Server, request: ResourceRequest): Promise<Answer> {
  const options = writeOptionsOf(request.url.searchParams, 'PatchOptions', 'apply');
  const configuration = await readConfiguration(request.request);
  const write = { ...writeRequest(server, request, options), isRecorded: true };
  return writeScale(write, (current) => appliedObject(ofScale(write), configuration, current));
}

const scaleType = resourceType('autoscaling/v1', 'scales', 'Scale');

/** The write as if the Scale were what is stored. */
function ofScale(write: WriteRequest): WriteRequest {
  const { schema } = expectedScale;
  const {
    deprecation: _deprecation,
    otherVersions: _versions,
    resetFields: _reset,
    hasStatus: _status,
    ...rest
  } = write.request.definition;
  const definition: AnyDefinition = { ...rest, type: scaleType, schema };
  return { ...write, request: { ...write.request, definition, served: { type: scaleType, schema } } };
}

/** Who manages the number in the parent manages it in the Scale, and the other way round. */
function recordedScale(write: WriteRequest, parent: KubeObject, scaleOfParent: Scale, next: (current: Scale) => KubeObject): KubeObject {
  const { definition, served } = write.request;
  const replicas = (definition.scale?.replicasPath ?? 'spec.replicas').split('.').map(fieldElement);
  const managers = managersOf(parent.metadata.managedFields) ?? new Map();
  const shown = entriesOf(scaleManagers(managers, replicas));
  const current = shown === undefined ? scaleOfParent : { ...scaleOfParent, metadata: { ...scaleOfParent.metadata, managedFields: shown } };
  const scale = next(current);
  if (write.isRecorded !== true) recordFields(ofScale(write), scale, current);
  const apiVersion = apiVersionOf(served.type);
  const after = parentManagers({ managers, apiVersion, replicas }, managersOf(scale.metadata.managedFields) ?? new Map());
  return { ...scale, metadata: { ...scale.metadata, managedFields: entriesOf(after) ?? [] } };
}

/** `next` makes the next Scale from the current one. */
async function writeScale(request: WriteRequest, next: (current: Scale) => KubeObject): Promise<Answer> {
  const write = { ...request, isRecorded: true };
  const source = sourceOf(write.request.definition);
  const of = (object: KubeObject): Scale => scaleOf(object, source);
  const into = (object: KubeObject, scale: KubeObject): KubeObject => scaled(object, scale, source);
  const transform = (current: KubeObject): Wanted => {
    const scale = recordedScale(request, current, of(current), next);
    const object = into(current, scale);
    if (scale.metadata.managedFields?.length === 0) delete object.metadata.managedFields;
    else object.metadata.managedFields = scale.metadata.managedFields;
    return { outcome: 'update', object };
  };
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
