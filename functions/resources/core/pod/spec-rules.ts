/** Rules of single fields of a pod's spec. Source: pkg/apis/core/validation/validation.go, ValidatePodSpec. */
import { type FieldError, fieldNotFound, forbiddenField, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { Container, PodSpec } from '../../../kube/generated/types.ts';
import { internalForm } from '../../../kube/go-internal.ts';
import { dnsLabelErrors, dnsSubdomainErrors, qualifiedNameErrors } from '../../../kube/names.ts';
import { validateIp } from '../../ip-rules.ts';

const nameserversMax = 3;

export function validateDnsConfig({ dnsConfig }: PodSpec, path: string): FieldError[] {
  const { nameservers = [], options = [] } = dnsConfig ?? {};
  return [
    ...(nameservers.length > nameserversMax
      ? [invalid(`${path}.dnsConfig.nameservers`, nameservers, `must not have more than ${nameserversMax} nameservers`)]
      : []),
    ...nameservers.flatMap((address, index) => validateIp(address, `${path}.dnsConfig.nameservers[${index}]`)),
    ...options.flatMap(({ name }, index) => (name ? [] : [required(`${path}.dnsConfig.options[${index}]`, 'must not be empty')])),
  ];
}

export const validateHostAliases = ({ hostAliases = [] }: PodSpec, path: string): FieldError[] =>
  hostAliases.flatMap(({ ip, hostnames = [] }, index) => {
    const field = `${path}.hostAliases[${index}]`;
    return [
      ...validateIp(ip, `${field}.ip`),
      ...hostnames.flatMap((name, at) => dnsSubdomainErrors(name).map((why) => invalid(`${field}.hostnames[${at}]`, name, why))),
    ];
  });

/** Users of the host cannot be left out where its namespaces are shared. */
export function validateHostUsers({ hostUsers, hostNetwork, hostPID, hostIPC }: PodSpec, path: string): FieldError[] {
  if (hostUsers !== false) return [];
  const shared = [
    ['hostNetwork', hostNetwork],
    ['HostPID', hostPID],
    ['HostIPC', hostIPC],
  ] as const;
  return shared.flatMap(([field, isShared]) =>
    isShared === true ? [forbiddenField(`${path}.${field}`, 'when `hostUsers` is false')] : [],
  );
}

export const validateReadinessGates = ({ readinessGates = [] }: PodSpec, path: string): FieldError[] =>
  readinessGates.flatMap(({ conditionType }, index) =>
    qualifiedNameErrors(conditionType).map((why) => invalid(`${path}.readinessGates[${index}].conditionType`, conditionType, why)),
  );

const systems = ['linux', 'windows'];

export const validateOs = ({ os }: PodSpec, path: string): FieldError[] => {
  if (os === undefined) return [];
  if (!os.name) return [required(`${path}.os.name`)];
  return systems.includes(os.name) ? [] : [notSupported(`${path}.os`, os.name, systems)];
};

export function validateClaims({ resourceClaims = [], containers = [], initContainers = [] }: PodSpec, path: string): FieldError[] {
  const names = resourceClaims.map(({ name }) => name);
  const sources = '`resourceClaimName`, `resourceClaimTemplateName`';
  const own = resourceClaims.flatMap((claim, index) => {
    const field = `${path}.resourceClaims[${index}]`;
    const count = [claim.resourceClaimName, claim.resourceClaimTemplateName].filter((name) => name !== undefined).length;
    const errors = dnsLabelErrors(claim.name).map((why) => invalid(`${field}.name`, claim.name, why));
    if (count === 1) return errors;
    const why = count === 0 ? `must specify one of: ${sources}` : `at most one of ${sources} may be specified`;
    return [...errors, invalid(field, internalForm('core.PodResourceClaim', claim), why)];
  });
  const used = (list: readonly Container[], at: string): FieldError[] =>
    list.flatMap(({ resources }, index) =>
      (resources?.claims ?? []).flatMap(({ name }, claim) => {
        if (names.includes(name)) return [];
        const known = names.length === 0 ? 'which is empty' : `[${names.join(' ')}]`;
        const missing = fieldNotFound(`${at}[${index}].resources.claims[${claim}]`, name);
        return [{ ...missing, message: `${missing.message}: must be one of the names in pod.spec.resourceClaims ${known}` }];
      }),
    );
  return [...own, ...used(containers, `${path}.containers`), ...used(initContainers, `${path}.initContainers`)];
}

const restartPolicies = ['Always', 'Never', 'OnFailure'];

/** When and how a container starts anew, or takes other resources. */
export function validateRestarts({ restartPolicy, restartPolicyRules, resizePolicy = [] }: Container, path: string): FieldError[] {
  const errors = resizePolicy.flatMap((policy) => [
    ...oneOf(policy.resourceName, ['cpu', 'memory'], `${path}.resizePolicy`),
    ...oneOf(policy.restartPolicy, ['NotRequired', 'RestartContainer'], `${path}.resizePolicy`),
  ]);
  if (restartPolicy !== undefined) errors.push(...oneOf(restartPolicy, restartPolicies, `${path}.restartPolicy`));
  if (restartPolicyRules === undefined) return errors;
  if (restartPolicy === undefined) {
    errors.push(required(`${path}.restartPolicy`, 'must specify restartPolicy when restart rules are used'));
  }
  return [
    ...errors,
    ...restartPolicyRules.flatMap(({ action, exitCodes }, index) => [
      ...oneOf(action, ['Restart', 'RestartAllContainers'], `${path}.restartPolicyRules[${index}].action`),
      ...(exitCodes === undefined
        ? []
        : oneOf(exitCodes.operator, ['In', 'NotIn'], `${path}.restartPolicyRules[${index}].exitCodes.operator`)),
    ]),
  ];
}

const oneOf = (value: string, known: readonly string[], field: string): FieldError[] =>
  known.includes(value) ? [] : [notSupported(field, value, known)];

/** The hook cannot sleep longer than the container may take to end. */
export function validateSleep({ lifecycle }: Container, graceSeconds: number, path: string): FieldError[] {
  return (['postStart', 'preStop'] as const).flatMap((hook) => {
    const seconds = lifecycle?.[hook]?.sleep?.seconds;
    if (seconds === undefined || (seconds >= 0 && seconds <= graceSeconds)) return [];
    const why = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`;
    return [invalid(`${path}.lifecycle.${hook}.sleep`, seconds, why)];
  });
}
