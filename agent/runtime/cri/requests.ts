/** Our configs as CRI messages. Pure. */
import type { ContainerConfig, ContainerResources, ContainerSecurity, SandboxConfig, SecurityProfile } from '../runtime.ts';

const optionalNumber = (name: string, value: number | undefined) => (value === undefined ? {} : { [name]: { value: String(value) } });

export function sandboxConfigMessage(config: SandboxConfig): object {
  return {
    metadata: { name: config.podName, uid: config.podUid, namespace: config.podNamespace, attempt: config.attempt },
    hostname: config.hostname,
    logDirectory: config.logDirectory,
    dnsConfig: config.dns,
    portMappings: config.portMappings,
    labels: config.labels,
    annotations: config.annotations,
    linux: {
      cgroupParent: config.cgroupParent,
      sysctls: config.sysctls,
      securityContext: {
        namespaceOptions: config.namespaces,
        privileged: config.privileged,
        seccomp: config.seccomp,
        supplementalGroups: config.supplementalGroups.map(String),
        supplementalGroupsPolicy: config.supplementalGroupsPolicy,
        selinuxOptions: config.seLinuxOptions,
        ...optionalNumber('runAsUser', config.runAsUser),
        ...optionalNumber('runAsGroup', config.runAsGroup),
      },
    },
  };
}

export const resourcesMessage = (resources: ContainerResources): object => ({
  cpuPeriod: String(resources.cpuPeriodMicros),
  cpuQuota: String(resources.cpuQuotaMicros),
  cpuShares: String(resources.cpuShares),
  memoryLimitInBytes: String(resources.memoryLimitBytes),
  oomScoreAdj: String(resources.oomScoreAdj),
});

export function containerConfigMessage(config: ContainerConfig): object {
  return {
    metadata: { name: config.name, attempt: config.attempt },
    image: { image: config.image },
    command: config.command,
    args: config.args,
    workingDir: config.workingDir,
    envs: config.env.map(({ name, value }) => ({ key: name, value: Buffer.from(value) })),
    mounts: config.mounts,
    devices: config.devices,
    CDIDevices: config.cdiDevices.map((name) => ({ name })),
    labels: config.labels,
    annotations: config.annotations,
    logPath: config.logPath,
    stdin: config.stdin,
    stdinOnce: config.stdinOnce,
    tty: config.tty,
    linux: {
      resources: resourcesMessage(config.resources),
      securityContext: securityMessage(config.security),
    },
  };
}

/** In today's words, and in those that older runtimes read. */
function appArmorMessage(profile: SecurityProfile | undefined): object {
  if (profile === undefined) return {};
  const olderNames = { RuntimeDefault: 'runtime/default', Unconfined: 'unconfined', Localhost: `localhost/${profile.localhostRef}` };
  return { apparmor: profile, apparmorProfile: olderNames[profile.profileType] };
}

const securityMessage = (security: ContainerSecurity): object => ({
  capabilities: { addCapabilities: security.addCapabilities, dropCapabilities: security.dropCapabilities },
  privileged: security.privileged,
  namespaceOptions: security.namespaces,
  readonlyRootfs: security.readonlyRootfs,
  supplementalGroups: security.supplementalGroups.map(String),
  supplementalGroupsPolicy: security.supplementalGroupsPolicy,
  selinuxOptions: security.seLinuxOptions,
  ...appArmorMessage(security.appArmor),
  noNewPrivs: security.noNewPrivileges,
  maskedPaths: security.maskedPaths,
  readonlyPaths: security.readonlyPaths,
  seccomp: security.seccomp,
  ...optionalNumber('runAsUser', security.runAsUser),
  ...optionalNumber('runAsGroup', security.runAsGroup),
});
