import { semanticallyEqual } from '../../../kube/equality.ts';
import type { CSIDriver } from '../../../kube/generated/types.ts';
import { csiDrivers } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, booleanColumn, nameColumn, none, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

export const csiDriverDefinition = definition<CSIDriver>({
  type: csiDrivers,
  schema: builtIn('io.k8s.api.storage.v1.CSIDriver'),
  singular: 'csidriver',
  rechecksName: false,
  returnsDeletedObject: true,
  allowsUnconditionalUpdate: false,
  columns: [
    nameColumn,
    booleanColumn('AttachRequired', 'Whether its volumes are attached to nodes.', ({ spec }) => spec?.attachRequired ?? true),
    booleanColumn('PodInfoOnMount', 'Whether it needs to know the pod.', ({ spec }) => spec?.podInfoOnMount ?? false),
    booleanColumn('StorageCapacity', 'Whether it publishes how much it has left.', ({ spec }) => spec?.storageCapacity ?? false),
    textColumn('TokenRequests', 'Audiences of the tokens that it gets.', ({ spec }) =>
      spec?.tokenRequests === undefined ? '<unset>' : spec.tokenRequests.map(({ audience }) => audience ?? '').join(','),
    ),
    booleanColumn('RequiresRepublish', 'Whether volumes are published again and again.', ({ spec }) => spec?.requiresRepublish ?? false),
    textColumn('Modes', 'How long its volumes live.', ({ spec }) => (spec?.volumeLifecycleModes ?? []).join(',') || none),
    ageColumn,
  ],
  setDefaults({ spec }) {
    if (spec === undefined) return;
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
    if ((spec.volumeLifecycleModes ?? []).length === 0) spec.volumeLifecycleModes = ['Persistent'];
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
    spec.preventPodSchedulingIfMissing ??= false;
  },
  /** A new one has no generation: upstream counts changes only. */
  prepareForUpdate(next, current) {
    if (!semanticallyEqual(next.spec, current.spec)) next.metadata.generation = (current.metadata.generation ?? 0) + 1;
  },
  rules: () => import('./rules.ts'),
});
