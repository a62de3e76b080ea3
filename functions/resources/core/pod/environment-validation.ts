/** Environment variables and what they refer to. Source: pkg/apis/core/validation/validation.go, ValidateEnv and ValidateEnvFrom. */
import { type FieldError, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type {
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  FileKeySelector,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from '../../../kube/generated/types.ts';
import { parseQuantity } from '../../../kube/quantity.ts';
import { configKeyErrors, dnsLabelErrors, dnsSubdomainErrors, environmentNameErrors, qualifiedNameErrors } from '../../../kube/names.ts';
import { validateNoBacksteps } from './file-path.ts';

type Use = 'env' | 'volume';

const fieldPaths: Readonly<Record<Use, readonly string[]>> = {
  env: [
    'metadata.name',
    'metadata.namespace',
    'metadata.uid',
    'spec.nodeName',
    'spec.serviceAccountName',
    'status.hostIP',
    'status.hostIPs',
    'status.podIP',
    'status.podIPs',
  ],
  volume: ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'],
};
const known = new Set([...fieldPaths.env, ...fieldPaths.volume]);
const resources: Readonly<Record<Use, readonly string[]>> = {
  env: ['limits.cpu', 'limits.ephemeral-storage', 'limits.memory', 'requests.cpu', 'requests.ephemeral-storage', 'requests.memory'],
  volume: ['limits.cpu', 'limits.ephemeral-storage', 'limits.memory', 'requests.cpu', 'requests.ephemeral-storage', 'requests.memory'],
};
const subscripted = /^metadata\.(labels|annotations)\['(.*)'\]$/;

export function validateEnvironment(variables: readonly EnvVar[], path: string): FieldError[] {
  return variables.flatMap((variable, index) => {
    const field = `${path}[${index}]`;
    if (!variable.name) return [required(`${field}.name`), ...sourceErrors(variable, `${field}.valueFrom`)];
    const errors = environmentNameErrors(variable.name).map((why) => invalid(`${field}.name`, variable.name, why));
    return [...errors, ...sourceErrors(variable, `${field}.valueFrom`)];
  });
}

function sourceErrors({ value, valueFrom }: EnvVar, path: string): FieldError[] {
  if (valueFrom === undefined) return [];
  const sources = Object.keys(valueFrom).length;
  if (sources === 0) {
    const names = '`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    return [invalid(path, '', `must specify one of: ${names}`)];
  }
  const errors = referenceErrors(valueFrom, path);
  if (value) errors.push(invalid(path, '', 'may not be specified when `value` is not empty'));
  else if (sources > 1) errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
  return errors;
}

function referenceErrors(
  { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef }: EnvVarSource,
  path: string,
): FieldError[] {
  return [
    ...(fieldRef === undefined ? [] : validateFieldRef(fieldRef, `${path}.fieldRef`, 'env')),
    ...(resourceFieldRef === undefined ? [] : validateResourceFieldRef(resourceFieldRef, `${path}.resourceFieldRef`, 'env')),
    ...(configMapKeyRef === undefined ? [] : keyRefErrors(configMapKeyRef, `${path}.configMapKeyRef`)),
    ...(secretKeyRef === undefined ? [] : keyRefErrors(secretKeyRef, `${path}.secretKeyRef`)),
    ...(fileKeyRef === undefined ? [] : fileKeyErrors(fileKeyRef, `${path}.fileKeyRef`)),
  ];
}

const fileKeyErrors = ({ key, volumeName, path }: FileKeySelector, field: string): FieldError[] => [
  ...(key ? environmentNameErrors(key).map((why) => invalid(`${field}.key`, key, why)) : [required(`${field}.key`)]),
  ...(volumeName
    ? dnsLabelErrors(volumeName).map((why) => invalid(`${field}.volumeName`, volumeName, why))
    : [required(`${field}.volumeName`)]),
  ...(path ? validateNoBacksteps(path, `${field}.path`) : [required(`${field}.path`)]),
];

function keyRefErrors({ name, key }: { name?: string; key: string }, path: string): FieldError[] {
  return [
    ...dnsSubdomainErrors(name ?? '').map((why) => invalid(`${path}.name`, name ?? '', why)),
    ...(key ? configKeyErrors(key).map((why) => invalid(`${path}.key`, key, why)) : [required(`${path}.key`)]),
  ];
}

export function validateFieldRef({ apiVersion, fieldPath }: ObjectFieldSelector, path: string, use: Use): FieldError[] {
  if (!apiVersion) return [required(`${path}.apiVersion`)];
  if (!fieldPath) return [required(`${path}.fieldPath`)];
  if (apiVersion !== 'v1') {
    return [invalid(`${path}.fieldPath`, fieldPath, `error converting fieldPath: unsupported pod version: ${apiVersion}`)];
  }
  const subscript = subscripted.exec(fieldPath);
  if (subscript !== null) {
    const [, list, key = ''] = subscript;
    const name = list === 'annotations' ? key.toLowerCase() : key;
    return qualifiedNameErrors(name).map((why) => invalid(path, name, why));
  }
  if (!known.has(fieldPath)) {
    return [invalid(`${path}.fieldPath`, fieldPath, `error converting fieldPath: field label not supported: ${fieldPath}`)];
  }
  return fieldPaths[use].includes(fieldPath) ? [] : [notSupported(`${path}.fieldPath`, fieldPath, fieldPaths[use])];
}

export function validateResourceFieldRef(
  { containerName, resource, divisor }: ResourceFieldSelector,
  path: string,
  use: Use,
): FieldError[] {
  const errors: FieldError[] = [];
  const isKnown = resources[use].includes(resource) || /^(?:limits|requests)\.hugepages-/.test(resource);
  if (use === 'volume' && !containerName) errors.push(required(`${path}.containerName`));
  else if (!resource) errors.push(required(`${path}.resource`));
  else if (!isKnown) errors.push(notSupported(`${path}.resource`, resource, resources[use]));
  const rule = isKnown ? divisorsOf(resource) : undefined;
  if (rule === undefined || divisor === undefined || parseQuantity(divisor) === 0n || rule.known.includes(divisor)) return errors;
  return [...errors, invalid(`${path}.divisor`, resource, rule.text)];
}

const sizes = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

function divisorsOf(resource: string): { readonly known: readonly string[]; readonly text: string } {
  if (resource.endsWith('.cpu')) return { known: ['1m', '1'], text: "only divisor's values 1m and 1 are supported with the cpu resource" };
  const name = resource.includes('hugepages-') ? 'hugepages' : resource.endsWith('.memory') ? 'memory' : 'local ephemeral storage';
  return { known: sizes, text: `only divisor's values ${sizes.join(', ')} are supported with the ${name} resource` };
}

export function validateEnvFrom(sources: readonly EnvFromSource[], path: string): FieldError[] {
  return sources.flatMap(({ prefix, configMapRef, secretRef }, index) => {
    const field = `${path}[${index}]`;
    const errors = prefix ? environmentNameErrors(prefix).map((why) => invalid(`${field}.prefix`, prefix, why)) : [];
    if (configMapRef !== undefined) errors.push(...referredNameErrors(configMapRef.name, `${field}.configMapRef.name`));
    if (secretRef !== undefined) errors.push(...referredNameErrors(secretRef.name, `${field}.secretRef.name`));
    if (configMapRef === undefined && secretRef === undefined) {
      errors.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
    }
    if (configMapRef !== undefined && secretRef !== undefined) {
      errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
    }
    return errors;
  });
}

const referredNameErrors = (name: string | undefined, field: string): FieldError[] =>
  name ? dnsSubdomainErrors(name).map((why) => invalid(field, name, why)) : [required(field)];
