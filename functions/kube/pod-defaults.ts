/** What a pod's author may leave out. Source: pkg/apis/core/v1/defaults.go. */
import type { Container, ContainerPort, Lifecycle, ObjectFieldSelector, Pod, PodSpec, Probe, Volume } from './generated/types.ts';

const fileMode = 0o644;
const tokenSeconds = 3600;

/** Also of the pods that templates describe: a new default here changes every workload. */
export function setPodSpecDefaults(spec: PodSpec): void {
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.restartPolicy ||= 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= 'default-scheduler';
  alignServiceAccount(spec);
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume);
  for (const container of containersOf(spec)) setContainerDefaults(container);
  for (const container of spec.ephemeralContainers ?? []) setContainerDefaults(container);
}

/** What only a real pod gets, not a template. */
export function setPodDefaults(pod: Pod): void {
  setPodSpecDefaults(pod.spec);
  pod.spec.enableServiceLinks ??= true;
  if ((pod.spec.terminationGracePeriodSeconds ?? 0) < 0) pod.spec.terminationGracePeriodSeconds = 1;
  for (const container of containersOf(pod.spec)) {
    setRequestsFromLimits(container);
    if (pod.spec.hostNetwork === true) for (const port of container.ports ?? []) setHostPort(port);
  }
}

/** `serviceAccount` is the old name of `serviceAccountName`; both are always served alike. */
export function alignServiceAccount(spec: PodSpec): void {
  const name = spec.serviceAccountName || spec.serviceAccount;
  if (!name) return;
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
}

export const containersOf = (spec: PodSpec): readonly Container[] => [...(spec.initContainers ?? []), ...(spec.containers ?? [])];

function setContainerDefaults(container: Container): void {
  container.resources ??= {};
  container.imagePullPolicy ||= defaultPullPolicy(container.image ?? '');
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  for (const port of container.ports ?? []) port.protocol ||= 'TCP';
  for (const variable of container.env ?? []) setFieldRefDefaults(variable.valueFrom?.fieldRef);
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) setProbeDefaults(probe);
  setLifecycleDefaults(container.lifecycle);
}

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const domain = '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]+)?/)?';
/** Source: github.com/distribution/reference, regexp.go. */
const reference = new RegExp(`^${domain}${component}(?:/${component})*(?::\\w[\\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*:[0-9a-fA-F]{32,})?$`);
const referenceLengthMax = 255;

/** The latest image is pulled each time, and so is one without a tag. What is no name of an image is not. */
export function defaultPullPolicy(image: string): 'Always' | 'IfNotPresent' {
  if (image.length > referenceLengthMax || !reference.test(image)) return 'IfNotPresent';
  const [name = '', digest] = image.split('@');
  const last = name.slice(name.lastIndexOf('/') + 1);
  const tag = last.includes(':') ? last.slice(last.indexOf(':') + 1) : '';
  const isLatest = tag === 'latest' || (tag === '' && digest === undefined && image !== '');
  return isLatest ? 'Always' : 'IfNotPresent';
}

function setProbeDefaults(probe: Probe | undefined): void {
  if (probe === undefined) return;
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  if (probe.httpGet !== undefined) setHttpDefaults(probe.httpGet);
  if (probe.grpc !== undefined) probe.grpc.service ??= '';
}

function setHttpDefaults(action: { path?: string; scheme?: string }): void {
  action.path ||= '/';
  action.scheme ||= 'HTTP';
}

function setLifecycleDefaults(lifecycle: Lifecycle | undefined): void {
  for (const action of [lifecycle?.postStart?.httpGet, lifecycle?.preStop?.httpGet]) {
    if (action !== undefined) setHttpDefaults(action);
  }
}

function setFieldRefDefaults(reference: ObjectFieldSelector | undefined): void {
  if (reference !== undefined) reference.apiVersion ||= 'v1';
}

function setVolumeDefaults(volume: Volume): void {
  if (Object.keys(volume).every((key) => key === 'name')) volume.emptyDir = {};
  if (volume.secret !== undefined) volume.secret.defaultMode ??= fileMode;
  if (volume.configMap !== undefined) volume.configMap.defaultMode ??= fileMode;
  if (volume.hostPath !== undefined) volume.hostPath.type ??= '';
  if (volume.image !== undefined) volume.image.pullPolicy ||= defaultPullPolicy(volume.image.reference ?? '');
  if (volume.ephemeral?.volumeClaimTemplate?.spec !== undefined) volume.ephemeral.volumeClaimTemplate.spec.volumeMode ??= 'Filesystem';
  if (volume.downwardAPI !== undefined) {
    volume.downwardAPI.defaultMode ??= fileMode;
    for (const item of volume.downwardAPI.items ?? []) setFieldRefDefaults(item.fieldRef);
  }
  if (volume.projected !== undefined) {
    volume.projected.defaultMode ??= fileMode;
    for (const source of volume.projected.sources ?? []) {
      if (source.serviceAccountToken !== undefined) source.serviceAccountToken.expirationSeconds ??= tokenSeconds;
      for (const item of source.downwardAPI?.items ?? []) setFieldRefDefaults(item.fieldRef);
    }
  }
}

function setRequestsFromLimits(container: Container): void {
  const limits = container.resources?.limits;
  if (container.resources === undefined || limits === undefined) return;
  container.resources.requests = { ...limits, ...container.resources.requests };
}

function setHostPort(port: ContainerPort): void {
  port.hostPort ||= port.containerPort;
}
