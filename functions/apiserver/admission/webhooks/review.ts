/** What is sent to a webhook, and what is read of its answer. Source: apiserver, pkg/admission/plugin/webhook/request/admissionreview.go */
import { type Json, type JsonObject, type KubeObject, isJsonObject } from '../../../kube/object.ts';
import type { GroupVersionKind } from '../../../resources/definition.ts';
import type { AdmissionAttributes } from '../../ports.ts';
import { readBytes } from '../../../kube/schema-scalars.ts';
import { fromStored } from '../../registry/served-form.ts';
import { namespaces, groupResource } from '../../../kube/resource-type.ts';
import { type Invocation, requestKind } from './invocation.ts';

export interface ReviewAnswer {
  readonly allowed: boolean;
  readonly status: JsonObject | undefined;
  /** JSON of a JSON patch. */
  readonly patch: string | undefined;
  readonly warnings: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
}

export class InvalidAnswer extends Error {
  override name = 'InvalidAnswer';
}

/** An answer that upstream's decoder does not make a review of. */
export class UndecodableAnswer extends InvalidAnswer {
  override name = 'UndecodableAnswer';
}

export class UnsupportedPatch extends InvalidAnswer {
  override name = 'UnsupportedPatch';
}

const group = 'admission.k8s.io';
const knownVersions = ['v1', 'v1beta1'];

/** The first version that both sides know. */
export const reviewVersion = (versions: readonly string[] | undefined): string | undefined =>
  versions?.find((version) => knownVersions.includes(version));

const isOwnKind = ({ kind, type }: AdmissionAttributes): boolean => kind.kind === type.kind && kind.group === type.group;

/** An object in the version that the webhook asks for. */
export function shownObject(object: KubeObject | undefined, attributes: AdmissionAttributes, { served }: Invocation): KubeObject | null {
  if (object === undefined) return null;
  return isOwnKind(attributes) ? fromStored(served, object) : object;
}

/** The options of a connection are no object of their own. */
function withoutMetadata(options: KubeObject | undefined): object | null {
  if (options === undefined) return null;
  const { metadata: _metadata, ...shown } = options;
  return shown;
}

const plainKind = ({ group: of, version, kind }: GroupVersionKind): GroupVersionKind => ({ group: of, version, kind });

/** A Namespace lies in itself, as far as admission is concerned. */
const namespaceOf = ({ type, name, namespace }: AdmissionAttributes): string =>
  groupResource(type) === groupResource(namespaces) ? name : namespace;

export function reviewOf(uid: string, version: string, attributes: AdmissionAttributes, invocation: Invocation): object {
  const { operation, subresource, name, user, dryRun, options, served } = attributes;
  const namespace = namespaceOf(attributes);
  const below = subresource === '' ? {} : { subResource: subresource, requestSubResource: subresource };
  const { type } = served;
  return {
    kind: 'AdmissionReview',
    apiVersion: `${group}/${version}`,
    request: {
      uid,
      kind: plainKind(invocation.kind),
      resource: invocation.resource,
      requestKind: plainKind(requestKind(attributes)),
      requestResource: { group: type.group, version: type.version, resource: type.resource },
      ...below,
      ...(name === '' ? {} : { name }),
      ...(namespace === '' ? {} : { namespace }),
      operation,
      userInfo: {
        username: user.name,
        ...(user.uid === undefined ? {} : { uid: user.uid }),
        groups: user.groups,
        ...(user.extra === undefined ? {} : { extra: user.extra }),
      },
      object: operation === 'CONNECT' ? withoutMetadata(attributes.object) : shownObject(attributes.object, attributes, invocation),
      oldObject: shownObject(attributes.oldObject, attributes, invocation),
      dryRun,
      options: Object.keys(options).length === 0 ? null : options,
    },
  };
}

const texts = (value: Json | undefined): readonly string[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []);
const goKind = (apiVersion: string, kind: string): string => {
  const [version = '', of = ''] = apiVersion.split('/').reverse();
  return `${of}/${version}, Kind=${kind}`;
};
const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

/** Throws InvalidAnswer for what no webhook may answer. */
export function answerOf(answer: unknown, asked: { uid: string; version: string; isMutating: boolean }): ReviewAnswer {
  const { apiVersion, kind, response } = isJsonObject(answer) ? answer : ({} as JsonObject);
  const other = knownVersions.find((version) => version !== asked.version && apiVersion === `${group}/${version}`);
  if (other !== undefined) {
    throw new UndecodableAnswer(`converting (${other}.AdmissionReview) to (${asked.version}.AdmissionReview): unknown conversion`);
  }
  const [ofVersion, ofKind] = [text(apiVersion), text(kind)];
  if (ofKind !== '' && ofVersion !== '' && (ofKind !== 'AdmissionReview' || ofVersion !== `${group}/${asked.version}`)) {
    throw new UndecodableAnswer(
      `no kind ${JSON.stringify(ofKind)} is registered for version ${JSON.stringify(ofVersion)} in scheme "pkg/runtime/scheme.go:111"`,
    );
  }
  if (!isJsonObject(response)) throw new InvalidAnswer('webhook response was absent');
  const { uid, allowed, status, warnings, auditAnnotations } = response;
  if (asked.version === 'v1') {
    if (text(uid) !== asked.uid)
      throw new InvalidAnswer(`expected response.uid=${JSON.stringify(asked.uid)}, got ${JSON.stringify(text(uid))}`);
    const [want, got] = [goKind(`${group}/v1`, 'AdmissionReview'), goKind(text(apiVersion), text(kind))];
    if (want !== got) throw new InvalidAnswer(`expected webhook response of ${want}, got ${got}`);
  }
  return {
    allowed: allowed === true,
    status: isJsonObject(status) ? status : undefined,
    patch: patchOf(response, asked),
    warnings: texts(warnings),
    annotations: isJsonObject(auditAnnotations)
      ? Object.fromEntries(Object.entries(auditAnnotations).map(([key, value]) => [key, text(value)]))
      : {},
  };
}

function base64Of(bytes: string): string {
  try {
    return readBytes(bytes);
  } catch (error) {
    if (error instanceof Error) throw new UndecodableAnswer(error.message, { cause: error });
    throw error;
  }
}

function patchOf({ patch, patchType }: JsonObject, { version, isMutating }: { version: string; isMutating: boolean }): string | undefined {
  const bytes = text(patch);
  const decoded = bytes === '' ? undefined : Buffer.from(base64Of(bytes), 'base64').toString();
  if (version !== 'v1') return isMutating ? decoded : undefined;
  const hasType = patchType !== undefined && patchType !== null;
  if (!isMutating) {
    if (decoded !== undefined) throw new InvalidAnswer('validating webhook may not return response.patch');
    if (hasType) throw new InvalidAnswer('validating webhook may not return response.patchType');
    return undefined;
  }
  if (decoded !== undefined && !hasType) throw new InvalidAnswer('webhook returned response.patch but not response.patchType');
  if (decoded === undefined && hasType) throw new InvalidAnswer('webhook returned response.patchType but not response.patch');
  if (hasType && patchType !== 'JSONPatch') {
    if (patchType === '') throw new InvalidAnswer('webhook returned invalid response.patchType of ""');
    throw new UnsupportedPatch(`unsupported patch type ${JSON.stringify(patchType)}`);
  }
  return decoded;
}
