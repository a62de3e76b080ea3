/** Source: pkg/apis/core/validation/validation.go, validateContainers, validateInitContainers and validateEphemeralContainers. */
import {
  type FieldError,
  duplicate,
  fieldNotFound,
  forbiddenField,
  invalid,
  notSupported,
  required,
  tooMany,
} from '../../../kube/field-error.ts';
import type { Container, ContainerPort, EphemeralContainer, PodSpec, Volume } from '../../../kube/generated/types.ts';
import { dnsLabelErrors, portNameErrors, portNumberErrors } from '../../../kube/names.ts';
import { repeatedIndexes, validateOneOf } from '../../field-rules.ts';
import { validateEnvFrom, validateEnvironment } from './environment-validation.ts';
import { type PodVolumes, validateDevices, validateMounts } from './mount-validation.ts';
import { validateLifecycle, validateProbes } from './probe-validation.ts';
import { validateResources } from './resource-validation.ts';
import { validateSecurityContext } from './security-validation.ts';

/** The rules that containers of one pod share. */
export interface ContainerRules {
  readonly volumes: PodVolumes;
  readonly claimNames: readonly string[];
  readonly hostUsers: boolean;
  readonly restartPolicy: string | undefined;
  readonly graceSeconds: number;
}

const graceSecondsDefault = 30;

/** Containers find the volumes that nothing is wrong with. */
export const containerRules = (spec: PodSpec, volumes: readonly Volume[] = spec.volumes ?? []): ContainerRules => ({
  volumes: new Map(volumes.map((volume) => [volume.name, volume])),
  claimNames: (spec.resourceClaims ?? []).map(({ name }) => name).filter((name) => name),
  hostUsers: spec.hostUsers !== false,
  restartPolicy: spec.restartPolicy,
  graceSeconds: spec.terminationGracePeriodSeconds ?? graceSecondsDefault,
});

export function validateContainers(containers: readonly Container[] | undefined, path: string, rules: ContainerRules): FieldError[] {
  if (containers === undefined || containers.length === 0) return [required(path)];
  const names = new Set<string>();
  return [
    ...containers.flatMap((container, index) => {
      const field = `${path}[${index}]`;
      const { name, lifecycle } = container;
      const repeated = names.has(name) ? [duplicate(`${field}.name`, name)] : [];
      names.add(name);
      return [
        ...validateContainer(container, field, rules),
        ...repeated,
        ...(lifecycle === undefined ? [] : validateLifecycle(lifecycle, `${field}.lifecycle`, rules.graceSeconds)),
        ...validateProbes(container, field, rules.graceSeconds),
        ...restartErrors(container, field),
      ];
    }),
    ...hostPortErrors(containers, path),
  ];
}

const forRestartedOnly = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const;

export function validateInitContainers(spec: PodSpec, path: string, rules: ContainerRules): FieldError[] {
  const names = new Set((spec.containers ?? []).map(({ name }) => name));
  return (spec.initContainers ?? []).flatMap((container, index) => {
    const field = `${path}[${index}]`;
    const { name, lifecycle, resizePolicy = [] } = container;
    const errors = [...validateContainer(container, field, rules), ...initRestartErrors(container, field)];
    if (names.has(name)) errors.push(duplicate(`${field}.name`, name));
    else if (name) names.add(name);
    errors.push(...hostPortErrors([container], path));
    if (container.restartPolicy === 'Always') {
      if (lifecycle !== undefined) errors.push(...validateLifecycle(lifecycle, `${field}.lifecycle`, rules.graceSeconds));
      return [...errors, ...validateProbes(container, field, rules.graceSeconds)];
    }
    const set = forRestartedOnly.filter((part) => container[part] !== undefined);
    return [
      ...errors,
      ...set.map((part) => forbiddenField(`${field}.${part}`, 'may not be set for init containers without restartPolicy=Always')),
      ...resizePolicy.flatMap(({ restartPolicy }, at) =>
        restartPolicy === 'RestartContainer'
          ? [
              invalid(
                `${field}.resizePolicy[${at}].restartPolicy`,
                restartPolicy,
                "must not be set to 'RestartContainer' for non-sidecar initContainers",
              ),
            ]
          : [],
      ),
    ];
  });
}

const notForThem = 'cannot be set for an Ephemeral Container';

/** What would keep a pod from being what it is: its resources, its ports, its health. */
const notEphemeral = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const;

const isSet = (value: unknown): boolean => value !== undefined && !(typeof value === 'object' && Object.keys(value ?? {}).length === 0);

export function validateEphemeralContainers(spec: PodSpec, path: string, rules: ContainerRules): FieldError[] {
  const others = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name);
  const taken = new Set(others);
  return (spec.ephemeralContainers ?? []).flatMap((container, index) => {
    const field = `${path}[${index}]`;
    const repeated = taken.has(container.name) ? [duplicate(`${field}.name`, container.name)] : [];
    taken.add(container.name);
    return [
      ...validateContainer(container, field, rules),
      ...paddedImageErrors(container, field),
      ...repeated,
      ...ephemeralErrors(container, field, others),
    ];
  });
}

function ephemeralErrors(container: EphemeralContainer, field: string, others: readonly string[]): FieldError[] {
  const { targetContainerName: target = '', volumeMounts = [] } = container;
  return [
    ...(target !== '' && !others.includes(target) ? [fieldNotFound(`${field}.targetContainerName`, target)] : []),
    ...notEphemeral.filter((name) => isSet(container[name])).map((name) => forbiddenField(`${field}.${name}`, notForThem)),
    ...volumeMounts.flatMap((mount, index) =>
      (['subPath', 'subPathExpr'] as const)
        .filter((name) => mount[name])
        .map((name) => forbiddenField(`${field}.volumeMounts[${index}].${name}`, notForThem)),
    ),
  ];
}

/** Errors of one container of any kind. */
function validateContainer(container: Container, path: string, rules: ContainerRules): FieldError[] {
  const { name, image, resources, securityContext } = container;
  return [
    ...(name ? dnsLabelErrors(name).map((why) => invalid(`${path}.name`, name, why)) : [required(`${path}.name`)]),
    ...(image ? [] : [required(`${path}.image`)]),
    ...validateOneOf(container.terminationMessagePolicy, ['File', 'FallbackToLogsOnError'], `${path}.terminationMessagePolicy`),
    ...portErrors(container.ports ?? [], `${path}.ports`),
    ...validateEnvironment(container.env ?? [], `${path}.env`),
    ...validateEnvFrom(container.envFrom ?? [], `${path}.envFrom`),
    ...validateMounts(container, rules.volumes, `${path}.volumeMounts`),
    ...validateDevices(container, rules.volumes, `${path}.volumeDevices`),
    ...validateOneOf(container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never'], `${path}.imagePullPolicy`),
    ...(resources === undefined ? [] : validateResources(resources, `${path}.resources`, rules)),
    ...resizeErrors(container.resizePolicy ?? [], `${path}.resizePolicy`, rules),
    ...(securityContext === undefined ? [] : validateSecurityContext(securityContext, `${path}.securityContext`, rules.hostUsers)),
  ];
}

/** Templates may have such images. Source: validateContainerOnlyForPod. */
export const paddedImageErrors = ({ image = '' }: Container, path: string): FieldError[] =>
  image.trim() === image ? [] : [invalid(`${path}.image`, image, 'must not have leading or trailing whitespace')];

function portErrors(ports: readonly ContainerPort[], path: string): FieldError[] {
  const names = new Set<string>();
  return ports.flatMap(({ name, containerPort, hostPort, protocol }, index) => {
    const field = `${path}[${index}]`;
    const errors = name ? portNameErrors(name).map((why) => invalid(`${field}.name`, name, why)) : [];
    if (name && errors.length === 0) {
      if (names.has(name)) errors.push(duplicate(`${field}.name`, name));
      names.add(name);
    }
    return [
      ...errors,
      ...(containerPort ? portNumber(containerPort, `${field}.containerPort`) : [required(`${field}.containerPort`)]),
      ...(hostPort ? portNumber(hostPort, `${field}.hostPort`) : []),
      ...validateOneOf(protocol, ['SCTP', 'TCP', 'UDP'], `${field}.protocol`),
    ];
  });
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

/** Upstream names the list, where a policy is wrong. */
function resizeErrors(
  policies: NonNullable<Container['resizePolicy']>,
  path: string,
  { restartPolicy: ofPod }: ContainerRules,
): FieldError[] {
  const resources = new Set<string>();
  return policies.flatMap(({ resourceName, restartPolicy }, index) => {
    const errors = resources.has(resourceName) ? [duplicate(`${path}[${index}]`, resourceName)] : [];
    resources.add(resourceName);
    errors.push(...validateOneOf(resourceName, ['cpu', 'memory'], path));
    errors.push(...validateOneOf(restartPolicy, ['NotRequired', 'RestartContainer'], path));
    if (ofPod === 'Never' && restartPolicy !== 'NotRequired') {
      errors.push(invalid(path, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
    }
    return errors;
  });
}

const restartPolicies = ['Always', 'Never', 'OnFailure'];
const actions = ['Restart', 'RestartAllContainers'];
const rulesMax = 20;
const exitCodesMax = 255;

const oneOf = (value: string, known: readonly string[], field: string): FieldError[] =>
  known.includes(value) ? [] : [notSupported(field, value, known)];

/** Rules of an init container count only with its policy. Source: validateInitContainerRestartPolicy. */
const initRestartErrors = (container: Container, path: string): FieldError[] =>
  restartErrors(container, path).slice(0, container.restartPolicy === undefined ? 1 : undefined);

/** When a container starts anew. Source: validateContainerRestartPolicy. */
function restartErrors({ restartPolicy, restartPolicyRules = [] }: Container, path: string): FieldError[] {
  if (restartPolicy === undefined && restartPolicyRules.length === 0) return [];
  const field = `${path}.restartPolicyRules`;
  return [
    ...(restartPolicy === undefined
      ? [required(`${path}.restartPolicy`, 'must specify restartPolicy when restart rules are used')]
      : oneOf(restartPolicy, restartPolicies, `${path}.restartPolicy`)),
    ...(restartPolicyRules.length > rulesMax ? [tooMany(field, restartPolicyRules.length, rulesMax)] : []),
    ...restartPolicyRules.flatMap(({ action, exitCodes }, index) => {
      const at = `${field}[${index}]`;
      const errors = oneOf(action, actions, `${at}.action`);
      if (exitCodes === undefined) return [...errors, required(`${at}.exitCodes`, 'must be specified')];
      const { operator, values = [] } = exitCodes;
      errors.push(...oneOf(operator, ['In', 'NotIn'], `${at}.exitCodes.operator`));
      return values.length > exitCodesMax ? [...errors, tooMany(`${at}.exitCodes.values`, values.length, exitCodesMax)] : errors;
    }),
  ];
}
