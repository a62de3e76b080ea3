/**
 * A container's environment: services of the namespace, then envFrom, then env, each able to override the former; and
 * the expansion of `$(NAME)`. Pure. Source: pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables), third_party/forked/golang/expansion
 */
import type {
  Container,
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  FileKeySelector,
  Pod,
  Service,
} from '../../functions/kube/generated/types.ts';
import { annotationsOf, labelsOf, nameOf, namespaceOf, uidOf } from '../../functions/kube/object.ts';
import { parseQuantity } from '../../functions/kube/quantity.ts';
import { envFileKey, type EnvFiles, envFileValue } from './env-file.ts';
import { ContainerConfigError, type Lookup } from './lookup.ts';
import { specOf } from './pod-facts.ts';

export interface EnvironmentInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly lookup: Lookup;
  readonly podIps: readonly string[];
  readonly hostIps: readonly string[];
  readonly nodeName: string;
  /** What a container without limits may use. */
  readonly allocatable: Readonly<Record<string, string>>;
  /** Those that its variables name; none where no variable does. */
  readonly envFiles?: EnvFiles;
}

/** Replaces `$(NAME)` for known names; `$$` stands for one `$`; everything else stays. */
export function expand(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(/\$(?:\$|\(([^()]*)\))/g, (all, name: string | undefined) => {
    if (name === undefined) return '$';
    return values.get(name) ?? all;
  });
}

/** `SVC_SERVICE_HOST` and the Docker links. Source: pkg/kubelet/envvars/envvars.go */
function serviceVariables(service: Service): [string, string][] {
  const ip = service.spec?.clusterIP ?? '';
  const ports = service.spec?.ports ?? [];
  if (ip === '' || ip === 'None' || ports[0] === undefined) return [];
  const prefix = nameOf(service).toUpperCase().replaceAll('-', '_');
  const named = ports.filter(({ name }) => name !== undefined && name !== '');
  const url = (port: { port: number; protocol?: string }): string => `${(port.protocol ?? 'TCP').toLowerCase()}://${ip}:${port.port}`;
  return [
    [`${prefix}_SERVICE_HOST`, ip],
    [`${prefix}_SERVICE_PORT`, String(ports[0].port)],
    ...named.map(({ name, port }): [string, string] => [
      `${prefix}_SERVICE_PORT_${(name ?? '').toUpperCase().replaceAll('-', '_')}`,
      String(port),
    ]),
    [`${prefix}_PORT`, url(ports[0])],
    ...ports.flatMap((port): [string, string][] => {
      const protocol = port.protocol ?? 'TCP';
      const link = `${prefix}_PORT_${port.port}_${protocol}`;
      return [
        [link, url(port)],
        [`${link}_PROTO`, protocol.toLowerCase()],
        [`${link}_PORT`, String(port.port)],
        [`${link}_ADDR`, ip],
      ];
    }),
  ];
}

const alwaysLinked = new Set(['kubernetes']);

function linkedServices({ pod, lookup }: EnvironmentInput): readonly Service[] {
  const namespace = namespaceOf(pod);
  const wantsLinks = specOf(pod).enableServiceLinks !== false;
  return lookup.services().filter((service) => {
    if (namespaceOf(service) === 'default' && alwaysLinked.has(nameOf(service))) return true;
    return wantsLinks && namespaceOf(service) === namespace;
  });
}

const decoded = (values: Readonly<Record<string, string>> | undefined): [string, string][] =>
  Object.entries(values ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]);

function fromSource(input: EnvironmentInput, source: EnvFromSource): [string, string][] {
  const namespace = namespaceOf(input.pod);
  const prefixed = (entries: [string, string][]): [string, string][] =>
    entries.map(([key, value]) => [`${source.prefix ?? ''}${key}`, value]);
  if (source.configMapRef !== undefined) {
    const { name = '', optional } = source.configMapRef;
    const configMap = input.lookup.configMap(namespace, name);
    if (configMap === undefined && optional !== true) throw new ContainerConfigError(`configmap "${name}" not found`);
    return prefixed(Object.entries(configMap?.data ?? {}));
  }
  if (source.secretRef !== undefined) {
    const { name = '', optional } = source.secretRef;
    const secret = input.lookup.secret(namespace, name);
    if (secret === undefined && optional !== true) throw new ContainerConfigError(`secret "${name}" not found`);
    return prefixed(decoded(secret?.data));
  }
  return [];
}

const subscript = (path: string): RegExpExecArray | null => /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);

/** Source: pkg/fieldpath/fieldpath.go, pkg/kubelet/kubelet_pods.go (podFieldSelectorRuntimeValue) */
export function fieldValue(input: Pick<EnvironmentInput, 'pod' | 'podIps' | 'hostIps' | 'nodeName'>, path: string): string {
  const { pod } = input;
  const match = subscript(path);
  if (match !== null) return (match[1] === 'labels' ? labelsOf(pod) : annotationsOf(pod))[match[2] ?? ''] ?? '';
  const formatted = (map: Readonly<Record<string, string>>): string =>
    Object.keys(map)
      .toSorted()
      .map((key) => `${key}=${JSON.stringify(map[key])}`)
      .join('\n');
  const fields: Readonly<Record<string, () => string>> = {
    'metadata.name': () => nameOf(pod),
    'metadata.namespace': () => namespaceOf(pod),
    'metadata.uid': () => uidOf(pod),
    'metadata.labels': () => formatted(labelsOf(pod)),
    'metadata.annotations': () => formatted(annotationsOf(pod)),
    'spec.nodeName': () => input.nodeName,
    'spec.serviceAccountName': () => specOf(pod).serviceAccountName ?? '',
    'status.hostIP': () => input.hostIps[0] ?? '',
    'status.hostIPs': () => input.hostIps.join(','),
    'status.podIP': () => input.podIps[0] ?? '',
    'status.podIPs': () => input.podIps.join(','),
  };
  const field = fields[path];
  if (field === undefined) throw new ContainerConfigError(`unsupported fieldPath: ${path}`);
  return field();
}

const nanosPerUnit = 1_000_000_000n;

/** A container's request or limit in units of the divisor, rounded up. A limit that is not set is what the node has. */
export function resourceValue(
  input: Pick<EnvironmentInput, 'pod' | 'container' | 'allocatable'>,
  reference: NonNullable<EnvVarSource['resourceFieldRef']>,
): string {
  const spec = specOf(input.pod);
  const named = [...(spec.initContainers ?? []), ...spec.containers].find(({ name }) => name === reference.containerName);
  const container = reference.containerName === undefined || reference.containerName === '' ? input.container : named;
  if (container === undefined) throw new ContainerConfigError(`container ${reference.containerName} not found`);
  const [kind = '', resource = ''] = reference.resource.split(/\.(.*)/s);
  if (kind !== 'limits' && kind !== 'requests') throw new ContainerConfigError(`Unsupported container resource : ${reference.resource}`);
  const fallback = kind === 'limits' ? (input.allocatable[resource] ?? '0') : '0';
  const value = parseQuantity(container.resources?.[kind]?.[resource] ?? fallback);
  const divisor = parseQuantity(reference.divisor === undefined || reference.divisor === '0' ? '1' : reference.divisor);
  const by = divisor === 0n ? nanosPerUnit : divisor;
  return String((value + by - 1n) / by);
}

function keyValue(input: EnvironmentInput, source: EnvVarSource): string | undefined {
  const namespace = namespaceOf(input.pod);
  if (source.configMapKeyRef !== undefined) {
    const { name = '', key, optional } = source.configMapKeyRef;
    const configMap = input.lookup.configMap(namespace, name);
    const value = configMap?.data?.[key];
    if (value !== undefined || optional === true) return value;
    if (configMap === undefined) throw new ContainerConfigError(`configmap "${name}" not found`);
    throw new ContainerConfigError(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`);
  }
  if (source.secretKeyRef !== undefined) {
    const { name = '', key, optional } = source.secretKeyRef;
    const secret = input.lookup.secret(namespace, name);
    const value = secret?.data?.[key];
    if (value !== undefined) return Buffer.from(value, 'base64').toString('utf8');
    if (optional === true) return undefined;
    if (secret === undefined) throw new ContainerConfigError(`secret "${name}" not found`);
    throw new ContainerConfigError(`couldn't find key ${key} in Secret ${namespace}/${name}`);
  }
  if (source.fileKeyRef !== undefined) return fileValue(input, source.fileKeyRef);
  if (source.fieldRef !== undefined) return fieldValue(input, source.fieldRef.fieldPath);
  return source.resourceFieldRef === undefined ? undefined : resourceValue(input, source.resourceFieldRef);
}

function fileValue({ envFiles }: EnvironmentInput, { volumeName, path, key, optional }: FileKeySelector): string | undefined {
  const value = envFileValue(envFiles?.get(envFileKey(volumeName, path)) ?? '', key);
  if (value !== '') return value;
  if (optional === true) return undefined;
  throw new ContainerConfigError(`environment variable key "${key}" not found in file "${path}"`);
}

function variableValue(input: EnvironmentInput, variable: EnvVar, values: ReadonlyMap<string, string>): string | undefined {
  if (variable.valueFrom !== undefined) return keyValue(input, variable.valueFrom);
  return expand(variable.value ?? '', values);
}

export function environmentOf(input: EnvironmentInput): ReadonlyMap<string, string> {
  const links = new Map(linkedServices(input).flatMap(serviceVariables));
  const own = new Map<string, string>();
  for (const source of input.container.envFrom ?? []) {
    for (const [name, value] of fromSource(input, source)) own.set(name, value);
  }
  for (const variable of input.container.env ?? []) {
    const value = variableValue(input, variable, new Map([...links, ...own]));
    if (value !== undefined) own.set(variable.name, value);
  }
  return new Map([...links, ...own]);
}
