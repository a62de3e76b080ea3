/** Source: pkg/apis/core/validation/validation.go, validateSysctls. */
import { type FieldError, duplicate, invalid, required } from '../../../kube/field-error.ts';
import type { PodSpec } from '../../../kube/generated/types.ts';

const charactersMax = 253;
const segment = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const pattern = String.raw`^(${segment}[\./])*${segment}$`;
const nameExpression = new RegExp(pattern);

/** Source: k8s.io/component-helpers, node/util/sysctl/namespace.go */
const ofNetwork = /^net[./]/;
const ofIpc = /^(kernel[./](sem|shm|shmall|shmmax|shmmni|shm_rmid_forced|msg|msgmax|msgmnb|msgmni)$|fs[./]mqueue[./])/;

export function validateSysctls({ securityContext, hostNetwork, hostIPC }: PodSpec, path: string): FieldError[] {
  const names = (securityContext?.sysctls ?? []).map(({ name }) => name ?? '');
  return names.flatMap((name, index) => {
    const field = `${path}[${index}].name`;
    const errors = nameErrors(name, field);
    if (errors.length === 0 && names.indexOf(name) < index) errors.push(duplicate(field, name));
    if (hostNetwork === true && ofNetwork.test(name)) errors.push(invalid(field, name, "may not be specified when 'hostNetwork' is true"));
    if (hostIPC === true && ofIpc.test(name)) errors.push(invalid(field, name, "may not be specified when 'hostIPC' is true"));
    return errors;
  });
}

function nameErrors(name: string, field: string): FieldError[] {
  if (name === '') return [required(field, '')];
  if (name.length <= charactersMax && nameExpression.test(name)) return [];
  return [invalid(field, name, `must have at most ${charactersMax} characters and match regex ${pattern}`)];
}
