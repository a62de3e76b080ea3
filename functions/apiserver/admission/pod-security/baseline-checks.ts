/** What the baseline level forbids, in the order of the checks' ids. Source: pod-security-admission, policy/check_*.go. */
import type { LifecycleHandler, Probe, SecurityContext } from '../../../kube/generated/types.ts';
import {
  type Check,
  type CheckedContainer,
  containersOf,
  containersText,
  hasOwnUsers,
  namesOf,
  plural,
  type PodCheck,
  quoted,
  settersText,
  sorted,
  unless,
} from './check.ts';
import { seccompAnnotations, seccompField } from './seccomp-checks.ts';
import { seLinuxOptions } from './selinux-check.ts';
import { sysctls } from './sysctl-checks.ts';

const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';

const appArmor: PodCheck = ({ metadata, spec }) => {
  const isBad = (type: string | undefined): boolean => type !== undefined && type !== 'RuntimeDefault' && type !== 'Localhost';
  const typeOf = (context: Pick<SecurityContext, 'appArmorProfile'> | undefined): string | undefined => context?.appArmorProfile?.type;
  const podType = typeOf(spec.securityContext);
  const names = namesOf(spec, ({ securityContext }) => isBad(typeOf(securityContext)));
  const types = [podType, ...containersOf(spec).map(({ securityContext }) => typeOf(securityContext))].filter(isBad);
  const annotations = Object.entries(metadata.annotations ?? {})
    .filter(([key, value]) => key.startsWith(appArmorPrefix) && !/^(?:$|runtime\/default$|localhost\/)/.test(value))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const values = [...sorted(types.map(String)), ...annotations.toSorted()];
  const setters = [settersText(isBad(podType), names), annotations.length === 0 ? '' : plural('annotation', annotations)];
  const who = setters.filter((text) => text !== '').join(' and ');
  if (who === '') return undefined;
  return { reason: plural('forbidden AppArmor profile', values), detail: `${who} must not set AppArmor profile type to ${quoted(values)}` };
};

const defaultCapabilities: ReadonlySet<string> = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);

const capabilities: PodCheck = ({ spec }) => {
  const strange = ({ securityContext }: CheckedContainer): string[] =>
    (securityContext?.capabilities?.add ?? []).filter((name) => !defaultCapabilities.has(name));
  const names = namesOf(spec, (container) => strange(container).length > 0);
  if (names.length === 0) return undefined;
  const added = quoted(sorted(containersOf(spec).flatMap(strange)));
  return {
    reason: 'non-default capabilities',
    detail: `${containersText(names)} must not include ${added} in securityContext.capabilities.add`,
  };
};

const hostNamespaces: PodCheck = ({ spec }) => {
  const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field] === true);
  return shared.length === 0 ? undefined : { reason: 'host namespaces', detail: shared.map((field) => `${field}=true`).join(', ') };
};

const hostPathVolumes: PodCheck = ({ spec: { volumes = [] } }) => {
  const names = volumes.filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name);
  return names.length === 0 ? undefined : { reason: 'hostPath volumes', detail: `${plural('volume', names)} ${quoted(names)}` };
};

const hostPorts: PodCheck = ({ spec }) => {
  const portsOf = ({ ports = [] }: CheckedContainer): string[] =>
    ports.flatMap(({ hostPort = 0 }) => (hostPort === 0 ? [] : [String(hostPort)]));
  const names = namesOf(spec, (container) => portsOf(container).length > 0);
  if (names.length === 0) return undefined;
  const ports = sorted(containersOf(spec).flatMap(portsOf));
  const use = names.length === 1 ? 'uses' : 'use';
  return { reason: 'hostPort', detail: `${containersText(names)} ${use} ${plural('hostPort', ports)} ${ports.join(', ')}` };
};

type Handler = Pick<Probe & LifecycleHandler, 'httpGet' | 'tcpSocket'> | undefined;

const hostsOf = ({ livenessProbe, readinessProbe, startupProbe, lifecycle }: CheckedContainer): string[] =>
  [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop]
    .flatMap((handler: Handler) => [handler?.httpGet?.host ?? '', handler?.tcpSocket?.host ?? ''])
    .filter((host) => host !== '');

const probeHosts: PodCheck = ({ spec }) => {
  const names = sorted(namesOf(spec, (container) => hostsOf(container).length > 0));
  if (names.length === 0) return undefined;
  const hosts = sorted(containersOf(spec).flatMap(hostsOf));
  const use = names.length === 1 ? 'uses' : 'use';
  const reason = 'probe or lifecycle host';
  return { reason, detail: `${containersText(names)} ${use} ${plural(reason, hosts)} ${quoted(hosts)}` };
};

const privileged: PodCheck = ({ spec }) => {
  const names = namesOf(spec, ({ securityContext }) => securityContext?.privileged === true);
  if (names.length === 0) return undefined;
  return { reason: 'privileged', detail: `${containersText(names)} must not set securityContext.privileged=true` };
};

/** Forbids all but the default masks, whatever users the pod has. */
export const procMount: PodCheck = ({ spec }) => {
  const other = ({ securityContext }: CheckedContainer): string[] =>
    securityContext?.procMount === undefined || securityContext.procMount === 'Default' ? [] : [securityContext.procMount];
  const names = namesOf(spec, (container) => other(container).length > 0);
  if (names.length === 0) return undefined;
  const types = quoted(sorted(containersOf(spec).flatMap(other)));
  return { reason: 'procMount', detail: `${containersText(names)} must not set securityContext.procMount to ${types}` };
};

const windowsHostProcess: PodCheck = ({ spec }) => {
  const isHost = (context: Pick<SecurityContext, 'windowsOptions'> | undefined): boolean => context?.windowsOptions?.hostProcess === true;
  const who = settersText(
    isHost(spec.securityContext),
    namesOf(spec, ({ securityContext }) => isHost(securityContext)),
  );
  if (who === '') return undefined;
  return { reason: 'hostProcess', detail: `${who} must not set securityContext.windowsOptions.hostProcess=true` };
};

const always = (id: string, check: PodCheck): Check => ({ id, level: 'baseline', revisions: [{ sinceMinor: 0, check }] });

export const baselineChecks: readonly Check[] = [
  always('appArmorProfile', appArmor),
  always('capabilities_baseline', capabilities),
  always('hostNamespaces', hostNamespaces),
  always('hostPathVolumes', hostPathVolumes),
  always('hostPorts', hostPorts),
  { id: 'hostProbesAndHostLifecycle', level: 'baseline', revisions: [{ sinceMinor: 34, check: probeHosts }] },
  always('privileged', privileged),
  {
    id: 'procMount',
    level: 'baseline',
    revisions: [
      { sinceMinor: 0, check: procMount },
      { sinceMinor: 35, check: unless(hasOwnUsers, procMount) },
    ],
  },
  {
    id: 'seLinuxOptions',
    level: 'baseline',
    revisions: [
      { sinceMinor: 0, check: seLinuxOptions(['container_t', 'container_init_t', 'container_kvm_t']) },
      { sinceMinor: 31, check: seLinuxOptions(['container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t']) },
    ],
  },
  {
    id: 'seccompProfile_baseline',
    level: 'baseline',
    revisions: [
      { sinceMinor: 0, check: seccompAnnotations },
      { sinceMinor: 19, check: seccompField },
    ],
  },
  { id: 'sysctls', level: 'baseline', revisions: sysctls },
  always('windowsHostProcess', windowsHostProcess),
];
