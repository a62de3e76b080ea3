import type { PodTemplate } from '../../../kube/generated/types.ts';
import { podTemplates } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { containerImages, containerNames, labelsText, nameColumn, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

export const podTemplateDefinition = definition<PodTemplate>({
  type: podTemplates,
  schema: builtIn('io.k8s.api.core.v1.PodTemplate'),
  singular: 'podtemplate',
  rechecksName: false,
  hasGeneration: true,
  columns: [
    nameColumn,
    textColumn('Containers', 'Names of the containers in the template.', ({ template }) => containerNames(template?.spec?.containers)),
    textColumn('Images', 'Images of the containers in the template.', ({ template }) => containerImages(template?.spec?.containers)),
    textColumn('Pod Labels', 'Labels of the pods made from it.', ({ template }) => labelsText(template?.metadata?.labels)),
  ],
  rules: () => import('./rules.ts'),
  returnsDeletedObject: true,
});
