/** Probes and lifecycle handlers. Source: pkg/apis/core/validation/validation.go, validateProbe and validateHandler. */
import { type FieldError, forbiddenField, invalid, required } from '../../../kube/field-error.ts';
import type { Container, Lifecycle, LifecycleHandler, Probe } from '../../../kube/generated/types.ts';
import { validateNonnegative, validateOneOf, validatePositive, validatePortReference } from '../../field-rules.ts';

const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const;
const numbers = ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'] as const;

export function validateProbes({ livenessProbe, readinessProbe, startupProbe }: Container, path: string): FieldError[] {
  const errors = [
    ...validateProbe(livenessProbe, `${path}.livenessProbe`),
    ...onceErrors(livenessProbe, `${path}.livenessProbe`),
    ...validateProbe(readinessProbe, `${path}.readinessProbe`),
    ...validateProbe(startupProbe, `${path}.startupProbe`),
    ...onceErrors(startupProbe, `${path}.startupProbe`),
  ];
  const seconds = readinessProbe?.terminationGracePeriodSeconds;
  if (seconds === undefined) return errors;
  return [...errors, invalid(`${path}.readinessProbe.terminationGracePeriodSeconds`, seconds, 'must not be set for readinessProbes')];
}

const onceErrors = (probe: Probe | undefined, path: string): FieldError[] =>
  probe?.successThreshold !== undefined && probe.successThreshold !== 1
    ? [invalid(`${path}.successThreshold`, probe.successThreshold, 'must be 1')]
    : [];

function validateProbe(probe: Probe | undefined, path: string): FieldError[] {
  if (probe === undefined) return [];
  return [
    ...handlerErrors(probe, path),
    ...numbers.flatMap((field) => validateNonnegative(probe[field], `${path}.${field}`)),
    ...validatePositive(probe.terminationGracePeriodSeconds, `${path}.terminationGracePeriodSeconds`),
  ];
}

type Handler = LifecycleHandler & Pick<Probe, 'grpc'>;

function handlerErrors(handler: Handler, path: string): FieldError[] {
  const [first, ...others] = handlers.filter((name) => handler[name] !== undefined);
  if (first === undefined) return [required(path, 'must specify a handler type')];
  return [
    ...oneHandlerErrors(handler, path),
    ...others.map((name) => forbiddenField(`${path}.${name}`, 'may not specify more than 1 handler type')),
  ];
}

function oneHandlerErrors({ exec, httpGet, tcpSocket, grpc }: Handler, path: string): FieldError[] {
  if (exec !== undefined) return exec.command?.length ? [] : [required(`${path}.exec.command`)];
  if (httpGet !== undefined) {
    return [
      ...(httpGet.path ? [] : [required(`${path}.httpGet.path`)]),
      ...validatePortReference(httpGet.port, `${path}.httpGet.port`),
      ...validateOneOf(httpGet.scheme, ['HTTP', 'HTTPS'], `${path}.httpGet.scheme`),
    ];
  }
  if (tcpSocket !== undefined) return validatePortReference(tcpSocket.port, `${path}.tcpSocket.port`);
  return grpc === undefined ? [] : validatePortReference(grpc.port, `${path}.grpc.port`);
}

export function validateLifecycle({ postStart, preStop }: Lifecycle, path: string): FieldError[] {
  return [
    ...(postStart === undefined ? [] : handlerErrors(postStart, `${path}.postStart`)),
    ...(preStop === undefined ? [] : handlerErrors(preStop, `${path}.preStop`)),
  ];
}
