/** Security contexts of pods and containers. Source: pkg/apis/core/validation/validation.go, ValidateSecurityContext. */
import { type FieldError, forbiddenField, invalid, notSupported, required, tooLong } from '../../../kube/field-error.ts';
import type { AppArmorProfile, PodSecurityContext, PodSpec, SeccompProfile, SecurityContext } from '../../../kube/generated/types.ts';
import { internalForm } from '../../../kube/go-internal.ts';
import { validateDescendingPath } from './file-path.ts';
import { placedContainers } from './placed-containers.ts';
import { validateSysctls } from './sysctl-validation.ts';
import { windowsErrors } from './windows-validation.ts';

const idMax = 2 ** 31 - 1;

const idErrors = (id: number | undefined, field: string): FieldError[] =>
  id !== undefined && (id < 0 || id > idMax) ? [invalid(field, id, 'must be between 0 and 2147483647, inclusive')] : [];

const oneOf = (value: string | undefined, known: readonly string[], field: string): FieldError[] =>
  value === undefined || known.includes(value) ? [] : [notSupported(field, value, known)];

export function validateSecurityContext(context: SecurityContext, path: string, hostUsers: boolean): FieldError[] {
  const { runAsUser, runAsGroup, procMount, seccompProfile, windowsOptions, appArmorProfile } = context;
  const isUnmasked = hostUsers && procMount === 'Unmasked';
  return [
    ...idErrors(runAsUser, `${path}.runAsUser`),
    ...idErrors(runAsGroup, `${path}.runAsGroup`),
    ...oneOf(procMount, ['Default', 'Unmasked'], `${path}.procMount`),
    ...(isUnmasked ? [invalid(`${path}.procMount`, procMount, '`hostUsers` must be false to use `Unmasked`')] : []),
    ...seccompErrors(seccompProfile, `${path}.seccompProfile`),
    ...escalationErrors(context, path),
    ...windowsErrors(windowsOptions, `${path}.windowsOptions`),
    ...appArmorErrors(appArmorProfile, `${path}.appArmorProfile`),
  ];
}

function escalationErrors(context: SecurityContext, path: string): FieldError[] {
  if (context.allowPrivilegeEscalation !== false) return [];
  const refuse = (what: string): FieldError =>
    invalid(path, internalForm('core.SecurityContext', context), `cannot set \`allowPrivilegeEscalation\` to false and ${what}`);
  return [
    ...(context.privileged === true ? [refuse('`privileged` to true')] : []),
    ...(context.capabilities?.add ?? []).filter((name) => name === 'CAP_SYS_ADMIN').map(() => refuse('`capabilities.Add` CAP_SYS_ADMIN')),
  ];
}

const seccompTypes = ['Localhost', 'RuntimeDefault', 'Unconfined'];

function seccompErrors(profile: SeccompProfile | undefined, path: string): FieldError[] {
  if (profile === undefined) return [];
  const { type, localhostProfile } = profile;
  const errors = type
    ? oneOf(type, seccompTypes, `${path}.type`)
    : [required(`${path}.type`, 'type is required when seccompProfile is set')];
  const field = `${path}.localhostProfile`;
  if (type === 'Localhost') {
    return localhostProfile === undefined
      ? [...errors, required(field, 'must be set when seccomp type is Localhost')]
      : [...errors, ...validateDescendingPath(localhostProfile, field)];
  }
  if (localhostProfile === undefined) return errors;
  return [...errors, invalid(field, internalForm('core.SeccompProfile', profile), 'can only be set when seccomp type is Localhost')];
}

const appArmorTypes = ['Localhost', 'RuntimeDefault', 'Unconfined'];
const profileBytesMax = 4095;

export function appArmorErrors(profile: AppArmorProfile | undefined, path: string): FieldError[] {
  if (profile === undefined) return [];
  const { type, localhostProfile: name } = profile;
  const field = `${path}.localhostProfile`;
  if (!type) return [required(`${path}.type`, 'type is required when appArmorProfile is set')];
  if (!appArmorTypes.includes(type)) return [notSupported(`${path}.type`, type, appArmorTypes)];
  if (type !== 'Localhost') {
    return name === undefined ? [] : [invalid(field, name, 'can only be set when AppArmor type is Localhost')];
  }
  if (!name) return [required(field, 'must be set when AppArmor type is Localhost')];
  return [
    ...(name.trim() === name ? [] : [invalid(field, name, 'must not be padded with whitespace')]),
    ...(Buffer.byteLength(name) > profileBytesMax ? [tooLong(field, profileBytesMax)] : []),
  ];
}

export function validatePodSecurityContext(spec: PodSpec, path: string): FieldError[] {
  const context = spec.securityContext;
  if (context === undefined) return [];
  return [
    ...idErrors(context.fsGroup, `${path}.fsGroup`),
    ...idErrors(context.runAsUser, `${path}.runAsUser`),
    ...idErrors(context.runAsGroup, `${path}.runAsGroup`),
    ...(context.supplementalGroups ?? []).flatMap((id, index) => idErrors(id, `${path}.supplementalGroups[${index}]`)),
    ...validateSysctls(spec, `${path}.sysctls`),
    ...oneOf(context.fsGroupChangePolicy, ['Always', 'OnRootMismatch'], `${path}.fsGroupChangePolicy`),
    ...seccompErrors(context.seccompProfile, `${path}.seccompProfile`),
    ...windowsErrors(context.windowsOptions, `${path}.windowsOptions`),
    ...appArmorErrors(context.appArmorProfile, `${path}.appArmorProfile`),
    ...oneOf(context.supplementalGroupsPolicy, ['Merge', 'Strict'], `${path}.supplementalGroupsPolicy`),
    ...oneOf(context.seLinuxChangePolicy, ['MountOption', 'Recursive'], `${path}.seLinuxChangePolicy`),
  ];
}

const notOnWindows = {
  pod: [
    'appArmorProfile',
    'seLinuxOptions',
    'seccompProfile',
    'fsGroup',
    'fsGroupChangePolicy',
    'sysctls',
    'runAsUser',
    'runAsGroup',
    'supplementalGroups',
    'supplementalGroupsPolicy',
    'seLinuxChangePolicy',
  ],
  spec: ['hostUsers', 'hostPID', 'hostIPC', 'shareProcessNamespace'],
  container: [
    'appArmorProfile',
    'seLinuxOptions',
    'seccompProfile',
    'capabilities',
    'readOnlyRootFilesystem',
    'privileged',
    'allowPrivilegeEscalation',
    'procMount',
    'runAsUser',
    'runAsGroup',
  ],
} as const satisfies {
  readonly pod: readonly (keyof PodSecurityContext)[];
  readonly spec: readonly (keyof PodSpec)[];
  readonly container: readonly (keyof SecurityContext)[];
};

const systems = ['linux', 'windows'];

/** What the named system does not have. */
export function validateOs(spec: PodSpec, path: string): FieldError[] {
  if (spec.os === undefined) return [];
  const { name } = spec.os;
  if (!name) return [required(`${path}.os.name`)];
  if (!systems.includes(name)) return [notSupported(`${path}.os`, name, systems)];
  return name === 'linux' ? linuxErrors(spec, path) : windowsPodErrors(spec, path);
}

function linuxErrors(spec: PodSpec, path: string): FieldError[] {
  const why = 'windows options cannot be set for a linux pod';
  const isSet = (context: Pick<SecurityContext, 'windowsOptions'> | undefined): boolean => context?.windowsOptions !== undefined;
  return [
    ...(isSet(spec.securityContext) ? [forbiddenField(`${path}.securityContext.windowsOptions`, why)] : []),
    ...placedContainers(spec, path)
      .filter(({ container }) => isSet(container.securityContext))
      .map(({ field }) => forbiddenField(`${field}.securityContext.windowsOptions`, why)),
  ];
}

function windowsPodErrors(spec: PodSpec, path: string): FieldError[] {
  const refused = <T extends object>(holder: T | undefined, fields: readonly (keyof T & string)[], at: string): FieldError[] =>
    fields
      .filter((field) => holder !== undefined && isSetField(field, holder[field]))
      .map((field) => forbiddenField(`${at}.${field}`, 'cannot be set for a windows pod'));
  return [
    ...refused(spec.securityContext, notOnWindows.pod, `${path}.securityContext`),
    ...refused(spec, notOnWindows.spec, path),
    ...placedContainers(spec, path).flatMap(({ container, field }) =>
      refused(container.securityContext, notOnWindows.container, `${field}.securityContext`),
    ),
  ];
}

/** These two are plain truths to Go, and the settings of the kernel a list. */
function isSetField(field: string, value: unknown): boolean {
  if (field === 'hostPID' || field === 'hostIPC') return value === true;
  return field === 'sysctls' ? Array.isArray(value) && value.length > 0 : value !== undefined;
}
