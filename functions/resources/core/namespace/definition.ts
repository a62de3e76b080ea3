/**
 * A namespace ends in two steps: its deletion marks it, and the controller that emptied it takes `kubernetes` out of
 * `spec.finalizers` through `/finalize`. Source: pkg/registry/core/namespace/{strategy,storage/storage}.go.
 */
import type { Namespace } from '../../../kube/generated/types.ts';
import { dnsLabelErrors } from '../../../kube/names.ts';
import { namespaces } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, textColumn } from '../../columns.ts';
import { type ObjectSubresource, definition } from '../../definition.ts';

const kubernetesFinalizer = 'kubernetes';

const finalize: ObjectSubresource<Namespace> = {
  kind: 'object',
  name: 'finalize',
  verbs: ['update'],
  write: (current, body) => {
    const { spec } = body as Namespace;
    return { outcome: 'update', object: { ...current, spec: { ...current.spec, finalizers: spec?.finalizers ?? [] } } };
  },
};

const phaseOf = ({ status }: Namespace): string => status?.phase ?? '';

export const namespaceDefinition = definition<Namespace>({
  type: namespaces,
  schema: builtIn('io.k8s.api.core.v1.Namespace'),
  singular: 'namespace',
  shortNames: ['ns'],
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  hasStatus: true,
  preconditionFailed: 'Precondition failed',
  resetFields: { others: { finalize: ['status'] } },
  subresources: [finalize],
  columns: [nameColumn, textColumn('Status', 'Whether the namespace is in use or going away.', phaseOf), ageColumn],
  selectableFields: ['status.phase'],
  fields: (object) => ({ 'status.phase': phaseOf(object) }),
  validateName: dnsLabelErrors,
  prepareForCreate(object) {
    object.status = { phase: 'Active' };
    const finalizers = object.spec?.finalizers ?? [];
    object.spec = {
      ...object.spec,
      finalizers: finalizers.includes(kubernetesFinalizer) ? finalizers : [...finalizers, kubernetesFinalizer],
    };
  },
  prepareForUpdate(next, current) {
    next.spec = { ...next.spec, finalizers: current.spec?.finalizers ?? [] };
  },
  isHeld: ({ spec }) => (spec?.finalizers ?? []).length > 0,
  prepareForTermination(object) {
    object.status = { ...object.status, phase: 'Terminating' };
    // Its end has no period of grace: it comes when the namespace is empty.
    delete object.metadata.deletionGracePeriodSeconds;
  },
  returnsDeletedObject: true,
  rules: () => import('./rules.ts'),
});
