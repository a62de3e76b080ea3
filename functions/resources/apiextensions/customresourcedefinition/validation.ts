/** Source: apiextensions-apiserver, pkg/apis/apiextensions/validation/validation.go. */
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionVersion,
} from '../../../kube/generated/types.ts';
import { dns1035LabelErrors, dnsSubdomainErrors } from '../../../kube/names.ts';
import { deepEqual } from '../../../kube/equality.ts';
import { nameOf } from '../../../kube/object.ts';
import type { SchemaNode } from '../../../kube/schema.ts';
import { validateImmutable } from '../../metadata-validation.ts';
import { isEstablished } from '../../../kube/custom-resource-names.ts';
import { clientConfigErrors, versionErrors as versionListErrors } from '../../admissionregistration/webhook-validation.ts';
import { type RuleBounds, ruleErrors } from '../../custom/expressions/rule-errors.ts';
import { internalVersions } from './internal-version.ts';
import { schemaErrors } from './schema-validation.ts';
import { selectableErrors } from './selectable-fields.ts';

const mustBe = 'must be spec.names.plural+"."+spec.group';

export function validate(crd: CustomResourceDefinition, current?: CustomResourceDefinition): FieldError[] {
  const { spec } = crd;
  const errors: FieldError[] = [];
  const names = spec.names ?? { plural: '', kind: '' };
  const { plural = '' } = names;
  const { generateName = '' } = crd.metadata;
  if (current === undefined && generateName !== '') errors.push(invalid('metadata.generateName', generateName, mustBe));
  if (current === undefined && nameOf(crd) !== '' && nameOf(crd) !== `${plural}.${spec.group ?? ''}`) {
    errors.push(invalid('metadata.name', nameOf(crd), mustBe));
  }
  errors.push(...groupErrors(spec.group ?? ''), ...scopeErrors(spec.scope));
  const versions = spec.versions ?? [];
  versions.forEach(({ schema }, index) => {
    if (schema?.openAPIV3Schema === undefined) errors.push(required(`spec.versions[${index}].schema.openAPIV3Schema`));
  });
  const isShared: IsShared = (field) => versions.every((version) => deepEqual(version[field], versions[0]?.[field]));
  const own = parts.filter(({ field }) => !isShared(field));
  const bounds = (version: CustomResourceDefinitionVersion): RuleBounds => boundsOf(version, current);
  versions.forEach((version, index) => {
    const path = `spec.versions[${index}]`;
    errors.push(...versionErrors(version, path), ...own.flatMap((part) => part.errors(version, `${path}.${part.own}`, bounds(version))));
  });
  errors.push(...versionListErrorsOf(spec.versions, isShared), ...missingNames(names), ...namesErrors(names, 'spec.names'));
  const [first] = versions;
  if (first !== undefined) {
    const shared = parts.filter(({ field }) => isShared(field));
    errors.push(...shared.flatMap((part) => part.errors(first, `spec.${part.shared}`, bounds(first))));
  }
  errors.push(...conversionErrors(crd));
  if (spec.preserveUnknownFields === true) {
    errors.push(
      invalid(
        'spec.preserveUnknownFields',
        true,
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ),
    );
  }
  return current === undefined ? [...errors, ...storedVersionErrors(crd)] : errors;
}

/** Upstream's internal version repeats the name of the first one. */
function versionListErrorsOf(given: readonly CustomResourceDefinitionVersion[] | undefined, isShared: IsShared): FieldError[] {
  const errors: FieldError[] = [];
  const versions = given ?? [];
  const shown = given === undefined ? null : internalVersions(versions, isShared);
  const names = versions.map(({ name }) => name);
  if (new Set(names).size !== names.length) errors.push(invalid('spec.versions', shown, 'must contain unique version names'));
  if (versions.filter(({ storage }) => storage).length !== 1) {
    errors.push(invalid('spec.versions', shown, 'must have exactly one version marked as storage version'));
  }
  const first = names[0] ?? '';
  const wrong = first === '' ? [] : dns1035LabelErrors(first);
  return wrong.length === 0 ? errors : [...errors, invalid('spec.version', first, wrong.join(','))];
}

/** A schema that did not change keeps rules that newer bounds of cost would refuse. */
function boundsOf({ name, schema }: CustomResourceDefinitionVersion, current: CustomResourceDefinition | undefined): RuleBounds {
  const before = current?.spec.versions.find((version) => version.name === name);
  return { suppressRuleCost: before !== undefined && deepEqual(before.schema, schema) };
}

export function validateUpdate(next: CustomResourceDefinition, current: CustomResourceDefinition): FieldError[] {
  const errors: FieldError[] = [];
  if (isEstablished(current)) {
    errors.push(...validateImmutable(next.spec.scope, current.spec.scope, 'spec.scope'));
    errors.push(...validateImmutable(next.spec.names.kind, current.spec.names.kind, 'spec.names.kind'));
  }
  errors.push(...validateImmutable(next.spec.group, current.spec.group, 'spec.group'));
  errors.push(...validateImmutable(next.spec.names.plural, current.spec.names.plural, 'spec.names.plural'));
  return [...errors, ...storedVersionErrors(next)];
}

/** Source: ValidateUpdateCustomResourceDefinitionStatus. */
export const validateStatusUpdate = ({ status }: CustomResourceDefinition): FieldError[] =>
  status?.acceptedNames === undefined ? [] : namesErrors(status.acceptedNames, 'status.acceptedNames');

function groupErrors(group: string): FieldError[] {
  if (group === '') return [required('spec.group')];
  const wrong = dnsSubdomainErrors(group);
  if (wrong.length > 0) return [invalid('spec.group', group, wrong.join(','))];
  return group.includes('.') ? [] : [invalid('spec.group', group, 'should be a domain with at least one dot')];
}

function scopeErrors(scope: string | undefined): FieldError[] {
  if (!scope) return [required('spec.scope')];
  return ['Cluster', 'Namespaced'].includes(scope) ? [] : [notSupported('spec.scope', scope, ['Cluster', 'Namespaced'])];
}

function schemaAndRuleErrors({ schema, subresources }: CustomResourceDefinitionVersion, path: string, bounds: RuleBounds): FieldError[] {
  const node = schema?.openAPIV3Schema as SchemaNode | undefined;
  if (node === undefined) return [];
  const { errors, hasSoundRules } = schemaErrors(node, path, { hasStatus: subresources?.status !== undefined });
  if (!hasSoundRules) return [...errors];
  const blamed = errors.map(({ field }) => field);
  return [...errors, ...ruleErrors(node, path, bounds, blamed)];
}

function versionErrors(version: CustomResourceDefinitionVersion, path: string): FieldError[] {
  const { name, deprecated = false, deprecationWarning } = version;
  const errors: FieldError[] = [];
  const wrong = dns1035LabelErrors(name ?? '');
  if (wrong.length > 0) errors.push(invalid(`${path}.name`, name ?? '', wrong.join(',')));
  if (!deprecated && deprecationWarning !== undefined) {
    errors.push(invalid(`${path}.deprecationWarning`, deprecationWarning, 'can only be set for deprecated versions'));
  }
  return errors;
}

/** Whether all versions have the same there. */
type IsShared = (field: SharedPart['field']) => boolean;

/** Where the parts of a version are blamed: upstream lifts what all versions share to the definition itself. */
interface SharedPart {
  readonly field: 'schema' | 'subresources' | 'additionalPrinterColumns' | 'selectableFields';
  /** Below a version, and where all versions share it. */
  readonly own: string;
  readonly shared: string;
  errors(version: CustomResourceDefinitionVersion, path: string, bounds: RuleBounds): FieldError[];
}

const parts: readonly SharedPart[] = [
  {
    field: 'schema',
    own: 'schema.openAPIV3Schema',
    shared: 'validation.openAPIV3Schema',
    errors: schemaAndRuleErrors,
  },
  {
    field: 'subresources',
    own: 'subresources',
    shared: 'subresources',
    errors: ({ subresources }, path) => (subresources?.scale === undefined ? [] : scaleErrors(subresources.scale, `${path}.scale`)),
  },
  {
    field: 'additionalPrinterColumns',
    own: 'additionalPrinterColumns',
    shared: 'additionalPrinterColumns',
    errors: ({ additionalPrinterColumns = [] }, path) =>
      additionalPrinterColumns.flatMap((column, index) => columnErrors(column, `${path}[${index}]`)),
  },
  {
    field: 'selectableFields',
    own: 'selectableFields',
    shared: 'selectableFields',
    errors: selectionErrors,
  },
];

function selectionErrors({ selectableFields = [], schema }: CustomResourceDefinitionVersion, path: string): FieldError[] {
  if (selectableFields.length === 0) return [];
  const node = schema?.openAPIV3Schema as SchemaNode | undefined;
  if (node !== undefined) return selectableErrors(selectableFields, node, path);
  const isOwn = path.startsWith('spec.versions');
  const place = isOwn ? '`version.schema.openAPIV3Schema` is not included' : 'validations.schema is included';
  return [invalid(path, '', `may only be set when ${place}`)];
}

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

type PrinterColumn = NonNullable<CustomResourceDefinitionVersion['additionalPrinterColumns']>[number];

function columnErrors({ name, type, format, jsonPath }: PrinterColumn, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(required(`${path}.name`));
  if (!type) errors.push(required(`${path}.type`, `must be one of ${columnTypes.join(',')}`));
  else if (!columnTypes.includes(type)) errors.push(invalid(`${path}.type`, type, `must be one of ${columnTypes.join(',')}`));
  if (format && !columnFormats.includes(format))
    errors.push(invalid(`${path}.format`, format, `must be one of ${columnFormats.join(',')}`));
  // Upstream names the field of its internal version.
  return [...errors, ...simplePathErrors(jsonPath, `${path}.JSONPath`)];
}

function simplePathErrors(text: string | undefined, path: string): FieldError[] {
  if (!text) return [required(path)];
  return text.startsWith('.') ? [] : [invalid(path, text, 'must be a simple json path starting with .')];
}

type Scale = NonNullable<NonNullable<CustomResourceDefinitionVersion['subresources']>['scale']>;

function scaleErrors({ specReplicasPath, statusReplicasPath, labelSelectorPath }: Scale, path: string): FieldError[] {
  const check = (value: string | undefined, field: string, parent: string): FieldError[] => {
    const wrong = simplePathErrors(value, `${path}.${field}`);
    if (wrong.length > 0 || !value) return wrong;
    return value.startsWith(`.${parent}.`) ? [] : [invalid(`${path}.${field}`, value, `should be a json path under .${parent}`)];
  };
  return [
    ...check(specReplicasPath, 'specReplicasPath', 'spec'),
    ...check(statusReplicasPath, 'statusReplicasPath', 'status'),
    ...(labelSelectorPath ? simplePathErrors(labelSelectorPath, `${path}.labelSelectorPath`) : []),
    ...(labelSelectorPath && labelSelectorPath.startsWith('.') && !/^\.(spec|status)\./.test(labelSelectorPath)
      ? [invalid(`${path}.labelSelectorPath`, labelSelectorPath, 'should be a json path under either .spec or .status')]
      : []),
  ];
}

function missingNames({ plural, singular, kind, listKind }: CustomResourceDefinitionNames): FieldError[] {
  const needed = Object.entries({ plural, singular, kind, listKind });
  return needed.flatMap(([field, value]) => (value ? [] : [required(`spec.names.${field}`)]));
}

/** The form of those that are there. */
function namesErrors(names: CustomResourceDefinitionNames, path: string): FieldError[] {
  const { plural, singular, shortNames = [], kind, listKind, categories = [] } = names;
  const errors: FieldError[] = [];
  const check = (value: string, field: string): void => {
    const wrong = dns1035LabelErrors(value);
    if (wrong.length > 0) errors.push(invalid(`${path}.${field}`, value, wrong.join(',')));
  };
  if (plural) check(plural, 'plural');
  if (singular) check(singular, 'singular');
  for (const [field, value] of [
    ['kind', kind],
    ['listKind', listKind],
  ] as const) {
    const wrong = value ? dns1035LabelErrors(value.toLowerCase()) : [];
    if (wrong.length > 0)
      errors.push(invalid(`${path}.${field}`, value, `may have mixed case, but should otherwise match: ${wrong.join(',')}`));
  }
  shortNames.forEach((name, index) => check(name, `shortNames[${index}]`));
  if (kind && kind === listKind) errors.push(invalid(`${path}.listKind`, listKind, 'kind and listKind may not be the same'));
  categories.forEach((name, index) => check(name, `categories[${index}]`));
  return errors;
}

/** Source: validateCustomResourceConversion */
function conversionErrors({ spec: { conversion } }: CustomResourceDefinition): FieldError[] {
  const strategy = conversion?.strategy ?? '';
  const wrong = ['None', 'Webhook'].includes(strategy)
    ? []
    : [strategy === '' ? required('spec.conversion.strategy') : notSupported('spec.conversion.strategy', strategy, ['None', 'Webhook'])];
  // Upstream names the fields of its internal version.
  const [config, versions] = ['spec.conversion.webhookClientConfig', 'spec.conversion.conversionReviewVersions'];
  const { clientConfig, conversionReviewVersions = [] } = conversion?.webhook ?? {};
  if (strategy !== 'Webhook') {
    const why = 'should not be set when strategy is not set to Webhook';
    return [
      ...wrong,
      ...(clientConfig === undefined ? [] : [forbiddenField(config, why)]),
      ...(conversionReviewVersions.length === 0 ? [] : [forbiddenField(versions, why)]),
    ];
  }
  return [
    ...(clientConfig === undefined
      ? [required(config, 'required when strategy is set to Webhook')]
      : clientConfigErrors(clientConfig, config)),
    ...(conversionReviewVersions.length === 0 ? [required(versions)] : versionListErrors(conversionReviewVersions, versions)),
  ];
}

function storedVersionErrors({ spec, status }: CustomResourceDefinition): FieldError[] {
  const names = (spec.versions ?? []).map(({ name }) => name);
  const stored = status?.storedVersions ?? [];
  if (stored.length === 0) return [invalid('status.storedVersions', null, 'must have at least one stored version')];
  // Each stored version stands for one version of that name.
  const unstored = (spec.versions ?? []).filter(
    ({ name, storage }, index) => storage && (!stored.includes(name) || names.indexOf(name) < index),
  );
  const missing = unstored.map(({ name }) => invalid('status.storedVersions', stored, `must have the storage version ${name}`));
  const gone = stored.flatMap((version, index) => {
    if (names.includes(version)) return [];
    const why = `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`;
    return [invalid(`status.storedVersions[${index}]`, version, why)];
  });
  return [...missing, ...gone];
}
