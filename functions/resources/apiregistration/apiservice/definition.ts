import type { APIService } from '../../../kube/generated/types.ts';
import { pathSegmentErrors } from '../../../kube/names.ts';
import { apiServices } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';
import { availableText, serviceText } from './table.ts';

const servicePort = 443;

export const apiServiceDefinition = definition<APIService>({
  type: apiServices,
  schema: builtIn('io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService'),
  singular: 'apiservice',
  allowsBareFinalizers: true,
  repeatsCauses: true,
  etcdPrefix: '/apiregistration.k8s.io/apiservices',
  categories: ['api-extensions'],
  hasStatus: true,
  resetFields: { status: ['metadata', 'spec'] },
  allowsUnconditionalUpdate: false,
  columns: [
    nameColumn,
    textColumn('Service', 'What serves the group and version.', serviceText),
    textColumn('Available', 'Whether it is served.', availableText),
    ageColumn,
  ],
  setDefaults({ spec }) {
    if (spec?.service !== undefined) spec.service.port ??= servicePort;
  },
  validateName: pathSegmentErrors,
  rules: () => import('./rules.ts'),
});
