/** Source: pkg/apis/core/validation/validation.go, validateContainers and validateInitContainers. */
import { type FieldError, duplicate, fieldNotFound, forbiddenField, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { Container, ContainerPort, SecurityContext, VolumeMount } from '../../../kube/generated/types.ts';
import { dnsLabelErrors, portNameErrors, portNumberErrors } from '../../../kube/names.ts';
import { repeatedIndexes, validateOneOf } from '../../field-rules.ts';
import { validateEnvFrom, validateEnvironment } from './environment-validation.ts';
import { validateLifecycle, validateProbes } from './probe-validation.ts';
import { validateRestarts } from './spec-rules.ts';
import { validateResources } from './resource-validation.ts';
import { filePathErrors } from './file-path.ts';

/** What containers of one pod share. */
export interface ContainerRules {
  readonly volumeNames: ReadonlySet<string>;
  readonly hostNetwork: boolean;
}

export function validateContainers(containers: readonly Container[] | undefined, path: string, rules: ContainerRules): FieldError[] {
  if (containers === undefined || containers.length === 0) return [required(path)];
  return [
    ...containers.flatMap((container, index) => validateContainer(container, `${path}[${index}]`, rules)),
    ...hostPortErrors(containers, path),
  ];
}

export function validateInitContainers(containers: readonly Container[], path: string, rules: ContainerRules): FieldError[] {
  return containers.flatMap((container, index) => {
    const field = `${path}[${index}]`;
    const errors = validateContainer(container, field, rules);
    if (container.restartPolicy === 'Always') return errors;
    for (const name of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      if (container[name] === undefined) continue;
      errors.push(forbiddenField(`${field}.${name}`, 'may not be set for init containers without restartPolicy=Always'));
    }
    return errors;
  });
}

/** Names are unique among containers and init containers together: the error is on the later one. */
export function validateContainerNames(inits: readonly Container[], containers: readonly Container[], path: string): FieldError[] {
  const all = [
    ...containers.map(({ name }, index) => ({ name, field: `${path}.containers[${index}].name` })),
    ...inits.map(({ name }, index) => ({ name, field: `${path}.initContainers[${index}].name` })),
  ].filter(({ name }) => name);
  return repeatedIndexes(all.map(({ name }) => name)).flatMap((index) => {
    const repeated = all[index];
    return repeated === undefined ? [] : [duplicate(repeated.field, repeated.name)];
  });
}

/** One container, of whatever kind. */
export function validateContainer(container: Container, path: string, rules: ContainerRules): FieldError[] {
  const { name, image, resources, lifecycle, securityContext } = container;
  return [
    ...(name ? dnsLabelErrors(name).map((why) => invalid(`${path}.name`, name, why)) : [required(`${path}.name`)]),
    ...imageErrors(image, path),
    ...validateOneOf(container.terminationMessagePolicy, ['FallbackToLogsOnError', 'File'], `${path}.terminationMessagePolicy`),
    ...portErrors(container.ports ?? [], `${path}.ports`, rules),
    ...validateEnvironment(container.env ?? [], `${path}.env`),
    ...validateEnvFrom(container.envFrom ?? [], `${path}.envFrom`),
    ...mountErrors(container.volumeMounts ?? [], `${path}.volumeMounts`, rules.volumeNames),
    ...validateOneOf(container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never'], `${path}.imagePullPolicy`),
    ...validateProbes(container, path),
    ...(lifecycle === undefined ? [] : validateLifecycle(lifecycle, `${path}.lifecycle`)),
    ...(resources === undefined ? [] : validateResources(resources, `${path}.resources`)),
    ...validateRestarts(container, path),
    ...(securityContext === undefined ? [] : securityErrors(securityContext, `${path}.securityContext`)),
  ];
}

function imageErrors(image: string | undefined, path: string): FieldError[] {
  if (!image) return [required(`${path}.image`)];
  return image.trim() === image ? [] : [invalid(`${path}.image`, image, 'must not have leading or trailing whitespace')];
}

function portErrors(ports: readonly ContainerPort[], path: string, { hostNetwork }: ContainerRules): FieldError[] {
  const errors = ports.flatMap((port, index) => [
    ...(port.name ? portNameErrors(port.name).map((why) => invalid(`${path}[${index}].name`, port.name, why)) : []),
    ...(port.containerPort
      ? portNumber(port.containerPort, `${path}[${index}].containerPort`)
      : [required(`${path}[${index}].containerPort`)]),
    ...(port.hostPort ? portNumber(port.hostPort, `${path}[${index}].hostPort`) : []),
    ...validateOneOf(port.protocol, ['SCTP', 'TCP', 'UDP'], `${path}[${index}].protocol`),
    ...(hostNetwork && port.hostPort && port.hostPort !== port.containerPort
      ? [invalid(`${path}[${index}].containerPort`, port.containerPort, 'must match `hostPort` when `hostNetwork` is true')]
      : []),
  ]);
  // Ports without a name are never the same.
  const names = ports.map(({ name }, index) => name || `#${index}`);
  return [...errors, ...repeatedIndexes(names).map((index) => duplicate(`${path}[${index}].name`, ports[index]?.name))];
}

const portNumber = (port: number, field: string): FieldError[] => portNumberErrors(port).map((why) => invalid(field, port, why));

/** Two containers of a pod cannot own the same port of the node. */
function hostPortErrors(containers: readonly Container[], path: string): FieldError[] {
  const taken = containers.flatMap(({ ports = [] }, container) =>
    ports.flatMap(({ hostPort, hostIP = '', protocol = '' }, index) =>
      hostPort ? [{ key: `${protocol}/${hostIP}/${hostPort}`, field: `${path}[${container}].ports[${index}].hostPort` }] : [],
    ),
  );
  return repeatedIndexes(taken.map(({ key }) => key)).flatMap((index) => {
    const port = taken[index];
    return port === undefined ? [] : [duplicate(port.field, port.key)];
  });
}

function mountErrors(mounts: readonly VolumeMount[], path: string, volumeNames: ReadonlySet<string>): FieldError[] {
  const errors = mounts.flatMap(({ name, mountPath, subPath, subPathExpr }, index) => {
    const field = `${path}[${index}]`;
    const found: FieldError[] = [];
    if (!name) found.push(required(`${field}.name`));
    if (!volumeNames.has(name ?? '')) found.push(fieldNotFound(`${field}.name`, name ?? ''));
    if (!mountPath) found.push(required(`${field}.mountPath`));
    if (subPath) found.push(...filePathErrors(subPath, `${field}.subPath`));
    if (subPathExpr && subPath) found.push(invalid(`${field}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive'));
    return found;
  });
  const repeated = repeatedIndexes(mounts.map(({ mountPath }) => mountPath ?? ''));
  return [...errors, ...repeated.map((index) => invalid(`${path}[${index}].mountPath`, mounts[index]?.mountPath, 'must be unique'))];
}

const idMax = 2 ** 31 - 1;

export function validateIds(ids: Readonly<Record<string, number | undefined>>, path: string): FieldError[] {
  return Object.entries(ids).flatMap(([field, id]) =>
    id !== undefined && (id < 0 || id > idMax) ? [invalid(`${path}.${field}`, id, 'must be between 0 and 2147483647, inclusive')] : [],
  );
}

function securityErrors(context: SecurityContext, path: string): FieldError[] {
  const { runAsUser, runAsGroup, allowPrivilegeEscalation, privileged, procMount, capabilities } = context;
  const errors = validateIds({ runAsUser, runAsGroup }, path);
  if (procMount !== undefined && !['Default', 'Unmasked'].includes(procMount)) {
    errors.push(notSupported(`${path}.procMount`, procMount, ['Default', 'Unmasked']));
  }
  if (allowPrivilegeEscalation !== false) return errors;
  if (privileged === true) {
    errors.push(invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'));
  }
  if (capabilities?.add?.includes('CAP_SYS_ADMIN')) {
    errors.push(invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'));
  }
  return errors;
}
