/** The version of Kubernetes whose API is served and whose kubelet the agent stands for. Nothing else spells it. */

export const kubernetesVersion = '1.37.2';

const [major = '', minor = ''] = kubernetesVersion.split('.');

const build = '+hibernetes';

/** What `/version` answers and nodes report. Clients compare versions without what follows the plus sign. */
export const gitVersion = `v${kubernetesVersion}${build}`;

/** Whether a program of Hibernetes reports the version, whatever its release. */
export const isOfHibernetes = (version: string): boolean => version.endsWith(build);

/** The version of the API that is served, and what kubectl compares its own with. */
export const version = {
  major,
  minor,
  emulationMajor: major,
  emulationMinor: minor,
  minCompatibilityMajor: major,
  minCompatibilityMinor: String(Number(minor) - 1),
  gitVersion,
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'none',
  compiler: 'node',
  platform: 'linux/amd64',
};

/** How the kubelet introduces itself to what it probes. */
export const probeUserAgent = `kube-probe/${major}.${minor}`;
