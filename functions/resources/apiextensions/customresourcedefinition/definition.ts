import type { CustomResourceDefinition } from '../../../kube/generated/types.ts';
import { customResourceDefinitions, groupResource } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { loadPatterns } from '../../../kube/patterns.ts';
import { type CommitRule, definition } from '../../definition.ts';
import { columns } from './table.ts';
import { acceptNames, cleanupFinalizer, setCondition } from '../../../kube/custom-resource-names.ts';

const resource = groupResource(customResourceDefinitions);

/** Names are accepted with the write that asks for them, so a new kind is served at once. */
const names: CommitRule<CustomResourceDefinition> = {
  operations: ['create', 'update'],
  lists: [resource],
  apply({ next }, view, { nowMs, isDryRun = false }) {
    // Names are held by what is stored.
    if (isDryRun) return {};
    acceptNames(
      next,
      view.list(resource).map(({ object }) => object as CustomResourceDefinition),
      nowMs,
    );
    return {};
  },
};

export const customResourceDefinitionDefinition = definition<CustomResourceDefinition>({
  type: customResourceDefinitions,
  schema: builtIn('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition'),
  singular: 'customresourcedefinition',
  rechecksName: false,
  allowsBareFinalizers: true,
  checksMetadataTwice: true,
  countsEmptyLists: true,
  etcdPrefix: '/apiextensions.k8s.io/customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  hasStatus: true,
  hasGeneration: true,
  columns,
  rules: () => import('./rules.ts'),
  commit: [names],
  prepareForTermination(crd, { nowMs }) {
    const { metadata } = crd;
    metadata.finalizers = [...new Set([...(metadata.finalizers ?? []), cleanupFinalizer])];
    const message = 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon';
    setCondition(crd, { type: 'Terminating', status: 'True', reason: 'InstanceDeletionPending', message }, nowMs);
  },
  isOnlyMarked: true,
  preconditionFailed: 'precondition failed',
  allowsUnconditionalUpdate: false,
  returnsDeletedObject: false,
  load: loadPatterns,
});
