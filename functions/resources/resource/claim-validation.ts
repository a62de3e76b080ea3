/** What is asked for of devices. Source: pkg/apis/resource/validation/validation.go, validateDeviceClaim. */
import { duplicate, type FieldError, invalid, notSupported, required } from '../../kube/field-error.ts';
import type {
  DeviceClaim,
  DeviceClaimConfiguration,
  DeviceConstraint,
  DeviceRequest,
  DeviceSelector,
  DeviceSubRequest,
  ExactDeviceRequest,
  ResourceClaimSpec,
} from '../../kube/generated/types.ts';
import { inFieldOrder } from '../../kube/go-internal.ts';
import { dnsSubdomainErrors } from '../../kube/names.ts';
import type { Json } from '../../kube/object.ts';
import { repeatedIndexes } from '../field-rules.ts';
import { validateSelectorExpression } from './selector-expression.ts';
import { named, validateDnsLabel, validateFullName, validateItems, validateOpaque, validateToleration } from './device-rules.ts';

const itemsMax = 32;
const alternativesMax = 8;
const tolerationsMax = 16;

export const validateClaimSpec = (spec: ResourceClaimSpec | undefined, path: string): FieldError[] =>
  claimErrors(spec?.devices ?? {}, `${path}.devices`);

function claimErrors({ requests, constraints, config }: DeviceClaim, path: string): FieldError[] {
  const all = requests ?? [];
  const names = requestNames(all);
  return [
    ...validateItems(all, itemsMax, `${path}.requests`, requestErrors),
    ...validateItems(constraints ?? [], itemsMax, `${path}.constraints`, (one, field) => constraintErrors(one, field, names)),
    ...validateItems(config ?? [], itemsMax, `${path}.config`, (one, field) => configErrors(one, field, names)),
    ...repeatedIndexes(all.map(({ name }) => name)).map((index) => duplicate(`${path}.requests[${index}]`, requestForm(all[index] ?? {}))),
  ];
}

/** A request as Go prints it: upstream's API declares that names are unique, and shows whole requests. */
const requestForm = (request: object): Json =>
  inFieldOrder(request as Json, [
    ...(['name', 'exactly', 'firstAvailable', 'deviceClassName', 'selectors', 'allocationMode', 'count', 'adminAccess'] as const),
    ...(['tolerations', 'key', 'operator', 'value', 'effect', 'tolerationSeconds', 'capacity'] as const),
  ]);

/** The names of requests, and of the alternatives below them. */
export const requestNames = (requests: readonly DeviceRequest[]): ReadonlySet<string> =>
  new Set(requests.flatMap(({ name, firstAvailable = [] }) => [name, ...firstAvailable.map((one) => `${name}/${one.name}`)]));

function requestErrors({ name, exactly, firstAvailable = [] }: DeviceRequest, path: string): FieldError[] {
  const errors = validateDnsLabel(name, `${path}.name`);
  if (exactly === undefined && firstAvailable.length === 0) {
    return [...errors, required(path, 'exactly one of `exactly` or `firstAvailable` is required')];
  }
  if (exactly !== undefined && firstAvailable.length > 0) {
    const why = 'exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set';
    return [...errors, invalid(path, null, why)];
  }
  if (exactly !== undefined) return [...errors, ...wantedErrors(exactly, `${path}.exactly`)];
  const field = `${path}.firstAvailable`;
  return [
    ...errors,
    ...validateItems(firstAvailable, alternativesMax, field, (one, at) => [
      ...validateDnsLabel(one.name, `${at}.name`),
      ...wantedErrors(one, at),
    ]),
    ...repeatedIndexes(firstAvailable.map((one) => one.name)).map((index) =>
      duplicate(`${field}[${index}]`, requestForm(firstAvailable[index] ?? {})),
    ),
  ];
}

function wantedErrors(wanted: ExactDeviceRequest | DeviceSubRequest, path: string): FieldError[] {
  const { deviceClassName, selectors = [], tolerations = [], allocationMode = '', count = 0 } = wanted;
  const field = `${path}.deviceClassName`;
  return [
    ...(deviceClassName === '' ? [required(field)] : named(deviceClassName, field, dnsSubdomainErrors)),
    ...validateSelectors(selectors, `${path}.selectors`),
    ...modeErrors(allocationMode, count, path),
    ...validateItems(tolerations, tolerationsMax, `${path}.tolerations`, validateToleration),
  ];
}

function modeErrors(mode: string, count: number, path: string): FieldError[] {
  switch (mode) {
    case 'All':
      return count === 0 ? [] : [invalid(`${path}.count`, count, "must not be specified when allocationMode is 'All'")];
    case 'ExactCount':
      return count > 0 ? [] : [invalid(`${path}.count`, count, 'must be greater than zero')];
    default:
      return [notSupported(`${path}.allocationMode`, mode, ['All', 'ExactCount'])];
  }
}

/** Expressions that were stored before are not read again. */
export const validateSelectors = (selectors: readonly DeviceSelector[], path: string, areStored = false): FieldError[] =>
  validateItems(selectors, itemsMax, path, ({ cel }, field) => {
    if (cel === undefined) return [required(`${field}.cel`)];
    return areStored ? [] : validateSelectorExpression(cel.expression ?? '', `${field}.cel.expression`);
  });

function constraintErrors(constraint: DeviceConstraint, path: string, names: ReadonlySet<string>): FieldError[] {
  const { requests = [], matchAttribute, distinctAttribute } = constraint;
  const errors = referenceErrors(requests, `${path}.requests`, names);
  const declared = [
    ...(matchAttribute === undefined ? [] : validateFullName(matchAttribute, `${path}.matchAttribute`)),
    ...(distinctAttribute === undefined ? [] : validateFullName(distinctAttribute, `${path}.distinctAttribute`)),
  ];
  if (matchAttribute !== undefined || distinctAttribute !== undefined) return [...errors, ...declared];
  const why = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
  return [...errors, required(path, why)];
}

const configErrors = ({ requests = [], opaque }: DeviceClaimConfiguration, path: string, names: ReadonlySet<string>): FieldError[] => [
  ...referenceErrors(requests, `${path}.requests`, names),
  ...validateOpaque(opaque, `${path}.opaque`),
];

export function referenceErrors(requests: readonly string[], path: string, names: ReadonlySet<string>): FieldError[] {
  return [
    ...validateItems(requests, itemsMax, path, (name, field) => validateReference(name, field, names)),
    ...repeatedIndexes(requests).map((index) => duplicate(`${path}[${index}]`, requests[index])),
  ];
}

export function validateReference(name: string, field: string, names: ReadonlySet<string>): FieldError[] {
  const unknown = invalid(
    field,
    name,
    "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'",
  );
  const parts = name.split('/');
  if (parts.length > 2) return [unknown];
  return [...parts.flatMap((part) => validateDnsLabel(part, field)), ...(names.has(name) ? [] : [unknown])];
}
