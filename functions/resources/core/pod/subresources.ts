/** What can be done to a pod besides writing it. Source: pkg/registry/core/pod/storage/{storage,eviction}.go. */
import { withCondition } from '../../../kube/conditions.ts';
import { type FieldError, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { Binding, Pod } from '../../../kube/generated/types.ts';
import { dnsSubdomainErrors } from '../../../kube/names.ts';
import { annotationsOf, isTerminating, labelsOf, nameOf } from '../../../kube/object.ts';
import { groupResource, podDisruptionBudgets } from '../../../kube/resource-type.ts';
import { conflict, plainError } from '../../../kube/status-error.ts';
import { builtIn } from '../../../kube/schema.ts';
import { timestamp } from '../../../kube/time.ts';
import {
  type ConnectParameter,
  type ConnectSubresource,
  type ObjectSubresource,
  type Subresource,
  type WriteContext,
  splitSubresource,
} from '../../definition.ts';
import { podProxy } from '../proxy-locations.ts';

const bindings = { group: '', resource: 'pods/binding', kind: 'Binding' };

const binding: ObjectSubresource<Pod> = {
  kind: 'object',
  name: 'binding',
  verbs: ['create'],
  body: { group: '', version: 'v1', kind: 'Binding' },
  bodySchema: builtIn('io.k8s.api.core.v1.Binding'),
  keepsGeneration: true,
  checkBody: (body) => checkBinding(body as Binding),
  write: (pod, body, context) => ({ outcome: 'update', object: bound(pod, body as Binding, context) }),
};

function bound(pod: Pod, { target, metadata }: Binding, { nowMs }: WriteContext): Pod {
  const name = nameOf(pod);
  const refusal = bindingRefusal(pod, metadata);
  if (refusal !== undefined) throw conflict(bindings, name, refusal);
  // Go writes the missing time as null.
  const scheduled = { type: 'PodScheduled', status: 'True', ...({ lastProbeTime: null } as object) };
  const conditions = withCondition(pod.status?.conditions, scheduled, timestamp(nowMs));
  const annotations = { ...annotationsOf(pod), ...metadata.annotations };
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      ...(metadata.labels !== undefined && { labels: { ...labelsOf(pod), ...metadata.labels } }),
    },
    spec: { ...pod.spec, nodeName: target.name ?? '' },
    // A bound pod waits for no preemption any more.
    status: { ...withoutNomination(pod.status), conditions },
  };
}

function withoutNomination({ nominatedNodeName: _nominated, ...status }: NonNullable<Pod['status']> = {}): NonNullable<Pod['status']> {
  return status;
}

/** Upstream answers with the errors alone: no reason, no causes. */
export function checkBinding({ target }: Pick<Binding, 'target'>): void {
  const texts = bindingErrors(target).map(({ field, message }) => `${field}: ${message}`);
  if (texts.length > 0) throw plainError(texts.length === 1 ? texts.join() : `[${texts.join(', ')}]`);
}

function bindingErrors(target: Binding['target'] | undefined): FieldError[] {
  const errors: FieldError[] = [];
  if (target?.kind && target.kind !== 'Node') {
    errors.push(notSupported('target.kind', target.kind, ['Node', '<empty>']));
  }
  if (!target?.name) errors.push(required('target.name'));
  else if (!target.kind || target.kind === 'Node')
    errors.push(...dnsSubdomainErrors(target.name).map((why) => invalid('target.name', target.name, why)));
  return errors;
}

function bindingRefusal(pod: Pod, metadata: Binding['metadata']): string | undefined {
  const name = nameOf(pod);
  if (metadata.uid && metadata.uid !== pod.metadata.uid) {
    return `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${pod.metadata.uid}`;
  }
  if (isTerminating(pod)) return `pod ${name} is being deleted, cannot be assigned to a host`;
  if (pod.spec.nodeName) return `pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`;
  if (pod.spec.schedulingGates?.length) return `pod ${name} has non-empty .spec.schedulingGates`;
  return undefined;
}

const upgrade = (name: string, optionsKind: string, parameters: readonly ConnectParameter[]): ConnectSubresource => ({
  kind: 'connect',
  name,
  verbs: ['create', 'get'],
  optionsKind,
  transport: 'upgrade',
  parameters,
});

const parameters = (type: ConnectParameter['type'], ...names: readonly string[]): ConnectParameter[] =>
  names.map((name) => ({ name, type }));

const log: ConnectSubresource = {
  kind: 'connect',
  name: 'log',
  verbs: ['get'],
  optionsKind: 'PodLogOptions',
  transport: 'stream',
  parameters: [
    ...parameters('string', 'container', 'sinceTime'),
    ...parameters('boolean', 'follow', 'previous', 'timestamps'),
    ...parameters('integer', 'limitBytes', 'sinceSeconds', 'tailLines'),
  ],
};

const terminal = [...parameters('string', 'container'), ...parameters('boolean', 'stdin', 'stdout', 'stderr', 'tty')];

const eviction = splitSubresource<Pod>(
  {
    kind: 'object',
    name: 'eviction',
    verbs: ['create'],
    body: { group: 'policy', version: 'v1', kind: 'Eviction' },
    bodySchema: builtIn('io.k8s.api.policy.v1.Eviction'),
    lists: [groupResource(podDisruptionBudgets)],
  },
  async () => (await import('./eviction.ts')).evict,
);

const ephemeralContainers = splitSubresource<Pod>(
  { kind: 'object', name: 'ephemeralcontainers', verbs: ['get', 'patch', 'update'] },
  async () => (await import('./ephemeral-containers.ts')).writeEphemeralContainers,
);

const resize = splitSubresource<Pod>(
  { kind: 'object', name: 'resize', verbs: ['get', 'patch', 'update'] },
  async () => (await import('./resize.ts')).writeResources,
);

export const subresources: readonly Subresource<Pod>[] = [
  upgrade('attach', 'PodAttachOptions', terminal),
  binding,
  ephemeralContainers,
  eviction,
  upgrade('exec', 'PodExecOptions', [...terminal, ...parameters('strings', 'command')]),
  log,
  upgrade('portforward', 'PodPortForwardOptions', parameters('integers', 'ports')),
  podProxy,
  resize,
];
