/** What a driver reports of its devices. Source: pkg/apis/resource/validation/validation.go, validateResourceSliceSpec. */
import { duplicate, type FieldError, forbiddenField, invalid, required, tooLong, tooMany } from '../../kube/field-error.ts';
import type { Counter, Device, DeviceAttribute, ResourcePool, ResourceSlice, ResourceSliceSpec } from '../../kube/generated/types.ts';
import { internalForm } from '../../kube/go-internal.ts';
import { dnsSubdomainErrors } from '../../kube/names.ts';
import { validateNodeSelector } from '../core/pod/affinity-validation.ts';
import { repeatedIndexes } from '../field-rules.ts';
import { validateImmutable } from '../metadata-validation.ts';
import { validateDriverName } from '../storage/class-validation.ts';
import {
  named,
  validateBindingConditions,
  validateDnsLabel,
  validateItems,
  validatePoolName,
  validateQualifiedName,
  validateTaint,
} from './device-rules.ts';

const devicesMax = 128;
const specialDevicesMax = 64;
const counterSetsMax = 8;
const countersMax = 32;
const consumedMax = 2;
const attributesMax = 32;
const valueMax = 64;
const taintsMax = 16;

export function validateSlice({ spec }: ResourceSlice, current?: ResourceSlice): FieldError[] {
  const path = 'spec';
  const { devices = [], sharedCounters = [] } = spec;
  const isSpecial = devices.some(({ taints = [], consumesCounters = [] }) => taints.length + consumesCounters.length > 0);
  const before = current?.spec;
  return [
    ...validateDriverName(spec.driver, `${path}.driver`),
    ...poolErrors(spec.pool, `${path}.pool`),
    ...(before === undefined ? [] : keptErrors(spec, before)),
    ...placeErrors(spec, path),
    ...(spec.sharedCounters !== undefined && spec.devices !== undefined
      ? [invalid(path, '', 'only one of `sharedCounters` or `devices` is allowed')]
      : []),
    ...validateItems(devices, isSpecial ? specialDevicesMax : devicesMax, `${path}.devices`, (device, field) => [
      ...deviceErrors(device, field),
      ...devicePlaceErrors(device, field, spec.perDeviceNodeSelection === true),
      ...validateBindingConditions(device, field),
    ]),
    ...repeatedIndexes(devices.map(({ name }) => name)).map((index) => duplicate(`${path}.devices[${index}]`, devices[index]?.name)),
    ...validateItems(sharedCounters, counterSetsMax, `${path}.sharedCounters`, ({ name, counters }, field) => [
      ...(name === '' ? [required(`${field}.name`)] : validateDnsLabel(name, `${field}.name`)),
      ...counterErrors(counters, `${field}.counters`),
    ]),
  ];
}

const keptErrors = (next: ResourceSliceSpec, current: ResourceSliceSpec): FieldError[] => [
  ...validateImmutable(next.pool.name, current.pool.name, 'spec.pool.name'),
  ...validateImmutable(next.driver, current.driver, 'spec.driver'),
  ...validateImmutable(next.nodeName, current.nodeName, 'spec.nodeName'),
];

function poolErrors({ name, resourceSliceCount, generation }: ResourcePool, path: string): FieldError[] {
  const errors = validatePoolName(name, `${path}.name`);
  if (resourceSliceCount <= 0) errors.push(invalid(`${path}.resourceSliceCount`, resourceSliceCount, 'must be greater than zero'));
  if (generation < 0) errors.push(invalid(`${path}.generation`, generation, 'must be greater than or equal to zero'));
  return errors;
}

type Placed = Pick<ResourceSliceSpec, 'nodeName' | 'nodeSelector' | 'allNodes'> & { readonly perDeviceNodeSelection?: boolean };

const places = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';

function placeErrors(placed: Placed, path: string): FieldError[] {
  const { errors, chosen } = chosenPlaces(placed, path, 'must be either unset or set to a non-empty string');
  const { nodeSelector } = placed;
  // Selectors of different slices are merged; those of devices are not checked so.
  if (nodeSelector !== undefined && nodeSelector.nodeSelectorTerms?.length !== 1) {
    const terms = internalForm('[]core.NodeSelectorTerm', nodeSelector.nodeSelectorTerms);
    errors.push(invalid(`${path}.nodeSelector.nodeSelectorTerms`, terms, 'must have exactly one node selector term'));
  }
  if (chosen.length === 0) errors.push(required(path, places));
  if (chosen.length > 1) errors.push(invalid(path, `{${chosen.join(', ')}}`, `${places}, but multiple fields are set`));
  return errors;
}

interface Places {
  readonly errors: FieldError[];
  readonly chosen: readonly string[];
}

function chosenPlaces(placed: Placed, path: string, emptyName: string): Places {
  const errors: FieldError[] = [];
  const chosen: string[] = [];
  const { nodeName, nodeSelector } = placed;
  if (nodeName === '') errors.push(invalid(`${path}.nodeName`, '', emptyName));
  else if (nodeName !== undefined) {
    chosen.push('`nodeName`');
    errors.push(...named(nodeName, `${path}.nodeName`, dnsSubdomainErrors));
  }
  if (nodeSelector !== undefined) {
    chosen.push('`nodeSelector`');
    errors.push(...validateNodeSelector(nodeSelector, `${path}.nodeSelector`));
  }
  for (const field of ['allNodes', 'perDeviceNodeSelection'] as const) {
    if (placed[field] === true) chosen.push(`\`${field}\``);
    else if (placed[field] === false) errors.push(invalid(`${path}.${field}`, false, 'must be either unset or set to true'));
  }
  return { errors, chosen };
}

const eachPlace =
  '`nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';

function devicePlaceErrors(device: Device, path: string, isChosenEach: boolean): FieldError[] {
  const { nodeName, nodeSelector, allNodes } = device;
  if (!isChosenEach) {
    if (nodeName === undefined && nodeSelector === undefined && allNodes === undefined) return [];
    const why =
      '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
    return [invalid(path, null, why)];
  }
  const { errors, chosen } = chosenPlaces(device, path, 'must not be empty');
  if (chosen.length === 0) errors.push(required(path, `exactly one of ${eachPlace}`));
  if (chosen.length > 1) errors.push(invalid(path, `{${chosen.join(', ')}}`, `exactly one of ${eachPlace}`));
  return errors;
}

function deviceErrors(device: Device, path: string): FieldError[] {
  const { attributes = {}, capacity = {}, taints = [], consumesCounters = [] } = device;
  const count = Object.keys(attributes).length + Object.keys(capacity).length;
  const errors = validateDnsLabel(device.name, `${path}.name`);
  if (count > attributesMax) {
    errors.push(invalid(path, count, `the total number of attributes and capacities must not exceed ${attributesMax}`));
  }
  for (const [name, attribute] of Object.entries(attributes)) {
    errors.push(...validateQualifiedName(name, `${path}.attributes`), ...attributeErrors(attribute, `${path}.attributes[${name}]`));
  }
  for (const [name, { requestPolicy }] of Object.entries(capacity)) {
    errors.push(...validateQualifiedName(name, `${path}.capacity`));
    if (requestPolicy === undefined || device.allowMultipleAllocations === true) continue;
    errors.push(forbiddenField(`${path}.capacity[${name}].requestPolicy`, 'allowMultipleAllocations must be true'));
  }
  errors.push(...validateItems(taints, taintsMax, `${path}.taints`, (taint, field) => validateTaint(taint, field)));
  const consumed = validateItems(consumesCounters, consumedMax, `${path}.consumesCounters`, ({ counterSet, counters }, field) => [
    ...(counterSet === '' ? [required(`${field}.counterSet`)] : validateDnsLabel(counterSet, `${field}.counterSet`)),
    ...counterErrors(counters, `${field}.counters`),
  ]);
  return [...errors, ...consumed];
}

function counterErrors(counters: Readonly<Record<string, Counter>> | undefined, path: string): FieldError[] {
  const names = Object.keys(counters ?? {});
  if (names.length === 0) return [required(path)];
  if (names.length > countersMax) return [tooMany(path, names.length, countersMax)];
  return names.flatMap((name) => validateDnsLabel(name, path));
}

const semver =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;

const sorts = ['int', 'bool', 'string', 'version', 'ints', 'bools', 'strings', 'versions'] as const;
const sortNames = sorts.map((sort) => `\`${sort}\``).join(', ');

type Valued = readonly [value: string, field: string];

/** The value, and those of its list, whose field has the plural of its name. */
const valuesOf = (value: string | undefined, values: readonly string[] = [], field: string): Valued[] => [
  ...(value === undefined ? [] : [[value, field] as const]),
  ...values.map((one, index): Valued => [one, `${field}s[${index}]`]),
];

function attributeErrors(attribute: DeviceAttribute, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const texts = valuesOf(attribute.string, attribute.strings, `${path}.string`);
  const versions = valuesOf(attribute.version, attribute.versions, `${path}.version`);
  for (const [text, field] of texts) if (text.length > valueMax) errors.push(tooLong(field, valueMax));
  for (const [version, field] of versions) {
    if (!semver.test(version)) errors.push(invalid(field, version, 'must be a string compatible with semver.org spec 2.0.0'));
    if (version.length > valueMax) errors.push(tooLong(field, valueMax));
  }
  const given = sorts.filter((sort) => attribute[sort] !== undefined);
  if (given.length === 0) errors.push(invalid(path, '', `must specify one of: ${sortNames}`));
  if (given.length > 1) errors.push(invalid(path, `{${given.join(', ')}}`, `must specify exactly one of: ${sortNames}`));
  return errors;
}
