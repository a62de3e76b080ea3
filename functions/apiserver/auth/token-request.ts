/**
 * `serviceaccounts/token`: a token for a ServiceAccount, bound to what it may not outlive.
 * Source: pkg/registry/core/serviceaccount/storage/token.go and pkg/apis/authentication/validation.
 */
import type { BoundObjectReference, Pod, ServiceAccount, TokenRequest } from '../../kube/generated/types.ts';
import type { FieldError } from '../../kube/field-error.ts';
import { invalid, invalidObject } from '../../kube/field-error.ts';
import { nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import { apiVersionOf, groupResource, nodes, pods, secrets } from '../../kube/resource-type.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { badRequest, conflict, notFound } from '../../kube/status-error.ts';
import { timestamp } from '../../kube/time.ts';
import type { View } from '../../kube/view.ts';
import type { Store } from '../../store/store.ts';
import type { Clock } from '../../world.ts';
import type { Computation } from '../ports.ts';
import { apiAudience } from './tokens.ts';
import type { BoundReference, ServiceAccountClaims, Tokens } from './tokens.ts';

export interface TokenRequestOptions {
  readonly store: Pick<Store, 'fresh'>;
  readonly tokens: Tokens;
  readonly clock: Pick<Clock, 'now'>;
}

const defaultSeconds = 3600;
const minSeconds = 600;
const maxSeconds = 2 ** 32;

const bindable: readonly { readonly type: ResourceType; readonly claim: 'pod' | 'secret' | 'node' }[] = [
  { type: pods, claim: 'pod' },
  { type: secrets, claim: 'secret' },
  { type: nodes, claim: 'node' },
];

function expirationErrors(seconds: number): FieldError[] {
  if (seconds < minSeconds) return [invalid('spec.expirationSeconds', seconds, 'may not specify a duration less than 10 minutes')];
  return seconds > maxSeconds ? [invalid('spec.expirationSeconds', seconds, 'may not specify a duration larger than 2^32 seconds')] : [];
}

/** The claim for the object that the token is bound to; throws when it is not (or no longer) that object. */
function boundClaims(reference: BoundObjectReference, account: ServiceAccount, view: View): Partial<ServiceAccountClaims> {
  const found = bindable.find(({ type }) => type.kind === reference.kind && apiVersionOf(type) === reference.apiVersion);
  if (found === undefined)
    throw badRequest(`cannot bind token to object of type ${reference.apiVersion ?? ''}, Kind=${reference.kind ?? ''}`);
  const { type, claim } = found;
  const name = reference.name ?? '';
  const object = view.get({ resource: groupResource(type), namespace: type.namespaced ? namespaceOf(account) : '', name })?.object;
  if (object === undefined) throw notFound(type, name);
  if (claim === 'pod' && (object as Pod).spec?.serviceAccountName !== nameOf(account)) {
    throw badRequest(`cannot bind token for serviceaccount "${nameOf(account)}" to pod running with different serviceaccount name.`);
  }
  if (reference.uid !== undefined && reference.uid !== '' && reference.uid !== uidOf(object)) {
    throw conflict(
      type,
      name,
      `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  return { [claim]: { name, uid: uidOf(object) }, ...(claim === 'pod' ? nodeClaim(object as Pod, view) : {}) };
}

/** A pod's token also names the node, where the pod has one. */
function nodeClaim(pod: Pod, view: View): { readonly node?: BoundReference } {
  const name = pod.spec?.nodeName ?? '';
  const node = name === '' ? undefined : view.get({ resource: groupResource(nodes), namespace: '', name })?.object;
  return node === undefined ? {} : { node: { name, uid: uidOf(node) } };
}

const kind = { group: 'authentication.k8s.io', kind: 'TokenRequest' };

export function createTokenRequest({ store, tokens, clock }: TokenRequestOptions): Computation {
  return {
    async compute(body, { parent }) {
      const request = body as TokenRequest;
      const account = parent as ServiceAccount;
      // A null stands where nothing was asked for, as Go writes it.
      const audiences = request.spec.audiences ?? [];
      const boundObjectRef = request.spec.boundObjectRef ?? undefined;
      const expirationSeconds = request.spec.expirationSeconds ?? defaultSeconds;
      checkParent(request, account);
      const errors = expirationErrors(expirationSeconds);
      if (errors.length > 0) throw invalidObject(kind, '', errors);
      const bound = boundObjectRef === undefined ? {} : boundClaims(boundObjectRef, account, await store.fresh());
      const asked = audiences.length === 0 ? [apiAudience] : audiences;
      const { token, expiresMs } = await tokens.issueServiceAccountToken(
        { namespace: namespaceOf(account), serviceaccount: { name: nameOf(account), uid: uidOf(account) }, ...bound },
        { audiences: asked, expirationSeconds },
      );
      return {
        ...request,
        metadata: {
          ...request.metadata,
          name: nameOf(account),
          namespace: namespaceOf(account),
          uid: uidOf(account),
          creationTimestamp: timestamp(clock.now()),
        },
        spec: { ...request.spec, audiences: asked, expirationSeconds, boundObjectRef: boundObjectRef ?? null },
        status: { token, expirationTimestamp: timestamp(expiresMs) },
      };
    },
  };
}

/** The request names the account that its path leads to, or none. */
function checkParent({ metadata }: TokenRequest, account: ServiceAccount): void {
  const { name = '', namespace = '', uid = '' } = metadata ?? {};
  if (name !== '' && name !== nameOf(account)) {
    throw invalidObject(kind, nameOf(account), [invalid('metadata.name', name, 'must match the service account name if specified')]);
  }
  if (namespace !== '' && namespace !== namespaceOf(account)) {
    const why = 'must match the service account namespace if specified';
    throw invalidObject(kind, nameOf(account), [invalid('metadata.namespace', namespace, why)]);
  }
  if (uid === '' || uid === uidOf(account)) return;
  const why = `the UID in the token request (${uid}) does not match the UID of the service account (${uidOf(account)})`;
  // Upstream puts the kind where the resource belongs.
  throw conflict({ group: kind.group, resource: kind.kind }, nameOf(account), why);
}
