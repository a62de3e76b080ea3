import type { ControllerRevision, OwnerReference } from '../../../kube/generated/types.ts';
import { controllerRevisions } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, none, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

/** `statefulset.apps/web`. */
const ownerText = ({ apiVersion, kind, name }: OwnerReference): string => {
  const [, group = ''] = apiVersion.split('/').reverse();
  return `${(group === '' ? kind : `${kind}.${group}`).toLowerCase()}/${name}`;
};

export const controllerRevisionDefinition = definition<ControllerRevision>({
  type: controllerRevisions,
  schema: builtIn('io.k8s.api.apps.v1.ControllerRevision'),
  singular: 'controllerrevision',
  columns: [
    nameColumn,
    textColumn('Controller', 'Whose revision it is.', ({ metadata }) => {
      const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
      return owner === undefined ? none : ownerText(owner);
    }),
    // Upstream declares text and prints a number.
    {
      name: 'Revision',
      type: 'string',
      description: 'Its place in the order of revisions.',
      priority: 0,
      value: ({ revision = 0 }) => revision,
    },
    ageColumn,
  ],
  rules: () => import('./rules.ts'),
});
