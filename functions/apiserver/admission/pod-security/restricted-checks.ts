/** What the restricted level forbids besides, in the order of the checks' ids. Source: pod-security-admission, policy/check_*.go. */
import type { PodSpec, Volume } from '../../../kube/generated/types.ts';
import { procMount } from './baseline-checks.ts';
import {
  type Check,
  type CheckedContainer,
  containersOf,
  containersText,
  hasOwnUsers,
  isWindows,
  namesOf,
  plural,
  type PodCheck,
  quoted,
  settersText,
  sorted,
  unless,
} from './check.ts';
import { seccompRequired } from './seccomp-checks.ts';

const escalation: PodCheck = ({ spec }) => {
  const names = namesOf(spec, ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
  if (names.length === 0) return undefined;
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${containersText(names)} must set securityContext.allowPrivilegeEscalation=false`,
  };
};

const capabilities: PodCheck = ({ spec }) => {
  const forbidden = ({ securityContext }: CheckedContainer): string[] =>
    (securityContext?.capabilities?.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE');
  const keeping = namesOf(spec, ({ securityContext }) => securityContext?.capabilities?.drop?.includes('ALL') !== true);
  const adding = namesOf(spec, (container) => forbidden(container).length > 0);
  const added = quoted(sorted(containersOf(spec).flatMap(forbidden)));
  const details = [
    ...(keeping.length === 0 ? [] : [`${containersText(keeping)} must set securityContext.capabilities.drop=["ALL"]`]),
    ...(adding.length === 0 ? [] : [`${containersText(adding)} must not include ${added} in securityContext.capabilities.add`]),
  ];
  return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') };
};

const allowedVolumes = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
] as const;
/** In the order in which a volume that has several is called by one. */
const forbiddenVolumes = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'gitRepo',
  'nfs',
  'iscsi',
  'glusterfs',
  'rbd',
  'flexVolume',
  'cinder',
  'cephfs',
  'flocker',
  'fc',
  'azureFile',
  'vsphereVolume',
  'quobyte',
  'azureDisk',
  'photonPersistentDisk',
  'portworxVolume',
  'scaleIO',
  'storageos',
] as const;

const volumeTypes: PodCheck = ({ spec: { volumes = [] } }) => {
  const bad = volumes.filter((volume: Volume) => !allowedVolumes.some((source) => volume[source] !== undefined));
  if (bad.length === 0) return undefined;
  const typeOf = (volume: Volume): string => forbiddenVolumes.find((source) => volume[source] !== undefined) ?? 'unknown';
  const types = sorted(bad.map(typeOf));
  const use = bad.length === 1 ? 'uses' : 'use';
  const names = `${plural('volume', bad)} ${quoted(bad.map(({ name }) => name))}`;
  return { reason: 'restricted volume types', detail: `${names} ${use} ${plural('restricted volume type', types)} ${quoted(types)}` };
};

const nonRoot: PodCheck = ({ spec }) => {
  const reason = 'runAsNonRoot != true';
  const ofPod = spec.securityContext?.runAsNonRoot;
  const who = settersText(
    ofPod === false,
    namesOf(spec, ({ securityContext }) => securityContext?.runAsNonRoot === false),
  );
  if (who !== '') return { reason, detail: `${who} must not set securityContext.runAsNonRoot=false` };
  const silent = ofPod === true ? [] : namesOf(spec, ({ securityContext }) => securityContext?.runAsNonRoot === undefined);
  return silent.length === 0
    ? undefined
    : { reason, detail: `pod or ${containersText(silent)} must set securityContext.runAsNonRoot=true` };
};

const userOf = ({ securityContext }: Pick<PodSpec, 'securityContext'> | CheckedContainer): number | undefined => securityContext?.runAsUser;

const rootUser: PodCheck = ({ spec }) => {
  const who = settersText(
    userOf(spec) === 0,
    namesOf(spec, (container) => userOf(container) === 0),
  );
  return who === '' ? undefined : { reason: 'runAsUser=0', detail: `${who} must not set runAsUser=0` };
};

export const restrictedChecks: readonly Check[] = [
  {
    id: 'allowPrivilegeEscalation',
    level: 'restricted',
    revisions: [
      { sinceMinor: 8, check: escalation },
      { sinceMinor: 25, check: unless(isWindows, escalation) },
    ],
  },
  {
    id: 'capabilities_restricted',
    level: 'restricted',
    revisions: [
      { sinceMinor: 22, check: capabilities, overrides: 'capabilities_baseline' },
      { sinceMinor: 25, check: unless(isWindows, capabilities), overrides: 'capabilities_baseline' },
    ],
  },
  { id: 'procMount_restricted', level: 'restricted', revisions: [{ sinceMinor: 35, check: procMount, overrides: 'procMount' }] },
  { id: 'restrictedVolumes', level: 'restricted', revisions: [{ sinceMinor: 0, check: volumeTypes, overrides: 'hostPathVolumes' }] },
  {
    id: 'runAsNonRoot',
    level: 'restricted',
    revisions: [
      { sinceMinor: 0, check: nonRoot },
      { sinceMinor: 35, check: unless(hasOwnUsers, nonRoot) },
    ],
  },
  {
    id: 'runAsUser',
    level: 'restricted',
    revisions: [
      { sinceMinor: 23, check: rootUser },
      { sinceMinor: 35, check: unless(hasOwnUsers, rootUser) },
    ],
  },
  {
    id: 'seccompProfile_restricted',
    level: 'restricted',
    revisions: [
      { sinceMinor: 19, check: seccompRequired, overrides: 'seccompProfile_baseline' },
      { sinceMinor: 25, check: unless(isWindows, seccompRequired), overrides: 'seccompProfile_baseline' },
    ],
  },
];
