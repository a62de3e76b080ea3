/** Probes and lifecycle handlers. Source: pkg/apis/core/validation/validation.go, validateProbe and validateHandler. */
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { Container, HTTPGetAction, Lifecycle, LifecycleHandler, Probe } from '../../../kube/generated/types.ts';
import { validateNonnegative, validatePositive, validatePortReference } from '../../field-rules.ts';

const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const;
const numbers = ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'] as const;

export function validateProbes(
  { livenessProbe, readinessProbe, startupProbe }: Container,
  path: string,
  graceSeconds: number,
): FieldError[] {
  const errors = [
    ...validateProbe(livenessProbe, `${path}.livenessProbe`, graceSeconds),
    ...onceErrors(livenessProbe, `${path}.livenessProbe`),
    ...validateProbe(readinessProbe, `${path}.readinessProbe`, graceSeconds),
  ];
  const seconds = readinessProbe?.terminationGracePeriodSeconds;
  if (seconds !== undefined) {
    errors.push(invalid(`${path}.readinessProbe.terminationGracePeriodSeconds`, seconds, 'must not be set for readinessProbes'));
  }
  return [
    ...errors,
    ...validateProbe(startupProbe, `${path}.startupProbe`, graceSeconds),
    ...onceErrors(startupProbe, `${path}.startupProbe`),
  ];
}

const onceErrors = (probe: Probe | undefined, path: string): FieldError[] =>
  probe?.successThreshold !== undefined && probe.successThreshold !== 1
    ? [invalid(`${path}.successThreshold`, probe.successThreshold, 'must be 1')]
    : [];

function validateProbe(probe: Probe | undefined, path: string, graceSeconds: number): FieldError[] {
  if (probe === undefined) return [];
  return [
    ...handlerErrors(probe, path, graceSeconds),
    ...numbers.flatMap((field) => validateNonnegative(probe[field], `${path}.${field}`)),
    ...validatePositive(probe.terminationGracePeriodSeconds, `${path}.terminationGracePeriodSeconds`),
  ];
}

type Handler = LifecycleHandler & Pick<Probe, 'grpc'>;

function handlerErrors(handler: Handler, path: string, graceSeconds: number): FieldError[] {
  const [first, ...others] = handlers.filter((name) => handler[name] !== undefined);
  if (first === undefined) return [required(path, 'must specify a handler type')];
  return [
    ...oneHandlerErrors(handler, path, graceSeconds),
    ...others.map((name) => forbiddenField(`${path}.${name}`, 'may not specify more than 1 handler type')),
  ];
}

function oneHandlerErrors({ exec, httpGet, tcpSocket, grpc, sleep }: Handler, path: string, graceSeconds: number): FieldError[] {
  if (exec !== undefined) return exec.command?.length ? [] : [required(`${path}.exec.command`)];
  if (httpGet !== undefined) return httpErrors(httpGet, `${path}.httpGet`);
  if (tcpSocket !== undefined) return validatePortReference(tcpSocket.port, `${path}.tcpSocket.port`);
  if (grpc !== undefined) return validatePortReference(grpc.port, `${path}.grpc.port`);
  const seconds = sleep?.seconds ?? 0;
  if (seconds >= 0 && seconds <= graceSeconds) return [];
  // The hook cannot sleep longer than the container may take to end.
  const why = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`;
  return [invalid(`${path}.sleep`, seconds, why)];
}

const schemes = ['HTTP', 'HTTPS'];
const headerName = /^[-A-Za-z0-9]+$/;
const headerProblem =
  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";

function httpErrors({ path, port, scheme = '', httpHeaders = [] }: HTTPGetAction, field: string): FieldError[] {
  return [
    ...(path ? [] : [required(`${field}.path`)]),
    ...validatePortReference(port, `${field}.port`),
    ...(schemes.includes(scheme) ? [] : [notSupported(`${field}.scheme`, scheme, schemes)]),
    ...httpHeaders
      .filter(({ name }) => !headerName.test(name ?? ''))
      .map(({ name }) => invalid(`${field}.httpHeaders`, name ?? '', headerProblem)),
  ];
}

export function validateLifecycle({ postStart, preStop }: Lifecycle, path: string, graceSeconds: number): FieldError[] {
  return [
    ...(postStart === undefined ? [] : handlerErrors(postStart, `${path}.postStart`, graceSeconds)),
    ...(preStop === undefined ? [] : handlerErrors(preStop, `${path}.preStop`, graceSeconds)),
  ];
}
