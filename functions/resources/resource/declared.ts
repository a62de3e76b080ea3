/** Which errors of claims upstream's API declares, in the order of its types. Source: k8s.io/api, resource/v1/types.go. */

const tolerations = (path: string): string[] => [
  `FieldValueInvalid ${path}[*].key`,
  `FieldValueRequired ${path}[*].operator`,
  `FieldValueNotSupported ${path}[*].operator`,
  `FieldValueNotSupported ${path}[*].effect`,
];

/** The fields of a claim whose spec stands at this path. */
export const declaredOfClaim = (path: string): string[] => {
  const devices = `${path}.devices`;
  const [exactly, alternatives] = [`${devices}.requests[*].exactly`, `${devices}.requests[*].firstAvailable`];
  return [
    `FieldValueTooMany ${devices}.requests`,
    `FieldValueDuplicate ${devices}.requests[*]`,
    `FieldValueTooMany ${exactly}.selectors`,
    `FieldValueNotSupported ${exactly}.allocationMode`,
    ...tolerations(`${exactly}.tolerations`),
    `FieldValueTooMany ${alternatives}`,
    `FieldValueDuplicate ${alternatives}[*]`,
    `${alternatives}[*].deviceClassName`,
    `FieldValueTooMany ${alternatives}[*].selectors`,
    `FieldValueNotSupported ${alternatives}[*].allocationMode`,
    ...tolerations(`${alternatives}[*].tolerations`),
    `FieldValueTooMany ${devices}.constraints`,
    `FieldValueTooMany ${devices}.constraints[*].requests`,
    `FieldValueDuplicate ${devices}.constraints[*].requests[*]`,
    `${devices}.constraints[*].matchAttribute`,
    `${devices}.constraints[*].distinctAttribute`,
    `FieldValueTooMany ${devices}.config`,
    `FieldValueTooMany ${devices}.config[*].requests`,
    `FieldValueDuplicate ${devices}.config[*].requests[*]`,
    `${devices}.config[*].opaque.driver`,
  ];
};

const results = 'status.allocation.devices.results[*]';
const config = 'status.allocation.devices.config[*]';

export const declaredOfClaimStatus: readonly string[] = [
  'status.allocation',
  'FieldValueTooMany status.allocation.devices.results',
  `${results}.driver`,
  `${results}.pool`,
  ...tolerations(`${results}.tolerations`),
  `FieldValueTooMany ${results}.bindingConditions`,
  `FieldValueTooMany ${results}.bindingFailureConditions`,
  `${results}.shareID`,
  'FieldValueTooMany status.allocation.devices.config',
  `${config}.source`,
  `FieldValueTooMany ${config}.requests`,
  `FieldValueDuplicate ${config}.requests[*]`,
  `${config}.opaque.driver`,
  'FieldValueTooMany status.reservedFor',
  'FieldValueDuplicate status.reservedFor[*]',
  'FieldValueDuplicate status.devices[*]',
  'status.devices[*].shareID',
  'FieldValueTooLong status.devices[*].networkData.interfaceName',
  'FieldValueTooMany status.devices[*].networkData.ips',
  'FieldValueDuplicate status.devices[*].networkData.ips[*]',
  'FieldValueTooLong status.devices[*].networkData.hardwareAddress',
];
